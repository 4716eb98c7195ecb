import { describe, expect, test, vi } from 'vitest';
import { memoryLimits } from '../../../bots/limits.ts';
import { useTinyModel } from '../../fixtures/model.ts';
import type { NewFile } from '../../support/slack/counterpart.ts';
import { TEAM } from '../../support/slack/workspace.ts';
import { NOTE, useSocketBot } from './bot.ts';

useTinyModel({ favourite: 'angry', confidence: 0.7 });

const run = useSocketBot({ limits: memoryLimits({ perUser: 3, perChannel: 100 }) });

function direct(): { channel: string; ada: string } {
  const { workspace } = run.slack;
  const ada = workspace.addUser();
  return { ada, channel: workspace.addChannel([ada], { kind: 'direct' }) };
}

/** What the bot says about a file in a direct message. */
async function saidAbout(file: NewFile): Promise<string> {
  const { channel, ada } = direct();
  run.slack.say(channel, ada, { files: [file] });
  await run.said(1);
  return run.slack.posts()[0].text;
}

function tokenLeft(): boolean {
  return run.slack.elsewhereRequests.some(({ authorization }) => authorization !== undefined);
}

describe('a file', () => {
  test('that is no recording', async () => {
    const content = Buffer.from('GIF89a and so on');
    expect(await saidAbout({ content })).toContain('can’t read this kind of file');
  });

  test('that is empty', async () => {
    expect(await saidAbout({ content: new Uint8Array() })).toContain('empty');
  });

  test('of 500 MB, as Slack says, is not fetched', async () => {
    const size = 500 * 2 ** 20;
    expect(await saidAbout({ content: NOTE, size })).toContain('too large');
    expect(run.slack.files.requests).toEqual([]);
  });

  test('of 500 MB, as only its host says', async () => {
    const content = { kind: 'huge', bytes: 500 * 2 ** 20 } as const;
    expect(await saidAbout({ content })).toContain('too large');
  });

  test('of an hour, as Slack says, is not fetched', async () => {
    expect(await saidAbout({ content: NOTE, durationMs: 3_600_000 })).toContain('too long');
    expect(run.slack.files.requests).toEqual([]);
  });

  test('that has vanished', async () => {
    const content = { kind: 'status', status: 404 } as const;
    expect(await saidAbout({ content })).toContain('no longer exists');
  });

  test('that was deleted before anybody asked', async () => {
    expect(await saidAbout({ content: NOTE, mode: 'tombstone' })).toContain('no longer exists');
  });

  test('that lies outside of Slack is not fetched', async () => {
    const url = run.slack.elsewhere;
    expect(await saidAbout({ content: NOTE, mode: 'external', url })).toContain('from elsewhere');
    expect(run.slack.elsewhereRequests).toEqual([]);
  });

  test('whose address is elsewhere all the same is not fetched', async () => {
    expect(await saidAbout({ content: NOTE, url: run.slack.elsewhere })).toContain(
      'from elsewhere',
    );
    expect(run.slack.elsewhereRequests).toEqual([]);
  });

  test.each([
    ['another host', () => run.slack.elsewhere],
    ['the metadata of a cloud', () => 'http://169.254.169.254/latest/meta-data/iam/'],
    ['a file of this machine', () => 'file:///etc/passwd'],
  ])('that redirects to %s is left there, and the token stays', async (_, to) => {
    const content = { kind: 'redirect', to: to() } as const;
    expect(await saidAbout({ content })).toContain('from elsewhere');
    expect(run.slack.elsewhereRequests).toEqual([]);
    expect(tokenLeft()).toBe(false);
  });

  test('whose host shows its page to sign in, as the bot may not read it', async () => {
    const ada = run.slack.workspace.addUser();
    const channel = run.slack.workspace.addChannel([ada], { hasBot: false });
    run.slack.shortcut(ada, run.slack.say(channel, ada, { files: [{ content: NOTE }] }));
    await run.said(1);
    expect(run.slack.workspace.ephemerals[0].text).toContain('I’m not allowed to read this file');
    expect(run.slack.files.requests.at(-1)?.path).toMatch(/^\/login/);
  });

  test('that drips is given up', async () => {
    // The twenty seconds that a file may take are over sooner here.
    const timeout = AbortSignal.timeout;
    const spy = vi
      .spyOn(AbortSignal, 'timeout')
      .mockImplementation((ms) => timeout.call(AbortSignal, ms === 20_000 ? 400 : ms));
    const content = { kind: 'drip', everyMs: 50 } as const;
    expect(await saidAbout({ content })).toContain('couldn’t fetch this voice note');
    spy.mockRestore();
  });
});

describe('a hidden file', () => {
  test('that turns out to be a picture is nothing in an open channel', async () => {
    const { workspace } = run.slack;
    const ada = workspace.addUser();
    const channel = workspace.addChannel([ada]);
    const place = { platform: 'slack', workspace: TEAM, channel, isDirect: false } as const;
    await run.services.settings.setAutomatic(place, true);
    const picture = { content: NOTE, name: 'a.png', mimetype: 'image/png', subtype: null };
    run.slack.say(channel, ada, { files: [{ ...picture, isHidden: true }] });
    await run.said(0);
  });

  test.each([
    ['file_deleted', 'no longer exists'],
    ['file_not_found', 'no longer exists'],
    ['missing_scope', 'I’m not allowed to read this file'],
    ['access_denied', 'I’m not allowed to read this file'],
  ])('about which Slack says %s', async (error, expected) => {
    run.slack.api.fail('files.info', { kind: 'refusal', error });
    expect(await saidAbout({ content: NOTE, isHidden: true })).toContain(expected);
  });
});

test('who sends more than is heard at once is told so once, and not with each note', async () => {
  const { channel, ada } = direct();
  for (let i = 0; i < 8; i++) run.slack.say(channel, ada, { files: [{ content: NOTE }] });
  await vi.waitFor(() => expect(run.slack.posts()).toHaveLength(4), 30_000);
  await run.said(4);
  const texts = run.slack.posts().map(({ text }) => text);
  expect(texts.filter((text) => text.includes('Angry'))).toHaveLength(3);
  expect(texts[3]).toContain('more than I can handle at once');
});

import { describe, expect, test } from 'vitest';
import { EN } from '../../../bots/wording/languages.ts';
import { MAX_BYTES } from '../../../core/index.ts';
import type { CdnFile } from '../../support/discord/cdn.ts';
import { startDiscord } from '../../support/discord/server.ts';
import { voiceMessage } from '../../support/discord/world.ts';
import { captureLog, NOTE, useStage } from './fixture.ts';

const stage = useStage();

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]);

describe.concurrent('a note that cannot be heard gets a sentence that says why', () => {
  const files: [string, CdnFile, string][] = [
    ['a picture', PNG, EN.errors['format-unsupported']],
    ['text', new TextEncoder().encode('Hello'), EN.errors['format-unsupported']],
    ['nothing at all', new Uint8Array(), EN.errors['audio-missing']],
    ['half of a file', NOTE.slice(0, 30), EN.errors['audio-unreadable']],
    ['500 MB by its header', { announcedBytes: 500e6 }, EN.errors['audio-too-large']],
    ['gone', { status: 404 }, EN.errors['attachment-gone']],
    [
      'a redirect into the cloud’s own network',
      { redirect: 'http://169.254.169.254/latest/meta-data/' },
      EN.errors['attachment-refused'],
    ],
    [
      'a redirect to another host',
      { redirect: 'https://example.com/note.ogg' },
      EN.errors['attachment-refused'],
    ],
    ['a host that fails', { status: 503 }, EN.errors['attachment-unavailable']],
  ];
  test.each(files)('%s', async (_, file, sentence) => {
    const { discord, open } = await stage.withBot();
    const url = discord.cdn.add('/file.ogg', file);
    const note = discord.post(
      open,
      discord.world.addUser(),
      voiceMessage({ url, bytes: 1000, seconds: 1 }),
    );
    await discord.until(() => discord.repliesTo(note).length > 0);
    const [reply, ...more] = discord.repliesTo(note);
    expect(more).toEqual([]);
    expect(reply.embeds).toEqual([expect.objectContaining({ description: sentence })]);
  });

  test('500 MB as Discord itself says, which is not even fetched', async () => {
    const { discord, open } = await stage.withBot();
    const url = discord.cdn.add('/file.ogg', NOTE);
    const voice = voiceMessage({ url, bytes: 20 * MAX_BYTES, seconds: 1 });
    const note = discord.post(open, discord.world.addUser(), voice);
    await discord.until(() => discord.repliesTo(note).length > 0);
    expect(discord.repliesTo(note)[0].embeds[0].description).toBe(EN.errors['audio-too-large']);
    expect(discord.cdn.requests.size).toBe(0);
  });

  test('a file of which a byte comes each second, while others are answered', async () => {
    const { discord, open } = await stage.withBot();
    const { world } = discord;
    const url = discord.cdn.add('/file.ogg', { drip: NOTE, everyMs: 1000 });
    const slow = discord.post(
      open,
      world.addUser(),
      voiceMessage({ url, bytes: 1000, seconds: 1 }),
    );
    const direct = world.addDirect(world.addUser());
    const quick = discord.postVoice(direct, world.addUser(), NOTE);
    await discord.until(() => discord.repliesTo(quick).length === 1);
    expect(discord.repliesTo(slow)).toEqual([]);
    await discord.until(() => discord.repliesTo(slow).length === 1, 40);
    const [{ embeds }] = discord.repliesTo(slow);
    expect(embeds[0].description).toBe(EN.errors['attachment-unavailable']);
  });
});

describe('what cannot be answered is logged, once, and nothing else happens', () => {
  test('a note that is deleted while it is heard', async () => {
    const { discord, open } = await stage.withBot();
    const log = captureLog();
    const anna = discord.world.addUser();
    const note = discord.postVoice(open, anna, NOTE);
    discord.delete(note);
    const last = discord.postVoice(open, anna, NOTE);
    await discord.until(() => discord.repliesTo(last).length === 1);
    expect(discord.said(open)).toHaveLength(1);
    expect(log.filter((line) => line.includes('gone before it could be answered'))).toHaveLength(1);
  });

  test.each([
    'isWritable',
    'isReadable',
  ] as const)('a channel in which the bot may not write a reply: %s is missing', async (permission) => {
    const { discord, open } = await stage.withBot();
    const log = captureLog();
    const anna = discord.world.addUser();
    open[permission] = false;
    for (let i = 0; i < 3; i++) discord.postVoice(open, anna, NOTE);
    const tries = () => discord.requests.filter(({ path }) => path.endsWith('/messages'));
    await discord.until(() => tries().length === 3);
    open[permission] = true;
    const last = discord.postVoice(open, anna, NOTE);
    await discord.until(() => discord.repliesTo(last).length === 1);
    expect(log.filter((line) => line.includes('may not write'))).toHaveLength(1);
    expect(log.join('')).not.toContain(open.id);
  });

  test('a Discord that fails again and again', async () => {
    const { discord, open } = await stage.withBot();
    const log = captureLog();
    discord.fail({ path: /messages$/, times: 16, how: { status: 500 } });
    const anna = discord.world.addUser();
    discord.postVoice(open, anna, NOTE);
    const last = discord.postVoice(open, anna, NOTE);
    await discord.until(() => discord.repliesTo(last).length === 1);
    expect(discord.said(open)).toHaveLength(1);
    expect(log.filter((line) => line.includes('could not be answered'))).toHaveLength(1);
  });
});

test('the counterpart is as strict as Discord', async () => {
  await using discord = await startDiscord({ rateLimits: { bucket: { limit: 10, seconds: 60 } } });
  const channel = discord.world.addChannel(discord.world.addGuild());
  const post = async (body: unknown) => {
    const response = await fetch(`${discord.api}/v10/channels/${channel.id}/messages`, {
      method: 'POST',
      headers: { authorization: `Bot ${discord.token}` },
      body: JSON.stringify(body),
    });
    const { code } = (await response.json()) as { code?: number };
    return { status: response.status, code };
  };
  const refused = { status: 400, code: 50035 };
  expect(await post({ embeds: [{ title: 'x'.repeat(257) }] })).toEqual(refused);
  expect(await post({ embeds: [{ description: 'x'.repeat(4097) }] })).toEqual(refused);
  const field = { name: 'a', value: 'x'.repeat(1024) };
  expect(await post({ embeds: [{ fields: Array(6).fill(field) }] })).toEqual(refused);
  expect(await post({ embeds: [{ fields: Array(26).fill({ name: 'a', value: 'b' }) }] })).toEqual(
    refused,
  );
  expect(await post({ content: '' })).toEqual({ status: 400, code: 50006 });
  expect(await post({ content: 'Hello' })).toMatchObject({ status: 200 });
});

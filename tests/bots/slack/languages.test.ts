import { describe, expect, test, vi } from 'vitest';
import { stringsFor } from '../../../bots/wording/languages.ts';
import { useTinyModel } from '../../fixtures/model.ts';
import type { Fault } from '../../support/slack/api-server.ts';
import { BOT } from '../../support/slack/workspace.ts';
import { NOTE, textOf, useHttpBot, useSocketBots } from './bot.ts';

useTinyModel({ favourite: 'happy', confidence: 0.7 });

const start = useSocketBots();
const clip = { content: NOTE, durationMs: 1200 };

/** Of the calls of users.info, those that ask for a language. */
function lookUps(slack: { api: { calls: readonly { method: string; args: object }[] } }) {
  return slack.api.calls.filter(
    ({ method, args }) => method === 'users.info' && 'include_locale' in args,
  );
}

test.each([
  ['de-DE', 'Fröhlich, zu 70\u00a0% sicher.', '😄 Fröhlich · zu 70\u00a0% sicher'],
  ['ja-JP', '喜び（確信度 70%）。', '😄 喜び · 確信度 70%'],
  ['es-LA', 'Alegría, 70\u00a0% de certeza.', '😄 Alegría · 70\u00a0% de certeza'],
  ['sv-SE', 'Happy, 70% sure.', '😄 Happy · 70% sure'],
  ['xx', 'Happy, 70% sure.', '😄 Happy · 70% sure'],
])('who uses Slack in %s is answered in it, and asked for it once', async (locale, sentence, header) => {
  await using run = await start();
  const { workspace } = run.slack;
  const ada = workspace.addUser({ locale });
  const strings = stringsFor(locale, 'slack');
  const direct = workspace.addChannel([ada], { kind: 'direct' });
  run.slack.say(direct, ada, { files: [clip] });
  await run.said(1);
  const [answer] = run.slack.posts();
  expect(answer.text).toContain(sentence);
  expect(textOf(answer.blocks)).toContain(header);
  // The first paragraph, which has no marks that are written otherwise on Slack.
  expect(textOf(answer.blocks)).toContain(strings.notice.split('\n')[1]);
  run.slack.say(direct, ada, { text: 'hello' });
  await run.said(2);
  expect(run.slack.posts()[1].text).toContain(strings.help.title);
  const channel = workspace.addChannel([ada]);
  for (const [i, words] of ['privacy', 'auto on', 'dance'].entries()) {
    run.slack.command(channel, ada, words);
    await run.said(3 + i);
  }
  const texts = workspace.ephemerals.map(({ text }) => text);
  expect(texts[0]).toContain(strings.privacy.title);
  expect(texts.slice(1)).toEqual([strings.moderatorsOnly, strings.unknownCommand]);
  expect(lookUps(run.slack)).toHaveLength(1);
});

test('in a channel each is answered in their own language: the author of a note, and who asks', async () => {
  await using run = await start();
  const { workspace } = run.slack;
  const [ada, bob] = ['ja-JP', 'de-DE'].map((locale) =>
    workspace.addUser({ locale, isAdmin: true }),
  );
  const channel = workspace.addChannel([ada, bob]);
  const note = run.slack.say(channel, ada, { files: [clip] });
  run.slack.shortcut(bob, note);
  await run.said(1);
  run.slack.command(channel, bob, 'auto on');
  await run.said(2);
  run.slack.say(channel, ada, { files: [clip] });
  await run.said(3);
  const { errors, automaticOn } = stringsFor('de', 'slack');
  const texts = workspace.ephemerals.map(({ text }) => text);
  expect(texts).toEqual([errors['not-permitted'], automaticOn]);
  expect(run.slack.posts()[0].text).toContain('喜び');
  run.slack.say(channel, bob, { text: `<@${BOT.user}>`, files: [clip] });
  await run.said(4);
  expect(run.slack.posts()[1].text).toContain('Fröhlich');
});

test('a channel that nobody opened has nobody’s language looked up', async () => {
  await using run = await start();
  const ada = run.slack.workspace.addUser({ locale: 'de-DE' });
  run.slack.say(run.slack.workspace.addChannel([ada]), ada, { files: [clip] });
  await run.said(0);
  expect(lookUps(run.slack)).toEqual([]);
});

describe('is answered in English, and soon, where Slack does not tell the language:', () => {
  const faults: [string, Fault][] = [
    ['the scope is missing', { kind: 'refusal', error: 'missing_scope' }],
    ['the person is not found', { kind: 'refusal', error: 'user_not_found' }],
    ['it fails', { kind: 'status', status: 500 }],
    ['it hangs up', { kind: 'cut' }],
    ['it says nothing', { kind: 'silence' }],
  ];
  test.each(faults)('%s', async (_, fault) => {
    await using run = await start();
    const { workspace } = run.slack;
    const ada = workspace.addUser({ locale: 'de-DE' });
    run.slack.api.fail('users.info', fault);
    const from = performance.now();
    run.slack.command(workspace.addChannel([ada]), ada, 'about');
    await run.said(1);
    expect(performance.now() - from).toBeLessThan(3000);
    expect(workspace.ephemerals[0].text).toContain('What I am');
    // It is not asked again for each message.
    run.slack.command(workspace.addChannel([ada]), ada, 'about');
    await run.said(2);
    expect(lookUps(run.slack).length).toBeLessThanOrEqual(1);
  });
});

describe('over HTTP', () => {
  const run = useHttpBot();

  test('the worker answers in the language of each person', async () => {
    const { workspace } = run.slack;
    for (const [i, [locale, label]] of Object.entries({
      'de-DE': 'Fröhlich',
      'ja-JP': '喜び',
    }).entries()) {
      const ada = workspace.addUser({ locale });
      run.slack.say(workspace.addChannel([ada], { kind: 'direct' }), ada, { files: [clip] });
      await run.said(i + 1);
      expect(run.slack.posts()[i].text).toContain(label);
    }
  });
});

/** The last test, as the pause holds for the workspace, which has the same name in all of them. */
test('nobody’s language is looked up before the time is over for which Slack wants no calls', async () => {
  await using run = await start();
  const { workspace } = run.slack;
  const people = Array.from({ length: 3 }, () => workspace.addUser({ locale: 'de-DE' }));
  const channel = workspace.addChannel(people);
  run.slack.api.fail('users.info', { kind: 'rate-limited', seconds: 1 });
  for (const [i, person] of people.entries()) {
    run.slack.command(channel, person, 'about');
    await run.said(i + 1);
  }
  for (const { text } of workspace.ephemerals) expect(text).toContain('What I am');
  expect(lookUps(run.slack)).toHaveLength(1);
  await vi.waitFor(async () => {
    run.slack.command(channel, people[0], 'about');
    await run.said(workspace.ephemerals.length + 1);
    expect(workspace.ephemerals.at(-1)?.text).toContain('Was ich bin');
  }, 5000);
});

import { describe, expect, test } from 'vitest';
import { EN } from '../../../bots/wording/languages.ts';
import { encode, hasFfmpeg } from '../../fixtures/encode.ts';
import { useTinyModel } from '../../fixtures/model.ts';
import { BOT, TEAM } from '../../support/slack/workspace.ts';
import { NOTE, textOf, useSocketBot } from './bot.ts';

useTinyModel({ favourite: 'happy', confidence: 0.7 });

const run = useSocketBot();
const clip = { content: NOTE, durationMs: 1200 };
const WORKSPACE = { platform: 'slack', workspace: TEAM } as const;
const MENTION = `<@${BOT.user}>`;

function person(options: { isAdmin?: boolean; isBot?: boolean } = {}): string {
  return run.slack.workspace.addUser(options);
}

async function openChannel(members: readonly string[]): Promise<string> {
  const channel = run.slack.workspace.addChannel(members);
  const place = { platform: 'slack', workspace: TEAM, channel, isDirect: false } as const;
  await run.services.settings.setAutomatic(place, true);
  return channel;
}

describe('a direct message', () => {
  test('with a clip is answered in its thread, with the notice the first time', async () => {
    const ada = person();
    const channel = run.slack.workspace.addChannel([ada], { kind: 'direct' });
    const first = run.slack.say(channel, ada, { files: [clip] });
    await run.said(1);
    const second = run.slack.say(channel, ada, { files: [clip] });
    await run.said(2);
    const [one, other] = run.slack.posts();
    expect(one).toMatchObject({ channel, threadTs: first.ts });
    expect(one.text).toContain('Happy, 70% sure');
    expect(textOf(one.blocks)).toContain('😄 Happy · 70% sure');
    expect(textOf(one.blocks)).toContain('AI Act');
    expect(other).toMatchObject({ channel, threadTs: second.ts });
    expect(textOf(other.blocks)).not.toContain('AI Act');
  });

  test('with several notes gets an answer for each, in their order', async () => {
    const ada = person();
    const channel = run.slack.workspace.addChannel([ada], { kind: 'direct' });
    const bad = { ...clip, content: Buffer.from('This is no recording.') };
    run.slack.say(channel, ada, { files: [bad, clip, bad] });
    await run.said(3);
    const texts = run.slack.posts().map(({ text }) => text);
    expect(texts[0]).toContain('can’t read this kind of file');
    expect(texts[1]).toContain('Happy');
    expect(texts[2]).toContain('can’t read this kind of file');
  });

  test('without a note says what the bot can do', async () => {
    const ada = person();
    const channel = run.slack.workspace.addChannel([ada], { kind: 'direct' });
    run.slack.say(channel, ada, { text: 'hello?' });
    await run.said(1);
    expect(run.slack.posts()[0].text).toContain('Read emotion');
  });
});

describe('clips and audio files', () => {
  test.skipIf(!hasFfmpeg)('are heard whatever they are said to be', async () => {
    const ada = person();
    const channel = run.slack.workspace.addChannel([ada], { kind: 'direct' });
    const mp4 = encode(NOTE, 'm4a', ['-c:a', 'aac']);
    for (const mimetype of ['video/mp4', 'audio/mp4', 'application/octet-stream']) {
      run.slack.say(channel, ada, { files: [{ content: mp4, mimetype }] });
    }
    const upload = { content: NOTE, subtype: null };
    run.slack.say(channel, ada, { files: [{ ...upload, mimetype: 'audio/wav', name: 'a.bin' }] });
    run.slack.say(channel, ada, { files: [{ ...upload, mimetype: 'text/plain', name: 'b.wav' }] });
    await run.said(5);
    for (const { text } of run.slack.posts()) expect(text).toContain('Happy');
  });

  test('of which only the id is told are looked up', async () => {
    const ada = person();
    const channel = await openChannel([ada]);
    run.slack.say(channel, ada, { files: [{ ...clip, isHidden: true }] });
    await run.said(1);
    expect(run.slack.posts()[0].text).toContain('Happy');
    expect(run.slack.api.calls.some(({ method }) => method === 'files.info')).toBe(true);
  });

  test('are fetched with the token, which their host wants', async () => {
    const ada = person();
    const channel = run.slack.workspace.addChannel([ada], { kind: 'direct' });
    run.slack.say(channel, ada, { files: [clip] });
    await run.said(1);
    const [{ authorization }] = run.slack.files.requests;
    expect(authorization).toBe(`Bearer ${run.slack.botToken}`);
  });
});

describe('a channel', () => {
  test('that nobody opened is left alone', async () => {
    const ada = person();
    const channel = run.slack.workspace.addChannel([ada]);
    run.slack.say(channel, ada, { files: [clip] });
    await run.said(0);
    expect(run.slack.files.requests).toEqual([]);
  });

  test('that a moderator opened gets every note answered for all to see', async () => {
    const [ada, bob, cy] = [person({ isAdmin: true }), person(), person()];
    const channel = run.slack.workspace.addChannel([ada, bob, cy]);
    run.slack.command(channel, ada, 'auto on');
    await run.said(1);
    expect(run.slack.workspace.ephemerals[0].text).toContain('This channel is now open');
    const note = run.slack.say(channel, bob, { files: [clip] });
    const reply = run.slack.say(channel, cy, { files: [clip], threadTs: note.ts });
    await run.said(3);
    expect(run.slack.posts().map(({ threadTs }) => threadTs)).toEqual([note.ts, reply.threadTs]);
    run.slack.command(channel, ada, 'auto off');
    await run.said(4);
    run.slack.say(channel, bob, { files: [clip] });
    await run.said(4);
  });

  test('opened or not, other files and words are left alone', async () => {
    const ada = person();
    const channel = await openChannel([ada]);
    run.slack.say(channel, ada, { text: 'Look at this' });
    const picture = { content: Buffer.from('PNG'), name: 'a.png', mimetype: 'image/png' };
    run.slack.say(channel, ada, { files: [{ ...picture, subtype: null }] });
    run.slack.say(channel, ada, { files: [{ ...clip, subtype: 'slack_video' }] });
    await run.said(0);
  });
});

describe('the shortcut', () => {
  test('tells people about their own notes, and nobody else', async () => {
    const ada = person();
    const channel = run.slack.workspace.addChannel([ada]);
    const note = run.slack.say(channel, ada, { files: [clip] });
    run.slack.shortcut(ada, note);
    await run.said(1);
    const [answer] = run.slack.workspace.ephemerals;
    expect(answer).toMatchObject({ channel, user: ada, via: 'response_url' });
    expect(textOf(answer.blocks)).toContain('😄 Happy · 70% sure');
  });

  test('refuses to tell about the notes of others', async () => {
    const [ada, bob] = [person(), person()];
    const channel = run.slack.workspace.addChannel([ada, bob]);
    const note = run.slack.say(channel, ada, { files: [clip] });
    run.slack.shortcut(bob, note);
    await run.said(1);
    const [answer] = run.slack.workspace.ephemerals;
    expect(answer).toMatchObject({ user: bob });
    expect(answer.text).toContain('only tell people about their own voice notes');
    expect(run.slack.files.requests).toHaveLength(0);
  });

  test('does not take who shares a note once more for its author', async () => {
    const [ada, bob] = [person(), person()];
    const channel = run.slack.workspace.addChannel([ada, bob]);
    const original = run.slack.say(channel, ada, { files: [clip] });
    const shared = run.slack.workspace.add({ ...original, user: bob });
    run.slack.shortcut(bob, shared);
    await run.said(1);
    expect(run.slack.workspace.ephemerals[0].text).toContain(
      'only tell people about their own voice notes',
    );
  });

  test('in an open channel answers for all, and once for all', async () => {
    const [ada, bob] = [person(), person()];
    const channel = await openChannel([ada, bob]);
    const note = run.slack.say(channel, ada, { files: [clip] });
    await run.said(1);
    run.slack.shortcut(bob, note);
    await run.said(2);
    expect(run.slack.posts()).toHaveLength(1);
    expect(run.slack.workspace.ephemerals[0]).toMatchObject({ user: bob });
  });

  test('works where the bot is no member only as far as it may read', async () => {
    const ada = person();
    const channel = run.slack.workspace.addChannel([ada], { hasBot: false });
    const note = run.slack.say(channel, ada, { files: [clip] });
    run.slack.shortcut(ada, note);
    await run.said(1);
    expect(run.slack.workspace.ephemerals[0].text).toContain('Invite me to the channel');
  });

  test('of another app, or a shortcut that is not known, is acknowledged and left', async () => {
    const ada = person();
    const channel = run.slack.workspace.addChannel([ada]);
    run.slack.shortcut(ada, run.slack.say(channel, ada, { files: [clip] }), 'something_else');
    await run.said(0);
    expect(run.slack.api.socket.lost).toBe(0);
  });
});

describe('a forwarded note', () => {
  /** Somebody else’s note in a channel of theirs, which the bot may read unless it is private. */
  const elsewhere = (kind: 'public' | 'private' = 'public', files = [clip], user = person()) =>
    run.slack.say(run.slack.workspace.addChannel([user], { kind, hasBot: false }), user, { files });

  test('is answered in a direct message, each of several, after one’s own', async () => {
    const ada = person();
    const channel = run.slack.workspace.addChannel([ada], { kind: 'direct' });
    const letter = { ...clip, name: 'a.txt', mimetype: 'text/plain', subtype: null };
    const original = elsewhere('public', [clip, letter, clip]);
    const once = run.slack.say(channel, ada, { files: [clip], shares: [original] });
    await run.said(3);
    const twice = run.slack.say(channel, ada, { shares: [once], threadTs: once.ts });
    await run.said(6);
    expect(run.slack.posts().map(({ threadTs }) => threadTs)).toEqual(
      Array(6).fill(twice.threadTs),
    );
    for (const { text } of run.slack.posts()) expect(text).toContain('Happy');
    run.slack.shortcut(ada, twice);
    await run.said(9);
  });

  test('that is deleted, or in a private channel that the bot is not in, is told to be', async () => {
    const ada = person();
    const channel = run.slack.workspace.addChannel([ada], { kind: 'direct' });
    const original = elsewhere();
    const [file] = original.files;
    run.slack.workspace.files.set(file.id, { ...file, mode: 'tombstone' });
    run.slack.say(channel, ada, { shares: [original] });
    await run.said(1);
    run.slack.say(channel, ada, { shares: [elsewhere('private')] });
    await run.said(2);
    const [gone, hidden] = run.slack.posts();
    expect(gone.text).toContain('no longer exists');
    expect(hidden.text).toContain('not allowed to read this file');
    expect(run.slack.files.requests).toEqual([]);
  });

  test('is told about to its author where nobody opened the channel, and to nobody else', async () => {
    const [ada, bob] = [person(), person()];
    const channel = run.slack.workspace.addChannel([ada, bob]);
    const shares = [elsewhere('public', [clip], ada)];
    const forwarded = run.slack.say(channel, bob, { shares });
    await run.said(0);
    run.slack.shortcut(bob, forwarded);
    await run.said(1);
    run.slack.say(channel, bob, { text: MENTION, shares, mentionWithoutFiles: true });
    await run.said(2);
    run.slack.shortcut(ada, forwarded);
    await run.said(3);
    const texts = run.slack.workspace.ephemerals.map(({ text }) => text);
    for (const text of texts.slice(0, 2)) {
      expect(text).toContain('only tell people about their own voice notes');
    }
    expect(texts[2]).toContain('Happy');
  });

  test('is answered in an open channel, unless Slack does not say who recorded it', async () => {
    const ada = person();
    const channel = await openChannel([ada]);
    run.slack.say(channel, ada, { shares: [elsewhere()] });
    await run.said(1);
    expect(run.slack.posts()[0].text).toContain('Happy');
    const original = elsewhere();
    const [file] = original.files;
    run.slack.workspace.files.set(file.id, { ...file, user: undefined });
    run.slack.say(channel, ada, { shares: [original] });
    await run.said(2);
    expect(run.slack.workspace.ephemerals).toMatchObject([
      { user: ada, text: EN.errors['author-unknown'] },
    ]);
  });
});

describe('a mention', () => {
  test('with a note in the same message is answered once, to its author alone', async () => {
    const ada = person();
    const channel = run.slack.workspace.addChannel([ada]);
    run.slack.say(channel, ada, { text: `${MENTION} how is this?`, files: [clip] });
    await run.said(1);
    expect(run.slack.workspace.ephemerals[0]).toMatchObject({ user: ada, via: 'api' });
    expect(run.slack.workspace.ephemerals[0].threadTs).toBeUndefined();
  });

  test('with a note is answered once in an open channel', async () => {
    const ada = person();
    const channel = await openChannel([ada]);
    run.slack.say(channel, ada, { text: MENTION, files: [clip] });
    run.slack.say(channel, ada, { text: MENTION, files: [clip], mentionWithoutFiles: true });
    await run.said(2);
    expect(run.slack.posts()).toHaveLength(2);
  });

  test('under a note means that note', async () => {
    const [ada, bob] = [person(), person()];
    const channel = await openChannel([ada, bob]);
    const note = run.slack.workspace.add(
      run.slack.say(run.slack.workspace.addChannel([ada]), ada, { files: [clip] }),
    );
    const moved = run.slack.workspace.add({ ...note, channel });
    run.slack.say(channel, bob, { text: `${MENTION} and this one?`, threadTs: moved.ts });
    await run.said(1);
    expect(run.slack.posts()[0]).toMatchObject({ channel, threadTs: moved.ts });
  });

  test('under the note of somebody else is refused in a closed channel', async () => {
    const [ada, bob] = [person(), person()];
    const channel = run.slack.workspace.addChannel([ada, bob]);
    const note = run.slack.say(channel, ada, { files: [clip] });
    run.slack.say(channel, bob, { text: MENTION, threadTs: note.ts });
    await run.said(1);
    const [answer] = run.slack.workspace.ephemerals;
    expect(answer).toMatchObject({ user: bob, threadTs: note.ts });
    expect(answer.text).toContain('only tell people about their own voice notes');
  });

  test.each([
    'missing_scope',
    'not_in_channel',
    'thread_not_found',
  ])('in a thread that the bot may not read (%s) is told so', async (error) => {
    const ada = person();
    const channel = await openChannel([ada]);
    run.slack.api.fail('conversations.replies', { kind: 'refusal', error });
    run.slack.say(channel, ada, { text: MENTION });
    await run.said(1);
    expect(run.slack.workspace.ephemerals[0].text).toContain('Invite me to the channel');
  });

  test('without any note says so', async () => {
    const ada = person();
    const channel = await openChannel([ada]);
    run.slack.say(channel, ada, { text: `${MENTION} hello` });
    await run.said(1);
    expect(run.slack.workspace.ephemerals[0].text).toContain('no voice note in this message');
  });
});

describe('/undertone', () => {
  const command = async (text: string, options: { isAdmin?: boolean } = {}) => {
    const ada = person(options);
    const channel = run.slack.workspace.addChannel([ada]);
    run.slack.command(channel, ada, text);
    await run.said(1);
    const [answer] = run.slack.workspace.ephemerals;
    expect(answer).toMatchObject({ channel, user: ada, via: 'response_url' });
    return answer.text;
  };

  test.each([
    ['', 'What I can do'],
    ['help', 'What I can do'],
    ['  About ', 'What I am'],
    ['privacy', 'What happens to recordings'],
    ['dance', 'I don’t know this command'],
    ['auto', 'I don’t know this command'],
    ['auto on', 'Only moderators'],
    ['auto off', 'Only moderators'],
  ])('%j is answered with “%s”', async (text, expected) => {
    expect(await command(text)).toContain(expected);
  });

  test('help tells what is left for all in a channel', async () => {
    expect(await command('help')).toContain('*Left in this channel*: 60 of 60 notes.');
  });

  test('help in a direct message tells what is left for oneself, and so does a mere text', async () => {
    const ada = person();
    const channel = run.slack.workspace.addChannel([ada], { kind: 'direct' });
    run.slack.say(channel, ada, { files: [clip] });
    await run.said(1);
    run.slack.say(channel, ada, { text: 'hello?' });
    run.slack.command(channel, ada, 'help');
    await run.said(3);
    for (const text of [run.slack.posts()[1].text, run.slack.workspace.ephemerals[0].text]) {
      expect(text).toMatch(/\*Left for you\*: 14 of 15 notes, and all 15 again in \d+ seconds?\.$/);
    }
  });

  test('auto on is for channels', async () => {
    const ada = person({ isAdmin: true });
    const channel = run.slack.workspace.addChannel([ada], { kind: 'direct' });
    run.slack.command(channel, ada, 'auto on');
    await run.said(1);
    expect(run.slack.workspace.ephemerals[0].text).toContain('just you and me');
  });

  test('auto on in a channel that the bot is not in opens nothing', async () => {
    const ada = person({ isAdmin: true });
    for (const kind of ['public', 'private'] as const) {
      const channel = run.slack.workspace.addChannel([ada], { kind, hasBot: false });
      run.slack.command(channel, ada, 'auto on');
    }
    await run.said(2);
    for (const { text, via } of run.slack.workspace.ephemerals) {
      expect(text).toContain('/invite @Undertone');
      expect(via).toBe('response_url');
    }
    expect(await run.services.settings.automaticChannels(WORKSPACE)).toEqual([]);
  });

  test('auto on of somebody whom Slack does not know is refused', async () => {
    const channel = run.slack.workspace.addChannel([]);
    run.slack.command(channel, 'U0NOBODY', 'auto on');
    await run.said(1);
    const { automaticChannels } = run.services.settings;
    expect(await automaticChannels(WORKSPACE)).toEqual([]);
    expect(run.slack.workspace.ephemerals[0].text).toContain('Only moderators');
  });
});

describe('what is not for the bot', () => {
  test('edits, deletions, other bots, itself and events without a user', async () => {
    const [ada, robot] = [person(), person({ isBot: true })];
    const channel = await openChannel([ada, robot]);
    const note = run.slack.say(channel, ada, { files: [clip] });
    await run.said(1);
    run.slack.edit(note);
    run.slack.delete(note);
    run.slack.say(channel, robot, { files: [clip], botId: 'B0OTHER', text: MENTION });
    const own = { type: 'message', channel, ts: '1760000000.000003', text: MENTION };
    run.slack.sendEvent({ ...own, user: BOT.user, bot_id: BOT.id, files: [] });
    run.slack.sendEvent({ ...own, type: 'app_mention', user: BOT.user });
    run.slack.sendEvent({ type: 'message', channel, ts: '1760000000.000001', files: [] });
    run.slack.sendEvent({
      type: 'message',
      subtype: 'channel_join',
      channel,
      user: ada,
      ts: '1.2',
    });
    run.slack.sendEvent({ type: 'app_mention', channel, ts: '1760000000.000002', text: MENTION });
    run.slack.sendEvent({ type: 'team_join', user: { id: ada } });
    await run.said(1);
    expect(run.slack.api.socket.lost).toBe(0);
  });
});

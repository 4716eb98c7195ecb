import { MessageFlags } from 'discord-api-types/v10';
import { describe, expect, test } from 'vitest';
import { memoryLimits } from '../../../bots/limits.ts';
import { EN } from '../../../bots/wording/languages.ts';
import { twoStretches, wavFile } from '../../fixtures/audio.ts';
import { withFiles } from '../../support/discord/world.ts';
import { captureLog, NOTE, useStage } from './fixture.ts';

const stage = useStage();

describe('a voice message in an open channel', () => {
  test('gets a reply with the emotion, without a ping, while the bot is typing', async () => {
    const { discord, open } = await stage.withBot();
    const note = discord.postVoice(open, discord.world.addUser(), NOTE);
    await discord.until(() => discord.repliesTo(note).length > 0);
    const [reply] = discord.repliesTo(note);
    expect(reply.embeds[0]).toMatchObject({ title: '😢 Sad', footer: { text: EN.footer } });
    expect(reply.embeds[0].description).toContain('80% sure');
    expect(reply.mentions).toEqual([]);
    expect(discord.typing).toEqual([open.id]);
  });

  test('gets the notice with the first reply only', async () => {
    const { discord, open } = await stage.withBot();
    const anna = discord.world.addUser();
    const notes = [1, 2].map(() => discord.postVoice(open, anna, NOTE));
    await discord.until(() => discord.said(open).length === 2);
    const [first, second] = notes.map((note) => discord.repliesTo(note)[0]);
    expect(first.embeds.map(({ description }) => description)).toContain(EN.notice);
    expect(second.embeds).toHaveLength(1);
  });

  test('is answered in a thread of the channel too', async () => {
    const before = await stage.set();
    const { discord, open, closed } = before;
    const thread = discord.world.addThread(open);
    const otherThread = discord.world.addThread(closed);
    const { bot } = await stage.start(before);
    const anna = discord.world.addUser();
    const unheard = discord.postVoice(otherThread, anna, NOTE);
    const note = discord.postVoice(thread, anna, NOTE);
    await discord.until(() => discord.repliesTo(note).length === 1);
    await bot.close();
    expect(discord.repliesTo(unheard)).toEqual([]);
  });

  test('of some length comes with its timeline', async () => {
    const { discord, open } = await stage.withBot();
    const long = wavFile(twoStretches());
    const note = discord.postVoice(open, discord.world.addUser(), long, 20);
    await discord.until(() => discord.repliesTo(note).length > 0);
    const [field] = discord.repliesTo(note)[0].embeds[0].fields ?? [];
    expect(field.name).toBe('0:00 – 0:20');
    expect(field.value).toContain('🟦');
  });

  test('is answered once when Discord tells it twice', async () => {
    const { discord, open } = await stage.withBot();
    const note = discord.postVoice(open, discord.world.addUser(), NOTE);
    discord.tellAgain(note);
    const last = discord.postVoice(open, discord.world.addUser(), NOTE);
    await discord.until(() => discord.repliesTo(last).length === 1);
    expect(discord.said(open)).toHaveLength(2);
    expect([...discord.cdn.requests.values()]).toEqual([1, 1]);
  });
});

test('audio files are answered, each of them; pictures are not', async () => {
  const { discord, open } = await stage.withBot();
  const url = discord.cdn.add('/a.bin', NOTE);
  const files = withFiles(
    { url, name: 'a.wav', type: 'audio/wav' },
    { url, name: 'picture.png', type: 'image/png' },
    { url, name: 'b.OPUS' },
  );
  const anna = discord.world.addUser();
  const picture = discord.post(
    open,
    anna,
    withFiles({ url, name: 'picture.png', type: 'image/png' }),
  );
  const both = discord.post(open, anna, files);
  await discord.until(() => discord.repliesTo(both).length > 0);
  const titles = discord.repliesTo(both)[0].embeds.map(({ title }) => title);
  expect(titles.filter((title) => title === '😢 Sad')).toHaveLength(2);
  expect(discord.repliesTo(picture)).toEqual([]);
});

test('ten files in one message all get their answer, and the notice finds room', async () => {
  const { discord, open } = await stage.withBot();
  const url = discord.cdn.add('/a.bin', NOTE);
  const files = Array.from({ length: 10 }, (_, i) => ({ url, name: `${i}.wav` }));
  const note = discord.post(open, discord.world.addUser(), withFiles(...files));
  await discord.until(() => discord.repliesTo(note).length > 0);
  const [{ embeds, content }] = discord.repliesTo(note);
  expect(embeds).toHaveLength(10);
  expect(content).toBe(EN.notice);
});

test('a direct message is answered', async () => {
  const { discord } = await stage.withBot();
  const anna = discord.world.addUser();
  const direct = discord.world.addDirect(anna);
  const note = discord.postVoice(direct, anna, NOTE);
  await discord.until(() => discord.repliesTo(note).length === 1);
  expect(discord.repliesTo(note)[0].embeds[0].title).toBe('😢 Sad');
});

describe('a forwarded note', () => {
  const UNKNOWN = { description: EN.errors['author-unknown'] };

  test('is answered in a direct message, and says so when it is gone', async () => {
    const { discord, closed } = await stage.withBot();
    const anna = discord.world.addUser();
    const direct = discord.world.addDirect(anna);
    const original = discord.postVoice(closed, discord.world.addUser(), NOTE);
    const once = discord.post(direct, anna, { forwards: original });
    const twice = discord.post(direct, anna, { forwards: once });
    const url = discord.cdn.add('/a.bin', NOTE);
    const files = withFiles({ url, name: 'a.wav' }, { url, name: 'letter.txt' });
    const mixed = discord.post(closed, anna, files);
    const withLetter = discord.post(direct, anna, { ...discord.voice(NOTE), forwards: mixed });
    await discord.until(() => discord.said(direct).length === 3);
    const titlesOf = (message: typeof once) =>
      discord.repliesTo(message)[0].embeds.flatMap(({ title }) => title ?? []);
    expect([once, twice, withLetter].map(titlesOf)).toEqual([
      ['😢 Sad'],
      ['😢 Sad'],
      ['😢 Sad', '😢 Sad'],
    ]);
    discord.cdn.replace(original.attachments[0].url, { status: 404 });
    const gone = discord.post(direct, anna, { forwards: original });
    await discord.until(() => discord.repliesTo(gone).length === 1);
    expect(discord.repliesTo(gone)[0].embeds).toMatchObject([
      { description: EN.errors['attachment-gone'] },
    ]);
  });

  test('elsewhere has no known author, which is said once where the channel is open', async () => {
    const before = await stage.set();
    const { discord, open, closed } = before;
    const thread = discord.world.addThread(open);
    await stage.start(before);
    const anna = discord.world.addUser();
    const url = discord.cdn.add('/a.bin', NOTE);
    const files = withFiles({ url, name: 'a.wav' }, { url, name: 'b.wav' });
    // Even of one’s own note nobody knows that it is.
    const forwards = discord.post(closed, anna, files);
    discord.post(closed, anna, { forwards });
    const both = [open, thread].map((channel) => discord.post(channel, anna, { forwards }));
    await discord.until(() => both.every((message) => discord.repliesTo(message).length === 1));
    for (const message of both) {
      expect(discord.repliesTo(message)[0].embeds).toEqual([expect.objectContaining(UNKNOWN)]);
    }
    expect(discord.cdn.requests.size).toBe(0);
    const withOwn = discord.post(open, anna, { ...discord.voice(NOTE), forwards });
    await discord.until(() => discord.repliesTo(withOwn).length === 1);
    expect(discord.repliesTo(withOwn)[0].embeds.slice(0, 2)).toMatchObject([
      { title: '😢 Sad' },
      UNKNOWN,
    ]);
    expect(discord.said(closed)).toEqual([]);
  });
});

test('where nobody opted in nothing is fetched, heard or shown', async () => {
  const { discord, open, closed } = await stage.withBot();
  const anna = discord.world.addUser();
  const note = discord.postVoice(closed, anna, NOTE);
  const last = discord.postVoice(open, anna, NOTE);
  await discord.until(() => discord.repliesTo(last).length === 1);
  expect(discord.said(closed)).toEqual([]);
  expect(discord.typing).not.toContain(closed.id);
  expect(discord.cdn.requests.has(new URL(note.attachments[0].url).pathname)).toBe(false);
});

describe('what nobody said', () => {
  test('other bots, webhooks, edits and the bot itself are not answered', async () => {
    const { discord, open } = await stage.withBot();
    const { world } = discord;
    const anna = world.addUser();
    const voice = () => discord.voice(NOTE);
    const text = discord.post(open, anna, { content: 'Hello' });
    discord.post(open, world.addUser({ isBot: true }), voice());
    discord.post(open, anna, { ...voice(), webhookId: '123456789012345678' });
    discord.post(open, world.bot, { ...voice(), content: 'I' });
    discord.edit(text, { attachments: voice().attachments ?? [] });
    const note = discord.post(open, anna, voice());
    discord.edit(note, { flags: MessageFlags.IsVoiceMessage | MessageFlags.SuppressEmbeds });
    await discord.until(() => discord.repliesTo(note).length === 1);
    const last = discord.post(open, anna, voice());
    await discord.until(() => discord.repliesTo(last).length === 1);
    expect(discord.said(open).filter(({ message_reference: to }) => to)).toHaveLength(2);
  });

  test('what is not a message is logged and left', async () => {
    const { discord, open } = await stage.withBot();
    const log = captureLog();
    for (const author of [undefined, {}]) {
      const d = { id: '1', channel_id: open.id, guild_id: open.guild?.id, author };
      discord.gateway.dispatch({ t: 'MESSAGE_CREATE' as never, d });
    }
    const note = discord.postVoice(open, discord.world.addUser(), NOTE);
    await discord.until(() => discord.repliesTo(note).length === 1);
    expect(log.join('')).toContain('could not be parsed');
  });
});

describe('limits', () => {
  test('above them there is one friendly line, not one for each note', async () => {
    const limits = memoryLimits({ perUser: 2, windowSeconds: 60 });
    const { discord, open } = await stage.withBot({ limits });
    const anna = discord.world.addUser();
    const bert = discord.world.addUser();
    const notes = Array.from({ length: 6 }, () => discord.postVoice(open, anna, NOTE));
    const other = discord.postVoice(open, bert, NOTE);
    await discord.until(() => discord.repliesTo(other).length === 1);
    const counts = notes.map((note) => discord.repliesTo(note).length);
    expect(counts).toEqual([1, 1, 1, 0, 0, 0]);
    expect(discord.repliesTo(notes[2])[0].embeds[0].description).toMatch(/Ask again in \d+ second/);
    expect(discord.repliesTo(other)[0].embeds[0].title).toBe('😢 Sad');
  });

  test('of a channel hold for all who are in it', async () => {
    const limits = memoryLimits({ perChannel: 2 });
    const { discord, open } = await stage.withBot({ limits });
    const notes = Array.from({ length: 4 }, () =>
      discord.postVoice(open, discord.world.addUser(), NOTE),
    );
    const direct = discord.world.addDirect(discord.world.addUser());
    await discord.until(() => discord.said(open).length === 3);
    const last = discord.postVoice(direct, direct.user as never, NOTE);
    await discord.until(() => discord.repliesTo(last).length === 1);
    expect(notes.map((note) => discord.repliesTo(note).length)).toEqual([1, 1, 1, 0]);
  });
});

test('closing finishes what has come and takes nothing new', async () => {
  const { discord, open, bot } = await stage.withBot();
  const anna = discord.world.addUser();
  const notes = Array.from({ length: 5 }, () => discord.postVoice(open, anna, NOTE));
  await discord.until(() => discord.typing.length > 0);
  const closed = bot.close();
  const late = discord.postVoice(open, anna, NOTE);
  await closed;
  expect(notes.map((note) => discord.repliesTo(note).length)).toEqual([1, 1, 1, 1, 1]);
  expect(discord.repliesTo(late)).toEqual([]);
  expect(discord.gateway.isConnected).toBe(false);
});

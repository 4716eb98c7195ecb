import { describe, expect, test } from 'vitest';
import { memoryLimits } from '../../../bots/limits.ts';
import type { Fault } from '../../support/discord/faults.ts';
import type { LocalDiscord } from '../../support/discord/server.ts';
import { NOTE, openChannel, useStage } from './fixture.ts';

const stage = useStage();

const MESSAGES = { method: 'POST', path: /^\/channels\/\d+\/messages$/ } as const;

/** More than any test posts: here Discord sets the pace. */
const NO_LIMITS = () => memoryLimits({ perUser: 1e6, perChannel: 1e6 });

const ignorant = ({ requests }: LocalDiscord) => requests.filter(({ isIgnorant }) => isIgnorant);

describe('a note is answered exactly once', () => {
  const failures: [string, Fault['how']][] = [
    ['Discord says 500', { status: 500 }],
    ['Discord says 502', { status: 502 }],
    ['Discord says 503', { status: 503 }],
    ['the connection breaks before the reply is posted', { drop: 'before' }],
    ['the connection breaks after the reply was posted', { drop: 'after' }],
    ['Discord says to wait', { retryAfter: 0.4 }],
    ['Discord says to wait with everything', { retryAfter: 0.4, isGlobal: true }],
  ];
  test.each(failures)('when %s', async (_, how) => {
    const { discord, open } = await stage.withBot();
    discord.fail({ ...MESSAGES, times: 'status' in how ? 2 : 1, how });
    const anna = discord.world.addUser();
    const notes = [1, 2].map(() => discord.postVoice(open, anna, NOTE));
    await discord.until(() => notes.every((note) => discord.repliesTo(note).length > 0));
    expect(discord.said(open)).toHaveLength(2);
    expect(ignorant(discord)).toEqual([]);
  });

  test('when typing cannot be shown', async () => {
    const { discord, open } = await stage.withBot();
    discord.fail({ path: /typing$/, how: { status: 403 } });
    const note = discord.postVoice(open, discord.world.addUser(), NOTE);
    await discord.until(() => discord.repliesTo(note).length === 1);
    expect(discord.typing).toEqual([]);
  });
});

test('while one channel has to wait, the others do not', async () => {
  const bucket = { limit: 1, seconds: 2 };
  const global = { limit: 50, seconds: 1 };
  const before = await stage.set({ limits: NO_LIMITS(), rateLimits: { bucket, global } });
  const { discord, open, closed, services } = before;
  await openChannel(services, closed);
  await stage.start(before);
  const anna = discord.world.addUser();
  const waiting = Array.from({ length: 3 }, () => discord.postVoice(open, anna, NOTE));
  const quick = discord.postVoice(closed, anna, NOTE);
  await discord.until(() => discord.repliesTo(quick).length === 1);
  expect(discord.said(open).length).toBeLessThan(waiting.length);
  await discord.until(() => discord.said(open).length === waiting.length);
  expect(ignorant(discord)).toEqual([]);
});

test('500 notes in a burst over 20 channels: 500 answers, in order, none doubled', async () => {
  const rateLimits = { bucket: { limit: 5, seconds: 1 }, global: { limit: 50, seconds: 1 } };
  const before = await stage.set({ limits: NO_LIMITS(), rateLimits });
  const { discord, open, services } = before;
  const { guild } = open;
  if (!guild) throw new Error('an open channel is in a server');
  const channels = Array.from({ length: 20 }, () => discord.world.addChannel(guild));
  for (const channel of channels) await openChannel(services, channel);
  await stage.start(before);
  const people = Array.from({ length: 10 }, () => discord.world.addUser());
  const notes = Array.from({ length: 500 }, (_, i) =>
    discord.postVoice(channels[i % channels.length], people[i % people.length], NOTE),
  );
  // Trouble on the way does not change the outcome.
  discord.fail({ ...MESSAGES, how: { retryAfter: 0.5, isGlobal: true } });
  discord.fail({ ...MESSAGES, times: 3, how: { status: 500 } });
  discord.fail({ ...MESSAGES, times: 3, how: { drop: 'after' } });
  const answered = () => channels.reduce((sum, channel) => sum + discord.said(channel).length, 0);
  await discord.until(() => answered() >= notes.length, 100);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(answered()).toBe(notes.length);
  for (const channel of channels) {
    const expected = notes.filter(({ channel_id }) => channel_id === channel.id);
    const replied = discord.said(channel).map(({ message_reference: to }) => to?.message_id);
    expect(replied).toEqual(expected.map(({ id }) => id));
  }
  for (const { embeds } of discord.said(channels[0])) expect(embeds[0].title).toBe('😢 Sad');
  expect(ignorant(discord)).toEqual([]);
}, 120_000);

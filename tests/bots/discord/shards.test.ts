import type { AddressInfo } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { startDiscordBot } from '../../../bots/discord/gateway.ts';
import { startHealth } from '../../../bots/discord/health.ts';
import { slash } from '../../support/discord/commands.ts';
import { snowflakeOf } from '../../support/discord/snowflake.ts';
import type { LocalChannel } from '../../support/discord/world.ts';
import { NOTE, openChannel, useStage } from './fixture.ts';

const stage = useStage();

/** Sets up a Discord that wants two connections, with an open channel on each. */
async function setTwo(options: { readonly heartbeatMs?: number } = {}) {
  const staged = await stage.set({ shards: 2, ...options });
  const { discord, services } = staged;
  const start = 1_700_000_000_000;
  const channels: LocalChannel[] = [];
  for (const shard of [0, 1]) {
    const guild = discord.world.addGuild({ id: snowflakeOf(start + shard) });
    const channel = discord.world.addChannel(guild);
    await openChannel(services, channel);
    channels.push(channel);
  }
  return { staged, discord, channels };
}

const shardOf = ({ guild }: LocalChannel) => Number((BigInt(guild?.id ?? 0) >> 22n) % 2n);

// Side by side: before a connection may be made anew, it has to wait for five seconds.
describe.concurrent('a bot of which Discord wants two connections', () => {
  test('answers each note once, whichever connection it comes on', async () => {
    const { staged, discord, channels } = await setTwo();
    await stage.start(staged);
    await discord.until(() => discord.gateway.shards.length === 2);
    expect(discord.gateway.shards.sort()).toEqual([0, 1]);
    const anna = discord.world.addUser();
    const direct = discord.world.addDirect(anna);
    const notes = [...channels, direct].map((channel) => discord.postVoice(channel, anna, NOTE));
    await discord.until(() => notes.every((note) => discord.repliesTo(note).length > 0));
    const asked = channels.map((channel) =>
      discord.interact(channel, slash('help', { user: anna, channel })),
    );
    await discord.until(() => asked.every(({ original }) => original !== null));
    // An answer too many would come right after.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(notes.map((note) => discord.repliesTo(note).length)).toEqual([1, 1, 1]);
    expect([...discord.cdn.requests.values()]).toEqual([1, 1, 1]);
    expect(asked.map(({ edits }) => edits.length)).toEqual([1, 1]);
  });

  test('catches up on the one that was lost, and looks for nothing on the other', async () => {
    const { staged, discord, channels } = await setTwo();
    await stage.start(staged);
    await discord.until(() => discord.gateway.shards.length === 2);
    const anna = discord.world.addUser();
    const post = () => channels.map((channel) => discord.postVoice(channel, anna, NOTE));
    const notes = post();
    await discord.until(() => notes.every((note) => discord.repliesTo(note).length === 1));
    const [lost, kept] = channels;
    const seen = discord.requests.length;
    discord.gateway.forgetSessions(shardOf(lost));
    // One comes on a connection that is there, the other while its own is not.
    notes.push(...post());
    await discord.until(() => discord.gateway.counts.identified === 3);
    await discord.until(() => notes.every((note) => discord.repliesTo(note).length === 1));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(notes.map((note) => discord.repliesTo(note).length)).toEqual([1, 1, 1, 1]);
    const looked = discord.requests
      .slice(seen)
      .filter(({ method, path }) => method === 'GET' && path.endsWith('/messages'))
      .map(({ path }) => path);
    expect(looked).toContain(`/channels/${lost.id}/messages`);
    expect(looked).not.toContain(`/channels/${kept.id}/messages`);
  });

  test('is well as long as each of them is', async () => {
    const { staged, discord } = await setTwo({ heartbeatMs: 100 });
    const { bot } = await stage.start(staged);
    const health = await startHealth(0, bot);
    const { port } = health.address() as AddressInfo;
    const ask = async () => {
      const response = await fetch(`http://127.0.0.1:${port}`);
      return { code: response.status, body: await response.json() };
    };
    await discord.until(() => bot.shards().every(({ lastHeartbeat }) => lastHeartbeat !== null));
    const { code, body } = await ask();
    expect(code).toBe(200);
    expect(body).toMatchObject({
      status: 'connected',
      shards: [
        { id: 0, isLost: false },
        { id: 1, isLost: false },
      ],
    });
    health.close();
    const since = (minutes: number) => Date.now() - minutes * 60_000;
    const silent = await startHealth(0, {
      shards: () => [
        { id: 0, lastHeartbeat: since(0) },
        { id: 1, lastHeartbeat: since(4) },
      ],
    });
    const answer = await fetch(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ status: 'lost', shards: [{}, { isLost: true }] });
    silent.close();
  });
});

test('forty connections have time to log in one after another', async () => {
  const shards = Array.from({ length: 40 }, (_, id) => ({ id, lastHeartbeat: null }));
  const health = await startHealth(0, { shards: () => shards });
  const address = `http://127.0.0.1:${(health.address() as AddressInfo).port}`;
  const now = Date.now();
  vi.spyOn(Date, 'now').mockReturnValue(now + 5 * 60_000);
  expect((await fetch(address)).status).toBe(200);
  vi.spyOn(Date, 'now').mockReturnValue(now + 8 * 60_000);
  expect((await fetch(address)).status).toBe(503);
  health.close();
});

test('a bot that may not connect often enough today says so, and does not try', async () => {
  const { discord, services } = await stage.set({ shards: 2, sessionsLeft: 1 });
  const failure = startDiscordBot({ token: discord.token, api: discord.api, services });
  await expect(failure).rejects.toMatchObject({
    code: 'rate-limited',
    message: expect.stringMatching(/1 times until \d{4}-\d\d-\d\dT.* needs 2\./),
  });
  expect(discord.gateway.counts.identified).toBe(0);
});

test('a bot that has come into too many servers for its connections says what to do', async () => {
  const { discord, bot } = await stage.withBot();
  const ended = expect(bot.ended).rejects.toThrow(/opens as many as Discord asks for/);
  discord.gateway.closeWith(4011);
  await ended;
});

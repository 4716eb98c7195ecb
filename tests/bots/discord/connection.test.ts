import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GatewayCloseCodes, GatewayIntentBits } from 'discord-api-types/v10';
import { describe, expect, test, vi } from 'vitest';
import { startDiscordBot } from '../../../bots/discord/gateway.ts';
import { startHealth } from '../../../bots/discord/health.ts';
import type { LocalDiscord } from '../../support/discord/server.ts';
import type { LocalChannel } from '../../support/discord/world.ts';
import { NOTE, openChannel, type StageWithBot, useStage } from './fixture.ts';

const stage = useStage();

/** Posts a note before, during and after an interruption, and expects one answer to each. */
async function survives(
  { discord, open }: StageWithBot,
  interrupt: (discord: LocalDiscord) => void,
): Promise<void> {
  const anna = discord.world.addUser();
  const post = () => discord.postVoice(open, anna, NOTE);
  const notes = [post()];
  await discord.until(() => discord.repliesTo(notes[0]).length === 1);
  const logins = () => discord.gateway.counts.identified + discord.gateway.counts.resumed;
  const before = logins();
  interrupt(discord);
  notes.push(post(), post());
  await discord.until(() => logins() > before && discord.gateway.isConnected);
  notes.push(post());
  await allAnswered(discord, open, notes.length);
  expect(notes.map((note) => discord.repliesTo(note).length)).toEqual([1, 1, 1, 1]);
}

async function allAnswered(discord: LocalDiscord, channel: LocalChannel, count: number) {
  // Whether all of them are there is for the caller to see, note by note.
  await discord.until(() => discord.said(channel).length >= count).catch(() => {});
  // An answer too many would come right after.
  await new Promise((resolve) => setTimeout(resolve, 300));
}

// Side by side: before a bot may identify once more, it has to wait for five seconds.
describe.concurrent('every note is answered exactly once', () => {
  test('when the connection is cut, which is resumed', async () => {
    const staged = await stage.withBot();
    await survives(staged, ({ gateway }) => gateway.drop());
    expect(staged.discord.gateway.counts).toMatchObject({ identified: 1, resumed: 1 });
  });

  test('when Discord asks for a new connection', async () => {
    const staged = await stage.withBot();
    await survives(staged, ({ gateway }) => gateway.requestReconnect());
    expect(staged.discord.gateway.counts).toMatchObject({ identified: 1, resumed: 1 });
  });

  test('when the connection is a zombie: open, and nothing comes', async () => {
    const staged = await stage.withBot({ heartbeatMs: 500 });
    await survives(staged, ({ gateway }) => gateway.turnIntoZombies());
    // On a busy machine an acknowledgement may come too late as well.
    expect(staged.discord.gateway.counts.identified).toBe(1);
    expect(staged.discord.gateway.counts.resumed).toBeGreaterThan(0);
  });

  test.each([
    GatewayCloseCodes.UnknownError,
    GatewayCloseCodes.DecodeError,
    GatewayCloseCodes.SessionTimedOut,
  ])('when Discord closes it with %i, which is resumed', async (code) => {
    const staged = await stage.withBot();
    await survives(staged, ({ gateway }) => gateway.closeWith(code));
    expect(staged.discord.gateway.counts.resumed).toBe(1);
  });

  test('when the session is invalid, and what was missed has to be looked up', async () => {
    const staged = await stage.withBot();
    await survives(staged, ({ gateway }) => gateway.invalidateSessions());
    expect(staged.discord.gateway.counts).toMatchObject({ identified: 2, resumed: 0 });
  });

  test('when the session is forgotten, so that the resume is refused', async () => {
    const staged = await stage.withBot();
    await survives(staged, ({ gateway }) => gateway.forgetSessions());
    expect(staged.discord.gateway.counts).toMatchObject({ identified: 2, resumed: 0 });
  });

  test.each([
    GatewayCloseCodes.InvalidSeq,
    GatewayCloseCodes.RateLimited,
  ])('when Discord closes it with %i, after which the session is gone', async (code) => {
    const staged = await stage.withBot();
    await survives(staged, ({ gateway }) => gateway.closeWith(code));
    expect(staged.discord.gateway.counts).toMatchObject({ identified: 2, resumed: 0 });
  });

  test('when it is asked for a new connection and the session is invalid, in one moment', async () => {
    const staged = await stage.withBot();
    await survives(staged, ({ gateway }) => {
      gateway.requestReconnect();
      gateway.invalidateSessions();
    });
  });

  test('when one interruption follows another', async () => {
    const { discord, open } = await stage.withBot();
    const anna = discord.world.addUser();
    const notes = [];
    for (const interrupt of [
      'drop',
      'forgetSessions',
      'requestReconnect',
      'invalidateSessions',
    ] as const) {
      notes.push(discord.postVoice(open, anna, NOTE));
      discord.gateway[interrupt]();
      notes.push(discord.postVoice(open, anna, NOTE));
      await discord.until(() => discord.gateway.isConnected);
    }
    await allAnswered(discord, open, notes.length);
    expect(notes.map((note) => discord.repliesTo(note).length)).toEqual(notes.map(() => 1));
  });
});

describe.concurrent('after a session was lost', () => {
  test('threads and direct messages are caught up with as well, the closed are left alone', async () => {
    const before = await stage.set();
    const { discord, open, closed } = before;
    const thread = discord.world.addThread(open);
    await stage.start(before);
    const anna = discord.world.addUser();
    const direct = discord.world.addDirect(anna);
    const first = discord.postVoice(direct, anna, NOTE);
    await discord.until(() => discord.repliesTo(first).length === 1);
    discord.gateway.forgetSessions();
    const missed = [thread, direct].map((channel) => discord.postVoice(channel, anna, NOTE));
    const unasked = discord.postVoice(closed, anna, NOTE);
    await discord.until(() => missed.every((note) => discord.repliesTo(note).length === 1));
    expect(discord.repliesTo(first)).toHaveLength(1);
    expect(discord.repliesTo(unasked)).toEqual([]);
  });

  test('what came before a restart is caught up with, although the clock was set back since', async () => {
    const before = await stage.set();
    const { discord, open, services } = before;
    await services.settings.setAnsweredUntil('discord', Date.now() + 3_600_000);
    const note = discord.postVoice(open, discord.world.addUser(), NOTE);
    await stage.start(before);
    await discord.until(() => discord.repliesTo(note).length === 1);
  });

  test('more than a page of messages is caught up with', async () => {
    const { discord, open } = await stage.withBot();
    const anna = discord.world.addUser();
    discord.gateway.forgetSessions();
    for (let i = 0; i < 230; i++) discord.post(open, anna, { content: `${i}` });
    const note = discord.postVoice(open, anna, NOTE);
    await discord.until(() => discord.repliesTo(note).length === 1);
  });

  test('a channel that cannot be read does not keep the others waiting', async () => {
    const before = await stage.set();
    const { discord, open, closed, services } = before;
    await openChannel(services, closed);
    await stage.start(before);
    const anna = discord.world.addUser();
    discord.fail({ method: 'GET', path: new RegExp(`${open.id}/messages`), how: { status: 403 } });
    discord.gateway.forgetSessions();
    discord.postVoice(open, anna, NOTE);
    const note = discord.postVoice(closed, anna, NOTE);
    await discord.until(() => discord.repliesTo(note).length === 1);
  });
});

describe.concurrent('what ends the bot says what to do', () => {
  test('a wrong token', async () => {
    const { discord, services } = await stage.set();
    const token = 'a-token-that-was-made-up';
    const failure = startDiscordBot({ token, api: discord.api, services });
    await expect(failure).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(failure).rejects.toThrow('UNDERTONE_DISCORD_TOKEN');
    expect(discord.requests).toHaveLength(1);
  });

  test('a token that is revoked while the bot runs: it ends and does not come back', async () => {
    const { discord, bot } = await stage.withBot();
    discord.revokeToken();
    await expect(bot.ended).rejects.toMatchObject({ code: 'unauthorized' });
    const { identified } = discord.gateway.counts;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(discord.gateway.counts.identified).toBe(identified);
  });

  test('the Message Content intent that is not switched on', async () => {
    const intents =
      GatewayIntentBits.Guilds | GatewayIntentBits.GuildMessages | GatewayIntentBits.DirectMessages;
    const { discord, services } = await stage.set({ intents });
    const failure = startDiscordBot({ token: discord.token, api: discord.api, services });
    await expect(failure).rejects.toMatchObject({ code: 'configuration-invalid' });
    await expect(failure).rejects.toThrow('Message Content Intent');
  });

  test('a Discord that is not there', async () => {
    const { discord, services } = await stage.set();
    const api = 'http://127.0.0.1:9/api';
    const failure = startDiscordBot({ token: discord.token, api, services });
    await expect(failure).rejects.toMatchObject({ code: 'unavailable' });
    await expect(failure).rejects.toThrow('cannot be reached');
  });
});

describe('a bot that is asked for its health', () => {
  const askAt = async ({ port }: AddressInfo) => (await fetch(`http://127.0.0.1:${port}`)).status;

  test('says that it is connected until Discord is silent for minutes', async () => {
    const { bot, discord } = await stage.withBot({ heartbeatMs: 200 });
    const health = await startHealth(0, bot);
    const address = health.address() as AddressInfo;
    expect(address.address).toBe('127.0.0.1');
    expect(await askAt(address)).toBe(200);
    const heartbeat = () => bot.shards()[0].lastHeartbeat;
    await discord.until(() => heartbeat() !== null);
    const first = heartbeat() ?? 0;
    // From now on nobody answers: neither this connection nor a new one.
    discord.gateway.close();
    const minutes = (count: number) =>
      vi.spyOn(Date, 'now').mockReturnValue(first + count * 60_000);
    minutes(2);
    expect(await askAt(address)).toBe(200);
    minutes(4);
    expect(await askAt(address)).toBe(503);
    health.close();
  });

  test('says that it is lost if it has never had a heartbeat acknowledged', async () => {
    const health = await startHealth(0, { shards: () => [{ id: 0, lastHeartbeat: null }] });
    const address = health.address() as AddressInfo;
    expect(await askAt(address)).toBe(200);
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 4 * 60_000);
    expect(await askAt(address)).toBe(503);
    health.close();
  });

  test('names the setting where the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(startHealth(port, { shards: () => [] })).rejects.toMatchObject({
      code: 'port-taken',
      message: expect.stringContaining('UNDERTONE_HEALTH_PORT'),
    });
    other.close();
  });
});

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type APIMessage, PermissionFlagsBits } from 'discord-api-types/v10';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../../bots/discord/commands.ts';
import { fileSettings } from '../../../bots/settings.ts';
import { slash } from '../../support/discord/commands.ts';
import type { LocalDiscord } from '../../support/discord/server.ts';
import { NOTE, openChannel, useStage } from './fixture.ts';
import { type BotProcess, startProgram } from './process.ts';

const stage = useStage();
let folder: string;
let running: BotProcess | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-bot-'));
});
afterEach(() => {
  running?.child.kill('SIGKILL');
});
afterAll(() => rm(folder, { recursive: true }));

function environmentFor(discord: LocalDiscord) {
  return {
    UNDERTONE_DISCORD_TOKEN: discord.token,
    UNDERTONE_DISCORD_API: discord.api,
    UNDERTONE_API_ENDPOINT: stage.apiUrl(),
    UNDERTONE_SETTINGS_FILE: join(folder, 'settings.json'),
    UNDERTONE_FILE_HOSTS: `http://${discord.cdn.host}`,
  };
}

function runBot(discord: LocalDiscord, environment: NodeJS.ProcessEnv = {}): BotProcess {
  running = startProgram('main', [], { ...environmentFor(discord), ...environment });
  return running;
}

describe('npm run bot:discord', () => {
  test('answers, remembers its settings, and ends after what is in flight', async () => {
    const { discord, closed } = await stage.set();
    const user = discord.world.addUser();
    const first = runBot(discord);
    await first.printed(/Undertone is connected to Discord/);
    const permissions = PermissionFlagsBits.ManageGuild;
    const on = discord.interact(closed, slash('auto on', { user, channel: closed, permissions }));
    await discord.until(() => on.original !== null);
    first.child.kill('SIGINT');
    expect((await first.exit).code).toBe(0);
    expect(await readFile(join(folder, 'settings.json'), 'utf8')).toContain(closed.id);

    const second = runBot(discord);
    await second.printed(/Undertone is connected to Discord/);
    const notes = [1, 2, 3].map(() => discord.postVoice(closed, user, NOTE));
    await discord.until(() => discord.typing.length > 0);
    second.child.kill('SIGTERM');
    expect(await second.exit).toMatchObject({ code: 0, err: '' });
    expect(notes.map((note) => discord.repliesTo(note).length)).toEqual([1, 1, 1]);
  });

  test('answers after a restart what came meanwhile, and nothing twice', async () => {
    const { discord, open } = await stage.set();
    const user = discord.world.addUser();
    const file = join(folder, 'restart.json');
    await openChannel({ settings: await fileSettings(file) }, open);
    const environment = { UNDERTONE_SETTINGS_FILE: file };
    const post = () => discord.postVoice(open, user, NOTE);
    const tooEarly = post();
    const first = runBot(discord, environment);
    await first.printed(/Undertone is connected to Discord/);
    await expect.poll(() => readFile(file, 'utf8')).toContain('"discord":');
    const notes = [post()];
    await discord.until(() => discord.repliesTo(notes[0]).length === 1);
    // Without a word: what is kept is older than the answer.
    first.child.kill('SIGKILL');
    await first.exit;
    notes.push(post(), post());

    const second = runBot(discord, environment);
    await discord.until(() => discord.repliesTo(notes[2]).length === 1);
    second.child.kill('SIGTERM');
    await second.exit;
    notes.push(post());
    const third = runBot(discord, environment);
    await discord.until(() => discord.repliesTo(notes[3]).length === 1);
    third.child.kill('SIGTERM');
    expect(await third.exit).toMatchObject({ code: 0, err: '' });
    const fetched = ({ attachments: [{ url }] }: APIMessage) =>
      discord.cdn.requests.get(new URL(url).pathname) ?? 0;
    expect(notes.map(fetched)).toEqual([1, 1, 1, 1]);
    expect(notes.map((note) => discord.repliesTo(note).length)).toEqual([1, 1, 1, 1]);
    expect(fetched(tooEarly)).toBe(0);
  });

  test('goes on whatever Discord sends', async () => {
    const { discord } = await stage.set();
    const user = discord.world.addUser();
    const channel = discord.world.addDirect(user);
    const bot = runBot(discord);
    await bot.printed(/Undertone is connected to Discord/);
    const { gateway } = discord;
    for (const d of [{ id: '1', channel_id: channel.id, author: null }, {}]) {
      gateway.dispatch({ t: 'MESSAGE_CREATE' as never, d });
    }
    discord.interact(channel, { type: 2, data: { type: 1, name: 'undertone' }, channel_id: '1' });
    discord.interact(channel, { type: 99 });
    const note = discord.postVoice(channel, user, NOTE);
    await discord.until(() => discord.repliesTo(note).length === 1);
    expect(bot.child.exitCode).toBeNull();
    expect(bot.err()).toContain('"level"');
    expect(bot.err()).not.toContain(discord.token);
  });

  test('says what to do about a token that Discord does not take, once', async () => {
    const { discord } = await stage.set();
    const bot = runBot(discord, { UNDERTONE_DISCORD_TOKEN: 'a-token-of-somebody-else' });
    const { code, err } = await bot.exit;
    expect(code).toBe(1);
    expect(err).toMatch(/^Discord does not accept the token.*UNDERTONE_DISCORD_TOKEN.*\n$/);
    expect(discord.requests).toHaveLength(1);
  });

  test('says what to do about a token that is revoked while it runs', async () => {
    const { discord } = await stage.set();
    const bot = runBot(discord);
    await bot.printed(/Undertone is connected to Discord/);
    discord.revokeToken();
    const { code, err } = await bot.exit;
    expect(code).toBe(1);
    expect(err).toContain('Discord does not accept the token');
  });

  test('names every variable that is missing or wrong', async () => {
    const { discord } = await stage.set();
    const wrong = { UNDERTONE_DISCORD_TOKEN: '', UNDERTONE_API_ENDPOINT: 'somewhere' };
    const { code, err } = await runBot(discord, wrong).exit;
    expect(code).toBe(1);
    expect(err).toContain('Set UNDERTONE_DISCORD_TOKEN to the token of the bot');
    expect(err).toContain('UNDERTONE_API_ENDPOINT to the address of the Undertone API');
    expect(err).toContain('docs/discord.md');
  });
});

describe('npm run bot:discord:register', () => {
  test('registers commands that Discord takes, and prints the link that invites the bot', async () => {
    const { discord } = await stage.set();
    const { code, out } = await startProgram('register', [], environmentFor(discord)).exit;
    expect(code).toBe(0);
    expect(discord.commands.get('global')).toEqual(COMMANDS);
    const [link, forUsers] = out.match(/https:\/\/discord\.com\/oauth2\S+/g) ?? [];
    const query = new URL(String(link)).searchParams;
    expect(query.get('client_id')).toBe(discord.world.applicationId);
    expect(query.get('scope')).toBe('bot applications.commands');
    const asked = BigInt(String(query.get('permissions')));
    expect(asked & PermissionFlagsBits.Administrator).toBe(0n);
    expect(asked & PermissionFlagsBits.SendMessages).not.toBe(0n);
    expect(out).toMatch(/Send Messages +to reply/);
    expect(new URL(String(forUsers)).searchParams.get('integration_type')).toBe('1');
  });

  test('registers them in one server only, when it is named', async () => {
    const { discord, open } = await stage.set();
    const args = ['--guild', String(open.guild?.id)];
    const { code } = await startProgram('register', args, environmentFor(discord)).exit;
    expect(code).toBe(0);
    expect([...discord.commands.keys()]).toEqual([open.guild?.id]);
  });

  test.each([
    ['a wrong option', ['--gild', '1'], {}, '--guild'],
    ['what is no id', ['--guild', 'my server'], {}, 'Developer Mode'],
    [
      'a wrong token',
      [],
      { UNDERTONE_DISCORD_TOKEN: 'a-token-of-somebody-else' },
      'does not accept the token',
    ],
    [
      'a Discord that is not there',
      [],
      { UNDERTONE_DISCORD_API: 'http://127.0.0.1:9/api' },
      'cannot be reached',
    ],
  ])('says what to do about %s', async (_, args, environment, sentence) => {
    const { discord } = await stage.set();
    const variables = { ...environmentFor(discord), ...environment };
    const { code, err } = await startProgram('register', args, variables).exit;
    expect(code).toBe(1);
    expect(err).toContain(sentence);
    expect(discord.commands.size).toBe(0);
  });
});

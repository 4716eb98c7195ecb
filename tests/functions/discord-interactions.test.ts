import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type APIInteractionResponse,
  InteractionResponseType,
  MessageFlags,
  PermissionFlagsBits,
} from 'discord-api-types/v10';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Services } from '../../bots/answer.ts';
import { essentialsOf, readInteraction } from '../../bots/discord/interaction.ts';
import { handleDiscordJob } from '../../bots/discord/job.ts';
import { interactionRest } from '../../bots/discord/rest.ts';
import { memoryLimits } from '../../bots/limits.ts';
import { fileSettings } from '../../bots/settings.ts';
import { EN, stringsFor } from '../../bots/wording/languages.ts';
import { discordMedium } from '../../functions/chat/environment.ts';
import { chatJobSchema } from '../../functions/chat/queue.ts';
import { handler } from '../../functions/discord-interactions.ts';
import { command, ping, readEmotion, slash } from '../support/discord/commands.ts';
import { isEphemeral, type LocalInteraction } from '../support/discord/interactions.ts';
import { type LocalDiscord, startDiscord } from '../support/discord/server.ts';
import { type LocalChannel, voiceMessage } from '../support/discord/world.ts';
import { FifoQueue } from '../support/sqs.ts';
import { proxyEvent } from './event.ts';
import { type Answer, expectProblem } from './problem.ts';

const queue = new FifoQueue();
let discord: LocalDiscord;
let channel: LocalChannel;
let thread: LocalChannel;

beforeAll(async () => {
  await queue.start();
  discord = await startDiscord();
  channel = discord.world.addChannel(discord.world.addGuild());
  thread = discord.world.addThread(channel);
  Object.assign(process.env, queue.env, {
    UNDERTONE_DISCORD_PUBLIC_KEY: discord.interactions.publicKey,
  });
});

afterAll(async () => {
  await discord.close();
  await queue.close();
});

beforeEach(() => {
  vi.restoreAllMocks();
  queue.messages.length = 0;
  queue.sent = 0;
  queue.isDown = false;
});

type Headers = Record<string, string>;

/** Sends a body to the function as API Gateway does. */
async function send(body: string, headers: Headers, isText = false): Promise<Answer> {
  const event = proxyEvent('POST', '/discord/interactions', { body, headers, isText });
  const answer = await handler(event);
  return { status: answer.statusCode, headers: answer.headers as Headers, body: answer.body };
}

/** Sends an interaction as Discord does, and has Discord take the answer. */
async function ask(interaction: LocalInteraction, isText = false): Promise<APIInteractionResponse> {
  const body = JSON.stringify(interaction.payload);
  const { status, body: text } = await send(body, discord.interactions.signatureOf(body), isText);
  expect(status).toBe(200);
  const response: APIInteractionResponse = JSON.parse(text);
  discord.interactions.answer(interaction.id, interaction.token, response);
  return response;
}

function note(where = channel) {
  const user = discord.world.addUser();
  const voice = voiceMessage({ url: 'https://cdn.discordapp.com/1', bytes: 1000, seconds: 1 });
  return { user, message: discord.post(where, user, { ...voice, content: 'Grüße 🎙️' }) };
}

function readingIn(where: LocalChannel): LocalInteraction {
  const { user, message } = note(where);
  return discord.begin(where, readEmotion(message, { user, channel: where }));
}

/** Does the last job, as the worker does it. */
async function workOff(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'undertone-interactions-'));
  const settings = await fileSettings(join(folder, 'settings.json'));
  const services = { limits: memoryLimits(), settings } as Services;
  const rest = interactionRest(discord.api);
  await handleDiscordJob(jobs().at(-1)?.payload, { services, rest, medium: discordMedium() });
  await rm(folder, { recursive: true });
}

const jobs = () => queue.messages.map(({ body }) => chatJobSchema.parse(JSON.parse(body)));

test('a ping is answered with a pong', async () => {
  const body = JSON.stringify(ping(discord.world));
  const answer = await send(body, discord.interactions.signatureOf(body));
  expect(answer).toMatchObject({ status: 200, body: '{"type":1}' });
  expect(queue.sent).toBe(0);
});

describe('what needs work', () => {
  test('is deferred for the asker alone and handed on, in the order of its channel', async () => {
    const interaction = readingIn(thread);
    const response = await ask(interaction);
    expect(response.type).toBe(InteractionResponseType.DeferredChannelMessageWithSource);
    expect(isEphemeral(interaction)).toBe(true);
    expect(jobs()).toEqual([
      { platform: 'discord', id: interaction.id, payload: essentialsOf(interaction.payload) },
    ]);
    const [{ payload }] = jobs();
    // Nothing that the worker reads is lost on the way.
    expect(readInteraction(payload)).toEqual(readInteraction(interaction.payload));
    expect(readInteraction(payload).command).toMatchObject({
      kind: 'read',
      notes: [{ size: 1000 }],
    });
    expect(queue.messages[0].group).toBe(`discord-${channel.id}`);
  });

  test('waits without what people wrote and how they are called, also in what they forward', async () => {
    const { user, message } = note();
    const forward = discord.post(channel, user, { forwards: message });
    for (const asked of [message, forward]) {
      const interaction = discord.begin(channel, readEmotion(asked, { user, channel }));
      await ask(interaction);
      const { body } = queue.messages[queue.messages.length - 1];
      expect(body).not.toMatch(/Grüße|somebody/);
      expect(readInteraction(jobs().at(-1)?.payload)).toEqual(readInteraction(interaction.payload));
    }
    expect(readInteraction(jobs()[1].payload).command).toMatchObject({
      notes: [{ size: 1000, isAuthorUnknown: true }],
    });
  });

  test.each<[string, object]>([
    [
      'options without end',
      Array.from({ length: 10_000 }).reduce<object>(
        (option) => ({ name: 'note', type: 1, options: [option] }),
        {},
      ),
    ],
    [
      'an attachment named like a part of every object',
      { name: 'note', type: 11, value: 'constructor' },
    ],
  ])('is no note: %s', (_, option) => {
    const options = [{ name: 'read', type: 1, options: [option] }];
    const { payload } = readingIn(channel);
    const { command } = readInteraction({
      ...payload,
      data: { name: 'undertone', type: 1, options },
    });
    expect(command).toMatchObject({ kind: 'read', notes: [] });
  });

  test('is deferred in the open in a direct message', async () => {
    const interaction = readingIn(discord.world.addDirect(discord.world.addUser()));
    await ask(interaction);
    expect(isEphemeral(interaction)).toBe(false);
  });

  test('may come as text or as base64, with letters of any kind', async () => {
    for (const isText of [true, false]) {
      const interaction = readingIn(channel);
      await ask(interaction, isText);
      expect(jobs().at(-1)?.payload).toEqual(essentialsOf(interaction.payload));
    }
  });

  test('is answered with a sentence when the queue does not take it', async () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    queue.isDown = true;
    const interaction = readingIn(channel);
    const response = await ask(interaction);
    expect(response).toMatchObject({
      type: InteractionResponseType.ChannelMessageWithSource,
      data: { flags: MessageFlags.Ephemeral, embeds: [{ description: EN.errors.unavailable }] },
    });
  });

  test('of a moderator who opens a channel is deferred for everybody', async () => {
    const user = discord.world.addUser();
    const asker = { user, channel, permissions: PermissionFlagsBits.Administrator };
    const interaction = discord.begin(channel, slash('auto on', asker));
    await ask(interaction);
    expect(isEphemeral(interaction)).toBe(false);
    expect(jobs()).toHaveLength(1);
  });
});

describe('what needs no work is answered at once, for the asker alone', () => {
  const user = () => ({ user: discord.world.addUser(), channel });
  const cases: [string, () => Record<string, unknown>, string][] = [
    ['about', () => slash('about', user()), EN.about.text],
    ['privacy', () => slash('privacy', user()), EN.privacy.text],
    ['a command that nobody knows', () => slash('dance', user()), EN.unknownCommand],
    [
      'a message command without its message',
      () => command(user(), { type: 3, name: 'Read emotion', target_id: '1' }),
      EN.unknownCommand,
    ],
    [
      'a button that is not ours',
      () => ({ ...command(user(), {}), type: 3, data: undefined }),
      EN.unknownCommand,
    ],
    ['opening a channel without the right to', () => slash('auto on', user()), EN.moderatorsOnly],
    [
      'opening a channel of a server that has not installed the bot',
      () => slash('auto on', { ...user(), isUserInstall: true }),
      EN.addMe,
    ],
    [
      'opening a direct message',
      () => {
        const asker = discord.world.addUser();
        return slash('auto on', { user: asker, channel: discord.world.addDirect(asker) });
      },
      stringsFor('en', 'discord-without-gateway').onlyInChannels,
    ],
  ];
  test.each(cases)('%s', async (_, fields, description) => {
    const interaction = discord.begin(channel, fields());
    const response = await ask(interaction);
    expect(response).toMatchObject({ data: { embeds: [{ description }] } });
    expect(isEphemeral(interaction)).toBe(true);
    expect(queue.sent).toBe(0);
  });
});

describe('help', () => {
  test('is deferred, and promises answers that nobody asked for only where a gateway listens', async () => {
    const user = discord.world.addUser();
    const help = async () => {
      const interaction = discord.begin(channel, slash('help', { user, channel }));
      await ask(interaction);
      expect(isEphemeral(interaction)).toBe(true);
      await workOff();
      return interaction.original?.embeds[0].description;
    };
    const promise = 'I answer every voice note';
    expect(await help()).not.toContain(promise);
    vi.stubEnv('UNDERTONE_DISCORD_GATEWAY', 'true');
    expect(await help()).toContain(promise);
    vi.unstubAllEnvs();
  });
});

describe('the language of the asker', () => {
  const asker = (locale: string) => ({ user: discord.world.addUser(), channel, locale });
  const read = (interaction: LocalInteraction) => interaction.original?.embeds[0].description;

  test.each(['de', 'es-419', 'ja'])('is that of what is answered at once: %s', async (locale) => {
    const interaction = discord.begin(channel, slash('privacy', asker(locale)));
    await ask(interaction);
    const { privacy } = stringsFor(locale, 'discord-without-gateway');
    expect(read(interaction)).toBe(privacy.text);
    expect(privacy.text).not.toBe(EN.privacy.text);
  });

  test.each(['fr', 'pt-BR'])('travels with the job: %s', async (locale) => {
    const interaction = discord.begin(channel, slash('help', asker(locale)));
    await ask(interaction);
    await workOff();
    const strings = stringsFor(locale, 'discord-without-gateway');
    expect(read(interaction)).toContain(strings.help.text);
    expect(read(interaction)).toContain(
      strings.quota({ person: { left: 15, limit: 15, seconds: 0 }, channel: null }),
    );
  });

  test('is that of a failure too', async () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    queue.isDown = true;
    const interaction = discord.begin(channel, slash('help', asker('ja')));
    await ask(interaction);
    expect(read(interaction)).toBe(stringsFor('ja', 'discord').errors.unavailable);
  });

  test.each<unknown>([
    ...['xx', 'sv-SE', 'dex', '', '__proto__', 'constructor', '-', 'a'.repeat(10_000)],
    ...[undefined, null, 7, {}, ['de']],
  ])('is English where it is %j', async (locale) => {
    const payload = { ...slash('about', asker('en-US')), locale };
    const interaction = discord.begin(channel, payload);
    await ask(interaction);
    expect(read(interaction)).toBe(EN.about.text);
  });
});

describe('401, and no work done', () => {
  /** A body and what has to be changed about it or its headers. */
  const signed = (atSeconds?: number) => {
    const body = JSON.stringify(readingIn(channel).payload);
    return { body, headers: discord.interactions.signatureOf(body, atSeconds) };
  };
  const now = () => Math.floor(Date.now() / 1000);
  const refusals: [string, () => { body: string; headers: Headers }][] = [
    ['a tampered body', () => ({ ...signed(), body: signed().body })],
    [
      'one changed letter that is not ASCII',
      () => {
        const { body, headers } = signed();
        return { body: body.replace('ü', 'u'), headers };
      },
    ],
    [
      'the same JSON written otherwise',
      () => {
        const { body, headers } = signed();
        return { body: JSON.stringify(JSON.parse(body), null, 1), headers };
      },
    ],
    [
      'a changed timestamp',
      () => {
        const { body, headers } = signed();
        return { body, headers: { ...headers, 'x-signature-timestamp': String(now() - 1) } };
      },
    ],
    [
      'another key',
      () => {
        const { body } = signed();
        const { privateKey } = generateKeyPairSync('ed25519');
        const timestamp = String(now());
        const signature = sign(null, Buffer.from(timestamp + body), privateKey).toString('hex');
        return {
          body,
          headers: { 'x-signature-ed25519': signature, 'x-signature-timestamp': timestamp },
        };
      },
    ],
    ['no headers', () => ({ body: signed().body, headers: {} })],
    [
      'no signature',
      () => ({ body: signed().body, headers: { 'x-signature-timestamp': String(now()) } }),
    ],
    [
      'no timestamp',
      () => {
        const { body, headers } = signed();
        return { body, headers: { 'x-signature-ed25519': headers['x-signature-ed25519'] } };
      },
    ],
    [
      'a signature that is not hexadecimal',
      () => {
        const { body, headers } = signed();
        return { body, headers: { ...headers, 'x-signature-ed25519': 'zz'.repeat(64) } };
      },
    ],
    [
      'a signature that is too short',
      () => {
        const { body, headers } = signed();
        const half = headers['x-signature-ed25519'].slice(0, 64);
        return { body, headers: { ...headers, 'x-signature-ed25519': half } };
      },
    ],
    ['one of six minutes ago', () => signed(now() - 360)],
    ['one of in six minutes', () => signed(now() + 360)],
    ['an empty body', () => ({ body: '', headers: signed().headers })],
  ];
  test.each(refusals)('%s', async (_, request) => {
    const { body, headers } = request();
    expectProblem(await send(body, headers), 401, 'unauthorized');
    expect(queue.sent).toBe(0);
  });

  test('the same interaction once more', async () => {
    const { body, headers } = signed();
    expect((await send(body, headers)).status).toBe(200);
    const replay = await send(body, headers);
    expectProblem(replay, 401, 'unauthorized');
    const signedAnew = await send(body, discord.interactions.signatureOf(body, now() + 1));
    expectProblem(signedAnew, 401, 'unauthorized');
    expect(queue.sent).toBe(1);
  });

  test('five minutes are fresh enough, and headers may be written in any case', async () => {
    const { body, headers } = signed(now() - 290);
    const upper = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]),
    );
    expect((await send(body, upper)).status).toBe(200);
  });
});

describe('400 for what Discord would not send', () => {
  test.each([
    ['no JSON', 'Hello'],
    ['a list', '[]'],
    ['null', 'null'],
    ['an interaction without anybody who asks', undefined],
  ])('%s', async (_, text) => {
    const { user: _user, member: _member, ...nobody } = readingIn(channel).payload;
    const body = text ?? JSON.stringify(nobody);
    const answer = await send(body, discord.interactions.signatureOf(body));
    expectProblem(answer, 400, 'parameter-invalid');
    expect(queue.sent).toBe(0);
  });
});

test('a public key that is not set is our own fault, and said in the log', async () => {
  const log: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => log.push(String(chunk)) > 0);
  const { UNDERTONE_DISCORD_PUBLIC_KEY: key } = process.env;
  delete process.env.UNDERTONE_DISCORD_PUBLIC_KEY;
  try {
    expectProblem(await send('{}', {}), 500, 'configuration-invalid');
    expect(log.join('')).toContain('configuration-invalid');
  } finally {
    process.env.UNDERTONE_DISCORD_PUBLIC_KEY = key;
  }
});

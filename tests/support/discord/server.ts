import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type APIMessage, type APIUser, GatewayIntentBits } from 'discord-api-types/v10';
import { LocalCdn } from './cdn.ts';
import { checkOffered } from './command-body.ts';
import { type Fault, Faults } from './faults.ts';
import { channelPayload, guildPayload, LocalGateway } from './gateway.ts';
import { Interactions, type LocalInteraction } from './interactions.ts';
import { type RateLimitOptions, RateLimits } from './rate-limits.ts';
import { Refusal } from './refusal.ts';
import { answerRest, findRoute, NOTHING, type RestRequest } from './rest.ts';
import {
  type LocalChannel,
  type LocalGuild,
  type NewMessage,
  voiceMessage,
  World,
} from './world.ts';

export interface DiscordOptions {
  readonly rateLimits?: RateLimitOptions;
  /** Milliseconds between two heartbeats; 41,250 by default, as on the real one. */
  readonly heartbeatMs?: number;
  /** Intents that the developer portal allows; all by default. */
  readonly intents?: number;
  /** Connections that Discord asks for; one by default. */
  readonly shards?: number;
  /** Connections that may begin today; 999 by default. */
  readonly sessionsLeft?: number;
}

/** One request of the bot, as it was answered. */
export interface RecordedRequest {
  readonly method: string;
  /** Below /api/v10, without the query. */
  readonly path: string;
  readonly body: unknown;
  /** HTTP status; 0 when the connection was cut. */
  readonly status: number;
  /** Whether it came although a 429 had told to wait. */
  readonly isIgnorant: boolean;
}

const ALL_INTENTS = Object.values(GatewayIntentBits)
  .filter((bit): bit is number => typeof bit === 'number')
  .reduce((all, bit) => all | bit, 0);

const PREFIX = '/api/v10';

/**
 * Discord on this machine: its REST API, its gateway and its file host, as strict as the real one
 * where a bot can notice.
 *
 * @example
 * await using discord = await startDiscord();
 * const client = new Client({ intents, rest: { api: discord.api } });
 * await client.login(discord.token);
 * const note = discord.postVoice(channel, author, oggBytes);
 * await discord.until(() => discord.repliesTo(note).length === 1);
 */
export async function startDiscord(options: DiscordOptions = {}): Promise<LocalDiscord> {
  const discord = new LocalDiscord(options);
  await discord.listen();
  return discord;
}

export class LocalDiscord {
  token = 'MTA.local.counterpart-of-discord';
  readonly world = new World();
  readonly cdn = new LocalCdn();
  readonly interactions = new Interactions(this.world);
  readonly gateway: LocalGateway;
  readonly requests: RecordedRequest[] = [];
  /** Commands as they were registered last: by guild, or `global`. */
  readonly commands = new Map<string, unknown>();
  /** Ids of the channels in which "is typing" was shown, in order. */
  readonly typing: string[] = [];
  readonly #faults = new Faults();
  readonly #limits: RateLimits;
  readonly #server: Server;

  constructor(options: DiscordOptions) {
    const { heartbeatMs = 41_250, intents = ALL_INTENTS, shards = 1, sessionsLeft = 999 } = options;
    this.#limits = new RateLimits(options.rateLimits);
    const connecting = { token: this.token, heartbeatMs, intents, shards, sessionsLeft };
    this.gateway = new LocalGateway(this.world, connecting);
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error) => response.destroy(error));
    });
    this.#server.on('upgrade', (request, socket, head) => {
      this.gateway.upgrade(request, socket, head);
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await Promise.all([once(this.#server, 'listening'), this.cdn.listen()]);
    this.gateway.url = `ws://127.0.0.1:${this.#port}/gateway`;
  }

  /** Base address of the REST API, without the version, as discord.js takes it. */
  get api(): string {
    return `http://127.0.0.1:${this.#port}/api`;
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Makes the next requests fail. */
  fail(fault: Fault): void {
    this.#faults.add(fault);
  }

  /** Makes the token worthless, as when somebody resets it in the developer portal. */
  revokeToken(): void {
    this.token = `${this.token}-of-later`;
    this.gateway.revoke(this.token);
  }

  /** Posts a message of somebody and tells the bot, if its intents are enough. */
  post(channel: LocalChannel, author: APIUser, message: NewMessage): APIMessage {
    const { message: posted } = this.world.post(channel, author, message);
    this.#tell('MESSAGE_CREATE', channel, posted);
    return posted;
  }

  /** Puts a recording on the file host and posts it as a voice message. */
  postVoice(channel: LocalChannel, author: APIUser, audio: Uint8Array, seconds = 2): APIMessage {
    return this.post(channel, author, this.voice(audio, seconds));
  }

  /** Puts a recording on the file host and returns the voice message of it. */
  voice(audio: Uint8Array, seconds = 2): NewMessage {
    const url = this.cdn.add(`/attachments/${this.#nextFile++}/voice-message.ogg`, audio);
    return voiceMessage({ url, bytes: audio.length, seconds });
  }

  #nextFile = 1;

  /** Posts without telling anybody, as during an outage. */
  postUnseen(channel: LocalChannel, author: APIUser, message: NewMessage): APIMessage {
    return this.world.post(channel, author, message).message;
  }

  /** Tells the bot of a message once more. */
  tellAgain(message: APIMessage): void {
    this.#tell('MESSAGE_CREATE', this.world.channel(message.channel_id), message);
  }

  edit(message: APIMessage, changes: Partial<APIMessage>): void {
    const channel = this.world.channel(message.channel_id);
    const edited = { ...message, ...changes, edited_timestamp: new Date().toISOString() };
    channel.messages.set(message.id, edited);
    this.#tell('MESSAGE_UPDATE', channel, edited);
  }

  delete({ id, channel_id }: APIMessage): void {
    const channel = this.world.channel(channel_id);
    channel.messages.delete(id);
    const d = { id, channel_id, ...(channel.guild && { guild_id: channel.guild.id }) };
    this.gateway.dispatch({ t: 'MESSAGE_DELETE' as never, d, intent: intentOf(channel) });
  }

  /** A moderator deletes a channel. */
  deleteChannel(channel: LocalChannel): void {
    const d = { ...channelPayload(channel), guild_id: channel.guild?.id };
    this.gateway.dispatch({ t: 'CHANNEL_DELETE' as never, d, intent: GatewayIntentBits.Guilds });
  }

  /** A server removes the bot. */
  removeBot({ id }: LocalGuild): void {
    const d = { id, unavailable: false };
    this.gateway.dispatch({ t: 'GUILD_DELETE' as never, d, intent: GatewayIntentBits.Guilds });
  }

  /** An administrator chooses the language of a channel's server. */
  changeLocale({ guild }: LocalChannel, preferredLocale: string): void {
    if (!guild) throw new Error('A direct message has no server.');
    guild.preferredLocale = preferredLocale;
    const d = guildPayload(guild, this.world);
    this.gateway.dispatch({ t: 'GUILD_UPDATE' as never, d, intent: GatewayIntentBits.Guilds });
  }

  /** Somebody uses a command; whoever calls this tells the bot. */
  begin(channel: LocalChannel, fields: Readonly<Record<string, unknown>>): LocalInteraction {
    checkOffered(this.commands.get('global'), fields);
    return this.interactions.begin(channel, fields);
  }

  /** Somebody uses a command, and Discord tells it over the gateway. */
  interact(channel: LocalChannel, fields: Readonly<Record<string, unknown>>): LocalInteraction {
    const interaction = this.begin(channel, fields);
    this.gateway.dispatch({ t: 'INTERACTION_CREATE' as never, d: interaction.payload });
    return interaction;
  }

  /** What the bot wrote in a channel, in order. */
  said(channel: LocalChannel): APIMessage[] {
    const { bot } = this.world;
    return [...channel.messages.values()].filter(({ author }) => author.id === bot.id);
  }

  repliesTo({ id, channel_id }: APIMessage): APIMessage[] {
    const channel = this.world.channel(channel_id);
    return this.said(channel).filter(({ message_reference: to }) => to?.message_id === id);
  }

  /** Waits until something is so, and fails when it does not become so. */
  async until(isSo: () => boolean, seconds = 40): Promise<void> {
    const end = Date.now() + seconds * 1000;
    while (!isSo()) {
      if (Date.now() > end) throw new Error(`It did not become so: ${isSo}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async close(): Promise<void> {
    this.gateway.close();
    this.#server.closeAllConnections();
    await Promise.all([new Promise((resolve) => this.#server.close(resolve)), this.cdn.close()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #tell(t: 'MESSAGE_CREATE' | 'MESSAGE_UPDATE', channel: LocalChannel, message: APIMessage): void {
    const { guild } = channel;
    if (!channel.hasBot) return;
    const member = { roles: [], joined_at: message.timestamp, deaf: false, mute: false, flags: 0 };
    const d = { ...message, ...(guild && { guild_id: guild.id, member }) };
    // Without the Message Content intent, servers' messages come without what is in them.
    const withoutContent = guild ? { ...d, content: '', attachments: [], embeds: [] } : d;
    this.gateway.dispatch({ t: t as never, d, withoutContent, intent: intentOf(channel) });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://discord');
    const text = await readText(request);
    const call: RestRequest = {
      method: request.method ?? 'GET',
      path: pathname.startsWith(PREFIX) ? decodeURIComponent(pathname.slice(PREFIX.length)) : '',
      query: searchParams,
      body: text ? JSON.parse(text) : undefined,
    };
    const answer = this.#answer(call, request.headers.authorization);
    const { method, path, body } = call;
    const { status, isIgnorant = false } = answer;
    this.requests.push({ method, path, body, status, isIgnorant });
    if (status === 0) {
      request.socket.destroy();
      return;
    }
    if (answer.body === undefined) {
      response.writeHead(status, answer.headers).end();
      return;
    }
    response.writeHead(status, { 'content-type': 'application/json', ...answer.headers });
    response.end(JSON.stringify(answer.body));
  }

  #answer(call: RestRequest, given: string | undefined): RestAnswer {
    const bucket = bucketOf(call);
    const how = this.#faults.take(call.method, call.path);
    const admission =
      how && 'retryAfter' in how && bucket !== null
        ? this.#limits.punish(bucket, how.retryAfter, how.isGlobal ?? false)
        : this.#limits.admit(bucket);
    if (admission.refusal) {
      return { ...tooMany(admission.refusal), isIgnorant: admission.isIgnorant };
    }
    if (how && 'status' in how) return { status: how.status, headers: {}, body: { message: '' } };
    if (how && 'drop' in how && how.drop === 'before') return { status: 0, headers: {} };
    const answer = this.#carryOut(call, given);
    if (how && 'drop' in how) return { status: 0, headers: {} };
    return { ...answer, headers: admission.headers };
  }

  #carryOut(call: RestRequest, given: string | undefined): RestAnswer {
    try {
      const { world, gateway, interactions } = this;
      const answer = answerRest(
        call,
        { given, expected: `Bot ${this.token}` },
        {
          world,
          gateway,
          interactions,
          typed: (channel) => this.typing.push(channel),
          registered: (scope, commands) => this.commands.set(scope, commands),
        },
      );
      return answer === NOTHING ? { status: 204 } : { status: 200, body: answer };
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      const { status, code, message, errors } = thrown;
      return { status, body: { code, message, ...(errors !== undefined && { errors }) } };
    }
  }
}

interface RestAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly isIgnorant?: boolean;
}

function tooMany({ retryAfter, isGlobal }: { retryAfter: number; isGlobal: boolean }): RestAnswer {
  return {
    status: 429,
    headers: {
      'retry-after': retryAfter.toFixed(3),
      'x-ratelimit-scope': isGlobal ? 'global' : 'user',
      ...(isGlobal && { 'x-ratelimit-global': 'true' }),
    },
    body: { message: 'You are being rate limited.', retry_after: retryAfter, global: isGlobal },
  };
}

function bucketOf(call: RestRequest): string | null {
  try {
    const { route, ids } = findRoute(call);
    return route.isOfInteraction ? null : `${call.method} ${route.pattern.source} ${ids[0] ?? ''}`;
  } catch {
    return null;
  }
}

function intentOf({ guild }: LocalChannel): number {
  return guild ? GatewayIntentBits.GuildMessages : GatewayIntentBits.DirectMessages;
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

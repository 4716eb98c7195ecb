/**
 * The connected bot. A little over 300 lines, because one class keeps what they have in common: the
 * messages that were taken, those that an interruption may have hidden, and the answers under way.
 */
import { type Client, Events } from 'discord.js';
import {
  GatewayDispatchEvents,
  MessageType,
  type RESTPostAPIChannelMessageJSONBody,
  Routes,
} from 'discord-api-types/v10';
import pLimit, { type LimitFunction } from 'p-limit';
import { logEvent } from '../../lib/log.ts';
import type { Note, Services } from '../answer.ts';
import { ChannelQueue } from '../channel-queue.ts';
import { isPermitted } from '../consent.ts';
import { Recent } from '../recent.ts';
import type { Place } from '../settings.ts';
import { stringsFor } from '../wording/languages.ts';
import { AnsweredUntil, Interruptions, type Mark, MissedMessages, NOWHERE } from './catch-up.ts';
import { createClient, loginFailure, type Shard, sessionFailure, shardsOf } from './client.ts';
import { isAcknowledged, isForbidden, isGone } from './failure.ts';
import { startHealth } from './health.ts';
import { type DiscordMessage, messageSchema, notesOf, readInteraction } from './interaction.ts';
import { handleDiscordJob } from './job.ts';
import { firstAnswer, localeOfReply, type MessageBody, replyTo } from './reply.ts';
import { Typing } from './rest.ts';

export interface BotOptions {
  readonly token: string;
  readonly services: Services;
  /** Base address of Discord's REST API, for a stand-in on this machine. */
  readonly api?: string | undefined;
  /** Notes that are analyzed at the same time, over all channels. */
  readonly concurrency?: number;
  /** Port of 127.0.0.1 that says whether the bot is connected, from before it is. */
  readonly healthPort?: number | undefined;
}

export interface DiscordBot {
  /** Rejects with an UndertoneError when Discord ends a session permanently; never resolves. */
  readonly ended: Promise<never>;
  /** Returns the connections among which Discord divides the servers of the bot. */
  shards(): readonly Shard[];
  /** Takes no more messages, answers those it has taken, and disconnects. */
  close(): Promise<void>;
}

/** Messages remembered as taken: Discord may send one twice, and catching up does. */
const MAX_TAKEN = 20_000;
const MAX_CHANNELS = 10_000;
const MAX_DIRECTS = 200;
/** Milliseconds that pending answers get when the bot closes. */
const CLOSE_TIMEOUT = 20_000;
/** The types of messages that people write. */
const WRITTEN: readonly number[] = [MessageType.Default, MessageType.Reply];

/**
 * Starts the connected bot. It replies to every voice note in direct messages and open channels, and
 * answers commands unless Discord sends those to an endpoint. It opens as many connections (shards) as
 * Discord asks for. After an interruption of one it reconnects by itself and answers the notes it missed.
 *
 * @throws UndertoneError when it cannot log in; the sentence says what to do; `port-taken`
 * @example
 * const bot = await startDiscordBot({ token, services });
 * await Promise.race([interrupted(), bot.ended]).finally(() => bot.close());
 */
export async function startDiscordBot(options: BotOptions): Promise<DiscordBot> {
  const client = createClient(options.api);
  const bot = new Bot(client, options);
  const ended = bot.listen();
  // The caller handles the rejection later; until then it must not count as unhandled.
  ended.catch(() => {});
  const shards = () => shardsOf(client);
  const { healthPort: port } = options;
  // Before the login: with many connections that takes minutes.
  const health = port === undefined ? undefined : await startHealth(port, { shards });
  const close = async () => {
    await bot.close();
    health?.close();
  };
  try {
    await client.login(options.token);
  } catch (thrown) {
    health?.close();
    throw loginFailure(thrown);
  }
  return { ended, shards, close };
}

class Bot {
  readonly #client: Client;
  readonly #services: Services;
  readonly #queue = new ChannelQueue();
  readonly #limit: LimitFunction;
  readonly #typing: Typing;
  readonly #taken = new Recent<true>(MAX_TAKEN);
  readonly #missed = new MissedMessages();
  readonly #interruptions = new Interruptions();
  readonly #answered: AnsweredUntil;
  /** The channels of recent direct messages: Discord does not list those of a bot. */
  readonly #directs = new Recent<true>(MAX_DIRECTS);
  /** Channels for which it was already logged that the bot may not write there. */
  readonly #forbidden = new Recent<true>(MAX_CHANNELS);
  readonly #stop = new AbortController();
  #isClosing = false;

  constructor(client: Client, { services, concurrency = 4 }: BotOptions) {
    this.#client = client;
    this.#services = services;
    this.#limit = pLimit(concurrency);
    this.#typing = new Typing(client.rest);
    this.#answered = new AnsweredUntil(services.settings);
  }

  /** Subscribes to Discord's events. Rejects when the session ends permanently. */
  listen(): Promise<never> {
    const client = this.#client;
    // The raw payloads: the same schemas parse those that come over HTTP.
    client.ws.on(GatewayDispatchEvents.MessageCreate, (payload) => this.#onMessage(payload));
    client.ws.on(GatewayDispatchEvents.InteractionCreate, (payload) => {
      void this.#onInteraction(payload);
    });
    client.on(Events.ShardReconnecting, (shard) => {
      this.#interruptions.begin(shard, this.#missed.mark());
    });
    // Discord has resent the missed events.
    client.on(Events.ShardResume, (shard) => this.#interruptions.end(shard));
    client.ws.on(GatewayDispatchEvents.Ready, (_, shard) => {
      const mark = this.#interruptions.startSession(shard);
      if (mark) void this.#catchUp(mark, shard);
    });
    // Whoever adds the bot again has not opened them. The client is about to forget them as well.
    client.ws.on(GatewayDispatchEvents.GuildDelete, ({ id, unavailable }) => {
      const channels = unavailable ? undefined : client.guilds.cache.get(id)?.channels;
      if (channels) void this.#forget([...channels.cache.keys()]);
    });
    client.on(Events.ChannelDelete, ({ id }) => void this.#forget([id]));
    // The channels are known only from then on.
    client.once(Events.ClientReady, () => void this.#catchUpAfterRestart());
    client.on(Events.Error, (error) => logEvent('discord: an error of the client', error));
    client.on(Events.ShardError, (error) => logEvent('discord: an error of the connection', error));
    return new Promise((_, reject) => {
      client.on(Events.ShardDisconnect, ({ code }) => reject(sessionFailure(code)));
    });
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#answered.end();
    const timer = setTimeout(() => this.#stop.abort(), CLOSE_TIMEOUT);
    await this.#queue.idle();
    clearTimeout(timer);
    await this.#answered.stop();
    await this.#client.destroy();
  }

  #onMessage(payload: unknown): void {
    const parsed = messageSchema.safeParse(payload);
    if (!parsed.success) {
      logEvent('discord: a message could not be parsed');
      return;
    }
    const message = parsed.data;
    const { id, channel_id, guild_id, author, webhook_id, type } = message;
    this.#missed.saw(channel_id, id);
    if (guild_id === undefined) this.#directs.set(channel_id, true);
    // Bots that answer each other would never stop.
    if (author.bot || webhook_id !== undefined || !WRITTEN.includes(type)) return;
    const notes = notesOf(message);
    if (notes.length === 0 || this.#isClosing || this.#taken.has(id)) return;
    this.#taken.set(id, true);
    this.#queue.add(
      channel_id,
      this.#answered.track(id, () => this.#reply(message, notes)),
    );
  }

  async #reply(message: DiscordMessage, notes: readonly Note[]): Promise<void> {
    const { channel_id, author } = message;
    const ask = { place: this.#placeOf(message), asker: null, author: author.id };
    try {
      // In a closed channel the bot shows nothing, not even that it is typing.
      if (!(await isPermitted(ask, this.#services.settings))) return;
      const { signal } = this.#stop;
      const locale = await localeOfReply(message, this.#client, this.#services.settings);
      const services = { ...this.#services, strings: stringsFor(locale, 'discord') };
      const body = await this.#limit(() =>
        this.#typing.during(channel_id, () => replyTo(ask, notes, services, { signal })),
      );
      if (body.embeds.length > 0) await this.#post(message, body);
    } catch (thrown) {
      this.#failed(channel_id, thrown);
    }
  }

  async #post({ id, channel_id }: DiscordMessage, body: MessageBody): Promise<void> {
    const reply: RESTPostAPIChannelMessageJSONBody = {
      ...body,
      message_reference: { message_id: id, fail_if_not_exists: true },
      // If the response gets lost and the request is repeated, Discord posts the message once.
      nonce: id,
      enforce_nonce: true,
    };
    await this.#client.rest.post(Routes.channelMessages(channel_id), { body: reply });
  }

  #failed(channel: string, thrown: unknown): void {
    if (isGone(thrown)) {
      logEvent('discord: a note was gone before it could be answered', thrown);
    } else if (!isForbidden(thrown)) {
      logEvent('discord: a note could not be answered', thrown);
    } else if (!this.#forbidden.has(channel)) {
      this.#forbidden.set(channel, true);
      logEvent('discord: the bot may not write in a channel that was opened for it', thrown);
    }
  }

  async #onInteraction(payload: unknown): Promise<void> {
    if (this.#isClosing) return;
    try {
      const interaction = readInteraction(payload);
      const { id, token, asker, locale } = interaction;
      if (this.#taken.has(id)) return;
      this.#taken.set(id, true);
      const { response, isDeferred } = firstAnswer(interaction, stringsFor(locale, 'discord'));
      const route = Routes.interactionCallback(id, token);
      await this.#client.rest.post(route, { body: response, auth: false }).catch((thrown) => {
        if (!isAcknowledged(thrown)) throw thrown;
      });
      if (isDeferred) this.#queue.add(asker, () => this.#finish(payload));
    } catch (thrown) {
      logEvent('discord: an interaction could not be answered', thrown);
    }
  }

  async #finish(payload: unknown): Promise<void> {
    const { rest } = this.#client;
    await this.#limit(() => handleDiscordJob(payload, { services: this.#services, rest })).catch(
      (thrown) => logEvent('discord: an answer could not be edited', thrown),
    );
  }

  /** Answers the notes posted while no process of this bot was running. */
  async #catchUpAfterRestart(): Promise<void> {
    const before = await this.#answered.before().catch((thrown) => {
      logEvent('discord: how far notes were answered is not known', thrown);
      return null;
    });
    if (before !== null) {
      this.#missed.goBackTo(before);
      await this.#catchUp(NOWHERE);
    }
    this.#answered.start();
  }

  /** Answers the notes posted since a mark, on one connection or on all. */
  async #catchUp(mark: Mark, shard?: number): Promise<void> {
    try {
      const reader = { rest: this.#client.rest, bot: this.#client.user?.id ?? '' };
      const channels = await this.#openChannels(shard);
      for (const [channel, guild_id] of channels) {
        const messages = await this.#missed.since(mark, channel, reader).catch(missing);
        for (const message of messages) this.#onMessage({ ...(message as object), guild_id });
      }
    } catch (thrown) {
      logEvent('discord: missed messages could not be looked up', thrown);
    }
    function missing(thrown: unknown): [] {
      logEvent('discord: missed messages of a channel could not be looked up', thrown);
      return [];
    }
  }

  /** Returns the channels that may hold notes to answer, with the server of each. */
  async #openChannels(shard?: number): Promise<Map<string, string | undefined>> {
    const everywhere = { platform: 'discord', workspace: null } as const;
    const open = new Set(await this.#services.settings.automaticChannels(everywhere));
    const found = new Map<string, string | undefined>();
    for (const [id, channel] of this.#client.channels.cache) {
      if (channel.isDMBased()) continue;
      if (shard !== undefined && channel.guild.shardId !== shard) continue;
      const isOpen = open.has(channel.isThread() ? (channel.parentId ?? id) : id);
      if (isOpen && channel.isTextBased()) found.set(id, channel.guildId);
    }
    // Discord sends direct messages on the first connection.
    if (shard === undefined || shard === 0) {
      for (const id of this.#directs.keys()) found.set(id, undefined);
    }
    return found;
  }

  /** Closes channels that are gone, or whose server has removed the bot. */
  async #forget(channels: readonly string[]): Promise<void> {
    const everywhere = { platform: 'discord', workspace: null } as const;
    const { settings } = this.#services;
    try {
      const open = new Set(await settings.automaticChannels(everywhere));
      for (const channel of channels) {
        if (!open.has(channel)) continue;
        await settings.setAutomatic({ ...everywhere, channel, isDirect: false }, false);
      }
    } catch (thrown) {
      logEvent('discord: channels that are gone could not be closed', thrown);
    }
  }

  #placeOf({ channel_id, guild_id }: DiscordMessage): Place {
    const channel = this.#client.channels.cache.get(channel_id);
    const parent = channel?.isThread() ? channel.parentId : null;
    return {
      platform: 'discord',
      workspace: guild_id ?? null,
      channel: parent ?? channel_id,
      isDirect: guild_id === undefined,
    };
  }
}

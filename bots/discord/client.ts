import {
  type CacheWithLimitsOptions,
  Client,
  DiscordjsError,
  DiscordjsErrorCodes,
  GatewayIntentBits,
  Options,
} from 'discord.js';
import { GatewayCloseCodes } from 'discord-api-types/v10';
import { UndertoneError } from '../../core/index.ts';
import { restOptions } from './rest.ts';

/** The events the bot asks Discord for, and no others. */
const INTENTS = [
  // Which servers, channels and threads there are: the settings of a channel apply to its threads.
  GatewayIntentBits.Guilds,
  // That a message was posted in a channel of a server.
  GatewayIntentBits.GuildMessages,
  // What is attached to it: without this intent, other people's messages come empty. It is privileged
  // and switched on in the developer portal. Texts come along and are not read.
  GatewayIntentBits.MessageContent,
  // That someone sent the bot a direct message.
  GatewayIntentBits.DirectMessages,
];

/** None of this is looked up again, and a bot runs for months: memory stays flat. */
const NO_CACHES: CacheWithLimitsOptions = {
  ApplicationCommandManager: 0,
  AutoModerationRuleManager: 0,
  BaseGuildEmojiManager: 0,
  DMMessageManager: 0,
  EntitlementManager: 0,
  GuildBanManager: 0,
  GuildEmojiManager: 0,
  GuildForumThreadManager: 0,
  GuildInviteManager: 0,
  GuildMessageManager: 0,
  GuildScheduledEventManager: 0,
  GuildStickerManager: 0,
  GuildTextThreadManager: 0,
  MessageManager: 0,
  PresenceManager: 0,
  ReactionManager: 0,
  ReactionUserManager: 0,
  StageInstanceManager: 0,
  ThreadMemberManager: 0,
  VoiceStateManager: 0,
  // The library needs the bot's own user.
  GuildMemberManager: { maxSize: 0, keepOverLimit: ({ id, client }) => id === client.user.id },
  UserManager: { maxSize: 0, keepOverLimit: ({ id, client }) => id === client.user?.id },
};

/** Seconds after which an archived thread is forgotten, and between two sweeps. */
const THREADS = { lifetime: 3600, interval: 3600 };

/** Returns the discord.js client of the bot, not yet logged in. */
export function createClient(api: string | undefined): Client {
  return new Client({
    intents: INTENTS,
    // As many connections as Discord asks for; all are in this process.
    shards: 'auto',
    rest: restOptions(api),
    makeCache: Options.cacheWithLimits(NO_CACHES),
    sweepers: { threads: THREADS },
  });
}

/** One of the connections to Discord among which it divides the servers of a bot. */
export interface Shard {
  readonly id: number;
  /** When Discord last acknowledged a heartbeat, in milliseconds since 1970; null before the first. */
  readonly lastHeartbeat: number | null;
}

/** Returns the connections of a client; none before Discord has said how many there are. */
export function shardsOf(client: Client): Shard[] {
  return client.ws.shards.map(({ id, lastPingTimestamp }) => ({
    id,
    // A connection that has had none says -1.
    lastHeartbeat: lastPingTimestamp > 0 ? lastPingTimestamp : null,
  }));
}

/** Returns why the bot could not log in, and what to do about it. */
export function loginFailure(thrown: unknown): UndertoneError {
  if (thrown instanceof UndertoneError) return thrown;
  if (thrown instanceof DiscordjsError && thrown.code === DiscordjsErrorCodes.TokenInvalid) {
    return tokenRefused(thrown);
  }
  const { message = '' } = thrown as Partial<Error>;
  if (/disallowed intents/i.test(message)) return intentsRefused(thrown);
  if (/authentication failed/i.test(message)) return tokenRefused(thrown);
  const [, needed, left, reset] =
    /spawn (\d+) shards; only (\d+) remaining; resets at (\S+)/.exec(message) ?? [];
  if (reset) {
    return new UndertoneError(
      'rate-limited',
      `Discord lets a bot connect a limited number of times a day: ${left} times until ${reset}, and this one needs ${needed}. Start it again after that. If it was started again and again, find out why before you do.`,
      { cause: thrown },
    );
  }
  return new UndertoneError(
    'unavailable',
    'Discord cannot be reached. Check the network connection, and UNDERTONE_DISCORD_API if it is set; then start the bot again.',
    { cause: thrown },
  );
}

/** Returns why Discord ended a session permanently. */
export function sessionFailure(closeCode: number): UndertoneError {
  if (closeCode === GatewayCloseCodes.DisallowedIntents) return intentsRefused();
  if (closeCode === GatewayCloseCodes.AuthenticationFailed) return tokenRefused();
  if (closeCode === GatewayCloseCodes.ShardingRequired) {
    return new UndertoneError(
      'unavailable',
      'This bot is now in so many servers that Discord wants more connections. Start it again: it opens as many as Discord asks for.',
    );
  }
  return new UndertoneError(
    'unavailable',
    `Discord has ended the session permanently with code ${closeCode}. Update Undertone and start the bot again.`,
  );
}

function tokenRefused(cause?: unknown): UndertoneError {
  return new UndertoneError(
    'unauthorized',
    'Discord does not accept the token: it is wrong, or it was reset. Create a new one in the developer portal (your application, Bot, Reset Token), set UNDERTONE_DISCORD_TOKEN to it and start the bot again.',
    { cause },
  );
}

function intentsRefused(cause?: unknown): UndertoneError {
  return new UndertoneError(
    'configuration-invalid',
    'Discord does not let this application see attachments. Switch on "Message Content Intent" in the developer portal (your application, Bot, Privileged Gateway Intents), save, and start the bot again.',
    { cause },
  );
}

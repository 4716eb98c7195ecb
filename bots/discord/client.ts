import { type CacheWithLimitsOptions, Client, GatewayIntentBits, Options } from 'discord.js';
import { restOptions } from './rest.ts';

/** What Discord is asked to tell, and nothing else. */
const INTENTS = [
  // Which servers, channels and threads there are: what is set for a channel holds for its threads.
  GatewayIntentBits.Guilds,
  // That a message was posted in a channel of a server.
  GatewayIntentBits.GuildMessages,
  // What is attached to it: without this one, messages of others come empty. It is privileged; the
  // switch is in the developer portal. Texts come with it, and are not read.
  GatewayIntentBits.MessageContent,
  // That somebody sends the bot a direct message.
  GatewayIntentBits.DirectMessages,
];

/** Nothing of this is looked up again, and a bot runs for months: memory stays flat. */
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
  // The library needs the bot itself.
  GuildMemberManager: { maxSize: 0, keepOverLimit: ({ id, client }) => id === client.user.id },
  UserManager: { maxSize: 0, keepOverLimit: ({ id, client }) => id === client.user?.id },
};

/** Seconds after which a thread that has been archived is forgotten, and between two looks. */
const THREADS = { lifetime: 3600, interval: 3600 };

/** Returns the discord.js client of the bot, not yet logged in. */
export function createClient(api: string | undefined): Client {
  return new Client({
    intents: INTENTS,
    rest: restOptions(api),
    makeCache: Options.cacheWithLimits(NO_CACHES),
    sweepers: { threads: THREADS },
  });
}

import * as z from 'zod';
import { DISTRIBUTION_VARIABLES, fileHostsSchema, isDistributed } from '../../bots/environment.ts';
import type { DiscordMedium } from '../../bots/wording/strings.ts';
import { readEnvironment } from '../../lib/environment.ts';
import type { PerVariable } from '../infrastructure.ts';
import type { ChatRoute } from '../routes.ts';

type Variables = PerVariable<z.ZodType>;

const table = z.string('the name of a DynamoDB table').min(3, 'the name of a DynamoDB table');
const slackApi = z.url('an address such as https://slack.com/api/').optional();

/** What the functions that talk with chat platforms read from their environment. */
const schemas = {
  queue: z.object({
    UNDERTONE_CHAT_QUEUE_URL: z.url('the address of the chat queue'),
  } satisfies Variables),
  discord: z.object({
    /** From the application's page; not a secret. */
    UNDERTONE_DISCORD_PUBLIC_KEY: z
      .string('the public key of the application, 64 hexadecimal digits')
      .regex(/^[0-9a-f]{64}$/i, 'the public key of the application, 64 hexadecimal digits'),
  } satisfies Variables),
  installations: z.object({
    UNDERTONE_SLACK_INSTALLATIONS_TABLE: table,
    UNDERTONE_SLACK_API: slackApi,
  } satisfies Variables),
  gateway: z.object({
    /** Whether a bot is connected to Discord's gateway, which alone gets messages. */
    UNDERTONE_DISCORD_GATEWAY: z.enum(['true', 'false'], 'true or false').default('false'),
  } satisfies Variables),
  worker: z.object({
    UNDERTONE_CHAT_TABLE: table,
    UNDERTONE_IDEMPOTENCY_TABLE: table,
    UNDERTONE_API_ENDPOINT: z.url('the address of the Undertone API'),
    UNDERTONE_API_KEY: z.string().optional(),
    /** Local counterparts of the platforms, for tests. */
    UNDERTONE_DISCORD_API: z.url('an address such as https://discord.com/api').optional(),
    UNDERTONE_SLACK_API: slackApi,
    UNDERTONE_FILE_HOSTS: fileHostsSchema,
  } satisfies Variables),
} as const;

/**
 * Returns one part of the environment.
 *
 * @throws UndertoneError `configuration-invalid` that names the variables that are missing or wrong
 * @example
 * const { UNDERTONE_CHAT_QUEUE_URL } = chatEnvironment('queue');
 */
export function chatEnvironment<Part extends keyof typeof schemas>(
  part: Part,
  variables?: NodeJS.ProcessEnv,
): z.infer<(typeof schemas)[Part]> {
  const read = readEnvironment(schemas[part], 'docs/deployment.md', variables);
  return read as z.infer<(typeof schemas)[Part]>;
}

/** Returns what decides what the bot promises on Discord: without a gateway it gets no messages. */
export function discordMedium(): DiscordMedium {
  const { UNDERTONE_DISCORD_GATEWAY: hasGateway } = chatEnvironment('gateway');
  return hasGateway === 'true' ? 'discord' : 'discord-without-gateway';
}

export type Platform = ChatRoute['platform'];

/**
 * Returns the variables that a platform still needs on your own machine; none when it is set up.
 * docs/discord.md and docs/slack.md explain them.
 */
export function missingSettings(platform: Platform): string[] {
  return variablesOf(platform).filter((name) => !process.env[name]);
}

function variablesOf(platform: Platform): readonly string[] {
  if (platform === 'discord') return ['UNDERTONE_DISCORD_PUBLIC_KEY'];
  const tokens = isDistributed()
    ? Object.keys(DISTRIBUTION_VARIABLES)
    : ['UNDERTONE_SLACK_BOT_TOKEN'];
  return ['UNDERTONE_SLACK_SIGNING_SECRET', ...tokens];
}

import * as z from 'zod';
import { readEnvironment } from '../lib/environment.ts';
import { ENCRYPTION_KEYS } from './encryption.ts';

/** Origins on this machine from which files may be fetched besides a platform's own hosts; for tests. */
export const fileHostsSchema = z
  .string()
  .default('')
  .transform((text) => text.split(',').filter(Boolean));

/** The environment variables of every self-hosted bot. Messages say what a value has to be. */
const BOT_VARIABLES = {
  UNDERTONE_API_ENDPOINT: z
    .url('the address of the Undertone API, such as http://127.0.0.1:8787')
    .default('http://127.0.0.1:8787'),
  /** Required if the API asks for one. */
  UNDERTONE_API_KEY: z.string().optional(),
  /** The table that holds the settings, instead of a file. */
  UNDERTONE_CHAT_TABLE: z.string().min(3, 'the name of a DynamoDB table').optional(),
  UNDERTONE_SETTINGS_FILE: z.string().default('.undertone/chat-settings.json'),
  UNDERTONE_FILE_HOSTS: fileHostsSchema,
};

export type BotVariables = z.infer<z.ZodObject<typeof BOT_VARIABLES>>;

const DISCORD_TOKEN =
  'the token of the bot, from the developer portal (your application, Bot, Reset Token)';

const discordSchema = z.object({
  UNDERTONE_DISCORD_TOKEN: z.string(DISCORD_TOKEN).trim().min(20, DISCORD_TOKEN),
  ...BOT_VARIABLES,
  UNDERTONE_HEALTH_PORT: z.coerce
    .number('a port, 1 to 65535')
    .int('a port, 1 to 65535')
    .min(1, 'a port, 1 to 65535')
    .max(65_535, 'a port, 1 to 65535')
    .optional(),
  /** A stand-in for Discord on this machine. */
  UNDERTONE_DISCORD_API: z.url('an address such as https://discord.com/api').optional(),
});

const SLACK_APP_TOKEN = 'the app-level token with connections:write, which begins with xapp-';
const SLACK_BOT_TOKEN = 'the "Bot User OAuth Token", which begins with xoxb-';

const SLACK_VARIABLES = {
  UNDERTONE_SLACK_APP_TOKEN: z.string(SLACK_APP_TOKEN).startsWith('xapp-', SLACK_APP_TOKEN),
  ...BOT_VARIABLES,
  /** A stand-in for Slack on this machine. */
  UNDERTONE_SLACK_API: z.url('an address such as https://slack.com/api/').optional(),
};

/** One workspace, whose token its owner has copied. */
const oneWorkspaceSchema = z.object({
  ...SLACK_VARIABLES,
  UNDERTONE_SLACK_BOT_TOKEN: z.string(SLACK_BOT_TOKEN).startsWith('xoxb-', SLACK_BOT_TOKEN),
  UNDERTONE_SLACK_CLIENT_ID: z.undefined().optional(),
});

const CLIENT_ID = 'the client id of the app, from its page "Basic Information"';
const CLIENT_SECRET = 'the client secret of the app, from its page "Basic Information"';

/** What an app needs that any workspace can install. */
export const DISTRIBUTION_VARIABLES = {
  UNDERTONE_SLACK_CLIENT_ID: z.string(CLIENT_ID).regex(/^[\d.]+$/, CLIENT_ID),
  UNDERTONE_SLACK_CLIENT_SECRET: z.string(CLIENT_SECRET),
  UNDERTONE_SLACK_ENCRYPTION_KEYS: z.string(ENCRYPTION_KEYS),
};

const manyWorkspacesSchema = z.object({
  ...SLACK_VARIABLES,
  ...DISTRIBUTION_VARIABLES,
  UNDERTONE_SLACK_BOT_TOKEN: z
    .undefined(
      'nothing, or unset UNDERTONE_SLACK_CLIENT_ID and what belongs to it: a bot has one token, or those of the workspaces that install it',
    )
    .optional(),
  UNDERTONE_SLACK_INSTALLATIONS_FILE: z.string().default('.undertone/slack-installations.json'),
  /** The table that holds them, instead of a file. */
  UNDERTONE_SLACK_INSTALLATIONS_TABLE: z.string().min(3, 'the name of a DynamoDB table').optional(),
  UNDERTONE_SLACK_INSTALL_PORT: z.coerce
    .number('a port, 1 to 65535')
    .int('a port, 1 to 65535')
    .min(0, 'a port, 1 to 65535')
    .max(65_535, 'a port, 1 to 65535')
    .default(8790),
});

/**
 * Returns the environment of the Discord bot.
 *
 * @throws UndertoneError `configuration-invalid`, with what each variable should be
 */
export function discordEnvironment(): z.infer<typeof discordSchema> {
  return readEnvironment(discordSchema, 'docs/discord.md');
}

/** Returns whether the environment is that of an app that any workspace can install. */
export function isDistributed(variables: NodeJS.ProcessEnv = process.env): boolean {
  return Object.keys(DISTRIBUTION_VARIABLES).some((name) => variables[name]);
}

/**
 * Returns the environment of the Slack bot, for one workspace or for all that install it.
 *
 * @throws UndertoneError `configuration-invalid`, with what each variable should be
 */
export function slackEnvironment():
  | z.infer<typeof oneWorkspaceSchema>
  | z.infer<typeof manyWorkspacesSchema> {
  const guide = 'docs/slack.md';
  return isDistributed()
    ? readEnvironment(manyWorkspacesSchema, guide)
    : readEnvironment(oneWorkspaceSchema, guide);
}

import { z } from 'zod';
import { UndertoneError } from '../../core/errors.ts';

const ADDRESS = 'the address of the API, such as http://127.0.0.1:8787';

const schema = z
  .object({
    UNDERTONE_SLACK_APP_TOKEN: z
      .string('the app-level token with connections:write, which begins with xapp-')
      .startsWith('xapp-', 'the app-level token with connections:write, which begins with xapp-'),
    UNDERTONE_SLACK_BOT_TOKEN: z
      .string('the "Bot User OAuth Token", which begins with xoxb-')
      .startsWith('xoxb-', 'the "Bot User OAuth Token", which begins with xoxb-'),
    UNDERTONE_API_ENDPOINT: z.url(ADDRESS).default('http://127.0.0.1:8787'),
    UNDERTONE_API_KEY: z.string().optional(),
    UNDERTONE_CHAT_TABLE: z.string().min(3, 'the name of a DynamoDB table').optional(),
    UNDERTONE_SETTINGS_FILE: z.string().min(1, 'a file').default('.undertone/chat-settings.json'),
    UNDERTONE_SLACK_API: z.url('an address such as https://slack.com/api/').optional(),
    UNDERTONE_FILE_HOSTS: z
      .string()
      .default('')
      .transform((text) => text.split(',').filter(Boolean)),
  })
  .transform((variables) => ({
    appToken: variables.UNDERTONE_SLACK_APP_TOKEN,
    botToken: variables.UNDERTONE_SLACK_BOT_TOKEN,
    apiEndpoint: variables.UNDERTONE_API_ENDPOINT,
    apiKey: variables.UNDERTONE_API_KEY,
    /** Table that the settings are kept in; a file without one. */
    table: variables.UNDERTONE_CHAT_TABLE,
    settingsFile: variables.UNDERTONE_SETTINGS_FILE,
    /** Counterpart of Slack on this machine, and of its host of files. */
    slackApi: variables.UNDERTONE_SLACK_API,
    fileHosts: variables.UNDERTONE_FILE_HOSTS,
  }));

export type SlackEnvironment = Readonly<z.infer<typeof schema>>;

/**
 * Returns what the self-hosted bot is told by its environment.
 *
 * @throws UndertoneError `configuration-invalid` that says what each variable should be
 */
export function slackEnvironment(variables: NodeJS.ProcessEnv = process.env): SlackEnvironment {
  // A variable that is set to nothing is one that is not set.
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const needs = parsed.error.issues.map(({ path, message }) => `${path.join('.')} to ${message}`);
  throw new UndertoneError(
    'configuration-invalid',
    `Set ${needs.join(', and ')}. docs/slack.md tells where they are found.`,
    { cause: parsed.error },
  );
}

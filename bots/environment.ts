import * as z from 'zod';
import { UndertoneError } from '../core/errors.ts';

/** Origins on this machine that files are fetched from besides a platform's own hosts; for tests. */
export const fileHostsSchema = z
  .string()
  .default('')
  .transform((text) => text.split(',').filter(Boolean));

/** What every bot on one's own machine is told by its environment. Messages say what a value has to be. */
export const BOT_VARIABLES = {
  UNDERTONE_API_ENDPOINT: z
    .url('the address of the Undertone API, such as http://127.0.0.1:8787')
    .default('http://127.0.0.1:8787'),
  /** Where the API asks for one. */
  UNDERTONE_API_KEY: z.string().optional(),
  /** Table that the settings are kept in; a file without one. */
  UNDERTONE_CHAT_TABLE: z.string().min(3, 'the name of a DynamoDB table').optional(),
  UNDERTONE_SETTINGS_FILE: z.string().default('.undertone/chat-settings.json'),
  UNDERTONE_FILE_HOSTS: fileHostsSchema,
};

export type BotVariables = z.infer<z.ZodObject<typeof BOT_VARIABLES>>;

/**
 * Returns what a bot is told by its environment.
 *
 * @param guide the page that tells where the values are found
 * @throws UndertoneError `configuration-invalid` that says what each variable should be
 * @example
 * const schema = z.object({ ...BOT_VARIABLES, UNDERTONE_TOKEN: z.string('the token of the bot') });
 * const { UNDERTONE_TOKEN } = readVariables(schema, { guide: 'docs/discord.md' });
 */
export function readVariables<Variables>(
  schema: z.ZodType<Variables>,
  { guide }: { readonly guide: string },
): Variables {
  // A variable that is set to nothing is one that is not set.
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const needs = parsed.error.issues.map(({ path, message }) => `${path.join('.')} to ${message}`);
  throw new UndertoneError(
    'configuration-invalid',
    `Set ${needs.join(', and ')}. ${guide} tells where they are found.`,
    { cause: parsed.error },
  );
}

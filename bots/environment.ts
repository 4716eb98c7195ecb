import * as z from 'zod';

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

import { z } from 'zod';
import { UndertoneError } from '../../core/errors.ts';

const botSchema = z.object({
  UNDERTONE_DISCORD_TOKEN: z.string().trim().min(20),
  UNDERTONE_API_ENDPOINT: z.url().default('http://127.0.0.1:8787'),
  UNDERTONE_API_KEY: z.string().optional(),
  UNDERTONE_CHAT_TABLE: z.string().min(3).optional(),
  UNDERTONE_SETTINGS_FILE: z.string().min(1).default('.undertone/chat-settings.json'),
  UNDERTONE_DISCORD_API: z.url().optional(),
  UNDERTONE_FILE_HOSTS: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter(Boolean)),
});

export type BotEnvironment = Readonly<z.infer<typeof botSchema>>;

/** What each variable is for; said when it is missing or wrong. */
const MEANINGS: Readonly<Record<keyof BotEnvironment, string>> = {
  UNDERTONE_DISCORD_TOKEN:
    'the token of the bot, from the developer portal (your application, Bot, Reset Token)',
  UNDERTONE_API_ENDPOINT: 'the address of the Undertone API, such as http://127.0.0.1:8787',
  UNDERTONE_API_KEY: 'the key of the Undertone API, where it asks for one',
  UNDERTONE_CHAT_TABLE: 'the DynamoDB table of the settings; without it they are in a file',
  UNDERTONE_SETTINGS_FILE: 'the file of the settings',
  UNDERTONE_DISCORD_API: 'the address of a counterpart of Discord, for tests',
  UNDERTONE_FILE_HOSTS: 'origins on this machine that files may come from, for tests',
};

/**
 * Returns what the bot is told by its environment.
 *
 * @throws UndertoneError `configuration-invalid` with what each wrong variable is for
 */
export function readBotEnvironment(variables: NodeJS.ProcessEnv = process.env): BotEnvironment {
  const parsed = botSchema.safeParse(variables);
  if (parsed.success) return parsed.data;
  const names = new Set(parsed.error.issues.map(({ path }) => path[0] as keyof BotEnvironment));
  const lines = [...names].map((name) => {
    const what = variables[name] ? 'has a value that cannot be used' : 'is not set';
    return `${name} ${what}: ${MEANINGS[name]}.`;
  });
  throw new UndertoneError(
    'configuration-invalid',
    [...lines, 'docs/discord.md tells how a bot is set up.'].join('\n'),
    { cause: parsed.error },
  );
}

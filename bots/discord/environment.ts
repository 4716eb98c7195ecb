import * as z from 'zod';
import { readEnvironment } from '../../lib/environment.ts';
import { BOT_VARIABLES } from '../environment.ts';

const TOKEN =
  'the token of the bot, from the developer portal (your application, Bot, Reset Token)';

const schema = z.object({
  UNDERTONE_DISCORD_TOKEN: z.string(TOKEN).trim().min(20, TOKEN),
  ...BOT_VARIABLES,
  /** Counterpart of Discord on this machine. */
  UNDERTONE_DISCORD_API: z.url('an address such as https://discord.com/api').optional(),
});

/**
 * Returns what the bot is told by its environment.
 *
 * @throws UndertoneError `configuration-invalid` that says what each variable should be
 */
export function discordEnvironment(): z.infer<typeof schema> {
  return readEnvironment(schema, 'docs/discord.md');
}

import * as z from 'zod';
import { readEnvironment } from '../../lib/environment.ts';
import { BOT_VARIABLES } from '../environment.ts';

const APP_TOKEN = 'the app-level token with connections:write, which begins with xapp-';
const BOT_TOKEN = 'the "Bot User OAuth Token", which begins with xoxb-';

const schema = z.object({
  UNDERTONE_SLACK_APP_TOKEN: z.string(APP_TOKEN).startsWith('xapp-', APP_TOKEN),
  UNDERTONE_SLACK_BOT_TOKEN: z.string(BOT_TOKEN).startsWith('xoxb-', BOT_TOKEN),
  ...BOT_VARIABLES,
  /** Counterpart of Slack on this machine. */
  UNDERTONE_SLACK_API: z.url('an address such as https://slack.com/api/').optional(),
});

/**
 * Returns what the bot is told by its environment.
 *
 * @throws UndertoneError `configuration-invalid` that says what each variable should be
 */
export function slackEnvironment(): z.infer<typeof schema> {
  return readEnvironment(schema, 'docs/slack.md');
}

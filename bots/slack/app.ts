import { App, LogLevel, type Receiver, type webApi } from '@slack/bolt';
import { UndertoneError } from '../../core/index.ts';
import type { Services } from '../answer.ts';
import { runCommand } from './command.ts';
import { COMMAND, type Intake, intake, SHORTCUT } from './intake.ts';
import { type Context, readMessage, readShortcut } from './listen.ts';
import { boltLogger } from './logger.ts';
import { commandBodySchema, eventBodySchema, shortcutBodySchema } from './payloads.ts';
import { Replies } from './replies.ts';
import { ask, clientOptions } from './web.ts';

/** Who the bot is in its workspace. */
export interface Identity {
  readonly botId: string;
  readonly botUserId: string;
}

export interface SlackAppOptions {
  readonly services: Services;
  readonly botToken: string;
  /** Address of the Web API where it is not Slack's own. */
  readonly apiUrl?: string | undefined;
  readonly identity: Identity;
  /** Where payloads come from: Socket Mode, or the queue of the worker. */
  readonly receiver: Receiver;
  /** Does a piece of work when its turn comes, or not at all where it was done already. */
  readonly schedule: (taken: Intake, work: () => Promise<void>) => Promise<void>;
  /** Bounds how many notes are heard at a time; all at once without it. */
  readonly hearing?: Context['hearing'];
  /** Whether an earlier attempt may have answered. */
  readonly isRepeated?: boolean;
  /** Ends the hearing of notes. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Returns the bot as a Bolt app, the same for every way on which payloads come.
 *
 * @example
 * const app = slackApp({ services, botToken, identity, receiver, schedule: (_, work) => work() });
 * await app.start();
 */
export function slackApp(options: SlackAppOptions): App {
  const { services, botToken, apiUrl, identity, receiver, schedule } = options;
  const { hearing = (work) => work(), isRepeated = false, signal } = options;
  const app = new App({
    receiver,
    authorize: async () => ({ botToken, ...identity }),
    clientOptions: clientOptions(apiUrl),
    logger: boltLogger(),
    logLevel: LogLevel.WARN,
    // It would keep a state for each conversation, which nobody reads.
    convoStore: false,
  });
  const context = (client: webApi.WebClient): Context => ({
    services,
    client,
    replies: new Replies(client, isRepeated),
    botUserId: identity.botUserId,
    hearing,
    signal,
  });

  // Whoever runs the app hears of errors; Bolt would log them as well.
  app.error(async (error) => {
    throw error;
  });
  app.use(async ({ body, next, ...args }) => {
    // Before anything else: who is not acknowledged in three seconds is told that it did not work.
    if ('ack' in args) await args.ack?.();
    const taken = intake(body);
    if (taken) await schedule(taken, next);
  });
  for (const type of ['message', 'app_mention'] as const) {
    app.event(type, async ({ body, client }) => {
      await readMessage(eventBodySchema.parse(body), context(client));
    });
  }
  app.shortcut(
    { type: 'message_action', callback_id: SHORTCUT },
    async ({ body, client, respond }) => {
      await readShortcut(shortcutBodySchema.parse(body), { ...context(client), respond });
    },
  );
  app.command(COMMAND, async ({ body, client, respond }) => {
    await runCommand(commandBodySchema.parse(body), { ...context(client), respond });
  });
  return app;
}

/**
 * Asks Slack who the owner of a token is.
 *
 * @throws UndertoneError `configuration-invalid` for a token that is not valid
 */
export async function identify(client: webApi.WebClient): Promise<Identity> {
  const { bot_id: botId, user_id: botUserId } = await ask(() => client.auth.test());
  if (!botId || !botUserId) {
    throw new UndertoneError(
      'configuration-invalid',
      'UNDERTONE_SLACK_BOT_TOKEN is not the token of a bot. Take the "Bot User OAuth Token" of the page "OAuth & Permissions", which begins with xoxb-.',
    );
  }
  return { botId, botUserId };
}

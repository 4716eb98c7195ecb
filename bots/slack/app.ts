import { App, LogLevel, type Receiver, webApi } from '@slack/bolt';
import { UndertoneError } from '../../core/index.ts';
import type { Services } from '../answer.ts';
import { runCommand } from './command.ts';
import { type Context, readMessage, readShortcut } from './listen.ts';
import {
  COMMAND,
  commandBodySchema,
  eventBodySchema,
  type Intake,
  intake,
  SHORTCUT,
  shortcutBodySchema,
} from './payloads.ts';
import { Replies } from './replies.ts';
import { boltLogger, callSlack, clientOptions } from './web.ts';

/** Who the bot is in its workspace. */
export interface Identity {
  readonly botId: string;
  readonly botUserId: string;
}

export interface SlackAppOptions {
  readonly services: Services;
  readonly botToken: string;
  /** Address of the Web API if it is not Slack's own. */
  readonly apiUrl?: string | undefined;
  readonly identity: Identity;
  /** The source of payloads: Socket Mode, or the queue of the worker. */
  readonly receiver: Receiver;
  /** Runs a piece of work when its turn comes, or skips it if it was done before. */
  readonly schedule: (taken: Intake, work: () => Promise<void>) => Promise<void>;
  /** Limits how many notes are analyzed at the same time; by default there is no limit. */
  readonly analyzing?: Context['analyzing'];
  /** Whether an earlier attempt may have answered already. */
  readonly isRepeated?: boolean;
  /** Stops the analysis of notes. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Returns the bot as a Bolt app, whatever the source of its payloads.
 *
 * @example
 * const app = slackApp({ services, botToken, identity, receiver, schedule: (_, work) => work() });
 * await app.start();
 */
export function slackApp(options: SlackAppOptions): App {
  const { services, botToken, apiUrl, identity, receiver, schedule } = options;
  const { analyzing = (work) => work(), isRepeated = false, signal } = options;
  const app = new App({
    receiver,
    authorize: async () => ({ botToken, ...identity }),
    clientOptions: clientOptions(apiUrl),
    logger: boltLogger(),
    logLevel: LogLevel.WARN,
    // It would keep a state for each conversation that nothing reads.
    convoStore: false,
  });
  const context = (client: webApi.WebClient): Context => ({
    services,
    client,
    replies: new Replies(client, isRepeated),
    botUserId: identity.botUserId,
    analyzing,
    signal,
  });

  // The caller handles errors; Bolt would log them as well.
  app.error(async (error) => {
    throw error;
  });
  app.use(async ({ body, next, ...args }) => {
    // First of all: without it, Slack tells the user after three seconds that it did not work.
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
 * Asks Slack whose token this is.
 *
 * @throws UndertoneError `configuration-invalid` for a token that is not valid
 */
export async function identify(client: webApi.WebClient): Promise<Identity> {
  const { bot_id: botId, user_id: botUserId } = await callSlack(() => client.auth.test());
  if (!botId || !botUserId) {
    throw new UndertoneError(
      'configuration-invalid',
      'UNDERTONE_SLACK_BOT_TOKEN is not the token of a bot. Use the "Bot User OAuth Token" from the page "OAuth & Permissions", which begins with xoxb-.',
    );
  }
  return { botId, botUserId };
}

export interface SlackJobServices {
  /** Its `hosts` are those of `slackHosts`. */
  readonly services: Services;
  readonly botToken: string;
  /** Address of the Web API if it is not Slack's own. */
  readonly apiUrl?: string | undefined;
}

export interface SlackJobOptions {
  readonly isRepeated?: boolean;
  readonly signal?: AbortSignal;
}

/** The owner of a token does not change: it is looked up once in the life of the process. */
let known: { readonly token: string; readonly identity: Promise<Identity> } | undefined;

/**
 * Handles a payload of Slack and answers it: even when the work fails, and then with a sentence that says
 * why.
 *
 * @param payload an event, a command or a shortcut as Slack sent it, verified and parsed
 * @param options.isRepeated whether an earlier attempt may have answered: then that is checked first
 * @param options.signal stops the analysis of notes; the answer then says so
 * @throws the error that kept the answer from reaching Slack, if a later attempt may succeed
 * @example
 * await handleSlackJob(job.payload, { services, botToken });
 */
export async function handleSlackJob(
  payload: unknown,
  { services, botToken, apiUrl }: SlackJobServices,
  { isRepeated = false, signal }: SlackJobOptions = {},
): Promise<void> {
  const taken = intake(payload);
  if (!taken) return;
  const identity = await identityOf(botToken, apiUrl);
  const receiver = new JobReceiver();
  slackApp({
    services,
    botToken,
    apiUrl,
    identity,
    receiver,
    isRepeated,
    signal,
    schedule: (_, work) => work(),
  });
  await receiver.receive(taken.payload);
}

async function identityOf(token: string, apiUrl: string | undefined): Promise<Identity> {
  if (known?.token !== token) {
    const identity = identify(new webApi.WebClient(token, clientOptions(apiUrl)));
    known = { token, identity };
    identity.catch(() => {
      known = undefined;
    });
  }
  return known.identity;
}

/** Hands jobs of the queue to Bolt. They were acknowledged before they were queued. */
class JobReceiver implements Receiver {
  #app: App | undefined;

  init(app: App): void {
    this.#app = app;
  }

  async receive(body: Intake['payload']): Promise<void> {
    await this.#app?.processEvent({ body, ack: async () => {} });
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}
}

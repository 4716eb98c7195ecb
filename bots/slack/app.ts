import {
  App,
  type AuthorizationError,
  type Context as BoltContext,
  ErrorCode,
  LogLevel,
  type webApi,
} from '@slack/bolt';
import * as z from 'zod';
import { UndertoneError } from '../../core/index.ts';
import { logEvent } from '../../lib/log.ts';
import type { Services } from '../answer.ts';
import { stringsFor } from '../wording/languages.ts';
import { textMessage } from './blocks.ts';
import { runCommand } from './command.ts';
import { notInstalled } from './installations.ts';
import { stringsKnownFor } from './language.ts';
import { type Context, readMessage, readShortcut } from './listen.ts';
import {
  askerOf,
  COMMAND,
  commandBodySchema,
  eventBodySchema,
  type Intake,
  intake,
  SHORTCUT,
  shortcutBodySchema,
} from './payloads.ts';
import { Replies } from './replies.ts';
import { boltLogger, callSlack, clientOptions, isRemoved } from './web.ts';
import type { Workspaces } from './workspaces.ts';

export interface SlackAppOptions {
  /** Its `hosts` are those of `slackHosts`. */
  readonly services: Services;
  readonly workspaces: Workspaces;
  /** Address of the Web API if it is not Slack's own. */
  readonly apiUrl?: string | undefined;
  /** Limits how many notes are analyzed at the same time; by default there is no limit. */
  readonly analyzing?: Context['analyzing'];
  /** Whether an earlier attempt may have answered already. */
  readonly isRepeated?: boolean;
  /** Stops the analysis of notes. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Returns the bot: a function that does what a payload asks for, with the token of its workspace. Bolt
 * runs it, behind whatever has taken, acknowledged and ordered the payloads.
 *
 * @example
 * const perform = slackApp({ services, workspaces });
 * const taken = intake(body);
 * if (taken) await perform(taken);
 */
export function slackApp(options: SlackAppOptions): (taken: Intake) => Promise<void> {
  const { services, workspaces, apiUrl } = options;
  const { analyzing = (work) => work(), isRepeated = false, signal } = options;
  const app = new App({
    // Payloads are handed over below.
    receiver: { init() {}, start: async () => {}, stop: async () => {} },
    authorize: workspaces.authorize,
    clientOptions: clientOptions(apiUrl),
    logger: boltLogger(),
    logLevel: LogLevel.WARN,
    // It would keep a state for each conversation that nothing reads.
    convoStore: false,
  });
  const contextOf = (client: webApi.WebClient, context: BoltContext): Context => ({
    // A file is fetched with the token of the workspace that asks, and with no other.
    services: {
      ...services,
      hosts: { ...services.hosts, authorization: `Bearer ${context.botToken}` },
    },
    client,
    replies: new Replies(client, isRepeated),
    workspace: workspaceOf(context),
    botUserId: context.botUserId,
    analyzing,
    signal,
  });

  // The caller handles errors; Bolt would log them as well.
  app.error(async (error) => {
    throw error;
  });
  for (const type of ['message', 'app_mention'] as const) {
    app.event(type, async ({ body, client, context }) => {
      await readMessage(eventBodySchema.parse(body), contextOf(client, context));
    });
  }
  for (const type of ['app_uninstalled', 'tokens_revoked'] as const) {
    app.event(type, async ({ context }) => {
      const workspace = workspaceOf(context);
      if (!workspace || !(await workspaces.remove(workspace))) return;
      await services.settings.forget({ platform: 'slack', workspace });
    });
  }
  app.shortcut(
    { type: 'message_action', callback_id: SHORTCUT },
    async ({ body, client, context, respond }) => {
      const shortcut = shortcutBodySchema.parse(body);
      await readShortcut(shortcut, { ...contextOf(client, context), respond });
    },
  );
  app.command(COMMAND, async ({ body, client, context, respond }) => {
    const command = commandBodySchema.parse(body);
    await runCommand(command, { ...contextOf(client, context), respond });
  });
  return async ({ payload }) => {
    try {
      await app.processEvent({ body: payload, ack: async () => {} });
    } catch (thrown) {
      const failure = authorizationFailure(thrown, workspaces);
      if (!failure) throw thrown;
      await sayWithoutToken(payload, failure);
    }
  };
}

/**
 * Returns what the settings and limits of a workspace belong to: whatever has installed the app. An
 * organization shares its channels among its workspaces, so they share the settings as well.
 */
function workspaceOf({ isEnterpriseInstall, enterpriseId, teamId }: BoltContext): string | null {
  return (isEnterpriseInstall ? enterpriseId : teamId) ?? null;
}

/** Returns why there is no usable token for a payload; null for any other failure. */
function authorizationFailure(thrown: unknown, { isOne }: Workspaces): UndertoneError | null {
  const { code, original } = (thrown ?? {}) as Partial<AuthorizationError>;
  const cause = code === ErrorCode.AuthorizationError ? original : thrown;
  if (!isOne && isRemoved(cause)) return notInstalled(cause);
  return code === ErrorCode.AuthorizationError ? UndertoneError.from(original) : null;
}

/**
 * Answers a command or a shortcut although there is no token: the address for answers needs none. An
 * event of a workspace that has removed the app needs no answer.
 *
 * @throws the failure, if there is no such address and a later attempt may succeed
 */
async function sayWithoutToken(payload: Intake['payload'], failure: UndertoneError): Promise<void> {
  const isUnknown = failure.code === 'unauthorized';
  const { data } = z.object({ response_url: z.url() }).safeParse(payload);
  if (!data && !isUnknown) throw failure;
  logEvent('slack: there is no token for a workspace', failure);
  if (!data) return;
  const asker = askerOf(payload);
  const strings = asker ? await stringsKnownFor(asker) : stringsFor(null, 'slack');
  const message = textMessage(isUnknown ? strings.notInstalled : strings.errors[failure.code]);
  const { fetch = globalThis.fetch } = clientOptions(undefined);
  await callSlack(async () => {
    const { status } = await fetch(data.response_url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ response_type: 'ephemeral', ...message }),
    });
    if (status !== 200) throw Object.assign(new Error('not taken'), { statusCode: status });
  });
}

export interface SlackJobServices {
  /** Its `hosts` are those of `slackHosts`. */
  readonly services: Services;
  readonly workspaces: Workspaces;
  /** Address of the Web API if it is not Slack's own. */
  readonly apiUrl?: string | undefined;
}

export interface SlackJobOptions {
  readonly isRepeated?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Handles a payload of Slack and answers it: even when the work fails, and then with a sentence that says
 * why.
 *
 * @param payload an event, a command or a shortcut as Slack sent it, verified and parsed
 * @param options.isRepeated whether an earlier attempt may have answered: then that is checked first
 * @param options.signal stops the analysis of notes; the answer then says so
 * @throws the error that kept the answer from reaching Slack, if a later attempt may succeed
 * @example
 * await handleSlackJob(job.payload, { services, workspaces: oneWorkspace(botToken) });
 */
export async function handleSlackJob(
  payload: unknown,
  services: SlackJobServices,
  options: SlackJobOptions = {},
): Promise<void> {
  const taken = intake(payload);
  if (taken) await slackApp({ ...services, ...options })(taken);
}

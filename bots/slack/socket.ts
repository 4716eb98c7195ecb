import { setTimeout as sleep } from 'node:timers/promises';
import { SocketModeReceiver, type webApi } from '@slack/bolt';
import pLimit from 'p-limit';
import * as z from 'zod';
import type { UndertoneError } from '../../core/index.ts';
import { logEvent } from '../../lib/log.ts';
import type { Services } from '../answer.ts';
import { ChannelQueue } from '../channel-queue.ts';
import { Recent } from '../recent.ts';
import { slackApp } from './app.ts';
import { intake } from './payloads.ts';
import { boltLogger, clientOptions, isRevocation, isRevoked, revoked } from './web.ts';
import type { Workspaces } from './workspaces.ts';

/** Notes that are analyzed at the same time. */
const CONCURRENCY = 4;
/** Ids to remember; Slack resends an event within an hour. */
const REMEMBERED = 20_000;
/** Milliseconds that pending answers get when the bot stops. */
const STOP_TIMEOUT = 25_000;
/** Milliseconds after which a silent connection is replaced, and before a lost one is. */
const PING_TIMEOUT = 5000;

export interface SocketBotOptions {
  /** Its `hosts` are those of `slackHosts`. */
  readonly services: Services;
  readonly appToken: string;
  readonly workspaces: Workspaces;
  readonly apiUrl?: string | undefined;
  /** Milliseconds of silence after which the connection is replaced. */
  readonly pingTimeout?: number;
}

export interface SocketBot {
  /** Resolves with the reason if Slack revokes the app's token or the only bot token; otherwise never. */
  readonly revoked: Promise<UndertoneError>;
  /** Takes no more events, and resolves when those taken are answered. */
  stop(): Promise<void>;
}

/**
 * Connects the bot to Slack through Socket Mode, which needs no public address.
 *
 * @throws UndertoneError `configuration-invalid` when Slack does not accept a token
 * @example
 * const bot = await startSocketBot({ services, appToken, workspaces: oneWorkspace(botToken) });
 * await bot.stop();
 */
export async function startSocketBot(options: SocketBotOptions): Promise<SocketBot> {
  const { services, appToken, workspaces, apiUrl, pingTimeout = PING_TIMEOUT } = options;
  if (workspaces.isOne) await workspaces.check();
  const queue = new ChannelQueue();
  const limit = pLimit(CONCURRENCY);
  const seen = new Recent<true>(REMEMBERED);
  let giveUp: (reason: UndertoneError) => void = () => {};
  const isOver = new Promise<UndertoneError>((resolve) => {
    giveUp = resolve;
  });
  // Of Bolt's receiver only the connection is used: it would look up the token before it acknowledges.
  const { client } = new SocketModeReceiver({
    appToken,
    logger: boltLogger(),
    clientPingTimeout: pingTimeout,
    installerOptions: { clientOptions: connectingOptions(apiUrl, giveUp) },
  });
  // A note whose answer waits for Slack must not keep others from being analyzed.
  const perform = slackApp({ services, workspaces, apiUrl, analyzing: limit });
  client.on('slack_event', async ({ ack, body }: Envelope) => {
    // First of all: without it, Slack tells the user after three seconds that it did not work.
    await ack().catch((thrown) => logEvent('slack: an event could not be acknowledged', thrown));
    const taken = intake(body);
    if (!taken || seen.has(taken.id)) return;
    seen.set(taken.id, true);
    queue.add(taken.group, () =>
      perform(taken).catch((thrown) => {
        if (workspaces.isOne && isRevoked(thrown)) giveUp(thrown);
        else logEvent('slack: an answer did not reach the chat', thrown);
      }),
    );
  });
  const refusal = await Promise.race([client.start().then(() => null), isOver]);
  if (refusal) throw refusal;
  // Events that came while the bot was not running are lost, and with them that it was removed.
  if (!workspaces.isOne) void forgetRemoved(options);
  return {
    revoked: isOver,
    async stop() {
      const isFinished = Promise.all([client.disconnect(), queue.idle()]);
      await Promise.race([isFinished, sleep(STOP_TIMEOUT, undefined, { ref: false })]);
    },
  };
}

interface Envelope {
  readonly ack: () => Promise<void>;
  readonly body: unknown;
}

async function forgetRemoved({ workspaces, services }: SocketBotOptions): Promise<void> {
  try {
    for (const workspace of await workspaces.check()) {
      await services.settings.forget({ platform: 'slack', workspace });
    }
  } catch (thrown) {
    logEvent('slack: workspaces that have removed the app could not be looked up', thrown);
  }
}

const answerSchema = z.object({ ok: z.literal(false), error: z.string() });

/**
 * Options of the client that requests connections. It retries for ever, as a network may be down all
 * night, but does not recognize every permanent refusal: those are detected here.
 */
function connectingOptions(
  apiUrl: string | undefined,
  giveUp: (reason: UndertoneError) => void,
): webApi.WebClientOptions {
  return {
    ...clientOptions(apiUrl),
    rejectRateLimitedCalls: false,
    retryConfig: { forever: true, factor: 1.5, minTimeout: 500, maxTimeout: 30_000 },
    async fetch(url, init) {
      const response = await fetch(url, init);
      const parsed = answerSchema.safeParse(
        await response
          .clone()
          .json()
          .catch(() => null),
      );
      if (!parsed.success || !isFinal(parsed.data.error)) return response;
      giveUp(revoked(parsed.data.error, 'UNDERTONE_SLACK_APP_TOKEN'));
      // The client would retry any answer.
      return new Promise<never>(() => {});
    },
  };
}

/** Returns whether a refusal is permanent: the token is invalid or lacks a permission. */
function isFinal(refusal: string): boolean {
  return (
    isRevocation(refusal) ||
    ['missing_scope', 'not_allowed_token_type', 'access_denied'].includes(refusal)
  );
}

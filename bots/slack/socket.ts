import { setTimeout as sleep } from 'node:timers/promises';
import { SocketModeReceiver, webApi } from '@slack/bolt';
import pLimit from 'p-limit';
import * as z from 'zod';
import type { UndertoneError } from '../../core/index.ts';
import { logEvent } from '../../lib/log.ts';
import type { Services } from '../answer.ts';
import { ChannelQueue } from '../channel-queue.ts';
import { Recent } from '../recent.ts';
import { identify, slackApp } from './app.ts';
import { boltLogger, clientOptions, isRevocation, isRevoked, revoked } from './web.ts';

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
  readonly botToken: string;
  readonly apiUrl?: string | undefined;
  /** Milliseconds of silence after which the connection is replaced. */
  readonly pingTimeout?: number;
}

export interface SocketBot {
  /** Resolves with the reason if Slack revokes a token; otherwise never. */
  readonly revoked: Promise<UndertoneError>;
  /** Takes no more events, and resolves when those taken are answered. */
  stop(): Promise<void>;
}

/**
 * Connects the bot to Slack through Socket Mode, which needs no public address.
 *
 * @throws UndertoneError `configuration-invalid` when Slack does not accept a token
 * @example
 * const bot = await startSocketBot({ services, appToken, botToken });
 * await bot.stop();
 */
export async function startSocketBot(options: SocketBotOptions): Promise<SocketBot> {
  const { services, appToken, botToken, apiUrl, pingTimeout = PING_TIMEOUT } = options;
  const identity = await identify(new webApi.WebClient(botToken, clientOptions(apiUrl)));
  const queue = new ChannelQueue();
  const limit = pLimit(CONCURRENCY);
  const seen = new Recent<true>(REMEMBERED);
  let giveUp: (reason: UndertoneError) => void = () => {};
  const isOver = new Promise<UndertoneError>((resolve) => {
    giveUp = resolve;
  });
  const receiver = new SocketModeReceiver({
    appToken,
    logger: boltLogger(),
    clientPingTimeout: pingTimeout,
    installerOptions: { clientOptions: connectingOptions(apiUrl, giveUp) },
  });
  const app = slackApp({
    services,
    botToken,
    apiUrl,
    identity,
    receiver,
    // A note whose answer waits for Slack must not keep others from being analyzed.
    analyzing: limit,
    async schedule({ id, channel }, work) {
      if (seen.has(id)) return;
      seen.set(id, true);
      queue.add(channel, () =>
        work().catch((thrown) => {
          if (isRevoked(thrown)) giveUp(thrown);
          else logEvent('slack: an answer did not reach the chat', thrown);
        }),
      );
    },
  });
  const refusal = await Promise.race([app.start().then(() => null), isOver]);
  if (refusal) throw refusal;
  return {
    revoked: isOver,
    async stop() {
      const isFinished = Promise.all([receiver.client.disconnect(), queue.idle()]);
      await Promise.race([isFinished, sleep(STOP_TIMEOUT, undefined, { ref: false })]);
    },
  };
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

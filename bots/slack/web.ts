import { setTimeout as sleep } from 'node:timers/promises';
import { webApi } from '@slack/bolt';
import { UndertoneError } from '../../core/index.ts';
import { backoff } from '../../lib/backoff.ts';

/** Tries of one call, when Slack has trouble; and pauses of milliseconds between them. */
const TRIES = 5;
const FIRST_PAUSE = 300;
/** Seconds that a call waits in all because Slack asks it to: a function has two minutes. */
const LONGEST_WAIT = 90;
/** Milliseconds that one try may take. */
const TIMEOUT = 10_000;

/**
 * What every client of the bot is made with. It does not try again itself: whether that is safe depends
 * on the call, and one channel that has to wait must not hold up the others.
 */
export function clientOptions(apiUrl: string | undefined): webApi.WebClientOptions {
  return {
    ...(apiUrl && { slackApiUrl: apiUrl }),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: TIMEOUT,
    // Addresses for answers are posted to without a client, and so without its timeout.
    fetch: (url, init) =>
      fetch(url, { ...init, signal: init?.signal ?? AbortSignal.timeout(TIMEOUT) }),
  };
}

/** Refusals with which Slack says that something broke on its side, perhaps after the work was done. */
const BROKEN: ReadonlySet<string> = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
]);

/** Refusals after which no call with this token will work again. */
const REVOKED: ReadonlySet<string> = new Set([
  'account_inactive',
  'app_uninstalled',
  'invalid_auth',
  'not_authed',
  'team_disabled',
  'token_expired',
  'token_revoked',
  'user_removed_from_team',
]);

/** Returns the code with which Slack refused a call, or null for another kind of failure. */
export function slackError(thrown: unknown): string | null {
  return thrown instanceof webApi.WebAPIPlatformError ? thrown.data.error : null;
}

export function isRevocation(refusal: string): boolean {
  return REVOKED.has(refusal);
}

/** Whether an error says that the token of the bot is good for nothing any more. */
export function isRevoked(thrown: unknown): boolean {
  return thrown instanceof UndertoneError && isRevocation(slackError(thrown.cause) ?? '');
}

export function revoked(error: string, variable: string, cause?: unknown): UndertoneError {
  return new UndertoneError(
    'configuration-invalid',
    `Slack does not accept the token in ${variable} (${error}). Copy it once more from the app's pages at api.slack.com/apps, after installing the app again if it was removed.`,
    { cause },
  );
}

/**
 * Calls Slack, and again where that makes sense: after the pause that Slack asks for, and a few times
 * when it has trouble. For calls that may be made twice.
 *
 * @throws what the client threw where nothing helps; `configuration-invalid` for a revoked token
 * @example
 * const { user } = await ask(() => client.users.info({ user: id }));
 */
export function ask<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  return persist(call, async () => null);
}

/**
 * Does something that must not be done twice. Before it is tried again after a failure that may have come
 * too late, it is looked up whether it was done.
 *
 * @throws like `ask`
 */
export async function doOnce(
  work: () => Promise<unknown>,
  isDone: () => Promise<boolean>,
): Promise<true> {
  return persist(
    async () => {
      await work();
      return true as const;
    },
    async () => ((await isDone()) ? true : null),
  );
}

/** @param found returns what a call that failed has achieved all the same, or null */
async function persist<Answer>(
  call: () => Promise<Answer>,
  found: () => Promise<Answer | null>,
): Promise<Answer> {
  let tries = 0;
  let waited = 0;
  while (true) {
    try {
      return await call();
    } catch (thrown) {
      const refusal = slackError(thrown);
      if (refusal !== null && isRevocation(refusal)) {
        throw revoked(refusal, 'UNDERTONE_SLACK_BOT_TOKEN', thrown);
      }
      const seconds = secondsToWait(thrown);
      if (seconds !== null) {
        // A call that is turned away has done nothing.
        waited += seconds;
        if (waited > LONGEST_WAIT) throw thrown;
        await sleep(seconds * 1000);
        continue;
      }
      if (!isTrouble(thrown) || ++tries >= TRIES) throw thrown;
      await sleep(backoff(tries, FIRST_PAUSE));
      const answer = await found();
      if (answer !== null) return answer;
    }
  }
}

function secondsToWait(thrown: unknown): number | null {
  return thrown instanceof webApi.WebAPIRateLimitedError ? thrown.retryAfter : null;
}

/** Whether something went wrong on the way or at Slack's side, so that the next try may go well. */
function isTrouble(thrown: unknown): boolean {
  const refusal = slackError(thrown);
  if (refusal !== null) return BROKEN.has(refusal);
  const { statusCode } = (thrown ?? {}) as { statusCode?: unknown };
  // Addresses for answers that are used up or expired stay so.
  if (typeof statusCode === 'number') return statusCode === 429 || statusCode >= 500;
  return true;
}

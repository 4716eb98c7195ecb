import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger, type LogLevel, webApi } from '@slack/bolt';
import { UndertoneError } from '../../core/index.ts';
import { backoff } from '../../lib/backoff.ts';
import { logEvent } from '../../lib/log.ts';

/** Attempts at one call while Slack has trouble, and the first pause between them in milliseconds. */
const MAX_ATTEMPTS = 5;
const FIRST_PAUSE = 300;
/** Seconds that a call waits in total because Slack asks it to: a function has two minutes. */
const LONGEST_WAIT = 90;
/** Milliseconds for one attempt. */
const TIMEOUT = 10_000;

/**
 * Returns the options of every Web API client. The client itself does not retry: whether that is safe
 * depends on the call, and a channel that has to wait must not hold up the others.
 */
export function clientOptions(apiUrl: string | undefined): webApi.WebClientOptions {
  return {
    ...(apiUrl && { slackApiUrl: apiUrl }),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: TIMEOUT,
    // Response URLs are posted to without a client, so its timeout does not apply.
    fetch: (url, init) =>
      fetch(url, { ...init, signal: init?.signal ?? AbortSignal.timeout(TIMEOUT) }),
  };
}

/** Returns a logger that writes Bolt's warnings and errors to our own log. */
export function boltLogger(): Logger {
  const write = (...words: unknown[]) => {
    const [first] = words;
    if (first instanceof Error) logEvent('slack: the client failed', first);
    else logEvent(`slack: ${String(first)}`);
  };
  const silent = () => {};
  return {
    debug: silent,
    info: silent,
    warn: write,
    error: write,
    setLevel: silent,
    getLevel: () => 'warn' as LogLevel,
    setName: silent,
  };
}

/** Errors on Slack's side, perhaps after the work was done. */
const BROKEN: ReadonlySet<string> = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
]);

/** Errors after which no call with this token will work again. */
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

/** Returns the code with which Slack refused a call; null for any other failure. */
export function slackError(thrown: unknown): string | null {
  return thrown instanceof webApi.WebAPIPlatformError ? thrown.data.error : null;
}

export function isRevocation(refusal: string): boolean {
  return REVOKED.has(refusal);
}

/** Returns whether an error means that the bot's token no longer works. */
export function isRevoked(thrown: unknown): boolean {
  return thrown instanceof UndertoneError && isRevocation(slackError(thrown.cause) ?? '');
}

/** Errors that mean that a workspace has removed the app. An expired token may still be renewed. */
const REMOVED: ReadonlySet<string> = new Set([
  'account_inactive',
  'app_uninstalled',
  'team_disabled',
  'token_revoked',
]);

/** Returns whether an error means that a workspace has removed the app. */
export function isRemoved(thrown: unknown): boolean {
  return isRevoked(thrown) && REMOVED.has(slackError((thrown as UndertoneError).cause) ?? '');
}

export function revoked(error: string, variable: string, cause?: unknown): UndertoneError {
  return new UndertoneError(
    'configuration-invalid',
    `Slack does not accept the token in ${variable} (${error}). Copy it again from the app's pages at api.slack.com/apps; if the app was removed, reinstall it first.`,
    { cause },
  );
}

/**
 * Calls Slack, and retries after the pause that Slack asks for and a few times while it has trouble. Only
 * for calls that may safely be repeated.
 *
 * @throws what the client threw if retrying does not help; `configuration-invalid` for a revoked token
 * @example
 * const { user } = await callSlack(() => client.users.info({ user: id }));
 */
export function callSlack<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  return persist(call, async () => null);
}

/**
 * Makes a call that must not be repeated. A failure may come after the work was done, so that is checked
 * before each retry.
 *
 * @throws like `callSlack`
 */
export async function callSlackOnce(
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

/** @param found returns what a failed call achieved nevertheless, or null */
async function persist<Answer>(
  call: () => Promise<Answer>,
  found: () => Promise<Answer | null>,
): Promise<Answer> {
  let attempts = 0;
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
        // A rate-limited call has done nothing.
        waited += seconds;
        if (waited > LONGEST_WAIT) throw thrown;
        await sleep(seconds * 1000);
        continue;
      }
      if (!isTrouble(thrown) || ++attempts >= MAX_ATTEMPTS) throw thrown;
      await sleep(backoff(attempts, FIRST_PAUSE));
      const answer = await found();
      if (answer !== null) return answer;
    }
  }
}

/** Returns how long Slack asks to wait, in seconds; null if it does not. */
export function secondsToWait(thrown: unknown): number | null {
  return thrown instanceof webApi.WebAPIRateLimitedError ? thrown.retryAfter : null;
}

/** Returns whether the network or Slack failed, so that another attempt may succeed. */
function isTrouble(thrown: unknown): boolean {
  const refusal = slackError(thrown);
  if (refusal !== null) return BROKEN.has(refusal);
  const { statusCode } = (thrown ?? {}) as { statusCode?: unknown };
  // A response URL that is used up or expired stays so.
  if (typeof statusCode === 'number') return statusCode === 429 || statusCode >= 500;
  return true;
}

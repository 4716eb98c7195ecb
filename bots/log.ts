import { UndertoneError } from '../core/errors.ts';

/**
 * Writes one line of JSON about something that went wrong, or was refused, to stderr: what it was, never
 * about whom. No names, no messages, no addresses of files.
 *
 * @param event what happened, in a few words that stay the same
 * @example
 * logEvent('discord: the answer could not be edited', error);
 */
export function logEvent(event: string, thrown?: unknown): void {
  const isFault = thrown !== undefined && UndertoneError.from(thrown).status >= 500;
  const line = {
    level: isFault ? 'error' : 'info',
    event,
    ...(thrown !== undefined && described(thrown)),
  };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}

/** Messages of errors that are not ours may quote addresses and texts: only their kind is told. */
function described(thrown: unknown) {
  if (!(thrown instanceof UndertoneError)) {
    const { name = typeof thrown, code, status } = (thrown ?? {}) as Record<string, unknown>;
    return { code: 'internal', cause: { name, code, status } };
  }
  const { code, status, stack, cause } = thrown;
  if (status < 500) return { code };
  const { name, code: causeCode } = (cause ?? {}) as Record<string, unknown>;
  return { code, stack, ...(name !== undefined && { cause: { name, code: causeCode } }) };
}

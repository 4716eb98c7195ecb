import { UndertoneError } from '../core/errors.ts';

/**
 * Writes one line of JSON about a failure or a refusal to stderr: what happened, never who was involved.
 * No names, no messages, no file addresses.
 *
 * @param event what happened, in a fixed phrase
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

/** Messages of other errors may quote addresses and texts: only their kind is logged. */
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

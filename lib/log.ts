import { UndertoneError } from '../core/index.ts';

/**
 * Writes one line of JSON to stderr about something that failed or was refused: what happened, never
 * about whom. No names, messages or addresses of files.
 *
 * @param event what happened, in a few fixed words
 * @param thrown what was thrown, if anything; a defect or a fault of the server makes the line an error
 * @param fields further fields of the line, such as a request id
 * @example
 * logEvent('discord: the answer could not be edited', error);
 */
export function logEvent(
  event: string,
  thrown?: unknown,
  fields: Readonly<Record<string, unknown>> = {},
): void {
  const isFault = thrown !== undefined && UndertoneError.from(thrown).status >= 500;
  const error = thrown !== undefined && describeError(UndertoneError.from(thrown));
  const line = { level: isFault ? 'error' : 'info', event, ...fields, ...error };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}

/**
 * Returns what a log may say about an error: its code and, for a fault of ours, where it happened and what
 * caused it. The message of a cause is left out: other libraries quote file names, addresses and texts.
 */
export function describeError({ code, status, stack, cause }: UndertoneError) {
  if (status < 500) return { code };
  if (cause === undefined) return { code, stack };
  return { code, stack, cause: describeCause(cause) };
}

function describeCause(cause: unknown) {
  if (typeof cause !== 'object' || cause === null) return { name: typeof cause };
  const { name, code, status, requestId } = cause as Readonly<Record<string, unknown>>;
  const at = cause instanceof Error ? cause.stack?.match(/^ +at .+$/gm)?.join('\n') : undefined;
  return { name, code, status, requestId, at };
}

/**
 * Writes one line of JSON about a failure of ours to stderr. It says where the code failed and never
 * anything about the recording: no audio, no file names.
 */
export function logFailure(error: Error & { readonly code: string }, requestId: string): void {
  const { code, stack, cause } = error;
  const line = { level: 'error', requestId, code, stack, cause: describe(cause) };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}

function describe(cause: unknown): string | undefined {
  if (cause === undefined) return undefined;
  return cause instanceof Error ? (cause.stack ?? cause.message) : typeof cause;
}

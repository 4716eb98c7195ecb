import { UndertoneError } from '../../core/index.ts';

/** What errors of the AWS SDK have, apart from names of objects in their messages. */
interface ServiceFailure {
  readonly name?: string;
  /** Of a connection that failed. */
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

/**
 * Returns what a call of AWS failed with as our own error: `unavailable`, as another try makes sense.
 * The client has tried three times by itself.
 *
 * The messages of AWS name objects, and logs must not: the cause keeps the rest.
 */
export function unavailable(thrown: unknown): UndertoneError {
  const { name = 'Error', code = name, $metadata = {} } = (thrown ?? {}) as ServiceFailure;
  const { httpStatusCode: status, requestId } = $metadata;
  return new UndertoneError(
    'unavailable',
    'A service that this needs does not answer right now. Try again in a few seconds.',
    { cause: Object.assign(new Error(`AWS failed with ${code}`), { code, status, requestId }) },
  );
}

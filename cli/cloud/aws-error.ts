import { type ErrorCode, UndertoneError } from '../../core/index.ts';

/** What AWS calls a failure, with what it means here and what helps. */
const KNOWN: readonly (readonly [names: RegExp, code: ErrorCode, sentence: string])[] = [
  [/^(NoSuchBucket|NotFound)$/, 'not-found', 'There is no such bucket. Check its name and region.'],
  [
    /QueueDoesNotExist|NonExistentQueue/,
    'not-found',
    'There is no such queue. The address is among the outputs of the deployment.',
  ],
  [
    /^(AccessDenied\w*|AccessDeniedException|AllAccessDisabled|Forbidden|403)$/,
    'unauthorized',
    'These credentials may not do that. Use some that may list and read the bucket and send to the queue.',
  ],
  [
    /^(CredentialsProviderError|ExpiredToken\w*|InvalidAccessKeyId|SignatureDoesNotMatch|UnrecognizedClientException|InvalidClientTokenId|TokenProviderError)$/,
    'unauthorized',
    'AWS does not know these credentials, or there are none. Sign in, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  ],
  [
    /^(PermanentRedirect|AuthorizationHeaderMalformed|301)$/,
    'parameter-invalid',
    'The bucket lies in another region. Set AWS_REGION to it.',
  ],
  [
    /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ECONNRESET|ETIMEDOUT|TimeoutError|NetworkingError)$/,
    'internal',
    'AWS cannot be reached. Check the connection, AWS_REGION and the AWS_ENDPOINT_URL_… of the environment.',
  ],
];

/**
 * Returns what an AWS client has thrown as an error of ours: what was being done, why it failed and
 * what helps.
 *
 * @param doing such as `Listing s3://bucket/prefix`
 */
export function awsError(doing: string, thrown: unknown): UndertoneError {
  if (thrown instanceof UndertoneError) return thrown;
  const { name = '', message = '', code = '' } = thrown as NodeJS.ErrnoException;
  if (/Region is missing/.test(message)) {
    const sentence = `${doing} failed: no region is set. Set AWS_REGION.`;
    return new UndertoneError('parameter-invalid', sentence, { cause: thrown });
  }
  const known = KNOWN.find(([names]) => names.test(name) || names.test(code));
  const [, ours = 'internal', sentence = `${name || 'Error'}: ${message}`] = known ?? [];
  return new UndertoneError(ours, `${doing} failed: ${sentence}`, { cause: thrown });
}

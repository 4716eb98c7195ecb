import { type ErrorCode, UndertoneError } from '../../core/index.ts';

/** Errors of AWS, with our code and a sentence that helps. */
const KNOWN: readonly (readonly [names: RegExp, code: ErrorCode, sentence: string])[] = [
  [/^(NoSuchBucket|NotFound)$/, 'not-found', 'There is no such bucket. Check its name and region.'],
  [
    /QueueDoesNotExist|NonExistentQueue/,
    'not-found',
    'There is no such queue. Its URL is one of the outputs of the deployment.',
  ],
  [
    /^(AccessDenied\w*|AccessDeniedException|AllAccessDisabled|Forbidden|403)$/,
    'unauthorized',
    'These credentials lack permission. Use some that may list and read the bucket and send to the queue.',
  ],
  [
    /^(CredentialsProviderError|ExpiredToken\w*|InvalidAccessKeyId|SignatureDoesNotMatch|UnrecognizedClientException|InvalidClientTokenId|TokenProviderError)$/,
    'unauthorized',
    'AWS does not know these credentials, or there are none. Sign in, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  ],
  [
    /^(PermanentRedirect|AuthorizationHeaderMalformed|301)$/,
    'parameter-invalid',
    'The bucket is in another region. Set AWS_REGION to that region.',
  ],
  [
    /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ECONNRESET|ETIMEDOUT|TimeoutError|NetworkingError)$/,
    'unavailable',
    'AWS cannot be reached. Check the connection, AWS_REGION and the AWS_ENDPOINT_URL_… of the environment.',
  ],
];

/**
 * Converts an error of an AWS client: what was being done, why it failed and what helps.
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
  const [, ours = 'unavailable', sentence = `${name || 'Error'}: ${message}`] = known ?? [];
  return new UndertoneError(ours, `${doing} failed: ${sentence}`, { cause: thrown });
}

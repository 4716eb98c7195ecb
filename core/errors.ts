type Table = Readonly<Record<string, { readonly status: number; readonly title: string }>>;

/** Errors that the HTTP API returns. */
const API_ERRORS = {
  'audio-missing': { status: 400, title: 'No audio received' },
  'audio-too-large': { status: 413, title: 'File too large' },
  'audio-too-long': { status: 422, title: 'Recording too long' },
  'format-unsupported': { status: 415, title: 'Unsupported audio format' },
  'audio-unreadable': { status: 422, title: 'Unreadable audio' },
  'decode-timeout': { status: 422, title: 'Decoding timed out' },
  'decoder-missing': { status: 500, title: 'Requires ffmpeg' },
  'model-invalid': { status: 500, title: 'Unusable model' },
  unauthorized: { status: 401, title: 'Not authorized' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'parameter-invalid': { status: 400, title: 'Invalid parameter' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'host-unknown': { status: 421, title: 'Unknown host name' },
  'origin-refused': { status: 403, title: 'Origin not allowed' },
  'not-found': { status: 404, title: 'Not found' },
  unavailable: { status: 503, title: 'Service unavailable' },
  'configuration-invalid': { status: 500, title: 'Service not configured' },
  internal: { status: 500, title: 'Internal error' },
} as const satisfies Table;

/** Errors of the chat bots, which fetch recordings from elsewhere. */
const FETCH_ERRORS = {
  'not-permitted': { status: 403, title: 'Not permitted' },
  'author-unknown': { status: 403, title: 'Author unknown' },
  'attachment-missing': { status: 400, title: 'No voice note found' },
  'attachment-gone': { status: 410, title: 'Voice note no longer available' },
  'attachment-refused': { status: 403, title: 'File host not allowed' },
  'attachment-forbidden': { status: 403, title: 'No access to the file' },
  'attachment-unavailable': { status: 502, title: 'Could not fetch the file' },
} as const satisfies Table;

/** Faults of the machine or the command line; only those who run Undertone themselves meet them. */
const HOST_ERRORS = {
  'port-taken': { status: 500, title: 'The port is already in use' },
  'folder-locked': { status: 500, title: 'The folder is already in use' },
  'folder-unwritable': { status: 500, title: 'The folder cannot be written to' },
  'setting-invalid': { status: 500, title: 'A setting is invalid' },
  'labels-invalid': { status: 500, title: 'The recordings are not labelled as expected' },
  'recordings-insufficient': { status: 500, title: 'Too few recordings to measure with' },
} as const satisfies Table;

/**
 * Every error a user can see: its stable code, the HTTP status it is returned with, and a short
 * title that is the same for every error of that code, as RFC 9457 asks.
 */
export const ERROR_TABLE = { ...API_ERRORS, ...FETCH_ERRORS, ...HOST_ERRORS };

/** The codes that the HTTP API can return. */
export const API_CODES = Object.keys(API_ERRORS) as [ErrorCode, ...ErrorCode[]];

export type ErrorCode = keyof typeof ERROR_TABLE;

/**
 * The only error class Undertone throws on purpose.
 *
 * Programs check `code`, which is stable. People read `message`: what went wrong, what is accepted
 * and what to do. `cause` holds the underlying error, if there is one.
 *
 * @example
 * throw new UndertoneError('audio-missing', 'The request body is empty. Send the audio bytes.');
 */
export class UndertoneError extends Error {
  override readonly name = 'UndertoneError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** HTTP status for this error. */
  get status(): number {
    return ERROR_TABLE[this.code].status;
  }

  /** Short title shared by all errors with this code. */
  get title(): string {
    return ERROR_TABLE[this.code].title;
  }

  /**
   * Returns any thrown value as an UndertoneError. Anything else is a defect of ours: it becomes
   * `internal` with a message that reveals nothing, and the original is kept in `cause`.
   */
  static from(thrown: unknown): UndertoneError {
    if (isUndertoneError(thrown)) return thrown;
    return new UndertoneError(
      'internal',
      'Something went wrong while processing this recording. Try again; if the same file keeps failing, please report it.',
      { cause: thrown },
    );
  }
}

/** By its name: the command, which is bundled, and the modules that it loads each have the class. */
function isUndertoneError(thrown: unknown): thrown is UndertoneError {
  return thrown instanceof Error && thrown.name === 'UndertoneError';
}

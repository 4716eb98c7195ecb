type Table = Readonly<Record<string, { readonly status: number; readonly title: string }>>;

/** What the API answers. */
const API_ERRORS = {
  'audio-missing': { status: 400, title: 'No audio was sent' },
  'audio-too-large': { status: 413, title: 'The file is too large' },
  'audio-too-long': { status: 422, title: 'The recording is too long' },
  'format-unsupported': { status: 415, title: 'This is not an audio format we take' },
  'audio-unreadable': { status: 422, title: 'The audio could not be read' },
  'decode-timeout': { status: 422, title: 'Decoding took too long' },
  'decoder-missing': { status: 500, title: 'This format needs ffmpeg' },
  'model-invalid': { status: 500, title: 'The model cannot be used' },
  unauthorized: { status: 401, title: 'Not authorized' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'parameter-invalid': { status: 400, title: 'A parameter has a value we do not take' },
  'method-not-allowed': { status: 405, title: 'This address does not take this method' },
  'host-unknown': { status: 421, title: 'This server does not answer under that name' },
  'origin-refused': { status: 403, title: 'Pages of this origin may not do that' },
  'not-found': { status: 404, title: 'Not found' },
  unavailable: { status: 503, title: 'Not available right now' },
  'configuration-invalid': { status: 500, title: 'This service is not set up' },
  internal: { status: 500, title: 'Something went wrong on our side' },
} as const satisfies Table;

/** What only those meet who have a recording fetched from elsewhere. */
const FETCH_ERRORS = {
  'not-permitted': { status: 403, title: 'This is not allowed here' },
  'attachment-missing': { status: 400, title: 'There is no voice note here' },
  'attachment-gone': { status: 410, title: 'The voice note is gone' },
  'attachment-refused': { status: 403, title: 'The file lies where we do not fetch it' },
  'attachment-forbidden': { status: 403, title: 'The file may not be read' },
  'attachment-unavailable': { status: 502, title: 'The file could not be fetched' },
} as const satisfies Table;

/** Faults of the machine or the command line; only those who run Undertone themselves meet them. */
const HOST_ERRORS = {
  'port-taken': { status: 500, title: 'The port is already in use' },
  'folder-locked': { status: 500, title: 'The folder is already in use' },
  'folder-unwritable': { status: 500, title: 'The folder cannot be written to' },
  'setting-invalid': { status: 500, title: 'A setting is invalid' },
} as const satisfies Table;

/**
 * Every failure that a user can meet, in one table: its stable code, the HTTP status that carries
 * it, and a short title that stays the same for the code (RFC 9457 asks for that).
 */
export const ERROR_TABLE = { ...API_ERRORS, ...FETCH_ERRORS, ...HOST_ERRORS };

/** The codes that the API can answer with. */
export const API_CODES = Object.keys(API_ERRORS) as [ErrorCode, ...ErrorCode[]];

export type ErrorCode = keyof typeof ERROR_TABLE;

/**
 * The one error class of the product.
 *
 * `code` is stable and meant for programs; `message` is a sentence for a person that says what was
 * wrong, what is accepted and what to do; `cause` keeps the underlying error when there is one.
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

  /** The HTTP status that answers this error. */
  get status(): number {
    return ERROR_TABLE[this.code].status;
  }

  /** The short title shared by all errors of this code. */
  get title(): string {
    return ERROR_TABLE[this.code].title;
  }

  /**
   * Returns any thrown value as an UndertoneError. What is not one already is a defect of ours: it
   * becomes `internal` with a sentence that gives nothing away, and the original stays in `cause`.
   */
  static from(thrown: unknown): UndertoneError {
    if (thrown instanceof UndertoneError) return thrown;
    return new UndertoneError(
      'internal',
      'Something went wrong while reading this recording. Please try again; if it happens with the same file again, report it.',
      { cause: thrown },
    );
  }
}

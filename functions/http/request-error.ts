/** What can be wrong with a request before there is any audio to speak of. */
const REQUEST_ERRORS = {
  'parameter-invalid': { status: 400, title: 'A parameter has a value we do not take' },
  'method-not-allowed': { status: 405, title: 'This address does not take this method' },
  'host-unknown': { status: 421, title: 'This server does not answer under that name' },
} as const satisfies Record<string, { status: number; title: string }>;

export type RequestErrorCode = keyof typeof REQUEST_ERRORS;

/**
 * A mistake in the HTTP request itself, which no other door knows. Reads like an UndertoneError:
 * a stable code, a status, a title that stays the same for the code and a sentence.
 */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: RequestErrorCode;

  constructor(code: RequestErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get status(): number {
    return REQUEST_ERRORS[this.code].status;
  }

  get title(): string {
    return REQUEST_ERRORS[this.code].title;
  }
}

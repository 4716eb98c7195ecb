/** Largest recording in bytes and longest in seconds that the API accepts, as in core/limits.ts. */
export const MAX_BYTES = 25 * 1024 * 1024;
export const MAX_SECONDS = 300;

/** Whether there is an API at the address of the page; a static site has none. */
export const hasServer = document.documentElement.dataset.server !== 'none';

/** An error of the API, or of the way to it, with a sentence for the visitor. */
export class ApiError extends Error {
  constructor(sentence, { code, requestId = null, canRetry = true }) {
    super(sentence);
    /**
     * A code of the API, or one of the page's own: `unreachable`, `unreadable`, `not-an-answer`,
     * `upload-refused`, `no-result`, and of what classifies on this device: `wasm-unavailable`,
     * `memory-insufficient`, `download-incomplete`.
     */
    this.code = code;
    this.requestId = requestId;
    /** Whether the same request may succeed later. */
    this.canRetry = canRetry;
  }
}

/** Returns the model card. */
export async function readCard() {
  const card = await call(await cardPath());
  if (!Array.isArray(card.classes)) throw noAnswer(200, 'JSON');
  return card;
}

/** Returns where the model card is: that of the API, or the one that the static site has. */
export async function cardPath() {
  if (hasServer) return 'v1/model';
  const { card } = await call('device/files.json');
  return `device/${card.path}`;
}

/**
 * Sends a request and returns the JSON object of the response.
 *
 * @param options as for fetch()
 * @param file the file that is sent, if any
 * @throws ApiError with a sentence for the visitor; AbortError if the signal aborts it
 */
export async function call(path, options, file) {
  let response;
  let text;
  try {
    response = await fetch(path, options);
    text = await response.text();
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw await unreachable(file);
  }
  const answer = parsed(text);
  if (response.ok && answer) return answer;
  if (answer?.detail) {
    const { detail, code, instance: requestId } = answer;
    throw new ApiError(detail, { code, requestId, canRetry: mayChange(response.status) });
  }
  throw noAnswer(response.status, kindOf(response, text));
}

/** Server errors and rate limits may pass; any other 4xx is about the request itself. */
function mayChange(status) {
  return status >= 500 || status === 429;
}

/** Returns the object in a JSON text, or null if there is none. */
function parsed(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

function kindOf({ headers }, text) {
  if (text.trim() === '') return 'nothing';
  return /html/.test(headers.get('content-type')) || /^\s*</.test(text)
    ? 'a web page'
    : 'something';
}

/** Returns the error for a response that does not come from the API. */
export function noAnswer(status, kind) {
  return new ApiError(
    `The server sent ${kind} instead of an answer (status ${status}). Perhaps a sign-in page or a proxy responded in its place. Reload this page, or try again later.`,
    { code: 'not-an-answer' },
  );
}

/**
 * Returns the error for a request that never got through because of the file, the network or the server.
 *
 * @param why the likely reason if the file can be read and the device is online
 */
export async function unreachable(
  file,
  why = 'the server is not responding. It may be starting up',
) {
  const isReadable = await file
    ?.slice(0, 1)
    .arrayBuffer()
    .then(
      () => true,
      () => false,
    );
  if (isReadable === false) {
    return new ApiError(
      'This cannot be read: it is a folder, or a file that was moved or changed in the meantime. Choose the file again.',
      { code: 'unreadable', canRetry: false },
    );
  }
  const reason = navigator.onLine ? why : 'this device is offline';
  return new ApiError(`This could not be sent: ${reason}. Nothing is lost; try again.`, {
    code: 'unreachable',
  });
}

/**
 * Loads a part of the page that not everyone uses.
 *
 * @param path relative to this file
 * @throws ApiError with a sentence for the visitor
 */
export async function load(path) {
  try {
    return await import(path);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new ApiError(
      'This part of the page could not be loaded: the server is not responding. Try again.',
      { code: 'unreachable' },
    );
  }
}

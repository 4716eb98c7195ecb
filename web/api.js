/** A failure that the API has a sentence for, or else one of the way to it. */
export class ApiError extends Error {
  constructor(sentence, { code, requestId = null, canRetry = true }) {
    super(sentence);
    /**
     * As the API has it; `unreachable`, `unreadable`, `not-an-answer`, `upload-refused` and `no-result`
     * are the page's own.
     */
    this.code = code;
    this.requestId = requestId;
    /** Whether the same request may have another answer later. */
    this.canRetry = canRetry;
  }
}

/** Returns the card of the model that answers. */
export async function readCard() {
  const card = await call('v1/model');
  if (!Array.isArray(card.classes)) throw noAnswer(200, 'JSON');
  return card;
}

/**
 * Returns the object that a request is answered with.
 *
 * @param options those of fetch()
 * @param file what is being sent, if that is a file
 * @throws ApiError with a sentence for the visitor; an AbortError when the signal says so
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

/** The server's own failures, and that too many ask; any other 4xx is about the request itself. */
function mayChange(status) {
  return status >= 500 || status === 429;
}

/** Returns the object in a text of JSON, or null where there is none. */
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

/** An answer that is none of the API's: what it was instead, in a word or two. */
export function noAnswer(status, kind) {
  return new ApiError(
    `The server sent ${kind} instead of an answer (status ${status}): perhaps something stands between it and this page, such as a sign-in page or a proxy. Open this page again, or try later.`,
    { code: 'not-an-answer' },
  );
}

/**
 * A request that never got through: the file, the network or the server.
 *
 * @param why what is likely where the file can be read and the device is online
 */
export async function unreachable(
  file,
  why = 'the server does not answer. It may be starting, or away for a moment',
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
      'This cannot be read: it is a folder, or a file that was moved or changed meanwhile. Choose the file again.',
      { code: 'unreadable', canRetry: false },
    );
  }
  const reason = navigator.onLine ? why : 'this device is offline';
  return new ApiError(`This could not be sent: ${reason}. Nothing is lost: try again.`, {
    code: 'unreachable',
  });
}

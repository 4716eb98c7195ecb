/** A failure that the server has a sentence for, or else one of the way to it. */
export class ApiError extends Error {
  constructor(sentence, { code = null, requestId = null } = {}) {
    super(sentence);
    this.code = code;
    this.requestId = requestId;
  }
}

/** Returns the verdict on a recording. */
export function hear(file, signal) {
  return call('v1/emotion', { method: 'POST', body: file, signal });
}

/** Returns the card of the model that answers. */
export function readCard() {
  return call('v1/model');
}

async function call(path, options) {
  const response = await fetch(path, options).catch((error) => {
    if (error.name === 'AbortError') throw error;
    throw new ApiError(
      'This could not be sent. Either the server does not answer, or the file cannot be read (a folder, perhaps).',
    );
  });
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  throw new ApiError(answer?.detail ?? `The server answered ${response.status} without a reason.`, {
    code: answer?.code,
    requestId: answer?.instance,
  });
}

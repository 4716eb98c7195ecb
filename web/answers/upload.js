import { ApiError, call, noAnswer, unreachable } from '../api.js';
import { percent, size } from '../words.js';

/** Milliseconds without a sign of life after which an upload counts as broken. */
const STALLED = 60_000;
/** Milliseconds between two looks for the result: the first, and the longest that they grow to. */
const PAUSE = { first: 1000, growth: 1.5, longest: 5000 };
/** Milliseconds for which a result is waited for; the slowest recordings take two minutes. */
const PATIENCE = 180_000;
/** Looks in a row that may fail: a network comes back. */
const MAX_FAILURES = 4;
/** Failures that say nothing about the recording, and may be over at the next look. */
const PASSING = new Set(['unreachable', 'unavailable', 'rate-limited']);
/** Milliseconds before each try to delete. */
const DELETE_AFTER = [0, 2000, 10_000, 60_000];

/**
 * Returns the verdict on a recording that is sent to the server's storage, for what is too large for
 * one call. Whatever comes of it, the recording and its result are deleted there.
 *
 * @param onSending takes the share that is sent, again and again
 * @param onSent is called when all of it is sent
 * @throws ApiError with a sentence for the visitor; an AbortError when `signal` says so
 */
export async function hearUpload(file, { signal, onSending, onSent }) {
  onSending(0);
  const { id, upload } = await call('v1/uploads', { method: 'POST', signal }, file);
  if (typeof id !== 'string' || typeof upload?.url !== 'string') throw noAnswer(201, 'JSON');
  try {
    await send(file, upload, { signal, onSending });
    onSent();
    return await result(id, signal);
  } finally {
    forget(id);
  }
}

/** Posts the form. fetch() would do, but only this tells how much is sent. */
function send(file, { url, fields }, { signal, onSending }) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  // A slice has no type, and no name: that of the file says more than the storage has to know.
  form.append('file', file.slice(), 'recording');
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    let share = 0;
    let silence;
    const fail = (error) => {
      reject(error);
      request.abort();
    };
    const alive = () => {
      clearTimeout(silence);
      silence = setTimeout(async () => fail(await broken(file, share)), STALLED);
    };
    const abort = () => fail(signal.reason);
    signal.addEventListener('abort', abort);
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      alive();
      share = loaded / total;
      onSending(share);
    });
    request.addEventListener('error', async () => reject(await broken(file, share)));
    request.addEventListener('load', () => {
      const { status, responseText } = request;
      if (status >= 200 && status < 300) resolve();
      else reject(refused(file, status, responseText));
    });
    request.addEventListener('loadend', () => {
      clearTimeout(silence);
      signal.removeEventListener('abort', abort);
    });
    request.open('POST', url);
    request.send(form);
    alive();
  });
}

async function result(id, signal) {
  const end = Date.now() + PATIENCE;
  let failures = 0;
  for (let pause = PAUSE.first; ; pause = Math.min(PAUSE.longest, pause * PAUSE.growth)) {
    await sleep(pause, signal);
    try {
      const answer = await call(`v1/results/${id}`, { signal });
      if (answer.status !== 'waiting') return answer;
      failures = 0;
    } catch (error) {
      if (!PASSING.has(error.code)) throw error;
      if (++failures > MAX_FAILURES) throw error.code === 'unreachable' ? lost() : error;
    }
    if (Date.now() > end) throw late();
  }
}

function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', abort);
  });
}

/** Deletes the recording and its result, also where the visitor is leaving. */
async function forget(id) {
  for (const pause of DELETE_AFTER) {
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    const isGone = await fetch(`v1/results/${id}`, { method: 'DELETE', keepalive: true }).then(
      ({ status }) => status < 500 && status !== 429,
      () => false,
    );
    if (isGone) return;
  }
}

function broken(file, share) {
  return unreachable(file, `the connection broke when ${percent(share)} of it had been sent`);
}

/** S3 says why in XML. */
function refused(file, status, text) {
  const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? 'no reason given';
  if (code === 'EntityTooLarge') {
    return new ApiError(
      `This file has ${size(file.size)}, which is more than the server takes. Send it compressed (Ogg Opus, M4A) or in parts.`,
      { code: 'audio-too-large', canRetry: false },
    );
  }
  if (status >= 500) {
    return new ApiError(
      'The storage that takes large recordings is busy or away. Try again in a few seconds.',
      { code: 'unavailable' },
    );
  }
  const why = /expired/i.test(text)
    ? 'it took longer than the quarter of an hour for which the server lets it be sent. A faster network helps, or a smaller file (Ogg Opus, M4A). Then try again'
    : `the storage refused it (${code}, status ${status}). Try again; if it happens again, send it compressed (Ogg Opus, M4A)`;
  return new ApiError(`This could not be sent: ${why}.`, { code: 'upload-refused' });
}

function lost() {
  return new ApiError(
    'This was sent, but the connection was lost before its answer came. The server deletes what was sent. Try again when the connection is back.',
    { code: 'unreachable' },
  );
}

function late() {
  return new ApiError(
    'This was sent, but no answer came for three minutes: the server has too much to do. What was sent is being deleted. Try again later.',
    { code: 'no-result' },
  );
}

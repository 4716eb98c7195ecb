import { ApiError, call, MAX_BYTES, noAnswer, unreachable } from '../api.js';
import { classifyHere, isOnDevice } from '../device.js';
import { percent, size } from '../words.js';

/** Bytes that one call accepts wherever the API runs. If it accepts more, the server says how much. */
const EVERYWHERE = 4 * 1024 * 1024;

/** Milliseconds without progress after which an upload counts as broken. */
const STALLED = 60_000;
/** Milliseconds before the first poll for the result, and how the pause grows. */
const PAUSE = { first: 1000, growth: 1.5, longest: 5000 };
/** Milliseconds to wait for a result; the slowest recordings take two minutes. */
const PATIENCE = 180_000;
/** The most failed polls in a row: networks come back. */
const MAX_FAILURES = 4;
/** Errors that say nothing about the recording and may pass. */
const PASSING = new Set(['unreachable', 'unavailable', 'rate-limited']);
/** Milliseconds before each attempt to delete. */
const DELETE_AFTER = [0, 2000, 10_000, 60_000];

/**
 * Returns the verdict on a recording, from this device or from the server. A recording too large for one
 * call is uploaded first.
 *
 * @param onServer whether the server is asked although the switch is on
 * @param onLoading called repeatedly with the share of what this device needs that is loaded
 * @param onHearing called repeatedly with the share of the recording that this device has classified
 * @param onSending called repeatedly during an upload with the share that is sent
 * @param onSent called when the upload is complete
 * @throws ApiError with a sentence for the visitor; AbortError if `signal` aborts it
 */
export async function classify(file, options) {
  if (file.size > MAX_BYTES) throw tooLarge(file);
  const { signal, onServer, onSending, onSent } = options;
  if (isOnDevice() && !onServer) return classifyHere(file, options);
  const verdict = (await fitsOneCall(file, signal))
    ? await call('v1/emotion', { method: 'POST', body: file, signal }, file)
    : await classifyUpload(file, { signal, onSending, onSent });
  if (typeof verdict.emotion !== 'string' || !verdict.model) throw noAnswer(200, 'JSON');
  return verdict;
}

async function fitsOneCall({ size }, signal) {
  if (size <= EVERYWHERE) return true;
  const { maxCallBytes } = await call('limits.json', { signal });
  if (typeof maxCallBytes !== 'number') throw noAnswer(200, 'JSON');
  return size <= maxCallBytes;
}

function tooLarge(file) {
  return new ApiError(
    `This file has ${size(file.size)} and was not sent: the limit is ${size(MAX_BYTES)}. Compress it (Ogg Opus or M4A) or split it into parts.`,
    { code: 'audio-too-large', canRetry: false },
  );
}

/** Uploads a recording to storage and polls for its verdict. Both are deleted there in any case. */
async function classifyUpload(file, { signal, onSending, onSent }) {
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

/** Posts the form with XMLHttpRequest, because fetch() does not report progress. */
function send(file, { url, fields }, { signal, onSending }) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  // A slice has neither type nor name: the storage does not need to know those of the file.
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

/** Deletes the recording and its result, even if the visitor is leaving. */
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
  return unreachable(file, `the connection broke after ${percent(share)} of it was sent`);
}

/** S3 says why in XML. */
function refused(file, status, text) {
  const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? 'no reason given';
  if (code === 'EntityTooLarge') {
    return new ApiError(
      `This file has ${size(file.size)}, which is more than the server accepts. Compress it (Ogg Opus or M4A) or split it into parts.`,
      { code: 'audio-too-large', canRetry: false },
    );
  }
  if (status >= 500) {
    return new ApiError(
      'The storage for large recordings is not available right now. Try again in a few seconds.',
      { code: 'unavailable' },
    );
  }
  const why = /expired/i.test(text)
    ? 'it took longer than the 15 minutes that the server allows. Use a faster network or a smaller file (Ogg Opus or M4A), and try again'
    : `the storage refused it (${code}, status ${status}). Try again; if that fails too, compress it (Ogg Opus or M4A)`;
  return new ApiError(`This could not be sent: ${why}.`, { code: 'upload-refused' });
}

function lost() {
  return new ApiError(
    'This was sent, but the connection was lost before the answer arrived. The server deletes the recording. Try again when you are back online.',
    { code: 'unreachable' },
  );
}

function late() {
  return new ApiError(
    'This was sent, but no answer arrived within three minutes: the server is too busy. The recording is being deleted. Try again later.',
    { code: 'no-result' },
  );
}

import { ApiError, call, noAnswer } from '../api.js';
import { MAX_BYTES } from '../limits.js';
import { load } from '../load.js';
import { size } from '../words.js';

/** Bytes that one call takes wherever the API is. Where it takes more, the server says how much. */
const EVERYWHERE = 4 * 1024 * 1024;

/**
 * Returns the verdict on a recording. What is too large for one call is uploaded and waited for.
 *
 * @param onSending takes the share that is sent, again and again, of what takes a while
 * @param onSent is called when all of that is sent
 * @throws ApiError with a sentence for the visitor; an AbortError when `signal` says so
 */
export async function hear(file, { signal, onSending, onSent }) {
  if (file.size > MAX_BYTES) throw tooLarge(file);
  const verdict = (await fitsOneCall(file, signal))
    ? await call('v1/emotion', { method: 'POST', body: file, signal }, file)
    : await hearUpload(file, { signal, onSending, onSent });
  if (typeof verdict.emotion !== 'string' || !verdict.model) throw noAnswer(200, 'JSON');
  return verdict;
}

async function fitsOneCall({ size }, signal) {
  if (size <= EVERYWHERE) return true;
  const { maxCallBytes } = await call('limits.json', { signal });
  if (typeof maxCallBytes !== 'number') throw noAnswer(200, 'JSON');
  return size <= maxCallBytes;
}

async function hearUpload(...all) {
  const { hearUpload: hearIt } = await load('./answers/upload.js');
  return hearIt(...all);
}

function tooLarge(file) {
  return new ApiError(
    `This file has ${size(file.size)}; ${size(MAX_BYTES)} is the most that is taken, so it was not sent. Send it compressed (Ogg Opus, M4A) or in parts.`,
    { code: 'audio-too-large', canRetry: false },
  );
}

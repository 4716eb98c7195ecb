import { MAX_SECONDS } from '../limits.js';

/** In the order of our liking: Safari has mp4 only, Firefox also Ogg. */
const TYPES = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'];
const EXTENSIONS = { webm: 'webm', mp4: 'm4a', ogg: 'ogg' };
const BITS_PER_SECOND = 64_000;
/** Seconds. A recorder may add a little at its end, and what is longer than the limit is refused. */
const LONGEST = MAX_SECONDS - 1;
/** Seconds below which there is nothing to hear. */
const SHORTEST = 0.3;

/**
 * Records a stream until `stop` or `discard` is called, the stream ends, or it is as long as a note
 * may be.
 *
 * @returns `stop`, `discard` and `done`: a promise of the `file` and of `why` it ended (`stopped`,
 * `too-long` or `ended`); of `file: null` when it was discarded or nothing is in it
 */
export function record(stream) {
  const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? '';
  const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: BITS_PER_SECOND });
  const started = performance.now();
  const chunks = [];
  let why = 'ended';
  const end = (reason) => {
    if (recorder.state === 'inactive') return;
    why = reason;
    recorder.stop();
  };
  const limit = setTimeout(() => end('too-long'), LONGEST * 1000);
  recorder.addEventListener('dataavailable', ({ data }) => chunks.push(data));
  const done = new Promise((resolve) => {
    recorder.addEventListener('stop', () => {
      clearTimeout(limit);
      const seconds = (performance.now() - started) / 1000;
      const type = recorder.mimeType || mimeType;
      const blob = new Blob(chunks, { type });
      const isEmpty = blob.size === 0 || seconds < SHORTEST;
      if (why === 'discarded') resolve({ file: null, why });
      else if (isEmpty) resolve({ file: null, why: 'empty' });
      else resolve({ file: new File([blob], nameOf(type), { type }), why });
    });
  });
  recorder.start();
  return { done, stop: () => end('stopped'), discard: () => end('discarded') };
}

function nameOf(type) {
  const [, kind] = /^audio\/(\w+)/.exec(type) ?? [];
  const time = new Date().toLocaleTimeString('en-GB').replaceAll(':', '.');
  return `Recording ${time}.${EXTENSIONS[kind] ?? 'audio'}`;
}

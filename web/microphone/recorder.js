import { MAX_SECONDS } from '../api.js';
import { clock } from '../words.js';
import { startMeters } from './meters.js';
import { openMicrophone } from './microphone.js';

/** What to say about a recording that ended in an unexpected way. */
const SAID = {
  empty: 'That was too short: nothing was recorded. Record again, and say a sentence.',
  'too-long':
    'Notes can be five minutes long at most, so the recording was stopped there. Here is its answer.',
  ended: 'The microphone was disconnected. Here is the answer for what was recorded until then.',
};

/**
 * Lets the visitor record: opens the microphone, shows its sound, and resolves when the recording ends.
 *
 * @returns the `file`, or null, and a `sentence` for the visitor, or null
 * @throws MicrophoneError
 */
export async function recordNote(panel, { onStart }) {
  const microphone = await openMicrophone();
  const over = new AbortController();
  const on = (target, event, callback) =>
    target.addEventListener(event, callback, { signal: over.signal });
  try {
    const recording = record(microphone.stream);
    on(panel.querySelector('.stop'), 'click', recording.stop);
    on(panel.querySelector('.discard'), 'click', recording.discard);
    // Leaving the page would lose the recording: the browser asks first.
    on(window, 'beforeunload', (event) => event.preventDefault());
    onStart();
    startMeters(panel, microphone.stream, over.signal);
    showClock(panel.querySelector('.elapsed'), over.signal);
    const { file, why } = await recording.done;
    return { file, sentence: SAID[why] ?? null };
  } finally {
    over.abort();
    microphone.close();
  }
}

/** Shows the time passed, until `signal` aborts. */
export function showClock(place, signal) {
  const started = performance.now();
  const show = () => {
    place.textContent = clock(Math.floor((performance.now() - started) / 1000));
  };
  show();
  const timer = setInterval(show, 250);
  signal.addEventListener('abort', () => clearInterval(timer));
}

/** In order of preference: Safari only has mp4, Firefox also has Ogg. */
const TYPES = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'];
const EXTENSIONS = { webm: 'webm', mp4: 'm4a', ogg: 'ogg' };
const BITS_PER_SECOND = 64_000;
/** Seconds. A recorder may add a little at the end, and the API refuses anything over its limit. */
const LONGEST = MAX_SECONDS - 1;
/** Seconds below which a recording counts as empty. */
const SHORTEST = 0.3;

/**
 * Records a stream until `stop` or `discard` is called, the stream ends, or the recording reaches the
 * limit.
 *
 * @returns `stop`, `discard` and `done`: a promise of the `file` and of `why` it ended (`stopped`,
 * `too-long` or `ended`); `file` is null if the recording was discarded or is empty
 */
function record(stream) {
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

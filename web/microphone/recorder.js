import { clock } from '../words.js';
import { startMeters } from './meters.js';
import { openMicrophone } from './microphone.js';
import { record } from './recording.js';

/** What is said about a recording that did not end as its maker meant it to. */
const SAID = {
  empty: 'That was too short: nothing was recorded. Record again, and say a sentence.',
  'too-long':
    'Five minutes are the longest note that is taken: the recording was stopped there, and is heard.',
  ended: 'The microphone went away. What was recorded until then is heard.',
};

/**
 * Lets the visitor record: opens the microphone, shows what it hears, and resolves when the recording
 * has ended.
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
    // Leaving the page now would lose what was said: the browser asks.
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

/** Shows the seconds that have passed, until `signal` ends it. */
export function showClock(place, signal) {
  const started = performance.now();
  const show = () => {
    place.textContent = clock(Math.floor((performance.now() - started) / 1000));
  };
  show();
  const timer = setInterval(show, 250);
  signal.addEventListener('abort', () => clearInterval(timer));
}

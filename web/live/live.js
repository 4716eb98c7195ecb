import { createBars } from '../answers/bars.js';
import { element } from '../dom.js';
import { EMOTIONS, mark } from '../emotions.js';
import { meter } from '../microphone/meters.js';
import { openMicrophone } from '../microphone/microphone.js';
import { showClock } from '../microphone/recorder.js';
import { clock, loudness, percent, ranked, shares, title } from '../words.js';
import { openStream } from './stream.js';

/** Verdicts that the chart shows: half a minute. */
const COLUMNS = 60;

/** Before anything was heard; in this order the bars stay. */
const NOTHING = Object.fromEntries(EMOTIONS.map((emotion) => [emotion, 0]));

/**
 * Streams the microphone to the API and shows what it hears as it hears it, until the visitor stops
 * it.
 *
 * @returns a sentence about the whole
 * @throws MicrophoneError or ApiError
 */
export async function listenLive(panel, { onStart }) {
  const audio = new AudioContext();
  let microphone;
  const over = new AbortController();
  const view = createView(panel);
  try {
    // Safari lets it wait until it is told.
    audio.resume();
    // First the server: nobody is asked for a microphone that nothing would listen to.
    const stream = await openStream(audio.sampleRate, view.show);
    await audio.audioWorklet.addModule(new URL('pcm.js', import.meta.url));
    microphone = await openMicrophone().catch((error) => {
      stream.stop();
      throw error;
    });
    const node = new AudioWorkletNode(audio, 'pcm', {
      channelCount: 1,
      channelCountMode: 'explicit',
    });
    node.port.onmessage = ({ data }) => stream.send(data);
    audio.createMediaStreamSource(microphone.stream).connect(node);
    onStart();
    showClock(panel.querySelector('.elapsed'), over.signal);
    panel.querySelector('.stop').addEventListener(
      'click',
      () => {
        node.disconnect();
        microphone.close();
        stream.stop();
      },
      { signal: over.signal },
    );
    for (const track of microphone.stream.getTracks()) track.addEventListener('ended', stream.stop);
    return describe(await stream.done);
  } finally {
    over.abort();
    microphone?.close();
    audio.close();
  }
}

function describe({ duration, speech, summary }) {
  const length = `${clock(duration)} were heard live`;
  return speech > 0 && Object.keys(summary).length > 0
    ? `${length}. ${shares(summary)}`
    : `${length}: nobody spoke.`;
}

function howSure({ emotion, confidence, probabilities }) {
  if (!probabilities) return 'Nobody speaks just now.';
  if (emotion !== 'uncertain') return `${percent(confidence)} sure`;
  return `The best guess is ${ranked(probabilities)[0][0]}, with ${percent(confidence)}.`;
}

function createView(panel) {
  const word = panel.querySelector('.live-word');
  const sure = panel.querySelector('.live-sure');
  const chart = panel.querySelector('.live-chart');
  const level = meter(panel.querySelector('.meter-level'), { min: -60, max: 0 });
  const bars = createBars(NOTHING);
  panel.querySelector('.live-bars').replaceChildren(bars.element);
  chart.replaceChildren(...Array.from({ length: COLUMNS }, () => element('span')));
  const say = (label, words) => {
    panel.dataset.emotion = label;
    word.replaceChildren(mark(label), words);
  };
  say('no-speech', 'Say something');
  sure.textContent = 'The first answer comes when a voice was heard for a moment.';
  bars.showNone();
  level(-60, '–');
  let before = '';
  return {
    show({ emotion, confidence, probabilities, level: decibels }) {
      if (emotion !== before) say(emotion, emotion === 'no-speech' ? 'Quiet' : title(emotion));
      before = emotion;
      sure.textContent = howSure({ emotion, confidence, probabilities });
      if (probabilities) bars.show(probabilities);
      else bars.showNone();
      level(Math.max(-60, Math.min(0, decibels)), loudness(decibels));
      const column = element('span', { 'data-emotion': emotion });
      column.style.height = `${probabilities ? Math.max(8, confidence * 100) : 4}%`;
      chart.firstElementChild.remove();
      chart.append(column);
    },
  };
}

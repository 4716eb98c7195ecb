import { createBars } from '../answers/bars.js';
import { ApiError, readCard } from '../api.js';
import { isOnDevice, openStreamHere } from '../device.js';
import { element, mark } from '../dom.js';
import { meter } from '../microphone/meters.js';
import { openMicrophone } from '../microphone/microphone.js';
import { showClock } from '../microphone/recorder.js';
import { clock, EMOTIONS, loudness, percent, ranked, shares, title } from '../words.js';

/** The verdicts in the chart: half a minute. */
const COLUMNS = 60;

/** The initial bars, which also fix their order. */
const NOTHING = Object.fromEntries(EMOTIONS.map((emotion) => [emotion, 0]));

/**
 * Streams the microphone to the API, or to this device, and shows the verdicts as they arrive, until the visitor stops it.
 *
 * @returns a sentence about the whole stream
 * @throws MicrophoneError or ApiError
 */
export async function listenLive(panel, { onStart }) {
  const audio = new AudioContext();
  let microphone;
  const over = new AbortController();
  const view = createView(panel);
  try {
    // Safari starts it suspended.
    audio.resume();
    // The server first: nobody should grant a microphone that nothing would listen to.
    const open = isOnDevice() ? openStreamHere : openStream;
    const stream = await open(audio.sampleRate, view.show);
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
    return summaryOf(await stream.done);
  } finally {
    over.abort();
    microphone?.close();
    audio.close();
  }
}

function summaryOf({ duration, speech, summary }) {
  const length = `Listened live for ${clock(duration)}`;
  return speech > 0 && Object.keys(summary).length > 0
    ? `${length}. ${shares(summary)}`
    : `${length}. No one spoke.`;
}

function howSure({ emotion, confidence, probabilities }) {
  if (!probabilities) return 'No one is speaking right now.';
  if (emotion !== 'uncertain') return `${percent(confidence)} sure`;
  return `The best guess is ${ranked(probabilities)[0][0]}, at ${percent(confidence)}.`;
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
  sure.textContent = 'The first answer comes after a moment of speech.';
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

/** The most bytes that may wait to be sent: over ten seconds of sound at 48 kHz. */
const MOST_WAITING = 1_000_000;
/** Milliseconds to wait for `ready` and for the summary. */
const PATIENCE = 10_000;

const SLOW =
  'The connection is too slow to listen live. Record a note instead: it is sent once it is complete.';
const LOST = 'The connection to the server was lost while listening. Try again, or record a note.';
const NONE =
  'This server has no live stream. Record a note instead: the answer comes a moment later.';

/**
 * Opens the live stream of the API.
 *
 * @param sampleRate Hz of the samples that will be sent
 * @param onVerdict called with each verdict
 * @returns `send(buffer)` for samples, `stop()`, and `done`: a promise of the summary
 * @throws ApiError when there is no such stream
 */
async function openStream(sampleRate, onVerdict) {
  const address = new URL('v1/live', document.baseURI);
  address.protocol = address.protocol.replace('http', 'ws');
  const socket = new WebSocket(address);
  const on = {};
  const ready = new Promise((resolve, reject) =>
    Object.assign(on, { ready: resolve, refused: reject }),
  );
  const done = new Promise((resolve, reject) =>
    Object.assign(on, { summary: resolve, lost: reject }),
  );
  // The caller handles the rejection later.
  done.catch(() => {});
  const fail = (error) => {
    on.refused(error);
    on.lost(error);
    socket.close();
  };
  socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'start', sampleRate })));
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === 'ready') on.ready();
    if (message.type === 'verdict') onVerdict(message);
    if (message.type === 'summary') on.summary(message);
    if (message.type === 'error') fail(new ApiError(message.detail, { code: message.code }));
  });
  let isReady = false;
  socket.addEventListener('close', () =>
    fail(new ApiError(isReady ? LOST : NONE, { code: isReady ? 'unreachable' : 'not-found' })),
  );
  const late = setTimeout(() => fail(new ApiError(NONE, { code: 'not-found' })), PATIENCE);
  try {
    await ready;
    isReady = true;
  } catch (error) {
    // A server without live streams still has a model card; if that fails too, its error says more.
    if (error.code === 'not-found') await readCard();
    throw error;
  } finally {
    clearTimeout(late);
  }
  let isOver = false;
  return {
    done,
    send(buffer) {
      // The worklet may still send samples after the visitor stops it.
      if (isOver) return;
      if (socket.bufferedAmount > MOST_WAITING) fail(new ApiError(SLOW, { code: 'unreachable' }));
      else if (socket.readyState === WebSocket.OPEN) socket.send(buffer);
    },
    stop() {
      isOver = true;
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: 'stop' }));
      setTimeout(() => fail(new ApiError(LOST, { code: 'unreachable' })), PATIENCE);
    },
  };
}

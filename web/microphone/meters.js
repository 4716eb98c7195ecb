import { fitted, prefersCalm, svg, tone } from '../dom.js';
import { loudness, QUIET } from '../words.js';
import '../vendor/meyda.min.js';

const { Meyda } = globalThis;

/** Samples in an analysis window: 85 ms at 48 kHz, long enough for the harmonics of low voices. */
const WINDOW = 4096;
/** Milliseconds between two updates, normally and with reduced motion. */
const PACE = { lively: 50, calm: 400 };
/** A Hann window scales the root mean square by this factor. */
const HANN = Math.sqrt(3 / 8);
/** Hz at the two ends of the logarithmic brightness meter. */
const BRIGHTNESS = { low: 200, high: 6400 };
const NOTES = ['C', 'C♯', 'D', 'D♯', 'E', 'F', 'F♯', 'G', 'G♯', 'A', 'A♯', 'B'];

/**
 * Shows the sound of the microphone until `signal` aborts: the passing waveform, loudness, brightness and
 * pitch class.
 */
export function startMeters(section, stream, signal) {
  const audio = new AudioContext();
  const analyser = new AnalyserNode(audio, { fftSize: WINDOW });
  audio.createMediaStreamSource(stream).connect(analyser);
  // Safari starts it suspended.
  audio.resume();
  // Meyda creates its filters once, but another microphone may have another rate.
  const { sampleRate } = audio;
  Object.assign(Meyda, { bufferSize: WINDOW, sampleRate, chromaFilterBank: undefined });
  const samples = new Float32Array(WINDOW);
  const level = meter(section.querySelector('.meter-loudness'), { min: -60, max: 0 });
  const brightness = meter(section.querySelector('.meter-brightness'), { min: 0, max: 1 });
  const wheel = createWheel(section.querySelector('.wheel'));
  const canvas = section.querySelector('.passing');
  const levels = [];
  const look = () => {
    analyser.getFloatTimeDomainData(samples);
    const { rms, spectralCentroid, chroma } = Meyda.extract(
      ['rms', 'spectralCentroid', 'chroma'],
      samples,
    );
    const decibels = Math.max(-60, 20 * Math.log10(rms / HANN + 1e-9));
    // Then brightness and pitch mean little as well.
    const isQuiet = decibels < QUIET;
    level(decibels, loudness(decibels));
    const hertz = (spectralCentroid * sampleRate) / WINDOW;
    const share = Math.log(hertz / BRIGHTNESS.low) / Math.log(BRIGHTNESS.high / BRIGHTNESS.low);
    brightness(
      isQuiet ? 0 : Math.max(0, Math.min(1, share)),
      isQuiet ? '–' : `${(hertz / 1000).toFixed(1)} kHz`,
    );
    wheel(isQuiet ? null : chroma);
    levels.push(samples.subarray(WINDOW / 2).reduce((most, x) => Math.max(most, Math.abs(x)), 0));
    scroll(canvas, levels);
  };
  const timer = setInterval(look, prefersCalm() ? PACE.calm : PACE.lively);
  signal.addEventListener('abort', () => {
    clearInterval(timer);
    audio.close();
  });
}

/** Returns a function that sets the value and the text of a meter. */
export function meter(place, { min, max }) {
  const gauge = place.querySelector('meter');
  const fill = place.querySelector('.meter-bar span');
  const words = place.querySelector('.meter-words');
  Object.assign(gauge, { min, max });
  return (value, text) => {
    gauge.value = value;
    gauge.textContent = text;
    fill.style.transform = `scaleX(${(value - min) / (max - min)})`;
    words.textContent = text;
  };
}

/** Creates twelve petals, C at the top, and returns a function that opens them by pitch class. */
function createWheel(place) {
  const centre = svg('text', { class: 'wheel-note', y: 1 });
  const petals = NOTES.map((note, i) =>
    svg(
      'g',
      { transform: `rotate(${i * 30})` },
      svg('path', { class: 'petal-room', d: PETAL }),
      svg('path', { class: 'petal', d: PETAL }),
      svg('title', {}, note),
    ),
  );
  place.replaceChildren(
    svg(
      'svg',
      { viewBox: '-50 -50 100 100', 'aria-hidden': 'true' },
      ...petals,
      svg('circle', { class: 'wheel-centre', r: 17.5 }),
      centre,
    ),
  );
  return (chroma) => {
    petals.forEach((petal, i) => {
      petal.children[1].style.transform = `scale(${CLOSED + (1 - CLOSED) * (chroma?.[i] ?? 0) ** 2})`;
    });
    centre.textContent = chroma ? NOTES[chroma.indexOf(Math.max(...chroma))] : '';
  };
}

/** A petal of the wheel, and the size of a closed one. */
const PETAL = 'M-4 -17L-10.5 -46A47 47 0 0 1 10.5 -46L4 -17A17.5 17.5 0 0 0 -4 -17Z';
const CLOSED = 0.42;

/** Draws the latest levels, the newest at the right. */
function scroll(canvas, levels) {
  const { context, width, height } = fitted(canvas);
  const step = 4;
  const count = Math.floor(width / step);
  if (levels.length > count) levels.splice(0, levels.length - count);
  context.fillStyle = tone('accent');
  context.beginPath();
  levels.forEach((level, i) => {
    // Speech is rarely near full scale: the root makes quiet syllables visible.
    const length = Math.max(2, Math.sqrt(level) * (height - 2));
    const x = width - (levels.length - i) * step;
    context.roundRect(x, (height - length) / 2, 2.5, length, 1.25);
  });
  context.fill();
}

import { clone, element, onThemeChange, tone } from '../dom.js';
import { decode, SAMPLE_RATE } from './decode.js';

/** The most columns of a picture, and the fewest seconds of a column. */
const MOST_COLUMNS = 800;
const FINEST = 0.02;
/** The log-mel energy drawn brightest; every sound is first scaled to the same peak. */
const LOUDEST = 9;
/** The spectral contrast in dB drawn brightest. */
const CLEAREST = 60;
/** The mean log-mel energy below which only the spectrogram is meaningful. */
const FAINT = 0.6;
/** Columns over which the centroid is averaged: it shows the trend, not each sound. */
const SMOOTHING = 7;
const HIGHEST = SAMPLE_RATE / 2;

/** Steps of a palette, computed once: a picture has tens of thousands of points. */
const STEPS = 256;
/** From low to high; lightness rises evenly, so that it can be read without colours too. */
const HEAT = ['#0d0c1e', '#3a1e63', '#86306f', '#cf4f58', '#f39a4a', '#fff3c4'].map(channels);

/** Returns red, green and blue for a share from 0 to 1. */
const heat = palette(HEAT);

/** Returns a palette for −1 to 1 whose middle is the background of the current theme. */
function divergence() {
  const colours = palette(['sad', 'track', 'happy'].map((name) => channels(tone(name))));
  return (value) => colours((value + 1) / 2);
}

function palette(stops) {
  const steps = Array.from({ length: STEPS }, (_, step) => {
    const place = (step / (STEPS - 1)) * (stops.length - 1);
    const low = Math.min(stops.length - 2, Math.floor(place));
    return stops[low].map((channel, i) => channel + (place - low) * (stops[low + 1][i] - channel));
  });
  return (share) => steps[Math.round(Math.max(0, Math.min(1, share)) * (STEPS - 1))];
}

/** `#3d3a8c` as three numbers. */
function channels(hex) {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}

/** How each picture is coloured, from the bottom row up. */
const PICTURES = {
  mel: { rows: 64, colour: () => (value) => heat(value / LOUDEST) },
  mfcc: {
    // The first coefficient is the loudness, which the spectrogram already shows.
    rows: 12,
    pick: (values) => values.slice(1),
    isStandardized: true,
    colour: () => {
      const palette = divergence();
      return (value) => palette(value / 2.2);
    },
  },
  chroma: { rows: 12, colour: () => (value) => heat(value ** 1.5) },
  contrast: { rows: 7, colour: () => (value) => heat(value / CLEAREST) },
};

/**
 * Plots the features of a recording: its mel spectrogram with the centroid, MFCC, chroma and spectral
 * contrast, all on one time axis with a playhead.
 *
 * @throws if this browser cannot decode the recording
 */
export async function inspect(place, { file, player, section, duration, signal }) {
  const view = clone('#inspect-template');
  const samples = await decode(file).catch(() => {
    throw new Error('This browser cannot decode this format, so it cannot be shown.');
  });
  if (signal.aborted) return;
  const columns = Math.min(MOST_COLUMNS, Math.max(1, Math.floor(duration / FINEST)));
  const pictures = Object.entries(PICTURES).map(([name, picture]) =>
    createPicture(view.querySelector(`[data-picture="${name}"]`), { name, columns, ...picture }),
  );
  const centroid = new Float32Array(columns);
  const line = view.querySelector('.centroid');
  const heads = [...view.querySelectorAll('.picture')].map((frame) => {
    const head = element('span', { class: 'playhead', hidden: true });
    frame.append(head);
    frame.addEventListener('click', ({ clientX }) => {
      const { left, width } = frame.getBoundingClientRect();
      player.seek(((clientX - left) / width) * duration);
      player.play();
    });
    return head;
  });
  section.addEventListener('moment', ({ detail: seconds }) => {
    for (const head of heads) {
      head.hidden = seconds === null;
      head.style.left = `${(100 * (seconds ?? 0)) / duration}%`;
    }
  });
  const progress = view.querySelector('.progress');
  place.replaceChildren(view);
  onThemeChange(() => {
    for (const picture of pictures) picture.finish();
  }, signal);

  const worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
  signal.addEventListener('abort', () => worker.terminate());
  worker.onmessage = ({ data: { first, batch } }) => {
    batch.forEach((description, i) => {
      for (const picture of pictures) picture.add(first + i, description);
      centroid[first + i] = isFaint(description) ? Number.NaN : description.centroid;
    });
    for (const picture of pictures) picture.paint(first, batch.length);
    const count = first + batch.length;
    progress.value = count / columns;
    if (count < columns) return;
    worker.terminate();
    progress.remove();
    for (const picture of pictures) picture.finish();
    line.setAttribute('viewBox', `0 0 ${columns} 1000`);
    const path = curve(smooth(centroid));
    for (const stroke of line.children) stroke.setAttribute('d', path);
    place.dataset.state = 'done';
  };
  worker.postMessage({ samples, sampleRate: SAMPLE_RATE, columns }, [samples.buffer]);
}

/** One picture: a column for each moment, a row for each number; low rows at the bottom. */
function createPicture(
  canvas,
  { name, rows, columns, pick = (values) => values, isStandardized, colour },
) {
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext('2d');
  const values = new Float32Array(rows * columns);
  const paint = (first, count, scales = null) => {
    const toColour = colour();
    const image = context.createImageData(count, rows);
    for (let row = 0; row < rows; row++) {
      const { mean, deviation } = scales?.[row] ?? { mean: 0, deviation: 1 };
      for (let i = 0; i < count; i++) {
        const value = values[row * columns + first + i];
        // Missing values stay transparent.
        if (Number.isNaN(value)) continue;
        const [red, green, blue] = toColour((value - mean) / deviation);
        const at = 4 * ((rows - 1 - row) * count + i);
        image.data[at] = red;
        image.data[at + 1] = green;
        image.data[at + 2] = blue;
        image.data[at + 3] = 255;
      }
    }
    context.putImageData(image, first, 0);
  };
  return {
    add(column, description) {
      const isBlank = name !== 'mel' && isFaint(description);
      pick(description[name]).forEach((value, row) => {
        values[row * columns + column] = isBlank ? Number.NaN : value;
      });
    },
    /** Draws new columns. */
    paint(first, count) {
      if (!isStandardized) paint(first, count);
    },
    /** Draws the parts that depend on the whole recording or on the theme. */
    finish() {
      if (isStandardized) paint(0, columns, scalesOf(values, rows, columns));
    },
  };
}

/** Returns the mean and standard deviation of each row, ignoring missing values. */
function scalesOf(values, rows, columns) {
  return Array.from({ length: rows }, (_, row) => {
    const all = values
      .slice(row * columns, (row + 1) * columns)
      .filter((value) => !Number.isNaN(value));
    const mean = average(all);
    return { mean, deviation: Math.sqrt(average(all.map((value) => (value - mean) ** 2))) || 1 };
  });
}

function isFaint({ mel: energies }) {
  return average(energies) < FAINT;
}

function average(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Returns the running mean, interrupted by gaps. */
function smooth(values) {
  const half = (SMOOTHING - 1) / 2;
  return values.map((value, i) => {
    if (Number.isNaN(value)) return value;
    const near = values.subarray(Math.max(0, i - half), i + half + 1);
    return average(near.filter((other) => !Number.isNaN(other)));
  });
}

/** Returns the centroid on the mel axis as an SVG path 1000 high, interrupted where it is too quiet. */
function curve(hertz) {
  let path = '';
  let isDown = false;
  hertz.forEach((value, column) => {
    if (Number.isNaN(value)) {
      isDown = false;
      return;
    }
    path += `${isDown ? 'L' : 'M'}${column + 0.5} ${(1000 * (1 - mel(value) / mel(HIGHEST))).toFixed(0)}`;
    isDown = true;
  });
  return path;
}

/** Converts Hz to the mel scale, as Meyda does. */
function mel(hertz) {
  return Math.log(1 + hertz / 700);
}

import { clone, element, onThemeChange } from '../dom.js';
import { decode, SAMPLE_RATE } from './decode.js';
import { divergence, heat } from './palette.js';

/** Columns of the pictures at most, and seconds that a column has at least. */
const MOST_COLUMNS = 800;
const FINEST = 0.02;
/** Log-mel energies that are drawn brightest; a sound is brought to the same peak before. */
const LOUDEST = 9;
/** dB of spectral contrast that are drawn brightest. */
const CLEAREST = 60;
/** Log-mel energy, on average, below which only the spectrogram says something. */
const FAINT = 0.6;
/** Columns that the line of the centroid is averaged over: it shows the drift, not each sound. */
const SMOOTHING = 7;
const HIGHEST = SAMPLE_RATE / 2;

/** How each picture is coloured, from the bottom row up. */
const PICTURES = {
  mel: { rows: 64, colour: () => (value) => heat(value / LOUDEST) },
  mfcc: {
    // The first coefficient is the loudness, which the spectrogram shows.
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
 * Takes a recording apart: its mel spectrogram with the centroid over it, MFCC, chroma and spectral
 * contrast, all on one time axis that plays along.
 *
 * @throws when this browser cannot decode the recording
 */
export async function inspect(place, { file, player, section, duration, signal }) {
  const view = clone('#inspect-template');
  const samples = await decode(file).catch(() => {
    throw new Error('This browser cannot decode this format, and so it cannot be shown.');
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
        // What is not there stays transparent.
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
    /** Draws columns that have just come. */
    paint(first, count) {
      if (!isStandardized) paint(first, count);
    },
    /** Draws what depends on the whole, or on the theme. */
    finish() {
      if (isStandardized) paint(0, columns, scalesOf(values, rows, columns));
    },
  };
}

/** Mean and standard deviation of each row, where there is something. */
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

/** The running mean of neighbours, which a gap ends. */
function smooth(values) {
  const half = (SMOOTHING - 1) / 2;
  return values.map((value, i) => {
    if (Number.isNaN(value)) return value;
    const near = values.subarray(Math.max(0, i - half), i + half + 1);
    return average(near.filter((other) => !Number.isNaN(other)));
  });
}

/** The centroid on the mel axis, interrupted where it is too quiet; 1000 high. */
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

/** Hz on the mel scale, as Meyda has it. */
function mel(hertz) {
  return Math.log(1 + hertz / 700);
}

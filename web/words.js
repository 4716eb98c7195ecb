/**
 * How the page and the command line put a verdict into English; the bots say the same, in several
 * languages (bots/wording). Plain JavaScript without imports, because browsers load this very file.
 *
 * @typedef {import('../core/index.ts').Verdict} Verdict
 * @typedef {import('../core/index.ts').Label} Label
 */

/** The eight emotions, in the order of the API, and what is said instead of one. */
export const LABELS = {
  neutral: 'neutral',
  calm: 'calm',
  happy: 'happy',
  sad: 'sad',
  angry: 'angry',
  fearful: 'fearful',
  disgust: 'disgust',
  surprised: 'surprised',
  uncertain: 'uncertain',
  'no-speech': 'no speech',
};

export const EMOTIONS = Object.keys(LABELS).slice(0, 8);

/**
 * Returns the headline of a verdict, a part for each label, so that each can have its own colour.
 * Joined by spaces they read `Happy`, `Uncertain` or `Angry, then happy`.
 *
 * @param {Pick<Verdict, 'emotion' | 'sequence'>} verdict
 * @returns {{ label: Label, text: string }[]}
 */
export function headlineParts({ emotion, sequence }) {
  const labels = sequence.length > 0 ? sequence : [emotion];
  return labels.map((label, i) => {
    const text = i === 0 ? title(label) : `then ${LABELS[label]}`;
    return { label, text: i < labels.length - 1 ? `${text},` : text };
  });
}

/**
 * Returns the headline of a verdict: `Happy`, `Uncertain`, `Angry, then happy`.
 *
 * @param {Pick<Verdict, 'emotion' | 'sequence'>} verdict
 */
export function headline(verdict) {
  return headlineParts(verdict)
    .map(({ text }) => text)
    .join(' ');
}

/**
 * Returns how sure a verdict is, `71% sure`; null where no one emotion is named.
 *
 * @param {Pick<Verdict, 'emotion' | 'sequence' | 'confidence' | 'probabilities'>} verdict
 * @returns {string | null}
 */
export function sureness(verdict) {
  return meaning(verdict) === null ? `${percent(verdict.confidence)} sure` : null;
}

/**
 * Returns what a headline means that does not name one emotion; null where it does.
 *
 * @param {Pick<Verdict, 'emotion' | 'sequence' | 'confidence' | 'probabilities'>} verdict
 * @returns {string | null}
 */
export function meaning({ emotion, sequence, confidence, probabilities }) {
  if (!probabilities) {
    return 'I can’t hear anyone speaking. Silence, music and noise get this answer too.';
  }
  const guess = `the best guess is ${ranked(probabilities)[0][0]}, at ${percent(confidence)}.`;
  if (sequence.length > 0) return `The voice changes along the way. Taken as a whole, ${guess}`;
  return emotion === 'uncertain' ? `No emotion stands out: ${guess}` : null;
}

/**
 * Returns a summary as one sentence: `Of the speech: 80% happy, 20% neutral.`
 *
 * @param {Verdict['summary']} summary
 */
export function shares(summary) {
  const parts = ranked(summary).map(([label, share]) => `${percent(share)} ${LABELS[label]}`);
  return `Of the speech: ${parts.join(', ')}.`;
}

/**
 * Returns a share from 0 to 1 in whole percent: `71%`.
 *
 * @param {number} share
 */
export function percent(share) {
  return `${Math.round(share * 100)}%`;
}

/**
 * Returns seconds as minutes and seconds: `1:04`.
 *
 * @param {number} seconds
 */
export function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/**
 * Returns the entries of a record from the largest number to the smallest.
 *
 * @template {string} Key
 * @param {Partial<Record<Key, number>>} record
 * @returns {[Key, number][]}
 */
export function ranked(record) {
  return Object.entries(record).sort(([, a], [, b]) => b - a);
}

/**
 * Returns a label with its first letter in upper case: `No speech`.
 *
 * @param {Label} label
 */
export function title(label) {
  return LABELS[label].slice(0, 1).toUpperCase() + LABELS[label].slice(1);
}

/**
 * Returns what a verdict means, in a sentence or two.
 *
 * @param {Verdict} verdict
 * @param {number | null} threshold the confidence below which the model says "uncertain", if known
 */
export function explain(verdict, threshold) {
  const { emotion, sequence, confidence } = verdict;
  const sure = sureness(verdict);
  if (sure) {
    return `${sure}: of 100 answers this confident, about ${Math.round(confidence * 100)} are right on recordings like those it was tested on.`;
  }
  const isUncertain = emotion === 'uncertain' && sequence.length === 0;
  const rule = `Below ${percent(threshold ?? 0)} it doesn’t name one.`;
  return isUncertain && threshold !== null ? `${meaning(verdict)} ${rule}` : meaning(verdict);
}

/**
 * Returns a number of bytes for people: `1.9 GiB`.
 *
 * @param {number} bytes
 */
export function size(bytes) {
  const steps = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = Math.min(steps.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const amount = bytes / 1024 ** step;
  return `${Number(amount.toFixed(amount < 10 && step > 0 ? 1 : 0))} ${steps[step]}`;
}

/** The level in dBFS below which a microphone is called quiet. */
export const QUIET = -55;

/**
 * Returns a level in dBFS for people: `−23 dB`.
 *
 * @param {number} decibels
 */
export function loudness(decibels) {
  return decibels < QUIET ? 'quiet' : `${Math.round(decibels)} dB`.replace('-', '−');
}

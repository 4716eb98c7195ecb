/** Returns a probability or a share in whole percent: `71%`. */
export function percent(share) {
  return `${Math.round(share * 100)}%`;
}

/** Returns seconds as minutes and seconds: `1:04`. */
export function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** Returns a number of bytes for people: `1.9 GiB`. */
export function size(bytes) {
  const steps = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = Math.min(steps.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const amount = bytes / 1024 ** step;
  return `${Number(amount.toFixed(amount < 10 && step > 0 ? 1 : 0))} ${steps[step]}`;
}

/** dBFS below which a microphone is called quiet. */
export const QUIET = -55;

/** Returns a level in dBFS for people: `−23 dB`. */
export function loudness(decibels) {
  return decibels < QUIET ? 'quiet' : `${Math.round(decibels)} dB`.replace('-', '−');
}

/** Returns the emotions of a record from the largest to the smallest number. */
export function ranked(record) {
  return Object.entries(record).sort(([, a], [, b]) => b - a);
}

/** Returns a label as it is written for people: `No speech`. */
export function title(label) {
  const words = label.replace('-', ' ');
  return words[0].toUpperCase() + words.slice(1);
}

/** Returns the shares of a summary as one sentence. */
export function shares(summary) {
  const parts = ranked(summary).map(
    ([label, share]) => `${percent(share)} ${title(label).toLowerCase()}`,
  );
  return `Of the speech: ${parts.join(', ')}.`;
}

/** Returns what a verdict means, in a sentence or two. `threshold` may be unknown (null). */
export function explain({ emotion, confidence, probabilities, duration }, threshold) {
  if (emotion === 'no-speech') {
    return `Nobody seems to speak in this recording of ${duration.toFixed(1)} seconds. Silence, music and noise get this answer too.`;
  }
  if (emotion === 'uncertain') {
    const [[best]] = ranked(probabilities);
    const rule = threshold === null ? '' : ` Below ${percent(threshold)} no answer is given.`;
    return `No emotion stands out. The best guess is ${best}, with ${percent(confidence)}.${rule}`;
  }
  return `${percent(confidence)} sure: of a hundred answers as sure as this, about ${Math.round(confidence * 100)} are right on recordings like those it was tested with.`;
}

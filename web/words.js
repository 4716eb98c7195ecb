/** Returns a probability or a share in whole percent: `71%`. */
export function percent(share) {
  return `${Math.round(share * 100)}%`;
}

/** Returns seconds as minutes and seconds: `1:04`. */
export function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
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

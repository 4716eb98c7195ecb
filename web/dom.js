/**
 * Returns a new element. `class`, `data-…`, `aria-…` and `role` are set as attributes, everything else as
 * properties.
 *
 * @example
 * element('button', { type: 'button', 'aria-label': 'Play' }, icon('play'));
 */
export function element(name, properties = {}, ...children) {
  const created = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (/^(class$|role$|data-|aria-)/.test(key)) created.setAttribute(key, value);
    else created[key] = value;
  }
  created.append(...children);
  return created;
}

/** Returns a new SVG element with attributes. */
export function svg(name, attributes = {}, ...children) {
  const created = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) created.setAttribute(key, value);
  created.append(...children);
  return created;
}

/** Returns the content of a template of the page. */
export function clone(selector) {
  return document.querySelector(selector).content.cloneNode(true);
}

/** Downloads a file under a name. */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  element('a', { href: url, download: name }).click();
  // Safari reads the URL a moment later.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Returns a colour of the current theme as CSS text: `tone('happy')`. */
export function tone(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const dark = matchMedia('(prefers-color-scheme: dark)');
const calm = matchMedia('(prefers-reduced-motion: reduce)');

/** Calls back whenever the visitor's theme changes, until `signal` aborts. */
export function onThemeChange(callback, signal) {
  dark.addEventListener('change', callback, { signal });
}

/** Whether the visitor asked for less motion. */
export function prefersCalm() {
  return calm.matches;
}

/** The most pixels that a canvas may be wide on any device. */
const WIDEST = 8192;

/** Fits a canvas to the pixels it covers on this screen, and returns its context and size. */
export function fitted(canvas) {
  const { clientWidth, clientHeight } = canvas;
  const ratio = Math.min(devicePixelRatio || 1, WIDEST / clientWidth);
  canvas.width = Math.max(1, Math.round(clientWidth * ratio));
  canvas.height = Math.max(1, Math.round(clientHeight * ratio));
  const context = canvas.getContext('2d');
  context.scale(ratio, ratio);
  return { context, width: clientWidth, height: clientHeight };
}

/** A small contour for each label, so that colour is never the only cue. 24 × 12. */
const MARKS = {
  neutral: 'M2 6h20',
  calm: 'M2 6c3.3-5 6.7-5 10 0s6.7 5 10 0',
  happy: 'M2 10C3.5 0 7 0 8.7 10 10.3 0 13.7 0 15.3 10 17 0 20.5 0 22 10',
  sad: 'M2 2c9 0 10 8 20 8',
  angry: 'M2 10l4-8 4 8 4-8 4 8 4-8',
  fearful: 'M2 6q1-5 2 0t2 0 2 0 2 0 2 0 2 0 2 0 2 0 2 0 2 0',
  disgust: 'M2 3c2 9 5 9 8 4s5-6 7 0 4 3 5-2',
  surprised: 'M2 10h6l4-9 4 9h6',
  uncertain: 'M2 6h3m4 0h2m4 0h2m4 0h1',
  'no-speech': 'M5 6h.01M12 6h.01M19 6h.01',
  error: 'M8 2l8 8m0-8l-8 8',
};

/** Returns the contour of a label as a decorative image. */
export function mark(label) {
  return svg(
    'svg',
    { class: 'mark', viewBox: '0 0 24 12', 'aria-hidden': 'true' },
    svg('path', { d: MARKS[label] ?? MARKS.neutral }),
  );
}

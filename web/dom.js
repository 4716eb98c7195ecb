/**
 * Returns a new element. `properties` are set as they are; `class`, `data-…`, `aria-…` and `role` as
 * attributes.
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

/** Returns a new element of SVG with the attributes. */
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

/** Gives the visitor a file under the name. */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  element('a', { href: url, download: name }).click();
  // Safari reads it a moment later.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Returns a colour of the theme that is on, as CSS has it: `tone('happy')`. */
export function tone(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const dark = matchMedia('(prefers-color-scheme: dark)');
const calm = matchMedia('(prefers-reduced-motion: reduce)');

/** Calls back whenever the visitor's theme changes; `signal` ends it. */
export function onThemeChange(callback, signal) {
  dark.addEventListener('change', callback, { signal });
}

/** Whether the visitor asked for less motion. */
export function prefersCalm() {
  return calm.matches;
}

/** Pixels that a canvas may have in a row on every device. */
const WIDEST = 8192;

/** Fits a canvas to the pixels that it covers on this screen, and returns what it is drawn with. */
export function fitted(canvas) {
  const { clientWidth, clientHeight } = canvas;
  const ratio = Math.min(devicePixelRatio || 1, WIDEST / clientWidth);
  canvas.width = Math.max(1, Math.round(clientWidth * ratio));
  canvas.height = Math.max(1, Math.round(clientHeight * ratio));
  const context = canvas.getContext('2d');
  context.scale(ratio, ratio);
  return { context, width: clientWidth, height: clientHeight };
}

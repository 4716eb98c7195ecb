import type { Page } from 'playwright-core';

/**
 * Returns every piece of text whose contrast with what lies behind it is below WCAG 2.2 AA: 4.5, or 3
 * for text of 24 px and above (18.66 px when bold).
 */
export function contrastFailures(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(${MEASURE})()`);
}

/** Runs in the page. Backgrounds must be plain colours, as they are there. */
const MEASURE = `() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = channels(color).map((c) => {
      const share = c / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (channels(color)[3] !== 0) return color;
    }
    throw new Error('nothing is behind the text');
  };
  const failures = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let count = 0;
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim();
    const element = walker.currentNode.parentElement;
    if (!text || !element.checkVisibility({ visibilityProperty: true }) || element.matches('.visually-hidden')) continue;
    count++;
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const [dark, light] = [luminance(color), luminance(background(element))].sort((a, b) => a - b);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && fontWeight >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) failures.push(ratio.toFixed(2) + ': ' + text);
  }
  if (count < 40) failures.push('only ' + count + ' pieces of text were found');
  return failures;
}`;

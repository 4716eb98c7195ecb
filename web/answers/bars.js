import { element } from '../dom.js';
import { mark } from '../emotions.js';
import { percent, ranked } from '../words.js';

/**
 * Returns a list with a bar for each of the eight, the likeliest first, and `show`, which gives the
 * bars other lengths in their places: those of a stretch, or none at all (null).
 */
export function createBars(probabilities) {
  const bars = ranked(probabilities).map(([emotion]) => {
    const fill = element('span', { class: 'bar-fill' });
    const number = element('span', { class: 'bar-percent' });
    const item = element(
      'li',
      { 'data-emotion': emotion },
      mark(emotion),
      element('span', { class: 'bar-name' }, emotion),
      ' ',
      element('span', { class: 'bar-track', 'aria-hidden': 'true' }, fill),
      number,
    );
    return { emotion, item, fill, number };
  });
  const show = (now, lit = null) => {
    for (const { emotion, item, fill, number } of bars) {
      fill.style.transform = `scaleX(${now?.[emotion] ?? 0})`;
      number.textContent = now ? percent(now[emotion]) : '–';
      item.classList.toggle('is-lit', emotion === lit);
    }
  };
  show(probabilities);
  return { element: element('ul', { class: 'bars' }, ...bars.map(({ item }) => item)), show };
}

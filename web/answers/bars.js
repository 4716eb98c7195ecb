import { element } from '../dom.js';
import { mark } from '../emotions.js';
import { percent, ranked } from '../words.js';

/**
 * Returns a list with a bar for each of the eight, the likeliest first, and what gives the bars other
 * lengths in their places: `show` those of a stretch, with its likeliest bar lit, `showNone` none, and
 * `showWhole` those of the beginning.
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
  const set = (now, lit) => {
    for (const { emotion, item, fill, number } of bars) {
      fill.style.transform = `scaleX(${now?.[emotion] ?? 0})`;
      number.textContent = now ? percent(now[emotion]) : '–';
      item.classList.toggle('is-lit', emotion === lit);
    }
  };
  const showWhole = () => set(probabilities);
  showWhole();
  return {
    element: element('ul', { class: 'bars' }, ...bars.map(({ item }) => item)),
    show: (now) => set(now, ranked(now)[0][0]),
    showNone: () => set(null),
    showWhole,
  };
}

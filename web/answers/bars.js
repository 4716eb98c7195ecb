import { element, mark } from '../dom.js';
import { percent, ranked } from '../words.js';

/**
 * Returns a list with a bar for each emotion, the likeliest first, and functions that change the lengths
 * but not the order of the bars: `show` for a stretch, whose likeliest bar is highlighted, `showNone` for
 * empty bars, and `showWhole` for the initial ones.
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

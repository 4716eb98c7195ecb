import { cardPath } from './api.js';
import { element, svg } from './dom.js';
import { percent } from './words.js';

/** Shows how reliable the model is according to its card, or why that cannot be shown. */
export async function showFigures(place, card) {
  try {
    place.replaceChildren(...figuresOf(await card, await cardPath()));
    place.dataset.figures = 'shown';
  } catch (error) {
    place.replaceChildren(element('p', {}, error.message));
    place.dataset.figures = 'none';
  }
}

function figuresOf(
  { name, version, classes, threshold, calibration, figures, limits, licence },
  path,
) {
  const items = Object.values(figures).map(
    ({ protocol, clips, accuracy, unweightedAverageRecall }) =>
      element(
        'li',
        {},
        element('strong', { class: 'figure' }, percent(accuracy)),
        element('span', {}, ` of ${clips.toLocaleString('en')} recordings right`),
        element(
          'p',
          {},
          `${percent(unweightedAverageRecall)} if every emotion counts equally. Protocol: ${protocol}.`,
        ),
      ),
  );
  return [
    element(
      'p',
      {},
      `On recordings it was not trained on. Guessing would be right one time in ${classes.length}.`,
    ),
    element('ul', { class: 'figures' }, ...items),
    element('h3', {}, 'Confidence and coverage'),
    element(
      'p',
      {},
      `Below ${percent(threshold)} confidence it says “uncertain” instead. That way it answers ${percent(calibration.coverage)} of the recordings, and ${percent(calibration.accuracy)} of these answers are right.`,
    ),
    ...trade(calibration.curve, threshold),
    element('h3', {}, 'Known limits'),
    element('ul', { class: 'limits' }, ...limits.map((limit) => element('li', {}, limit))),
    element('p', { class: 'small' }, licence),
    element(
      'p',
      { class: 'small' },
      `${name} ${version}: `,
      element('a', { href: path }, 'show the model card'),
      '.',
    ),
  ];
}

/** Lets the visitor try other thresholds: how much would be answered, and how much of that right. */
function trade(points, threshold) {
  // Where nothing is answered, nothing is right or wrong.
  const curve = points.filter(({ coverage }) => coverage > 0);
  if (curve.length < 2) return [];
  const nearest = curve.reduce(
    (best, point, i) =>
      Math.abs(point.threshold - threshold) < Math.abs(curve[best].threshold - threshold)
        ? i
        : best,
    0,
  );
  const slider = element('input', {
    type: 'range',
    min: '0',
    max: String(curve.length - 1),
    value: String(nearest),
    id: 'trade',
  });
  const words = element('output', { htmlFor: 'trade' });
  const dot = svg('circle', { r: 5 });
  // Coverage to the right, accuracy upwards, from half or the tenth below the least to all.
  const least = Math.min(0.5, ...curve.map(({ accuracy }) => Math.floor(10 * accuracy) / 10));
  const x = ({ coverage }) => 300 * coverage;
  const y = ({ accuracy }) => (100 * (1 - accuracy)) / (1 - least);
  const path = curve.map((point, i) => `${i === 0 ? 'M' : 'L'}${x(point)} ${y(point)}`).join('');
  const show = () => {
    const point = curve[slider.value];
    dot.setAttribute('cx', x(point));
    dot.setAttribute('cy', y(point));
    const text = `At ${percent(point.threshold)} or more: ${percent(point.coverage)} answered, ${percent(point.accuracy)} of that right.`;
    words.textContent = text;
    slider.setAttribute('aria-valuetext', text);
  };
  slider.addEventListener('input', show);
  show();
  return [
    element(
      'div',
      { class: 'trade' },
      svg(
        'svg',
        { viewBox: '-8 -16 316 124', 'aria-hidden': 'true' },
        svg('path', { class: 'trade-frame', d: 'M0 0V100H300' }),
        svg('text', { x: 0, y: -7 }, '100% right'),
        svg('text', { x: 5, y: 94 }, `${percent(least)} right`),
        svg('text', { x: 300, y: 94, 'text-anchor': 'end' }, 'all answered'),
        svg('path', { class: 'trade-line', d: path }),
        dot,
      ),
      element('label', { htmlFor: 'trade' }, 'Only answer at this confidence'),
      slider,
      words,
    ),
  ];
}

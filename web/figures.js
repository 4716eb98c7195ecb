import { element, svg } from './dom.js';
import { percent } from './words.js';

/** Shows what the model card says about its own reliability, or why it cannot be shown. */
export async function showFigures(place, card) {
  try {
    place.replaceChildren(...describe(await card));
    place.dataset.figures = 'shown';
  } catch (error) {
    place.replaceChildren(element('p', {}, error.message));
    place.dataset.figures = 'none';
  }
}

function describe({ name, version, classes, threshold, calibration, figures, limits, licence }) {
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
          `${percent(unweightedAverageRecall)} when every emotion counts the same. Measured so: ${protocol}.`,
        ),
      ),
  );
  return [
    element(
      'p',
      {},
      `Held-out recordings, none of which it had learnt from. Blind guessing would be right one time in ${classes.length}.`,
    ),
    element('ul', { class: 'figures' }, ...items),
    element('h3', {}, 'The surer, the fewer'),
    element(
      'p',
      {},
      `Below ${percent(threshold)} it says “uncertain” instead. It then still answers ${percent(calibration.coverage)} of the recordings, and ${percent(calibration.accuracy)} of these answers are right.`,
    ),
    ...(calibration.curve.length > 1 ? [trade(calibration.curve, threshold)] : []),
    element('h3', {}, 'Its limits, in its own words'),
    element('ul', { class: 'limits' }, ...limits.map((limit) => element('li', {}, limit))),
    element('p', { class: 'small' }, licence),
    element(
      'p',
      { class: 'small' },
      `${name} ${version}: `,
      element('a', { href: 'v1/model' }, 'the whole model card'),
      '.',
    ),
  ];
}

/** Lets the visitor see what another threshold would give: how much is answered, how much of it right. */
function trade(curve, threshold) {
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
  // Coverage to the right, accuracy upwards, from half to all.
  const x = ({ coverage }) => 300 * coverage;
  const y = ({ accuracy }) => 100 - 200 * (accuracy - 0.5);
  const path = curve.map((point, i) => `${i === 0 ? 'M' : 'L'}${x(point)} ${y(point)}`).join('');
  const show = () => {
    const point = curve[slider.value];
    dot.setAttribute('cx', x(point));
    dot.setAttribute('cy', y(point));
    const told = `From ${percent(point.threshold)} sure on: ${percent(point.coverage)} answered, ${percent(point.accuracy)} of that right.`;
    words.textContent = told;
    slider.setAttribute('aria-valuetext', told);
  };
  slider.addEventListener('input', show);
  show();
  return element(
    'div',
    { class: 'trade' },
    svg(
      'svg',
      { viewBox: '-8 -16 316 124', 'aria-hidden': 'true' },
      svg('path', { class: 'trade-frame', d: 'M0 0V100H300' }),
      svg('text', { x: 0, y: -7 }, '100% right'),
      svg('text', { x: 5, y: 94 }, '50% right'),
      svg('text', { x: 300, y: 94, 'text-anchor': 'end' }, 'all answered'),
      svg('path', { class: 'trade-line', d: path }),
      dot,
    ),
    element('label', { htmlFor: 'trade' }, 'Answer only when this sure'),
    slider,
    words,
  );
}

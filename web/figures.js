import { percent } from './words.js';

/** Shows what the model card says about its own reliability, or why it cannot be shown. */
export async function showFigures(place, card) {
  try {
    place.replaceChildren(...describe(await card));
  } catch (error) {
    place.replaceChildren(paragraph(error.message));
  }
}

function describe({ name, version, classes, threshold, calibration, figures, limits, licence }) {
  const list = element('ul', '', 'figures');
  for (const { protocol, clips, accuracy, unweightedAverageRecall } of Object.values(figures)) {
    const item = document.createElement('li');
    item.append(
      element('strong', percent(accuracy), 'figure'),
      element('span', ` of ${clips.toLocaleString('en')} recordings right`),
      paragraph(
        `${percent(unweightedAverageRecall)} when every emotion counts the same. Measured so: ${protocol}.`,
      ),
    );
    list.append(item);
  }
  const bullets = document.createElement('ul');
  bullets.append(...limits.map((limit) => element('li', limit)));
  const link = element('a', 'the whole model card');
  link.href = 'v1/model';
  const source = paragraph(`${name} ${version}: `);
  source.append(link, '.');
  return [
    paragraph(
      `Held-out recordings, none of which it had learnt from. Blind guessing would be right one time in ${classes.length}.`,
    ),
    list,
    paragraph(
      `Below ${percent(threshold)} it says “uncertain” instead. It then still answers ${percent(calibration.coverage)} of the recordings, and ${percent(calibration.accuracy)} of these answers are right.`,
    ),
    bullets,
    paragraph(licence),
    source,
  ];
}

function paragraph(text) {
  return element('p', text);
}

function element(name, text, className = '') {
  const created = document.createElement(name);
  created.textContent = text;
  if (className) created.className = className;
  return created;
}

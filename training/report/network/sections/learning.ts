import type { NetworkResults } from '../../../network/results.ts';
import { figure, table } from '../../blocks.ts';
import { score, whole } from '../../format.ts';
import { type Markup, markup } from '../../markup.ts';
import { linePlot } from '../../plots/lines.ts';
import { NOT_MEASURED } from '../wording.ts';

type Curve = NetworkResults['curves'][number];
type Key = 'loss' | 'watched';

/** Loss and watched UAR over the steps of every fit. */
export function learningReport({ curves, recipe }: NetworkResults): Markup {
  const drawn = curves.filter(({ points }) => points.length > 1);
  if (drawn.length === 0) {
    return markup`<section id="learning"><h2>Learning</h2><p class="aside">${NOT_MEASURED}</p></section>`;
  }
  const watched = drawn.filter((curve) => series(curve, 'watched').length > 1);
  const { steps, learningRate, cropSteps } = recipe.fit;
  return markup`<section id="learning"><h2>Learning</h2>
<p>${whole(steps)} steps with a peak learning rate of ${learningRate}, on crops of ${cropSteps} time steps${recipe.pretraining && `, after ${whole(recipe.pretraining.steps)} steps on CREMA-D alone`}. The watched recordings are never used: no fit was stopped, and no weights were chosen, by them.</p>
<div class="pair">
${figure('Loss', curvePlot(drawn, 'loss'), 'On the batches that are learned from; mixup and smoothed labels keep it high.')}
${
  watched.length > 0
    ? figure(
        'UAR on the watched recordings',
        curvePlot(watched, 'watched'),
        'Of the averaged weights, on recordings that the fit does not learn from.',
      )
    : markup`<div><p class="heading">UAR on the watched recordings</p><p class="aside">${NOT_MEASURED}</p></div>`
}
</div>
<details><summary>Where each fit ended</summary>
${table({
  caption: 'Last point of the learning curve of each fit',
  head: ['Fit', 'Steps', 'Loss', 'Watched UAR'],
  rows: drawn.map(({ name, points }) => {
    const last = points[points.length - 1];
    return [name, whole(last.step), score(last.loss), score(last.watched)];
  }),
})}</details></section>`;
}

function series({ points }: Curve, key: Key): (readonly [number, number])[] {
  return points.flatMap((point) => {
    const value = point[key];
    return value === null ? [] : [[point.step, value] as const];
  });
}

function curvePlot(curves: readonly Curve[], key: Key): Markup {
  const lines = curves.map((curve) => ({
    points: series(curve, key),
    // Fits are named after what they are for: "fold 2, seed 7", "random split, seed 7".
    isDashed: !curve.name.startsWith('fold'),
    isThin: true,
  }));
  const all = lines.flatMap(({ points }) => points);
  const isLoss = key === 'loss';
  const words = curves.map((curve) => {
    const own = series(curve, key);
    return `${curve.name}: from ${score(own[0][1])} to ${score(own.at(-1)?.[1])} at step ${own.at(-1)?.[0]}.`;
  });
  return linePlot({
    id: `learning-${key}`,
    title: isLoss ? 'Training loss over steps' : 'UAR on watched recordings over steps',
    description: words.join(' '),
    lines,
    legend: [
      { name: 'folds by actor', isDashed: false },
      { name: 'other fits', isDashed: true },
    ].filter((kind) => lines.some((line) => line.isDashed === kind.isDashed)),
    x: { domain: [0, Math.max(...all.map(([step]) => step))], name: 'steps', format: whole },
    y: {
      domain: [0, isLoss ? Math.max(...all.map(([, value]) => value)) * 1.05 : 1],
      name: isLoss ? 'mean cross-entropy (nats)' : 'unweighted average recall',
      format: (value) => value.toFixed(1),
    },
  });
}

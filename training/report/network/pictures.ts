import type { NetworkResults } from '../../network/results.ts';
import { points, score } from '../format.ts';
import { mistakesText } from '../mistakes.ts';
import { barPlot } from '../plots/bars.ts';
import { confusionPlot } from '../plots/confusion.ts';
import { coveragePlot } from '../plots/coverage.ts';
import { reliabilityPlot } from '../plots/reliability.ts';
import type { Plot } from '../plots/svg.ts';
import { actorsFromWorst, actorText, conditionLosses } from './failures.ts';

/** Least width of the scale in points of UAR, so that small losses look small. */
const LEAST_SCALE = 10;

/** UAR of every actor, the worst first; null when none was measured. */
export function actorPlot({ unseen: { actors } }: NetworkResults): Plot | null {
  if (actors.length === 0) return null;
  const rows = actorsFromWorst(actors).map((actor) => {
    const uar = actor.unweightedAverageRecall;
    return { label: actorText(actor), values: [uar], text: score(uar) };
  });
  return barPlot({
    id: 'actors',
    title: 'UAR of each actor, speech of unseen speakers, the worst first',
    description: rows.map(({ label, text }) => `${label}: ${text}.`).join(' '),
    rows,
    domain: [0, 1],
    axis: 'unweighted average recall',
    labelWidth: 150,
    rowHeight: 20,
    format: (value) => value.toFixed(1),
  });
}

/** Points of UAR that each condition costs; null when none but the clean one was measured. */
export function robustnessPlot(results: NetworkResults): Plot | null {
  const losses = conditionLosses(results);
  if (losses.length === 0) return null;
  const rows = losses.map(({ name, loss }) => ({
    label: name,
    values: [Math.max(0, loss * 100)],
    text: points(loss),
  }));
  return barPlot({
    id: 'robustness',
    title: 'Points of UAR lost under each condition, speech of unseen speakers',
    description: rows.map(({ label, text }) => `${label}: ${text} points of UAR lost.`).join(' '),
    rows,
    domain: [0, Math.max(LEAST_SCALE, ...rows.map(({ values }) => Math.ceil(values[0])))],
    axis: 'points of UAR lost',
    labelWidth: 215,
    rowHeight: 30,
    format: String,
  });
}

/** The five pictures of the model card document, by the names of their files. */
export function cardPictures(results: NetworkResults): Record<string, Plot> {
  const { unseen, classes, calibration } = results;
  const { confusion } = unseen.ensemble.speech;
  const pictures: Record<string, Plot | null> = {
    confusion: confusionPlot({
      id: 'confusion',
      title: 'Confusion matrix, speech of unseen speakers',
      description: `Recordings by the emotion that was acted and the one that was heard. ${mistakesText(confusion, classes)}`,
      ...{ classes, confusion },
    }),
    actors: actorPlot(results),
    robustness: robustnessPlot(results),
    reliability:
      calibration.reliability.length > 0 ? reliabilityPlot(calibration.reliability) : null,
    coverage: calibration.curve.length > 0 ? coveragePlot(calibration) : null,
  };
  return Object.fromEntries(
    Object.entries(pictures).flatMap(([name, plot]) => (plot ? [[name, plot] as const] : [])),
  );
}

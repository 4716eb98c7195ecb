import {
  aside,
  type Block,
  type Blocks,
  details,
  figure,
  heading,
  notMeasured,
  pair,
  type Section,
  table,
} from '../../../evaluation/report/blocks.ts';
import {
  listed,
  percent,
  plural,
  points,
  score,
  sum,
  whole,
} from '../../../evaluation/report/format.ts';
import { linePlot } from '../../../evaluation/report/plots/lines.ts';
import { barPlot } from '../../../evaluation/report/plots/rows.ts';
import type { Plot } from '../../../evaluation/report/plots/svg.ts';
import type { CorpusSummary, NetworkResults } from '../../network/results.ts';
import { conditionLosses, conditionText, refusalsByKind, useText } from './findings.ts';

/** Least width of the scale in points of UAR, so that small losses look small. */
const LEAST_SCALE = 10;

/** What microphones, rooms and codecs cost. */
export function robustnessSection(results: NetworkResults): Section {
  const [clean] = results.robustness;
  const losses = conditionLosses(results);
  const rows = losses.map(({ name, loss }) => ({
    label: name,
    value: Math.max(0, loss * 100),
    text: points(loss),
  }));
  const plot = () =>
    barPlot({
      id: 'robustness',
      title: 'Points of UAR lost under each condition, speech of unseen speakers',
      rows,
      domain: [0, Math.max(LEAST_SCALE, ...rows.map(({ value }) => Math.ceil(value)))],
      axis: 'points of UAR lost',
      format: String,
    });
  const measured = () =>
    table(
      'UAR under each condition, and the points lost',
      ['Condition', 'Accuracy', 'UAR', 'Points lost'],
      [{ ...clean, name: conditionText(clean.condition), loss: null }, ...losses].map(
        ({ name, accuracy, unweightedAverageRecall, loss }) => [
          name,
          score(accuracy),
          score(unweightedAverageRecall),
          points(loss),
        ],
      ),
    );
  return {
    id: 'robustness',
    title: 'Poor recording conditions',
    blocks:
      losses.length === 0
        ? [notMeasured()]
        : [
            'The speech of unseen speakers again, each recording under one fixed condition. The noises are everyday sounds that were not used in training.',
            pair(
              [
                figure(
                  plot(),
                  'Compared with the same recordings as they are. Below 0: better than as recorded.',
                ),
              ],
              [measured()],
            ),
          ],
  };
}

/** What is answered "no speech", and the timeline of long notes. */
export function notesSection(results: NetworkResults): Section {
  const { noSpeech, timeline } = results;
  const head = ['Recordings', 'Number', '“No speech”', 'Share'];
  const rows = (refusals: NetworkResults['noSpeech']) =>
    refusals.map(({ name, clips, refused }) => [
      name,
      whole(clips),
      whole(refused),
      percent(refused / clips, 1),
    ]);
  const refused =
    noSpeech.length > 0
      ? [
          table('Recordings answered “no speech”', head, rows(refusalsByKind(results))),
          aside('Ideally 100% of sounds and 0% of voices.'),
        ]
      : [notMeasured('Recordings answered “no speech”')];
  const labelled = timeline
    ? [
        table(
          'Share of the time of long notes that is labelled correctly',
          ['Timeline', 'Time-weighted accuracy'],
          [
            ['as shipped, smoothed', percent(timeline.timeWeightedAccuracy, 1)],
            ['without smoothing', percent(timeline.withoutSmoothing, 1)],
          ],
        ),
        aside(
          `${plural(timeline.notes, 'note')}, ${(timeline.seconds / 60).toFixed(1)} minutes in total, each joined from recordings of an unseen speaker in different emotions.`,
        ),
      ]
    : [notMeasured('Long notes')];
  return {
    id: 'notes',
    title: 'No speech, and long notes',
    blocks: [
      pair(refused, labelled),
      noSpeech.length > 0 &&
        details(
          'Every kind of sound and voice',
          table('Recordings answered “no speech”, in detail', head, rows(noSpeech)),
        ),
    ],
  };
}

type Curve = NetworkResults['curves'][number];
type Key = 'loss' | 'watched';

/** Loss and validation UAR over the steps of every fit. */
export function learningSection({ curves, recipe }: NetworkResults): Section {
  const drawn = curves.filter(({ points: own }) => own.length > 1);
  const watched = drawn.filter((curve) => series(curve, 'watched').length > 1);
  const { steps, learningRate, cropRows } = recipe.fit;
  const before = recipe.init ? ', from weights trained on AudioSet' : ', from random weights';
  return {
    id: 'learning',
    title: 'Learning curves',
    blocks:
      drawn.length === 0
        ? [notMeasured()]
        : [
            `${whole(steps)} steps with a peak learning rate of ${learningRate}, on crops of ${(cropRows / 100).toFixed(2)} s${before}. The validation recordings are only watched: no fit was stopped, and no weights were chosen, by them.`,
            pair(
              [
                figure(
                  curvePlot(drawn, 'loss'),
                  'On the training batches; augmentation and label smoothing keep it high.',
                ),
              ],
              watched.length > 0
                ? [
                    figure(
                      curvePlot(watched, 'watched'),
                      'Of the averaged weights, on recordings that the fit does not learn from.',
                    ),
                  ]
                : [notMeasured('Validation UAR')],
            ),
            details(
              'The end of each fit',
              table(
                'Last point of the learning curve of each fit',
                ['Fit', 'Steps', 'Loss', 'Validation UAR'],
                drawn.map(({ name, points: own }) => {
                  const last = own[own.length - 1];
                  return [name, whole(last.step), score(last.loss), score(last.watched)];
                }),
              ),
            ),
          ],
  };
}

function series({ points: all }: Curve, key: Key): (readonly [number, number])[] {
  return all.flatMap((point) => {
    const value = point[key];
    return value === null ? [] : [[point.step, value] as const];
  });
}

function curvePlot(curves: readonly Curve[], key: Key): Plot {
  const lines = curves.map((curve) => ({
    points: series(curve, key),
    // Fits are named after what they are for: "fold 2, seed 7", "random split, seed 7".
    isDashed: !curve.name.startsWith('fold'),
    isThin: true,
  }));
  const all = lines.flatMap((line) => line.points);
  const isLoss = key === 'loss';
  const words = curves.map((curve) => {
    const own = series(curve, key);
    return `${curve.name}: from ${score(own[0][1])} to ${score(own.at(-1)?.[1])} at step ${own.at(-1)?.[0]}.`;
  });
  return linePlot({
    id: `learning-${key}`,
    title: isLoss ? 'Training loss over steps' : 'Validation UAR over steps',
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

/** What the run was trained and tested on, and what was excluded. */
export function dataSection({ data, classes }: NetworkResults): Section {
  return {
    id: 'data',
    title: 'Training data',
    blocks:
      data.length === 0 ? [notMeasured()] : data.flatMap((corpus) => corpusBlocks(corpus, classes)),
  };
}

function corpusBlocks(corpus: CorpusSummary, classes: readonly string[]): Blocks {
  const { excluded, byChannel, citation, licence } = corpus;
  const channels = Object.entries(byChannel);
  const title = corpus.name;
  const occurring = [...classes.keys()].filter((i) => channels.some(([, counts]) => counts[i] > 0));
  const exclusions: Block =
    excluded.length > 0
      ? table(
          `Excluded from ${title}, and why`,
          ['Recording', 'Reason'],
          excluded.map(({ id, reason }) => [id, reason]),
        )
      : aside('No recording was excluded.');
  return [
    heading(title),
    `${useText(corpus)}. ${citation}. Licence: ${licence}.`,
    pair(
      [
        table(
          `Recordings of each emotion, ${title}`,
          ['Emotion', ...channels.map(([channel]) => channel)],
          [
            ...occurring.map((i) => [
              classes[i],
              ...channels.map(([, counts]) => whole(counts[i])),
            ]),
            ['all', ...channels.map(([, counts]) => whole(sum(counts)))],
          ],
        ),
      ],
      [exclusions],
    ),
  ];
}

/** @example corporaText(data); // 'RAVDESS and CREMA-D' */
export function corporaText(data: readonly CorpusSummary[]): string {
  return listed(data.map(({ name }) => name));
}

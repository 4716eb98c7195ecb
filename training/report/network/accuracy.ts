import type { Scores } from '../../metrics.ts';
import type { ActorScores, NetworkResults } from '../../network/results.ts';
import {
  aside,
  type Blocks,
  details,
  figure,
  groupedTable,
  heading,
  notMeasured,
  pair,
  type Section,
  type Table,
  table,
} from '../blocks.ts';
import { isFigure, plural, points, score, spreadOf, spreadText, whole } from '../format.ts';
import { barPlot, dotPlot } from '../plots/rows.ts';
import {
  MEASURES,
  PROTOCOLS,
  type Protocol,
  protocolRows,
  SCORES_HEAD,
  scoresBlock,
  scoresRow,
} from '../sections/scores.ts';
import { actorsFromWorst, actorText, modelText, summarizeSeeds, uarOf } from './findings.ts';

/** Published figures on the speech of unseen RAVDESS actors, eight classes. */
const REFERENCES: readonly {
  readonly name: string;
  /** Whether it was pretrained on speech or sounds beyond the corpora of the task. */
  readonly isPretrained: boolean;
  readonly measure: 'UAR' | 'accuracy';
  readonly value: number;
}[] = [
  { name: 'ResLSTM, mean of 10', isPretrained: false, measure: 'UAR', value: 0.623 },
  { name: 'ResLSTM, best', isPretrained: false, measure: 'UAR', value: 0.652 },
  { name: 'HuBERT-large, frozen', isPretrained: true, measure: 'UAR', value: 0.7 },
  { name: 'CNN-14, fine-tuned', isPretrained: true, measure: 'accuracy', value: 0.766 },
  { name: 'xlsr, fine-tuned', isPretrained: true, measure: 'accuracy', value: 0.818 },
];

const REFERENCES_CAVEAT =
  'These figures were published by their authors. CNN-14 and xlsr were measured on the five folds that are used here (Luna-Jiménez et al. 2021 and 2022), as accuracy; the folds of the others differ, so the order is only a rough guide.';

/** Every protocol in one table, and what others reached. */
export function protocolsSection(results: NetworkResults): Section {
  const { unseen, cremaD, randomSplit } = results;
  const { complete } = summarizeSeeds(results);
  const shipped = `${modelText(results)}, as shipped`;
  const overSeeds = (count: number, what: string) =>
    count > 1 ? `${what}, mean ± sd of ${plural(count, 'seed')}` : what;
  const seedScores = (channel: 'speech' | 'song') => complete.map((seed) => seed[channel]);
  const oneSeed = overSeeds(complete.length, 'one seed');
  return {
    id: 'comparison',
    title: 'In the laboratory',
    blocks: [
      groupedTable('Scores under each protocol', SCORES_HEAD, [
        protocolRows('unseenSpeech', [
          scoresRow(oneSeed, seedScores('speech')),
          scoresRow(shipped, [unseen.ensemble.speech]),
        ]),
        protocolRows('unseenSong', [
          scoresRow(oneSeed, seedScores('song')),
          scoresRow(shipped, [unseen.ensemble.song]),
        ]),
        protocolRows('cremaD', [scoresRow(shipped, [cremaD?.scores])]),
        protocolRows('seed', [
          scoresRow(overSeeds(randomSplit.length, 'one network'), randomSplit),
        ]),
      ]),
      { kind: 'terms', items: MEASURES },
      referencesTable(results),
      aside(REFERENCES_CAVEAT),
    ],
  };
}

/** What others published, and Undertone among them. */
function referencesTable(results: NetworkResults): Table {
  const own = {
    name: '**Undertone**',
    isPretrained: false,
    measure: 'UAR',
    value: results.unseen.ensemble.speech.unweightedAverageRecall,
  };
  return table(
    'Published figures on the speech of unseen RAVDESS actors',
    ['System', 'Pretrained', 'Measure', 'Figure'],
    [own, ...REFERENCES]
      .sort((a, b) => a.value - b.value)
      .map(({ name, isPretrained, measure, value }) => [
        name,
        isPretrained ? 'yes' : 'no',
        measure,
        score(value),
      ]),
  );
}

/** How much the figures depend on the seed and on the fold. */
export function seedsSection(results: NetworkResults): Section {
  const { seeds, ensemble } = results.unseen;
  const { uar, basis, complete } = summarizeSeeds(results);
  const byNumber = new Map(seeds.flatMap(({ folds }) => folds.map((fold) => [fold.fold, fold])));
  const folds = [...byNumber.values()]
    .sort((a, b) => a.fold - b.fold)
    .map(({ fold, actors }) => ({
      name: `fold ${fold}: ${actors.join(' ')}`,
      uars: seeds.map((seed) => uarOf(seed, fold)),
    }));
  const isPartial = complete.length < seeds.length;
  const pooled = (all: typeof seeds) => all.map(({ speech }) => speech.unweightedAverageRecall);
  const plotRows = [
    ...folds.map(({ name, uars }) => ({ label: name, values: [uars.filter(isFigure), []] })),
    { label: 'pooled', values: [pooled(complete), [ensemble.speech.unweightedAverageRecall]] },
  ];
  const all = plotRows.flatMap(({ values }) => values.flat());
  const plot = () =>
    dotPlot({
      id: 'folds',
      title: 'UAR of each seed on each fold by actor, speech',
      series: [
        { name: 'each seed alone', shape: 'circle' },
        { name: 'what ships', shape: 'diamond' },
      ],
      rows: plotRows,
      domain: [
        Math.floor(Math.max(0, Math.min(...all) - 0.02) * 20) / 20,
        Math.ceil(Math.min(1, Math.max(...all) + 0.02) * 20) / 20,
      ],
      format: (value) => value.toFixed(2),
    });
  const byFold = () =>
    table(
      'UAR of each seed on each fold, speech',
      ['Test actors', ...seeds.map(({ seed }) => `Seed ${seed}`), 'Mean ± sd'],
      [
        ...folds.map(({ name, uars }) => [name, ...uars.map(score), spreadText(spreadOf(uars))]),
        ['pooled', ...pooled(seeds).map(score), isPartial ? score(null) : spreadText(uar)],
      ],
    );
  return {
    id: 'seeds',
    title: 'Seeds and folds',
    blocks:
      seeds.length === 0
        ? [notMeasured()]
        : [
            `The seed decides the initial weights, the order of the batches and every augmentation. On the speech of unseen speakers, the networks of one seed and the perceptron reach a UAR of **${spreadText(uar)}** (${basis}).`,
            pair(
              [
                figure(
                  plot(),
                  'The spread within a line is due to chance, the spread between lines to the speakers.',
                ),
              ],
              [byFold()],
            ),
            isPartial &&
              aside(
                'A dash: the seed was not run on this fold. Its pooled figure covers the other folds only and cannot be compared with those of all folds.',
              ),
          ],
  };
}

/** Emotion by emotion, under some protocols. */
export function emotionsSection(
  { unseen, cremaD, randomSplit, classes }: NetworkResults,
  protocols: readonly Protocol[],
): Section {
  const scoresOf = {
    unseenSpeech: unseen.ensemble.speech,
    unseenSong: unseen.ensemble.song,
    cremaD: cremaD?.scores,
    seed: randomSplit[0],
  };
  return {
    id: 'emotions',
    title: 'Emotion by emotion',
    blocks: protocols.flatMap((protocol): Blocks => {
      const scores = scoresOf[protocol];
      const { name } = PROTOCOLS[protocol];
      if (!scores) return [heading(name), notMeasured()];
      const suffix = protocol === 'unseenSpeech' ? '' : `-${protocol}`;
      return [
        heading(`${name}: UAR ${score(scores.unweightedAverageRecall)}`),
        scoresBlock(scores, { suffix, of: name, classes }),
      ];
    }),
  };
}

/** How much depends on who speaks, and how. */
export function speakersSection({ unseen, cremaD }: NetworkResults): Section {
  const { speech, song } = unseen.ensemble;
  const actors = actorsFromWorst(unseen.actors);
  const groups = [
    { name: 'speech', scores: speech },
    ...unseen.groups.map(({ name, scores }) => ({ name: `speech, ${name}`, scores })),
    ...(song ? [{ name: 'song', scores: song }] : []),
    ...(cremaD?.groups ?? []).map(({ name, scores }) => ({ name: `CREMA-D, ${name}`, scores })),
  ];
  const plot = () =>
    barPlot({
      id: 'actors',
      title: 'UAR of each actor, speech of unseen speakers, the lowest first',
      rows: actors.map((actor) => ({
        label: actorText(actor),
        value: actor.unweightedAverageRecall,
      })),
      rowHeight: 20,
    });
  return {
    id: 'speakers',
    title: 'Speakers',
    blocks: [
      pair(
        actors.length > 0
          ? [figure(plot(), actorSpread(actors, 'RAVDESS speech'))]
          : [notMeasured('UAR of each actor')],
        [
          table(
            'Groups of recordings, speakers unseen',
            ['Group', 'Recordings', 'Accuracy', 'UAR'],
            groups.map(({ name, scores }) => [name, ...scoreCells(scores)]),
          ),
          aside(
            'Groups differ in more than their name says: neutral has no strong intensity, and song lacks disgust and surprised.',
          ),
        ],
      ),
      cremaD && cremaD.actors.length > 0 && actorSpread(cremaD.actors, 'CREMA-D'),
      actors.length > 0 &&
        details(
          'Every actor',
          table(
            'RAVDESS speech, each actor, the lowest UAR first',
            ['Actor', 'Recordings', 'Accuracy', 'UAR'],
            actors.map((actor) => [actorText(actor), ...scoreCells(actor)]),
          ),
        ),
    ],
  };
}

function scoreCells({
  clips,
  accuracy,
  unweightedAverageRecall,
}: Pick<Scores, 'clips' | 'accuracy' | 'unweightedAverageRecall'>): string[] {
  return [whole(clips), score(accuracy), score(unweightedAverageRecall)];
}

/** Returns spread, lowest and highest UAR of some actors in words. */
function actorSpread(actors: readonly ActorScores[], corpus: string): string {
  const sorted = actorsFromWorst(actors);
  const uar = spreadOf(sorted.map((actor) => actor.unweightedAverageRecall));
  const [lowest, highest] = [sorted[0], sorted[sorted.length - 1]].map(
    (actor) => `${actorText(actor)} with ${score(actor.unweightedAverageRecall)}`,
  );
  return `${corpus}, ${plural(sorted.length, 'actor')}: mean UAR ${spreadText(uar)} (sd over actors); lowest ${lowest}, highest ${highest}.`;
}

/** What each step of the recipe adds, in the order in which they were tried. */
export function leversSection({ unseen: { levers } }: NetworkResults): Section {
  const isMixed = new Set(levers.map(({ folds }) => folds.join())).size > 1;
  const plot = () =>
    barPlot({
      id: 'levers',
      title: 'UAR on the speech of unseen speakers after each step',
      rows: levers.map(({ name, uar, folds }) => ({
        label: isMixed ? `${name}, folds ${folds.join(' ')}` : name,
        value: uar,
      })),
      rowHeight: 30,
    });
  const gain = (i: number) => {
    const [before, lever] = [levers[i - 1], levers[i]];
    const isComparable = before && before.folds.join() === lever.folds.join();
    return isComparable ? lever.uar - before.uar : null;
  };
  return {
    id: 'levers',
    title: 'What each step adds',
    blocks:
      levers.length === 0
        ? [notMeasured()]
        : [
            `One step after another.${isMixed ? ' Not all were measured on the same folds: compare only those that were.' : ''}`,
            pair(
              [figure(plot(), 'From top to bottom, one step after another.')],
              [
                table(
                  'UAR after each step, and the points gained',
                  ['Step', 'UAR', 'Points gained', 'Folds'],
                  levers.map(({ name, uar, folds }, i) => [
                    name,
                    score(uar),
                    points(gain(i)),
                    folds.join(' '),
                  ]),
                ),
              ],
            ),
          ],
  };
}

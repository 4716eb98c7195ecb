import type { Scores } from '../../../evaluation/metrics.ts';
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
} from '../../../evaluation/report/blocks.ts';
import { plural, score, spreadOf, spreadText, whole } from '../../../evaluation/report/format.ts';
import { barPlot } from '../../../evaluation/report/plots/rows.ts';
import { MEASURES, scoresBlock } from '../../../evaluation/report/scores.ts';
import type { ActorScores, NetworkResults } from '../../network/results.ts';
import {
  PROTOCOLS,
  type Protocol,
  protocolRows,
  SCORES_HEAD,
  scoresRow,
} from '../sections/scores.ts';
import { actorsFromWorst, actorText, averageOf, measuredText, modelText } from './findings.ts';

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
  const measured = measuredText(results);
  return {
    id: 'comparison',
    title: 'In the laboratory',
    blocks: [
      groupedTable('Scores under each protocol', SCORES_HEAD, [
        protocolRows('unseenSpeech', [scoresRow(measured, [unseen.ensemble.speech])]),
        protocolRows('unseenSong', [scoresRow(measured, [unseen.ensemble.song])]),
        protocolRows('cremaD', [scoresRow(`${modelText(results)}, as shipped`, [cremaD?.scores])]),
        protocolRows('seed', [scoresRow(averageOf(1, results.recipe), randomSplit)]),
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
    isPretrained: results.recipe.init !== null || results.recipe.speech !== null,
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

/** How much the figures depend on who is tested. */
export function foldsSection({ unseen: { folds, ensemble } }: NetworkResults): Section {
  const uars = folds.map(({ uar }) => uar);
  const plot = () =>
    barPlot({
      id: 'folds',
      title: 'UAR of each fold by actor, speech',
      rows: folds.map(({ fold, actors, uar }) => ({
        label: `fold ${fold}: ${actors.join(' ')}`,
        value: uar,
      })),
      rowHeight: 30,
    });
  return {
    id: 'folds',
    title: 'Folds',
    blocks:
      folds.length === 0
        ? [notMeasured()]
        : [
            `${plural(folds.length, 'fold')} by actor; every network is tested on actors that it was not trained on. Mean over the folds: UAR **${spreadText(spreadOf(uars))}**; pooled: **${score(ensemble.speech.unweightedAverageRecall)}**.`,
            figure(plot(), 'The numbers are those of the test actors.'),
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

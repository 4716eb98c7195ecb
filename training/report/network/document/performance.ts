import type { Scores } from '../../../metrics.ts';
import type { NetworkResults } from '../../../network/results.ts';
import { score, whole } from '../../format.ts';
import { markdownTable } from '../../markdown.ts';
import { mistakesText } from '../../mistakes.ts';
import { occurring } from '../../plots/confusion.ts';
import { MEASURES } from '../../wording.ts';
import { actorsFromWorst } from '../failures.ts';
import { MEASURED, protocolGroups } from '../protocols.ts';
import { REFERENCES, REFERENCES_CAVEAT } from '../references.ts';
import { actorSpread, groupRows } from '../sections/speakers.ts';
import { spreadText, summarizeSeeds, uarOf } from '../spread.ts';
import { modelText, NETWORK_PROTOCOL_TEXT, NOT_MEASURED } from '../wording.ts';
import { paragraphs, picture } from './picture.ts';

/** Every protocol, the seeds, the levers, and what others published. */
export function performance(results: NetworkResults): string {
  const groups = protocolGroups(results);
  const { uar, basis } = summarizeSeeds(results);
  return paragraphs(
    groups.map(({ name, meaning }) => `- **${name}.** ${meaning}`).join('\n'),
    markdownTable(
      ['Protocol', 'Model', 'Recordings', ...MEASURED.map(({ name }) => name)],
      groups.flatMap(({ name, rows }) =>
        rows.map(({ model, recordings, figures }) => [name, model, recordings, ...figures]),
      ),
    ),
    MEASURES.map(([name, meaning]) => `- ${name}: ${meaning}`).join('\n'),
    `One seed alone, its networks and the perceptron, on the speech of unseen speakers: UAR ${spreadText(uar)} (${basis}). By seed and fold:`,
    seedTable(results),
    levers(results),
    'Published on the speech of unseen RAVDESS actors:',
    markdownTable(
      ['System', 'Pretrained', 'Measure', 'Figure'],
      REFERENCES.map(({ name, isPretrained, measure, value }) => [
        ...[name, isPretrained ? 'yes' : 'no', measure, score(value)],
      ]),
    ),
    REFERENCES_CAVEAT,
  );
}

function seedTable({ unseen: { seeds } }: NetworkResults): string {
  if (seeds.length === 0) return NOT_MEASURED;
  const byNumber = new Map(
    seeds.flatMap(({ folds }) => folds.map(({ fold, actors }) => [fold, actors] as const)),
  );
  const folds = [...byNumber].sort(([a], [b]) => a - b);
  return markdownTable(
    ['Test actors', ...seeds.map(({ seed }) => `Seed ${seed}`)],
    [
      ...folds.map(([fold, actors]) => [
        `fold ${fold}: ${actors.join(' ')}`,
        ...seeds.map((seed) => score(uarOf(seed, fold))),
      ]),
      [
        'pooled over the folds it was run on',
        ...seeds.map(({ speech }) => score(speech.unweightedAverageRecall)),
      ],
    ],
  );
}

function levers({ unseen: { levers: all } }: NetworkResults): string {
  if (all.length === 0) return `What each lever brings: ${NOT_MEASURED.toLowerCase()}`;
  return paragraphs(
    'What each lever brings, UAR on the speech of unseen speakers:',
    markdownTable(
      ['Lever', 'Folds', 'UAR'],
      all.map(({ name, folds, uar }) => [name, folds.join(' '), score(uar)]),
    ),
  );
}

/** Figures of each emotion and the confusion matrix of speech, and figures of song. */
export function emotions(results: NetworkResults): string {
  const { unseen, classes } = results;
  const { speech, song } = unseen.ensemble;
  const { rows, columns } = occurring(speech.confusion);
  return paragraphs(
    `*${NETWORK_PROTOCOL_TEXT.unseenSpeech.name}*, by ${modelText(results)}:`,
    classTable(speech, classes),
    picture(results, 'confusion'),
    `What was acted (rows) and what was heard (columns). ${mistakesText(speech.confusion, classes)}`,
    markdownTable(
      ['Acted', ...columns.map((j) => classes[j])],
      rows.map((i) => [classes[i], ...columns.map((j) => whole(speech.confusion[i][j]))]),
    ),
    `*${NETWORK_PROTOCOL_TEXT.unseenSong.name}*${song ? ':' : `: ${NOT_MEASURED.toLowerCase()}`}`,
    song && classTable(song, classes),
  );
}

/** Actors from the worst, and groups of recordings. */
export function speakers(results: NetworkResults): string {
  const { actors } = results.unseen;
  return paragraphs(
    actorSpread(actors, 'RAVDESS speech'),
    picture(results, 'actors'),
    actors.length > 0 &&
      markdownTable(
        ['Actor', 'Gender', 'Recordings', 'Accuracy', 'UAR'],
        actorsFromWorst(actors).map((actor) => [
          ...[String(actor.actor), actor.gender ?? 'not told', whole(actor.clips)],
          ...[score(actor.accuracy), score(actor.unweightedAverageRecall)],
        ]),
      ),
    'Groups of recordings, speakers unseen. They differ in more than their name tells: neutral has no strong intensity, and song lacks disgust and surprise.',
    markdownTable(
      ['Group', 'Recordings', 'Accuracy', 'UAR'],
      groupRows(results).map(({ name, scores }) => [
        ...[name, whole(scores.clips)],
        ...[score(scores.accuracy), score(scores.unweightedAverageRecall)],
      ]),
    ),
  );
}

/** CREMA-D, by actors who were never trained on. */
export function otherCorpus({ cremaD, classes }: NetworkResults): string {
  if (!cremaD) return `${NETWORK_PROTOCOL_TEXT.cremaD.name}: ${NOT_MEASURED.toLowerCase()}`;
  const { scores, actors } = cremaD;
  return paragraphs(
    `*${NETWORK_PROTOCOL_TEXT.cremaD.name}*: UAR ${score(scores.unweightedAverageRecall)}, accuracy ${score(scores.accuracy)} on ${whole(scores.clips)} recordings. ${mistakesText(scores.confusion, classes)}`,
    classTable(scores, classes),
    actors.length > 0 && actorSpread(actors, 'CREMA-D'),
  );
}

function classTable({ perClass }: Scores, classes: readonly string[]): string {
  return markdownTable(
    ['Emotion', 'Precision', 'Recall', 'F1', 'Recordings'],
    perClass.flatMap(({ precision, recall, f1, support }, i) =>
      support > 0 ? [[classes[i], ...[precision, recall, f1].map(score), whole(support)]] : [],
    ),
  );
}

import type { Scores } from '../../../evaluation/metrics.ts';
import {
  aside,
  type Block,
  details,
  groupedTable,
  heading,
  list,
  pair,
  type Section,
  table,
} from '../../../evaluation/report/blocks.ts';
import {
  capital,
  dateText,
  listed,
  minutesText,
  percent,
  plural,
  score,
  sum,
  whole,
} from '../../../evaluation/report/format.ts';
import type { Report } from '../../../evaluation/report/html.ts';
import { MEASURES, scoresBlock } from '../../../evaluation/report/scores.ts';
import type { CandidateResults, Results } from '../../baselines/results.ts';
import { baselineModelCard } from '../card.ts';
import {
  calibrationSection,
  PROTOCOLS,
  protocolRows,
  SCORES_HEAD,
  scoresRow,
} from '../sections/scores.ts';
import {
  foldFigure,
  importanceFigure,
  learningFigure,
  parametersText,
  searchBlocks,
} from './fits.ts';

/** What each protocol measured of a candidate. */
const SCORES = {
  unseenSpeech: ({ unseen }: CandidateResults) => unseen.speech,
  unseenSong: ({ unseen }: CandidateResults) => unseen.song,
  seed: ({ seed }: CandidateResults) => seed.scores,
};

/**
 * Returns the report of the baselines; `reportHtml` makes a page of it.
 *
 * Throws an Error when the chosen family is not among the candidates.
 *
 * @example
 * await writeFile('report.html', reportHtml(baselinesReport(results)));
 */
export function baselinesReport(results: Results): Report {
  const { candidates, created, minutes, options, data, calibration } = results;
  const card = baselineModelCard(results);
  const best = chosenOf(results);
  const isSpeech = best.unseen.speech !== null;
  const scores = best.unseen.speech ?? best.unseen.song;
  return {
    title: 'report of the baselines',
    heading: 'How accurate are the baselines?',
    about: [
      `${listed(card.data.map(({ name }) => name))}, ${plural(data.clips, 'recording')} by ${plural(Object.keys(data.byActor).length, 'actor')}`,
      dateText(created),
      minutesText(minutes),
      `seed ${options.seed}`,
    ].join(' · '),
    intro: [
      `Figures of the baseline that was chosen, **${best.title.toLowerCase()}**:`,
      options.isQuick && {
        kind: 'notice',
        text: '**Quick run.** No hyperparameters were searched: each candidate used its first ones. Do not quote these figures.',
      },
    ],
    tiles: [
      [
        score(scores?.unweightedAverageRecall),
        `UAR on the ${isSpeech ? 'speech' : 'song'} of unseen speakers`,
      ],
      [percent(scores?.accuracy), 'correct, if every recording is answered'],
      [percent(calibration.coverage), 'answered; the rest are “uncertain”'],
      [percent(calibration.accuracy), 'of the answers are correct'],
    ],
    sections: [
      comparisonSection(results),
      calibrationSection(calibration),
      ...candidates.map((candidate) => candidateSection(candidate, results)),
      dataSection(results),
      {
        id: 'limits',
        title: 'Limits',
        blocks: [
          list(card.limits),
          card.licence,
          ...card.data.map(({ name, citation, licence }) =>
            aside(`${name}: ${citation}; ${licence}.`),
          ),
        ],
      },
    ],
  };
}

/** Returns the results of the family that was chosen. */
function chosenOf({ candidates, chosen }: Results): CandidateResults {
  const candidate = candidates.find(({ family }) => family === chosen);
  if (!candidate) throw new Error(`no results of the chosen family ${chosen}`);
  return candidate;
}

/** Every candidate under every protocol, and which one was chosen. */
function comparisonSection(results: Results): Section {
  const { candidates, chosen } = results;
  return {
    id: 'comparison',
    title: 'The protocols side by side',
    blocks: [
      choiceText(results),
      groupedTable(
        'Every candidate under each protocol',
        SCORES_HEAD,
        (['unseenSpeech', 'unseenSong', 'seed'] as const).map((protocol) =>
          protocolRows(
            protocol,
            candidates.map((candidate) =>
              scoresRow(
                candidate.family === chosen ? `**${candidate.title}**, chosen` : candidate.title,
                [SCORES[protocol](candidate)],
              ),
            ),
          ),
        ),
      ),
      { kind: 'terms', items: MEASURES },
    ],
  };
}

/** Returns one sentence on which candidate was chosen, why, and by how much. */
function choiceText(results: Results): string {
  const best = chosenOf(results);
  const channel = best.unseen.speech ? 'speech' : 'song';
  const uarOf = (candidate: CandidateResults) =>
    candidate.unseen[channel]?.unweightedAverageRecall ?? 0;
  const others = results.candidates.filter((candidate) => candidate !== best);
  const why = `its UAR on the ${channel} of unseen speakers is ${score(uarOf(best))}`;
  if (others.length === 0) return `Chosen: ${best.title}, the only candidate of this run; ${why}.`;
  const next = others.reduce((a, b) => (uarOf(b) > uarOf(a) ? b : a));
  return `Chosen: ${best.title}; ${why}, the highest, followed by ${next.title.toLowerCase()} with ${score(uarOf(next))}. The random split played no part in the choice.`;
}

/** Everything that was measured on one candidate. */
function candidateSection(candidate: CandidateResults, results: Results): Section {
  const { family, title, seed, unseen } = candidate;
  const { classes, chosen, final, featureNames } = results;
  const name = title.toLowerCase();
  return {
    id: `candidate-${family}`,
    title: family === chosen ? `${title} (chosen)` : title,
    blocks: [
      family === chosen &&
        `Fitted on all recordings with ${parametersText(final.parameters)}: ${(final.modelBytes / 1024).toFixed(0)} KiB, SHA-256 \`${final.sha256}\`.`,
      heading(
        unseen.speech
          ? `${PROTOCOLS.unseenSpeech.name}: UAR ${score(unseen.speech.unweightedAverageRecall)}`
          : PROTOCOLS.unseenSpeech.name,
      ),
      unseen.speech
        ? scoresBlock(unseen.speech, {
            suffix: `-${family}`,
            of: `${name}, speech of unseen speakers`,
            classes,
          })
        : aside('There is no speech in the data.'),
      heading('Fits'),
      pair(
        [foldFigure(candidate), learningFigure(candidate)],
        [importanceFigure(candidate, featureNames)],
      ),
      ...searchBlocks(candidate, results),
      heading(`${PROTOCOLS.seed.name}: UAR ${score(seed.scores.unweightedAverageRecall)}`),
      aside(PROTOCOLS.seed.meaning),
      scoresBlock(seed.scores, {
        suffix: `-${family}-seed`,
        of: `${name}, random split`,
        classes,
      }),
    ],
  };
}

/** What the run was trained and tested on, and what was excluded. */
function dataSection({ data, classes }: Results): Section {
  const columns = [...Object.entries(data.byChannel), ...Object.entries(data.byIntensity)];
  const total = (i: number) => sum(Object.values(data.byChannel).map((counts) => counts[i]));
  const actors = Object.keys(data.byActor).sort((a, b) => Number(a) - Number(b));
  const absences = columns
    .map(([name, counts]) => ({ name, absent: classes.filter((_, i) => counts[i] === 0) }))
    .filter(({ absent }) => absent.length > 0)
    .map(({ name, absent }) => `No ${name} recordings of: ${listed(absent)}. `);
  const excluded: Block =
    data.excluded.length > 0
      ? table(
          'Excluded recordings, and why',
          ['Recording', 'Reason'],
          data.excluded.map(({ id, reason }) => [id, reason]),
        )
      : aside('No recording was excluded.');
  return {
    id: 'data',
    title: 'The data',
    blocks: [
      `${plural(data.clips, 'recording')} were used${data.others > 0 ? `; ${plural(data.others, 'other file')} in the folder ${data.others === 1 ? 'is' : 'are'} not part of the corpus` : ''}. ${absences.join('')}Training sets are balanced by SMOTE; test sets are left as they are.`,
      `Durations: ${durationsText(data.durations)}; of the voice in them, after silence is trimmed, ${durationsText(data.speechDurations)}.`,
      table(
        'Recordings of each emotion, by channel and by intensity',
        ['Emotion', ...columns.map(([name]) => capital(name)), 'Total'],
        [
          ...classes.map((name, i) => [
            name,
            ...columns.map(([, counts]) => whole(counts[i])),
            whole(total(i)),
          ]),
          ['all', ...columns.map(([, counts]) => whole(sum(counts))), whole(data.clips)],
        ],
      ),
      details(
        'Recordings of each actor',
        table(
          'Recordings of each actor, by emotion',
          ['Actor', ...classes.map(capital), 'Total'],
          actors.map((actor) => [
            actor,
            ...data.byActor[actor].map(whole),
            whole(sum(data.byActor[actor])),
          ]),
        ),
      ),
      excluded,
    ],
  };
}

/** @example durationsText([2.9, 3.5, 4, 4.5, 6.3]); // '2.9 to 6.3 s, half of them 3.5 to 4.5 s, median 4 s' */
function durationsText([low, first, median, third, high]: readonly number[]): string {
  return `${low} to ${high} s, half of them ${first} to ${third} s, median ${median} s`;
}

/** Returns the outcome of a run for a terminal: data, protocols, what was chosen. */
export function baselinesSummary(results: Results): string {
  const { data, candidates, calibration, minutes } = results;
  const counts = results.classes.map((emotion, i) => {
    const total = sum(Object.values(data.byChannel).map((row) => row[i]));
    return `${emotion} ${total}`;
  });
  const row = (title: string, scores: Scores | null) =>
    scores
      ? `  ${title.padEnd(24)} accuracy ${score(scores.accuracy)}  UAR ${score(scores.unweightedAverageRecall)}  weighted F1 ${score(scores.weightedF1)}  macro F1 ${score(scores.macroF1)}`
      : `  ${title.padEnd(24)} –`;
  return [
    '',
    `${data.clips} recordings: ${counts.join(', ')}`,
    ...data.excluded.map(({ id, reason }) => `  excluded: ${id}, ${reason}`),
    ...(['seed', 'unseenSpeech', 'unseenSong'] as const).flatMap((protocol) => [
      '',
      PROTOCOLS[protocol].name,
      ...candidates.map((candidate) => row(candidate.title, SCORES[protocol](candidate))),
    ]),
    '',
    `Chosen: ${chosenOf(results).title}. Below a confidence of ${percent(calibration.threshold)} the verdict is "uncertain": ${percent(calibration.coverage)} of the recordings of unseen speakers are answered, and ${percent(calibration.accuracy)} of the answers are correct.`,
    `Took ${minutesText(minutes)}.`,
  ].join('\n');
}

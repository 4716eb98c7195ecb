import type { NetworkResults } from '../../network/results.ts';
import { markup } from '../markup.ts';
import { pageHtml } from '../page.ts';
import { classesReport } from './sections/classes.ts';
import { protocolComparison } from './sections/comparison.ts';
import { confidenceReport } from './sections/confidence.ts';
import { corporaReport } from './sections/data.ts';
import { networkHeader } from './sections/header.ts';
import { learningReport } from './sections/learning.ts';
import { leversReport } from './sections/levers.ts';
import { networkLimits } from './sections/limits.ts';
import { notesReport } from './sections/notes.ts';
import { robustnessReport } from './sections/robustness.ts';
import { seedsReport } from './sections/seeds.ts';
import { speakersReport } from './sections/speakers.ts';

/** Each section has the id that it is linked by. */
const SECTIONS = [
  { id: 'comparison', name: 'Protocols', report: protocolComparison },
  { id: 'seeds', name: 'Seeds and folds', report: seedsReport },
  { id: 'emotions', name: 'Emotions', report: classesReport },
  { id: 'speakers', name: 'Speakers', report: speakersReport },
  { id: 'levers', name: 'Levers', report: leversReport },
  { id: 'robustness', name: 'Bad conditions', report: robustnessReport },
  { id: 'confidence', name: 'Confidence', report: confidenceReport },
  { id: 'notes', name: 'No speech, long notes', report: notesReport },
  { id: 'learning', name: 'Learning', report: learningReport },
  { id: 'data', name: 'Data', report: corporaReport },
  { id: 'limits', name: 'Limits', report: networkLimits },
] as const;

/**
 * Returns the report of the network as one HTML page that needs nothing else: no script, no font, no
 * network. It is well-formed XML too. What a run left out is said to be not measured.
 *
 * @example
 * await writeFile('report.html', networkReportHtml(results));
 */
export function networkReportHtml(results: NetworkResults): string {
  return pageHtml({
    title: 'Undertone: report of the network',
    header: networkHeader(results),
    links: SECTIONS,
    main: SECTIONS.map(({ report }) => markup`${report(results)}\n`),
  });
}

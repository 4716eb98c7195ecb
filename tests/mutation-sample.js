/**
 * A plugin of Stryker that tries a sample of the mutants, because all of core/ takes many hours:
 *
 *   SHARE=0.1 SEED=1 npm run mutation
 *
 * tries every tenth mutant, and prints for each folder which share of those was noticed. Whether a mutant
 * belongs to the sample follows from its file, place and replacement alone, so that the same seed draws the
 * same mutants of unchanged code, whatever else is tried. Without SHARE all are tried.
 */
import { createHash } from 'node:crypto';
import { dirname, relative } from 'node:path';

const { SHARE = '1', SEED = '1' } = process.env;

/** Whether a mutant of a file is tried. */
function isDrawn(file, { location, mutatorName, replacement }) {
  const { start, end } = location;
  const place = [start.line, start.column, end.line, end.column];
  const key = [SEED, relative('', file), ...place, mutatorName, replacement].join('\0');
  return createHash('sha256').update(key).digest().readUInt32LE() / 2 ** 32 < Number(SHARE);
}

/** Stryker asks before it tries a mutant whether its code compiles; here, whether it was drawn. */
class Sample {
  async init() {}

  async check(mutants) {
    return Object.fromEntries(mutants.map((mutant) => [mutant.id, this.#answer(mutant)]));
  }

  #answer(mutant) {
    // Its lines and columns count from zero, those of the report from one.
    const { start, end } = mutant.location;
    const [from, to] = [start, end].map(({ line, column }) => ({
      line: line + 1,
      column: column + 1,
    }));
    const isTried = isDrawn(mutant.fileName, { ...mutant, location: { start: from, end: to } });
    return isTried ? { status: 'passed' } : { status: 'compileError', reason: 'not drawn' };
  }
}

/** Prints what became of the mutants that were drawn, by folder, also of those that no test reaches. */
class Folders {
  onMutationTestReportReady({ files }) {
    const counts = new Map();
    for (const [file, { mutants }] of Object.entries(files)) {
      for (const mutant of mutants.filter((each) => isDrawn(file, each))) {
        for (const folder of [dirname(file), 'together']) {
          const count = counts.get(folder) ?? {};
          counts.set(folder, { ...count, [mutant.status]: (count[mutant.status] ?? 0) + 1 });
        }
      }
    }
    const rows = [...counts].map(([folder, count]) => {
      const { Killed = 0, Timeout = 0, Survived = 0, NoCoverage = 0 } = count;
      const tried = Killed + Timeout + Survived + NoCoverage;
      const score = `${Math.round((100 * (Killed + Timeout)) / tried)}%`;
      // On a busy machine a test may time out although nothing is wrong: then the score says too much.
      const rest = { 'timed out': Timeout, survived: Survived, 'not reached': NoCoverage };
      return { folder, tried, score, failed: Killed, ...rest };
    });
    console.table(rows);
  }
}

export const strykerPlugins = [
  { kind: 'Checker', name: 'sample', injectableClass: Sample },
  { kind: 'Reporter', name: 'folders', injectableClass: Folders },
];

import { type Profiler, Session } from 'node:inspector';

/**
 * Which parts of this project's own code have run, as V8 counts them. Start it before that code is loaded.
 *
 * V8 takes some milliseconds to tell, so it is asked after many inputs at once; only where they reached
 * something new is it asked again for halves of them (see fuzz/worker.ts).
 */
export class Coverage {
  readonly #session = new Session();
  /** Of each function, the characters that have run. */
  readonly #seen = new Map<string, Uint8Array>();

  constructor() {
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Returns what ran since the last call. */
  take(): Profiler.FunctionCoverage[] {
    const { result } = this.#post(
      'Profiler.takePreciseCoverage',
    ) as Profiler.TakePreciseCoverageReturnType;
    return result
      .filter(
        ({ url }) =>
          /\/(core|bots|functions|cli)\/(?!.*node_modules)/.test(url) &&
          !url.includes('node_modules'),
      )
      .flatMap(({ scriptId, functions }) =>
        functions.map((each) => ({
          ...each,
          functionName: `${scriptId}:${each.ranges[0].startOffset}`,
        })),
      );
  }

  /** Whether something ran that had never run before. */
  isNew(functions: readonly Profiler.FunctionCoverage[]): boolean {
    return functions.some((each) => {
      const seen = this.#seen.get(each.functionName);
      return !seen || charactersOf(each).some((ran, i) => ran > seen[i]);
    });
  }

  /** Counts something as seen. */
  add(functions: readonly Profiler.FunctionCoverage[]): void {
    for (const each of functions) {
      const ran = charactersOf(each);
      const seen = this.#seen.get(each.functionName);
      this.#seen.set(each.functionName, seen ? seen.map((value, i) => value | ran[i]) : ran);
    }
  }

  #post(method: string, parameters?: object): unknown {
    // Within a thread it answers before it returns.
    let answer: unknown;
    this.#session.post(method, parameters, (error, result) => {
      if (error) throw error;
      answer = result;
    });
    return answer;
  }
}

/** Returns 1 for each character of a function that ran. A range lies within the one before it. */
function charactersOf({ ranges }: Profiler.FunctionCoverage): Uint8Array {
  const [{ startOffset: start, endOffset: end }] = ranges;
  const ran = new Uint8Array(end - start);
  for (const { startOffset, endOffset, count } of ranges) {
    ran.fill(count > 0 ? 1 : 0, startOffset - start, endOffset - start);
  }
  return ran;
}

/**
 * Gives inputs to targets. fuzz/main.ts starts it in a process of its own: what ends or stops that process
 * is a finding too.
 */
import { openSync, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import { createRandom, type Random } from '../training/random.ts';
import { Coverage } from './coverage.ts';
import type { Judgement } from './judge.ts';
import { one } from './mutate.ts';
import type { Target } from './targets.ts';

/** What the process is told, as JSON in its first argument. */
export interface Job {
  /** `all`, `parsers`, or names of targets with commas. */
  readonly target: string;
  readonly seed: number;
  /** Inputs for each target; 0 goes on until a message comes. */
  readonly runs: number;
  /** The file that always holds the input at hand, behind the 16 bytes with the name of its target. */
  readonly current: string;
}

/** What it reports after the turn of a target. */
export interface Report {
  readonly target: string;
  /** Inputs so far. */
  readonly inputs: number;
  /** Memory that stays after garbage collection. */
  readonly megabytes: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly findings: readonly { readonly wrong: string; readonly base64: string }[];
}

/** Inputs between two looks at the coverage. */
const BATCH = 256;
/** Bytes of inputs after which it looks as well: all are kept until then. */
const BATCH_BYTES = 64 * 2 ** 20;
/** Milliseconds for one target before it is the turn of the next. */
const TURN = 2_000;
/** Larger inputs are not kept: they would slow down all that follow. */
const KEPT_BYTES = 8_192;

const job = JSON.parse(process.argv[2]) as Job;
const coverage = new Coverage();
// Only now, so that what their functions do is counted.
const { TARGETS } = await import('./targets.ts');
const { judge } = await import('./judge.ts');
// Decoders write there when they meet damage.
console.error = console.warn = console.log = () => {};

let isStopped = false;
process.on('message', () => {
  isStopped = true;
});
process.on('disconnect', () => process.exit());

const current = openSync(job.current, 'r+');

/** One target with its inputs. */
class Run {
  readonly #name: string;
  readonly #target: Target;
  readonly #random: Random;
  readonly #corpus: Uint8Array[];
  readonly #outcomes: Record<string, number> = {};
  #findings: Report['findings'] = [];
  #inputs = 0;

  constructor(name: string, stream: number) {
    this.#name = name;
    this.#target = TARGETS[name];
    this.#random = createRandom(job.seed, stream);
    this.#corpus = [...this.#target.seeds()];
  }

  get isDone(): boolean {
    return isStopped || (job.runs > 0 && this.#inputs >= job.runs);
  }

  /** The first turn begins with the seeds as they are. */
  async turn(): Promise<void> {
    const end = performance.now() + TURN;
    if (this.#inputs === 0) {
      const seeds = [...this.#corpus];
      await this.#tryAll(seeds.length, (i) => seeds[i]);
      // They are kept already, whatever each of them reached.
      if (this.#target.isParser) coverage.add(coverage.take());
    }
    while (performance.now() < end && !this.isDone) {
      const inputs = await this.#tryAll(this.#target.isParser ? BATCH : 1, () => this.#next());
      if (this.#target.isParser) await this.#keepNew(inputs);
    }
    const report: Report = {
      target: this.#name,
      inputs: this.#inputs,
      megabytes: Math.round(memoryThatStays() / 2 ** 20),
      outcomes: this.#outcomes,
      findings: this.#findings,
    };
    process.send?.(report);
    this.#findings = [];
  }

  /** Half of the inputs are made from those that were kept last. */
  #next(): Uint8Array {
    const from = this.#random.integer(2) === 0 ? this.#corpus.slice(-16) : this.#corpus;
    return this.#target.mutate(one(from, this.#random), this.#corpus, this.#random);
  }

  /** Returns the inputs that it came to. */
  async #tryAll(count: number, inputAt: (i: number) => Uint8Array): Promise<Uint8Array[]> {
    const inputs: Uint8Array[] = [];
    const end = performance.now() + TURN;
    let bytes = 0;
    const mayGoOn = () => !this.isDone && bytes < BATCH_BYTES && performance.now() < end;
    for (let i = 0; i < count && (i === 0 || mayGoOn()); i++) {
      const input = inputAt(i);
      inputs.push(input);
      bytes += input.length;
      const { outcome, wrong } = await this.#try(input);
      this.#inputs++;
      const [word] = wrong ? ['finding'] : outcome.split(' ');
      this.#outcomes[word] = (this.#outcomes[word] ?? 0) + 1;
      if (!wrong) continue;
      const base64 = Buffer.from(input).toString('base64');
      this.#findings = [...this.#findings, { wrong, base64 }];
    }
    return inputs;
  }

  /** Finds among inputs just tried those that reached new code, and keeps them. */
  async #keepNew(inputs: readonly Uint8Array[]): Promise<void> {
    const ran = coverage.take();
    if (!coverage.isNew(ran)) return;
    const [first] = inputs;
    if (inputs.length > 1) {
      const middle = inputs.length >> 1;
      for (const half of [inputs.slice(0, middle), inputs.slice(middle)]) {
        for (const input of half) await this.#try(input);
        await this.#keepNew(half);
      }
    } else if (first.length <= KEPT_BYTES && !this.#corpus.includes(first)) {
      this.#corpus.push(first);
    }
    // Of many inputs too: what runs only once, such as the loading of a module, belongs to none of them.
    coverage.add(ran);
  }

  async #try(input: Uint8Array): Promise<Judgement> {
    const header = Buffer.alloc(20);
    header.write(this.#name);
    header.writeUInt32LE(input.length, 16);
    writeSync(current, Buffer.concat([header, input]), 0, null, 0);
    return judge(this.#target, input);
  }
}

/**
 * Returns the resident memory in bytes without what was not collected yet, and without the young generation of
 * V8: that is empty then, but keeps up to 32 MB for a while, and gives them back when it likes.
 */
function memoryThatStays(): number {
  globalThis.gc?.();
  const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
  return process.memoryUsage.rss() - (young?.physical_space_size ?? 0);
}

const parsers = Object.keys(TARGETS).filter((name) => TARGETS[name].isParser);
const groups: Readonly<Record<string, readonly string[]>> = {
  parsers,
  // `classify` and `http` get more time than all the parsers together.
  all: parsers.flatMap((name) => [name, 'classify', 'http']),
};
const names = job.target.split(',').flatMap((name) => groups[name] ?? [name]);
if (!names.every((name) => Object.hasOwn(TARGETS, name))) {
  const known = ['all', 'parsers', ...Object.keys(TARGETS)].join(', ');
  process.stderr.write(`There is no target ${job.target}. Choose from ${known}.\n`);
  process.exit(2);
}
const runs = new Map([...new Set(names)].map((name, stream) => [name, new Run(name, stream)]));
for (let i = 0; [...runs.values()].some((run) => !run.isDone); i++) {
  const run = runs.get(names[i % names.length]);
  if (run && !run.isDone) await run.turn();
  // A parser never waits for anything; the message that says "stop" comes in between.
  await setImmediate();
}
// Ends the process once the last report is sent.
process.disconnect();

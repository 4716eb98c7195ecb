import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { growthOf, percentile } from './measure.ts';
import { startServer } from './server.ts';

/** Requests that come in the same moment. */
const RUSH = 200;
/** Requests of the long run, unless UNDERTONE_LOAD says otherwise. */
const STEADY = 500;
/** Requests that the long run has under way at a time. */
const IN_FLIGHT = 2;
/**
 * One server, as `npm start` runs it, under load: a rush of requests in the same moment, and then a long
 * run during which its memory must not grow. All of them send the same voice note of four seconds.
 */
export async function benchLoad(): Promise<void> {
  const server = await startServer();
  try {
    const url = `${server.url}/v1/emotion`;
    const note = readFileSync(fileURLToPath(new URL('../../samples/plain.ogg', import.meta.url)));
    await send(url, note);
    await rush(url, note);
    await longRun(url, note, server.memory);
  } finally {
    server.kill();
  }
}

interface Answer {
  /** HTTP status, or what the connection failed with. */
  readonly outcome: number | string;
  readonly milliseconds: number;
}

async function send(url: string, body: Uint8Array<ArrayBuffer>): Promise<Answer> {
  const start = performance.now();
  const outcome = await fetch(url, { method: 'POST', body }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.status;
    },
    (error: Error) => (error.cause as NodeJS.ErrnoException)?.code ?? error.message,
  );
  return { outcome, milliseconds: performance.now() - start };
}

async function rush(url: string, note: Uint8Array<ArrayBuffer>): Promise<void> {
  const start = performance.now();
  const answers = await Promise.all(Array.from({ length: RUSH }, () => send(url, note)));
  const seconds = (performance.now() - start) / 1000;
  console.log(`\n${RUSH} requests in the same moment, one server`);
  console.log(`  ${counted(answers)}`);
  console.log(`  ${latencies(answers)}, ${(RUSH / seconds).toFixed(1)} a second`);
}

async function longRun(
  url: string,
  note: Uint8Array<ArrayBuffer>,
  megabytes: () => number,
): Promise<void> {
  const total = Math.max(4, Number(process.env.UNDERTONE_LOAD ?? STEADY));
  const answers: Answer[] = [];
  const memory: number[] = [megabytes()];
  let begun = 0;
  const client = async () => {
    while (begun < total) {
      begun++;
      answers.push(await send(url, note));
      memory.push(megabytes());
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, client));
  const half = memory[Math.floor(total / 2)];
  const [start, end] = [memory[0], memory[total]];
  console.log(`\n${total} requests, ${IN_FLIGHT} at a time, resident memory of the server`);
  console.log(`  ${counted(answers)}`);
  console.log(`  ${latencies(answers)}`);
  console.log(
    `  start ${start} MB, half ${half} MB, end ${end} MB, most ${Math.max(...memory)} MB`,
  );
  console.log(`  ${growthOf(memory)}`);
}

function counted(answers: readonly Answer[]): string {
  const share = (isSo: (outcome: Answer['outcome']) => boolean) =>
    answers.filter(({ outcome }) => isSo(outcome)).length;
  const others = answers.map(({ outcome }) => outcome).filter((o) => ![200, 429, 503].includes(+o));
  const named = others.length > 0 ? ` (${[...new Set(others)].join(', ')})` : '';
  return `answered ${share((o) => o === 200)}, 429 ${share((o) => o === 429)}, 503 ${share((o) => o === 503)}, errors ${others.length}${named}`;
}

function latencies(answers: readonly Answer[]): string {
  const times = answers
    .filter(({ outcome }) => outcome === 200)
    .map(({ milliseconds }) => milliseconds);
  if (times.length === 0) return 'no verdict at all';
  const at = (share: number) => `${Math.round(percentile(times, share))} ms`;
  return `p50 ${at(0.5)}, p99 ${at(0.99)}`;
}

import { readFileSync } from 'node:fs';
import { latencies, printMemory, samplePath } from './measure.ts';
import { startServer } from './server.ts';

/** Simultaneous requests of the burst. */
const BURST = 200;
/** Requests of the long run; UNDERTONE_LOAD overrides it. */
const LONG_RUN = 500;
/** Requests that the long run has in flight. */
const IN_FLIGHT = 2;

/**
 * The server of `npm start` under load: a burst of simultaneous requests, then a long run during which
 * its memory must not grow. Every request sends the same voice note of four seconds.
 */
export async function benchLoad(): Promise<void> {
  const server = await startServer();
  try {
    const note = readFileSync(samplePath('plain.ogg'));
    const send = () => post(`${server.url}/v1/emotion`, note);
    await send();
    await burst(send);
    await longRun(send, server.memory);
  } finally {
    server.kill();
  }
}

interface Response {
  /** HTTP status, or the error code of the connection. */
  readonly status: number | string;
  readonly milliseconds: number;
}

async function post(url: string, body: Uint8Array<ArrayBuffer>): Promise<Response> {
  const start = performance.now();
  const status = await fetch(url, { method: 'POST', body }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.status;
    },
    (error: Error) => (error.cause as NodeJS.ErrnoException)?.code ?? error.message,
  );
  return { status, milliseconds: performance.now() - start };
}

async function burst(send: () => Promise<Response>): Promise<void> {
  const start = performance.now();
  const responses = await Promise.all(Array.from({ length: BURST }, send));
  const seconds = (performance.now() - start) / 1000;
  console.log(`\n${BURST} simultaneous requests, one server`);
  printResponses(responses);
  console.log(`  ${(BURST / seconds).toFixed(1)} requests a second`);
}

async function longRun(send: () => Promise<Response>, megabytes: () => number): Promise<void> {
  const total = Math.max(4, Number(process.env.UNDERTONE_LOAD ?? LONG_RUN));
  const responses: Response[] = [];
  const memory = [megabytes()];
  let sent = 0;
  const client = async () => {
    while (sent < total) {
      sent++;
      responses.push(await send());
      memory.push(megabytes());
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, client));
  console.log(`\n${total} requests, ${IN_FLIGHT} in flight, resident memory of the server`);
  printResponses(responses);
  printMemory(memory);
}

function printResponses(responses: readonly Response[]): void {
  const countOf = (status: number) => responses.filter((each) => each.status === status).length;
  const others = responses
    .map(({ status }) => status)
    .filter((status) => ![200, 429, 503].includes(Number(status)));
  const names = others.length > 0 ? ` (${[...new Set(others)].join(', ')})` : '';
  console.log(
    `  200: ${countOf(200)}, 429: ${countOf(429)}, 503: ${countOf(503)}, errors: ${others.length}${names}`,
  );
  const times = responses.filter(({ status }) => status === 200).map((each) => each.milliseconds);
  console.log(`  ${times.length > 0 ? latencies(times) : 'no verdicts'}`);
}

/**
 * Benchmarks of what users wait for, each next to an alternative.
 *
 *   npm run bench                                   writes docs/benchmarks.md, in ten minutes
 *   npm run bench -- stages features                only prints these
 *   npm run bench -- --data <folder with RAVDESS>   also loads the whole corpus
 *   UNDERTONE_FILES=10000 npm run bench -- files    more files (1,000 by default)
 *   UNDERTONE_LOAD=5000 npm run bench -- load       a longer run under load (500 requests by default)
 *   UNDERTONE_LABELS=50000 npm run bench -- labels   fewer labels (a million by default); needs DuckDB
 *   UNDERTONE_LIVE=3600 npm run bench -- live       a longer live stream (300 seconds by default)
 *   UNDERTONE_LIVE=3600 npm run bench -- device     the same, in a browser
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { findFfmpeg, findModelFolder, readCard } from '../core/index.ts';
import { ROOT } from '../lib/root.ts';

const program = new Command('bench')
  .description('Measure what users wait for; without names, write docs/benchmarks.md.')
  .argument('[names...]', 'benchmarks to print')
  .addOption(new Option('--data <folder>', 'folder with RAVDESS').env('UNDERTONE_DATA'))
  .parse();
const positionals = program.args;
const { data } = program.opts<{ readonly data?: string }>();

const ORT: string = createRequire(import.meta.url)('onnxruntime-node/package.json').version;
const skipped = (what: string) =>
  console.log(`\nSkipped ${what}: give the folder of the corpora with --data.`);

/** Each loads its own modules only: the memory of the others would be collected while it is measured. */
const benchmarks: Record<string, () => Promise<unknown>> = {
  notes: async () => (await import('./classify.ts')).benchNotes(),
  stages: async () => (await import('./classify.ts')).benchStages(),
  cold: async () => (await import('./classify.ts')).benchCold(),
  'cold-start': async () => (await import('./cold-start.ts')).benchColdStart(),
  features: async () => (await import('./classify.ts')).benchFeatures(),
  lengths: async () => (await import('./classify.ts')).benchLengths(),
  files: async () => (await import('./classify.ts')).benchFiles(),
  batch: async () => (await import('./batch.ts')).benchBatch(),
  load: async () => (await import('./load.ts')).benchLoad(),
  network: async () => (await import('./training.ts')).benchNetwork(),
  trees: async () => (await import('./training.ts')).benchTrees(),
  discord: async () => (await import('./chat.ts')).benchDiscord(),
  slack: async () => (await import('./chat.ts')).benchSlack(),
  shards: async () => (await import('./shards.ts')).benchShards(),
  page: async () => (await import('./page.ts')).benchPage(),
  device: async () => (await import('./device.ts')).benchDevice(),
  evaluate: async () => (await import('./classify.ts')).benchEvaluate(),
  intake: async () => (await import('./intake.ts')).benchIntake(),
  live: async () => (await import('./live.ts')).benchLive(),
  scaling: async () => (await import('./scaling.ts')).benchScaling(),
  labels: async () => (await import('./labels.ts')).benchLabels(),
  corpus: async () =>
    data ? (await import('./training.ts')).benchCorpus(data) : skipped('the corpus'),
  disturbances: async () =>
    data
      ? (await import('./disturbances.ts')).benchDisturbances(data)
      : skipped('the disturbances'),
};

/** Those in docs/benchmarks.md, with their headings. */
const DOCUMENTED = {
  notes: 'A voice note',
  stages: 'Where the time goes',
  cold: 'A new process',
  'cold-start': 'The bundled Lambda function',
  features: 'Features',
  lengths: 'Longer notes',
  files: 'Many notes',
  batch: 'A batch from a bucket',
  load: 'The server under load',
  network: 'The network',
  trees: 'Random forest and boosted trees',
  discord: 'A question in Discord',
  slack: 'A question in Slack',
  page: 'The page',
} as const;

const names = Object.keys(benchmarks);
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`Unknown benchmark: ${unknown.join(', ')}. Choose from ${names.join(', ')}.`);
  process.exit(2);
}
if (positionals.length === 1) {
  await benchmarks[positionals[0]]();
} else if (positionals.length > 1 || data) {
  for (const name of positionals.length > 0 ? positionals : names) await runAlone(name);
} else {
  const start = performance.now();
  const sections: string[] = [];
  for (const [name, heading] of Object.entries(DOCUMENTED)) {
    const printed = await runAlone(name);
    sections.push(
      `## ${heading}\n\n\`npm run bench -- ${name}\`\n\n\`\`\`\n${printed.trim()}\n\`\`\``,
    );
  }
  const minutes = (performance.now() - start) / 60_000;
  const document = [await introduction(minutes), ...sections, ''].join('\n\n');
  await writeFile(join(ROOT, 'docs', 'benchmarks.md'), document.replace(/\n+$/, '\n'));
}

/** Runs a benchmark in its own process, so that none is measured with the memory of another. */
async function runAlone(name: string): Promise<string> {
  const args = [process.argv[1], name, ...(data ? ['--data', data] : [])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    process.stdout.write(chunk);
    printed += chunk;
  }
  if (child.exitCode ?? (await once(child, 'exit'))[0]) process.exitCode = 1;
  return printed;
}

async function introduction(minutes: number): Promise<string> {
  const [{ model }] = cpus();
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
  const card = await readCard(findModelFolder());
  const ffmpeg = execFileSync(findFfmpeg(), ['-version'], { encoding: 'utf8' }).split(' ')[2];
  const day = new Date().toISOString().slice(0, 10);
  const [load] = loadavg();
  return `# Benchmarks

\`\`\`
npm run bench              # writes this page
npm run bench -- features  # prints one of them
\`\`\`

Each figure is next to an alternative that you could use instead, measured in the same run. The columns are the median, its ratio to the first row, the quartiles, and the processor time, which depends least on what else the machine does.

Measured on ${day} in ${minutes.toFixed(0)} minutes on ${cpus().length} × ${model}, ${gigabytes} GB, load average ${load.toFixed(1)} at the end; Node ${process.versions.node}, onnxruntime ${ORT}, ffmpeg ${ffmpeg}, model ${card.version}. What Python takes is measured by \`bench/reference.py\`: librosa's definitions in numpy, scikit-learn and PyTorch, on one thread.

Other figures are in their own documents: [live streams](live.md#figures), [scaling](scaling.md), [disturbed voices](reliability.md#disturbed-voices).`;
}

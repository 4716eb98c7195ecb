import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { UndertoneError } from '../../core/errors.ts';
import { describeExamples } from './described.ts';
import type { Row } from './evaluate.ts';
import { findVoicesAndSounds } from './recordings.ts';
import { modelSource } from './source.ts';
import { trainVoiceDetector } from './train.ts';

const PROGRESS_STEP = 500;
const MADE_PER_KIND = 20;

const program = new Command('train-voice')
  .description('Train the detector of voices on speech, song and everyday sounds.')
  .addOption(
    new Option('--data <folder>', 'folder with ravdess, crema-d and esc-10')
      .env('UNDERTONE_DATA')
      .makeOptionMandatory(),
  )
  .option('--out <file>', 'the source file of the weights', 'core/voice/model.ts')
  .option('--report <folder>', 'where the figures are written', 'reports/voice')
  .option('--work <folder>', 'where descriptions are kept between runs', '.cache/voice')
  .option('--seed <n>', 'seed of every random choice', Number, 42)
  .action(run);

async function run(options: {
  data: string;
  out: string;
  report: string;
  work: string;
  seed: number;
}): Promise<void> {
  const { seed } = options;
  const recordings = await findVoicesAndSounds(options.data);
  console.error(`${recordings.length} recordings`);
  const described = await describeExamples(recordings, {
    ...{ seed, madePerKind: MADE_PER_KIND, cacheFolder: options.work },
    onProgress: (done) => {
      if (done % PROGRESS_STEP === 0) console.error(`${done} examples described`);
    },
  });
  const { model, results } = await trainVoiceDetector(described, seed);
  await mkdir(options.report, { recursive: true });
  await writeFile(options.out, modelSource(model));
  await writeFile(join(options.report, 'voice.json'), `${JSON.stringify(results, null, 1)}\n`);
  for (const row of [...results.voices, ...results.sounds]) console.log(line(row));
  console.log(`${line(results.totals.voices)}\n${line(results.totals.sounds)}`);
}

function line({ group, condition, clips, noSpeech }: Row): string {
  const share = `${((100 * noSpeech) / clips).toFixed(1)} %`;
  return `${group.padEnd(26)} ${condition.padEnd(10)} ${String(clips).padStart(5)} clips, no speech ${share.padStart(7)}`;
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof UndertoneError ? error.message : error);
  process.exitCode = 1;
}

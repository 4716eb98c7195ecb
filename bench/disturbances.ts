import { readFile } from 'node:fs/promises';
import { classify } from '../core/index.ts';
import { decode } from '../core/node/decode.ts';
import { percent } from '../lib/percent.ts';
import { wavFile } from '../tests/fixtures/audio.ts';
import { DISTURBANCES, disturb, RELATIVE_DB } from '../training/augment/disturbance.ts';
import { findClips } from '../training/corpus/corpora.ts';
import { CREMA_D, CREMA_D_TEST_ACTORS } from '../training/corpus/crema-d.ts';
import { RAVDESS } from '../training/corpus/ravdess.ts';

/** Recordings of each corpus, evenly spread. */
const CLIPS = 100;

/**
 * How often a sound that is no voice hides a voice, or has another emotion named: recordings of RAVDESS and of
 * the actors of CREMA-D that the model has never heard, under every disturbance at its loudest.
 *
 * @param data folder below which the corpora lie
 */
export async function benchDisturbances(data: string): Promise<void> {
  const { clips } = await findClips(data);
  const speech = clips.filter(({ channel }) => channel === 'speech');
  const corpora = [
    speech.filter(({ corpus }) => corpus === RAVDESS.name),
    speech.filter(
      ({ corpus, actor }) => corpus === CREMA_D.name && CREMA_D_TEST_ACTORS.includes(actor),
    ),
  ];
  const voices: { readonly samples: Float32Array; readonly emotion: string }[] = [];
  for (const corpus of corpora) {
    for (let k = 0; k < Math.min(CLIPS, corpus.length); k++) {
      const { path } = corpus[Math.floor((k * corpus.length) / Math.min(CLIPS, corpus.length))];
      const { samples } = await decode(await readFile(path));
      const { emotion } = await classify(wavFile(samples));
      if (emotion !== 'no-speech') voices.push({ samples, emotion });
    }
  }
  console.log(
    `\n${voices.length} voices, and a sound that is none over each (lost; otherwise named)`,
  );
  for (const kind of DISTURBANCES) {
    let lost = 0;
    let other = 0;
    for (const [seed, { samples, emotion }] of voices.entries()) {
      const [, relativeDb] = RELATIVE_DB[kind];
      const verdict = await classify(
        wavFile(quietEnough(disturb(samples, { kind, relativeDb, seed }))),
      );
      if (verdict.emotion === 'no-speech') lost++;
      else if (verdict.emotion !== 'uncertain' && verdict.emotion !== emotion) other++;
    }
    const share = (count: number) => percent(count / voices.length, { decimals: 1 }).padStart(6);
    console.log(`  ${kind.padEnd(8)} +${RELATIVE_DB[kind][1]} dB ${share(lost)} ${share(other)}`);
  }
}

/** Lowers what would clip. */
function quietEnough(samples: Float32Array): Float32Array {
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1);
  return samples.map((sample) => sample / peak);
}

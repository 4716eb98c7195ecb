import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { syntheticSound } from '../../../training/voice/synthesis.ts';
import { voiceLike, wavFile } from '../../fixtures/audio.ts';

/** Makes a folder with a few made recordings of each corpus, named as the real ones are. */
export async function makeCorpora(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'undertone-voice-'));
  const write = async (path: string[], samples: Float32Array) => {
    await mkdir(join(folder, ...path.slice(0, -1)), { recursive: true });
    await writeFile(join(folder, ...path), wavFile(samples));
  };
  for (const actor of [1, 2, 3, 10, 17]) {
    const name = `03-01-03-01-01-01-${String(actor).padStart(2, '0')}.wav`;
    await write(['ravdess', name], voiceLike({ seconds: 1, seed: actor }));
  }
  await write(['ravdess', '03-02-03-01-01-01-01.wav'], voiceLike({ seconds: 1, seed: 50 }));
  for (const actor of [1001, 1002, 1003, 1004, 1005, 1061, 1076]) {
    await write(['crema', `${actor}_IEO_ANG_HI.wav`], voiceLike({ seconds: 1, seed: actor }));
  }
  await write(['crema', '1076_MTI_SAD_XX.wav'], new Float32Array(16_000));
  for (let fold = 1; fold <= 5; fold++) {
    await write(['esc', 'rain', `${fold}-100-A.wav`], syntheticSound('noise', 1, fold));
    await write(['esc', 'rooster', `${fold}-200-A.wav`], syntheticSound('siren', 1, fold));
  }
  return folder;
}

import { readFileSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeWithFfmpeg } from '../../core/audio/ffmpeg.ts';
import { EMOTIONS } from '../../core/model/emotions.ts';
import { CARD_FILE, findModelFolder, loadModel, MODEL_FILE } from '../../core/model/folder.ts';
import { classify } from '../../core/node/classify.ts';
import { decode } from '../../core/node/decode.ts';
import { type Verdict, verdictSchema } from '../../core/verdict.ts';
import { joined, silence, wavFile, whiteNoise } from '../fixtures/audio.ts';
import { encode, hasFfmpeg } from '../fixtures/encode.ts';

const sample = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../samples/${name}`, import.meta.url)));

/** Largest difference between two verdicts' probabilities. */
function distance(a: Verdict, b: Verdict): number {
  const [first, second] = [a.probabilities, b.probabilities];
  if (!first || !second) throw new Error('there is no speech in one of them');
  return Math.max(...EMOTIONS.map((emotion) => Math.abs(first[emotion] - second[emotion])));
}

/** Speech at full scale, mono at 16 kHz. The voices of other tests are none to the shipped model. */
async function spoken(): Promise<Float32Array> {
  const { samples } = await decode(sample('plain.ogg'));
  const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return samples.map((value) => value / peak);
}

describe('a short note', () => {
  let verdict: Verdict;
  beforeAll(async () => {
    verdict = await classify(sample('plain.ogg'));
  });

  test('gets a verdict of the schema', () => {
    expect(() => verdictSchema.parse(verdict)).not.toThrow();
  });

  test('has probabilities that sum to 1, the top one being the confidence', () => {
    const values = Object.values(verdict.probabilities ?? {});
    expect(values.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4);
    expect(verdict.confidence).toBe(Math.max(...values));
  });

  test('has one stretch and is named after the model', () => {
    expect(verdict.timeline).toHaveLength(1);
    expect(verdict.summary).toEqual({ [verdict.emotion]: 1 });
    expect(verdict.model.sha256).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('nobody speaks', () => {
  test.each<[string, Uint8Array]>([
    ['digital silence', wavFile(silence({ seconds: 3 }))],
    ['white noise', wavFile(whiteNoise({ seconds: 3 }))],
    ['pink noise', sample('noise.ogg')],
    ['one sample', wavFile(new Float32Array([0.5]))],
    ['a click', wavFile(Float32Array.from({ length: 16_000 }, (_, i) => (i === 8000 ? 1 : 0)))],
    ['a constant', wavFile(new Float32Array(16_000).fill(0.4))],
  ])('%s is no speech', async (_, bytes) => {
    const verdict = await classify(bytes);
    verdictSchema.parse(verdict);
    expect(verdict).toMatchObject({ emotion: 'no-speech', probabilities: null, speech: null });
  });
});

describe('the level of a recording', () => {
  let voice: Float32Array;
  let rms: number;
  beforeAll(async () => {
    voice = await spoken();
    rms = Math.sqrt(voice.reduce((sum, s) => sum + s * s, 0) / voice.length);
  });

  test.each([
    -50, -40, -30, -20,
  ])('at %i dBFS moves no probability by more than 0.02', async (dBFS) => {
    const full = await classify(wavFile(voice));
    const quiet = voice.map((s) => (s * 10 ** (dBFS / 20)) / rms);
    expect(distance(full, await classify(wavFile(quiet)))).toBeLessThanOrEqual(0.02);
  });

  test('does not follow rumble and an offset, which are filtered out', async () => {
    const quiet = voice.map((s) => 0.1 * s);
    const rumbling = quiet.map((s, n) => s + 0.3 * Math.sin((2 * Math.PI * 8 * n) / 16_000));
    const settling = quiet.map((s, n) => s + 0.5 * Math.exp(-n / 4000));
    const clean = await classify(wavFile(quiet));
    for (const disturbed of [rumbling, settling]) {
      expect(distance(clean, await classify(wavFile(disturbed)))).toBeLessThanOrEqual(0.05);
    }
  });

  test('silence around the speech is trimmed and changes nothing', async () => {
    const second = silence({ seconds: 1 });
    const padded = joined(second, voice, second);
    const [bare, wide] = [await classify(wavFile(voice)), await classify(wavFile(padded))];
    expect(wide.speech?.start).toBeCloseTo(1 + (bare.speech?.start ?? 0), 1);
    expect(wide.speech?.end).toBeCloseTo(1 + (bare.speech?.end ?? 0), 1);
    expect(distance(bare, wide)).toBeLessThanOrEqual(0.05);
  });
});

describe('a long note', () => {
  let verdict: Verdict;
  beforeAll(async () => {
    verdict = await classify(sample('long.ogg'));
  });

  test('has a timeline in order that does not overlap and lies in the speech', () => {
    const { timeline = [], speech } = verdict;
    expect(timeline.length).toBeGreaterThan(0);
    timeline.forEach(({ start, end }, i) => {
      expect(end).toBeGreaterThan(start);
      expect(start).toBeGreaterThanOrEqual(i > 0 ? timeline[i - 1].end : (speech?.start ?? 0));
    });
    expect(timeline.at(-1)?.end).toBeLessThanOrEqual(speech?.end ?? 0);
  });

  test('has a summary of shares of the labels in it', () => {
    const shares = Object.values(verdict.summary);
    expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 3);
    const labels = new Set((verdict.timeline ?? []).map(({ emotion }) => emotion));
    expect(new Set(Object.keys(verdict.summary))).toEqual(labels);
  });

  test('leaves long pauses out of the timeline', async () => {
    const part = await spoken();
    const { timeline = [], ...verdict } = await classify(
      wavFile(joined(part, silence({ seconds: 8 }), part)),
    );
    const told = timeline.reduce((sum, { start, end }) => sum + end - start, 0);
    expect(told).toBeLessThan((2 * part.length) / 16_000 + 1);
    expect(timeline.length).toBeGreaterThan(1);
    expect(verdict.duration).toBeGreaterThan(told + 6);
  });
});

describe.skipIf(!hasFfmpeg)('the path of decoding does not matter', () => {
  test('WAV in process and through ffmpeg', async () => {
    const note = encode(wavFile(await spoken()), 'wav', ['-ar', '44100']);
    const inProcess = await classify(note);
    const throughFfmpeg = await classify(encode(note, 'w64'));
    expect(distance(inProcess, throughFfmpeg)).toBeLessThanOrEqual(0.01);
  });

  test.each([
    'plain.ogg',
    'fast-high.ogg',
    'slow-low.ogg',
  ])('%s in process and through ffmpeg', async (name) => {
    const limits = { maxSeconds: 60, deadline: performance.now() + 10_000 };
    const ogg = { name: 'ogg', demuxer: 'ogg' };
    const { samples } = await decodeWithFfmpeg(sample(name), ogg, limits);
    const throughFfmpeg = await classify(wavFile(samples, { encoding: 'float32' }));
    // ffmpeg decodes Opus at 48 kHz and resamples; the two are half a sample apart.
    expect(distance(await classify(sample(name)), throughFfmpeg)).toBeLessThanOrEqual(0.02);
  });
});

describe('a model that does not fit', () => {
  async function changedCard(change: (card: Record<string, unknown>) => void): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'undertone-model-'));
    await cp(findModelFolder(), folder, { recursive: true });
    const path = join(folder, CARD_FILE);
    const card = JSON.parse(await readFile(path, 'utf8'));
    change(card);
    await writeFile(path, JSON.stringify(card));
    return folder;
  }

  test.each<[string, (card: Record<string, unknown>) => void, RegExp]>([
    [
      'other features',
      (card) => Object.assign(card.features as object, { melFloorDb: -60 }),
      /trained on features of another/,
    ],
    [
      'another class order',
      (card) => (card.classes as string[]).reverse(),
      /classes in another order/,
    ],
    [
      'another graph',
      (card) => Object.assign(card, { sha256: '0'.repeat(64) }),
      /not the file that its card describes/,
    ],
    ['an incomplete card', (card) => delete card.threshold, /is not a model card/],
  ])('%s is refused', async (_, change, sentence) => {
    const folder = await changedCard(change);
    await expect(loadModel(folder)).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(sentence),
    });
    await rm(folder, { recursive: true });
  });

  test.each([
    { mfccs: 13 },
    { functionals: 1 },
    { functionalsWindow: null },
  ])('features that it does not read do not matter: %o', async (changed) => {
    const folder = await changedCard(({ features }) => Object.assign(features as object, changed));
    expect((await loadModel(folder)).card.features).toMatchObject(changed);
    await rm(folder, { recursive: true });
  });

  test('a missing graph is named', async () => {
    const folder = await changedCard(() => {});
    await rm(join(folder, MODEL_FILE));
    await expect(loadModel(folder)).rejects.toMatchObject({ code: 'model-invalid' });
  });
});

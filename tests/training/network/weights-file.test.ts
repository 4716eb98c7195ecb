import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MobileNet } from '../../../training/network/mobilenet.ts';
import { readWeights, type Tensors, tensorOf } from '../../../training/network/weights-file.ts';
import { createRandom } from '../../../training/random.ts';
import { randomTensors } from '../../fixtures/mobilenet.ts';
import { safetensors, storedZip, torchFile } from '../../fixtures/weights.ts';

const SMALL: Tensors = new Map([
  ['first.weight', { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 4, 5e-8, -6e7) }],
  ['first.bias', { shape: [2], data: Float32Array.of(0.25, -0.5) }],
  ['empty', { shape: [0], data: new Float32Array(0) }],
]);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-weights-'));
});
afterAll(() => rm(folder, { recursive: true }));

let count = 0;
async function read(bytes: Uint8Array): Promise<Tensors> {
  const path = join(folder, `weights-${++count}`);
  await writeFile(path, bytes);
  return readWeights(path);
}

const NEEDED = /Needed is mn04_as_mAP_432\.pt of EfficientAT/;

describe('readWeights', () => {
  it.each([
    ['safetensors', safetensors],
    ['a zip as torch.save writes it', torchFile],
  ])('reads names, shapes and values of %s', async (_, write) => {
    expect(await read(write(SMALL))).toEqual(SMALL);
  });

  it.each([
    ['safetensors', safetensors],
    ['torch.save', torchFile],
  ])('reads a whole network from %s', async (_, write) => {
    const tensors = randomTensors(createRandom(1));
    const start = await read(write(tensors));
    expect(start.size).toBe(tensors.size);
    const network = new MobileNet({ start, frozenBlocks: 3, random: createRandom(1) });
    // Three layers in each block that is not frozen, and the last one.
    expect(network.norms()).toHaveLength(37);
  });

  it('leaves numbers of another type out, such as the counters of batch normalisation', async () => {
    const counted = safetensors(SMALL, { 'first.num_batches_tracked': 'I64' });
    expect(await read(counted)).toEqual(SMALL);
    expect(await read(torchFile(SMALL, { 'first.num_batches_tracked': 'LongStorage' }))).toEqual(
      SMALL,
    );
  });

  it('says what is needed when there is no such file', async () => {
    await expect(readWeights(join(folder, 'nowhere.pt'))).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/nowhere\.pt cannot be read\. Needed is mn04_as_mAP_432\.pt/),
    });
  });

  const whole = safetensors(SMALL);
  const zip = torchFile(SMALL);
  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['a text', Buffer.from('These are no weights, but some sentences about them.')],
    ['a cut safetensors file', whole.subarray(0, whole.length - 5)],
    ['safetensors cut in its header', whole.subarray(0, 40)],
    ['safetensors without tensors', safetensors(new Map())],
    ['a cut zip', zip.subarray(0, zip.length - 30)],
    ['a zip that is cut in front', Buffer.concat([Buffer.from('PK'), zip.subarray(40)])],
    ['a zip of something else', storedZip({ 'archive/readme.txt': Buffer.from('none') })],
    [
      'a pickle that calls something',
      storedZip({ 'archive/data.pkl': Buffer.from('cos\nsystem\n(S"id"\ntR.') }),
    ],
    [
      'a pickle that is no dictionary',
      storedZip({ 'archive/data.pkl': Buffer.from('\x80\x02K\x01.', 'latin1') }),
    ],
    [
      'a pickle without an end',
      storedZip({ 'archive/data.pkl': Buffer.from('\x80\x02}', 'latin1') }),
    ],
    ['a zip whose values are missing', torchFile(SMALL, {}, { isWithoutValues: true })],
  ])('refuses %s with a sentence', async (_, bytes) => {
    await expect(read(bytes)).rejects.toMatchObject({
      code: 'audio-unreadable',
      message: expect.stringMatching(/is no file of weights, or it is damaged\. Needed is/),
    });
  });
});

describe('the weights of another network', () => {
  it('are refused, naming the first tensor that does not fit', () => {
    expect(() => tensorOf(SMALL, 'second.weight', 6)).toThrow(
      expect.objectContaining({
        code: 'model-invalid',
        message: expect.stringMatching(
          /another network: second\.weight, of 6 numbers, is missing\./,
        ),
      }),
    );
    expect(() => tensorOf(SMALL, 'first.bias', 3)).toThrow(
      /first\.bias, of 3 numbers, has the shape \[2\]/,
    );
    expect(() => tensorOf(SMALL, 'first.bias', 3)).toThrow(NEEDED);
  });

  it('are refused when a network is built of them, wherever they differ', () => {
    const build = (
      change: (
        tensors: Map<string, Tensors extends ReadonlyMap<string, infer T> ? T : never>,
      ) => void,
      frozenBlocks = 3,
    ) => {
      const start = new Map(randomTensors(createRandom(1)));
      change(start);
      return () => new MobileNet({ start, frozenBlocks, random: createRandom(1) });
    };
    expect(build(() => {})).not.toThrow();
    const wider = { shape: [16, 1, 3, 3], data: new Float32Array(144) };
    expect(build((tensors) => tensors.set('features.0.0.weight', wider))).toThrow(
      /features\.0\.0\.weight, of 72 numbers, has the shape \[16,1,3,3\]/,
    );
    for (const name of [
      'features.2.block.1.1.running_var',
      'features.5.block.2.conc_se_layers.0.fc1.bias',
      'features.16.1.weight',
    ]) {
      expect(build((tensors) => tensors.delete(name))).toThrow(`${name}, of`);
    }
  });
});

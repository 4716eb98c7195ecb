import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { framesToMono, readWavHeader } from '../../../core/audio/wav.ts';
import { AudiosetMel } from '../../../core/features/audioset-mel.ts';
import { input, Program, sum, TrainingStep } from '../../../training/autodiff/index.ts';
import {
  BLOCKS,
  EMBEDDING,
  graphOperators,
  inferBlocks,
} from '../../../training/network/inference.ts';
import { MobileNet } from '../../../training/network/mobilenet.ts';
import { readWeights, type Tensors } from '../../../training/network/weights-file.ts';
import { GraphBuilder } from '../../../training/onnx/graph.ts';
import { createRandom } from '../../../training/random.ts';

const GOLDEN = fileURLToPath(new URL('../../golden/', import.meta.url));

/** The map after the stem (0), after each block, and after the last layer. */
interface ReferenceMap {
  readonly shape: readonly number[];
  readonly mean: number;
  readonly deviation: number;
  /** Its first values in row-major order [channels, bands, frames]. */
  readonly first: readonly number[];
}

const golden: {
  readonly input: string;
  readonly mel: { readonly shape: readonly [frames: number, bands: number] };
  readonly blocks: readonly ReferenceMap[];
  readonly embedding: readonly number[];
} = JSON.parse(readFileSync(`${GOLDEN}mn04.json`, 'utf8'));

/** The weights are 2 MB and not ours to pass on: whoever has them names their folder. */
const folder = join(process.env.UNDERTONE_DATA ?? '', 'weights');
const files =
  process.env.UNDERTONE_DATA && existsSync(folder)
    ? readdirSync(folder).filter((name) => /^mn04.*\.(pt|safetensors)$/.test(name))
    : [];

describe.skipIf(files.length === 0)(
  'the pretrained network (skipped unless UNDERTONE_DATA has weights/mn04*.pt or .safetensors)',
  () => {
    const [frames, bands] = golden.mel.shape;

    it.each(files)('agrees with its reference, block by block: %s', async (file) => {
      const start = await readWeights(join(folder, file));
      const maps = await mapsOf(start);
      expect(maps).toHaveLength(golden.blocks.length);
      maps.forEach((map, i) => {
        expectAgreement(map, golden.blocks[i]);
      });
      const last = maps[maps.length - 1];
      const positions = last.length / EMBEDDING;
      golden.embedding.forEach((expected, channel) => {
        const values = last.subarray(channel * positions, (channel + 1) * positions);
        const mean = values.reduce((a, b) => a + b, 0) / positions;
        expect(Math.abs(mean - expected)).toBeLessThan(1e-4);
      });
    });

    it('agrees with it in the training graph, as far as it is frozen', async () => {
      const start = await readWeights(join(folder, files[0]));
      const frozenBlocks = 3;
      const x = input([1, frames, bands]);
      const random = createRandom(1);
      const [map] = new MobileNet({ start, frozenBlocks, random }).maps(x);
      const program = await Program.compile([map]);
      program.buffer(x).set(melOf(golden.input));
      await program.run();
      expectAgreement(program.buffer(map), golden.blocks[frozenBlocks]);
      await program.release();
    });

    it('is the same network in every file', async () => {
      const [first, ...others] = await Promise.all(
        files.map((file) => readWeights(join(folder, file))),
      );
      for (const other of others) {
        for (const [name, { data }] of other) {
          const known = first.get(name);
          if (known) expect(Buffer.compare(bytesOf(known.data), bytesOf(data))).toBe(0);
        }
      }
      expect([...first.keys()].filter((name) => name.startsWith('features.'))).not.toHaveLength(0);
    });

    function melOf(name: string): Float32Array {
      const bytes = readFileSync(GOLDEN + name);
      const format = readWavHeader(bytes)!;
      const samples = framesToMono(bytes.subarray(format.dataStart, format.dataEnd), format);
      return new AudiosetMel(bands).extract(samples, { from: 0, to: frames });
    }

    /** Returns every map of prediction, computed by the graph that ships. */
    async function mapsOf(start: Tensors): Promise<Float32Array[]> {
      const network = new MobileNet({ start, frozenBlocks: 0, random: createRandom(1) });
      const x = input([1, frames, bands]);
      const step = await TrainingStep.compile(sum(network.forward(x)), network.parameters(), []);
      const { stem, blocks, last } = network.weights(step);
      await step.release();
      const graph = new GraphBuilder('maps');
      const operators = graphOperators(graph);
      const image = graph.input('image', [1, 1, bands, frames]);
      const shapeOf = (i: number) => [1, ...golden.blocks[i].shape];
      for (let i = 0; i <= BLOCKS.length; i++) {
        const map = inferBlocks(operators, image, { stem, blocks: blocks.slice(0, i) });
        graph.output(map, `map_${i}`, shapeOf(i));
      }
      const whole = inferBlocks(operators, image, { stem, blocks });
      const end = operators.convolve(whole, last, 1, 'hard-swish');
      graph.output(end, `map_${BLOCKS.length + 1}`, shapeOf(BLOCKS.length + 1));
      const session = await InferenceSession.create(graph.toBytes());
      const mel = melOf(golden.input);
      const transposed = new Float32Array(mel.length);
      mel.forEach((value, i) => {
        transposed[(i % bands) * frames + Math.floor(i / bands)] = value;
      });
      const feeds = { image: new Tensor('float32', transposed, [1, 1, bands, frames]) };
      const results = await session.run(feeds);
      await session.release();
      return golden.blocks.map((_, i) => results[`map_${i}`].data as Float32Array);
    }
  },
);

function expectAgreement(map: Float32Array, { shape, mean, deviation, first }: ReferenceMap): void {
  expect(map).toHaveLength(shape.reduce((a, b) => a * b, 1));
  first.forEach((value, i) => {
    expect(Math.abs(map[i] - value)).toBeLessThan(1e-4);
  });
  const average = map.reduce((a, b) => a + b, 0) / map.length;
  const variance = map.reduce((total, v) => total + (v - average) ** 2, 0) / (map.length - 1);
  expect(Math.abs(average - mean)).toBeLessThan(1e-4);
  expect(Math.abs(Math.sqrt(variance) - deviation)).toBeLessThan(1e-4);
}

function bytesOf(values: Float32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

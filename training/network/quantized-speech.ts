import { TensorProto_DataType as DataType } from 'onnx-buf';
import { GraphBuilder, type Value } from '../onnx/graph.ts';
import type { ReadOptions } from './activations.ts';
import { appendWindows, feedsOf, type Windows } from './graph-input.ts';
import { WINDOW_BATCH } from './predict.ts';
import type { PublishedNetwork } from './probe.ts';
import { openSession } from './products.ts';
import {
  type Arithmetic,
  convolved,
  geometryOf,
  type Layer,
  LEAST,
  realArithmetic,
  SLOPE,
  type SpeechEmbedding,
  type Units,
} from './speech-embedding.ts';

/**
 * The largest value that a byte represents, as a share of the largest one observed. Clipping the few values
 * above it gives all others a finer resolution (the mean square error is lowest between 0.6 and 0.8).
 */
const KEPT = 0.7;
/** Steps between the smallest and the largest byte. */
const STEPS = 255;
/**
 * What the largest weight of an output channel is scaled to. Processors without VNNI add two products of a
 * byte and a weight in 16 bits. With weights of seven bits this never overflows, so all get the same sums.
 */
const LARGEST_WEIGHT = 63;
/** Keeps a channel whose weights are all 0 from a scale of 0. */
const LEAST_PEAK = 1e-4;

/**
 * The speech embedding in 8-bit integers (Jacob et al. 2018, arXiv:1712.05877), two to three times as fast.
 * The maps are unsigned bytes, the weights are signed and have a scale for each output channel. The first
 * layer, which reads the spectrogram, and the last one, which has no rectifier, stay in real numbers.
 */
export class QuantizedSpeechEmbedding implements PublishedNetwork {
  readonly activations: number;
  readonly network: SpeechEmbedding;
  readonly peaks: readonly number[];

  /** @param peaks the largest value that the bytes after each rectifier stand for */
  constructor(network: SpeechEmbedding, peaks: readonly number[]) {
    this.activations = network.activations;
    this.network = network;
    this.peaks = peaks;
  }

  append(graph: GraphBuilder, windows: Windows): Value {
    return this.network.appendWith(graph, windows, byteArithmetic(graph, this.peaks));
  }
}

/**
 * Quantises the network for what it hears in recordings: the largest value of each layer, and nothing else
 * of them.
 *
 * @param recordings windows of each, WINDOW_ROWS × bands
 * @example
 * const quantized = await quantizeSpeech(network, someRecordings(plan.selections()), { workers, signal });
 */
export async function quantizeSpeech(
  network: SpeechEmbedding,
  recordings: Iterable<readonly Float32Array[]>,
  { workers, signal }: Pick<ReadOptions, 'workers' | 'signal'>,
): Promise<QuantizedSpeechEmbedding> {
  const graph = new GraphBuilder('peaks');
  const outputs: string[] = [];
  const arithmetic = realArithmetic(graph);
  network.appendWith(graph, appendWindows(graph), {
    ...arithmetic,
    rectified(sums, index) {
      const values = arithmetic.rectified(sums, index);
      outputs[index] = `peak ${index}`;
      const peak = graph.node('ReduceMax', [values], { keepdims: { int: 0 } });
      graph.output(peak, outputs[index], []);
      return values;
    },
  });
  const session = await openSession(graph, workers);
  const peaks = outputs.map(() => 0);
  try {
    for (const windows of recordings) {
      signal.throwIfAborted();
      for (let first = 0; first < windows.length; first += WINDOW_BATCH) {
        const said = await session.run(feedsOf(windows.slice(first, first + WINDOW_BATCH)));
        outputs.forEach((name, i) => {
          peaks[i] = Math.max(peaks[i], (said[name].data as Float32Array)[0]);
        });
      }
    }
  } finally {
    await session.release();
  }
  return new QuantizedSpeechEmbedding(
    network,
    peaks.map((peak) => KEPT * peak),
  );
}

/** What bytes stand for, also as constants of a graph. */
interface Bytes extends Units {
  readonly values: readonly [scale: Value, zero: Value];
}

function byteArithmetic(graph: GraphBuilder, peaks: readonly number[]): Arithmetic {
  const bytesBetween = (least: number, most: number): Bytes => {
    const scale = (most - least) / STEPS;
    const zero = Math.round(-least / scale);
    const values = [graph.scalar(scale), graph.constant([], Uint8Array.of(zero))] as const;
    return { scale, zero, values };
  };
  // Made on demand: the first layer has no sums in bytes, and onnxruntime warns of constants that nothing reads.
  const summedBytes = (index: number) => bytesBetween(LEAST / SLOPE, peaks[index]);
  // What is less than the rectifier's least becomes that, as bytes do not go further down.
  const rectifiedBytes = (index: number) => bytesBetween(LEAST, peaks[index]);
  return {
    sums(map, layer, index) {
      if (index === 0) return convolved(graph, map, layer);
      const before = rectifiedBytes(index - 1);
      const { weight, bias, scales } = quantizedLayer(layer, before.scale);
      const [outputs] = layer.dims;
      return graph.node(
        'QLinearConv',
        [
          map,
          ...before.values,
          graph.constant(layer.dims, weight),
          graph.constant([outputs], scales),
          graph.constant([outputs], new Int8Array(outputs)),
          ...summedBytes(index).values,
          graph.constant([outputs], bias),
        ],
        geometryOf(layer.dims),
      );
    },
    rectified(sums, index) {
      const rectifier = { alpha: { float: SLOPE } };
      const after = rectifiedBytes(index).values;
      if (index === 0) {
        return graph.node('QuantizeLinear', [graph.node('LeakyRelu', [sums], rectifier), ...after]);
      }
      const inputs = [sums, ...summedBytes(index).values, ...after];
      return graph.node('QLinearLeakyRelu', inputs, rectifier, 'com.microsoft');
    },
    // Not DequantizeLinear: onnxruntime would repeat it for every node that reads the map.
    floats: (map) => graph.node('Cast', [map], { to: { int: DataType.FLOAT } }),
    units: rectifiedBytes,
  };
}

/** Returns the weights of a layer as integers, and what 1 of each output channel stands for. */
function quantizedLayer({ dims, weight, bias }: Layer, inputScale: number) {
  const size = weight.length / dims[0];
  const scales = Float32Array.from({ length: dims[0] }, (_, channel) => {
    const own = weight.subarray(channel * size, (channel + 1) * size);
    return (
      own.reduce((most, value) => Math.max(most, Math.abs(value)), LEAST_PEAK) / LARGEST_WEIGHT
    );
  });
  return {
    weight: Int8Array.from(weight, (value, i) => Math.round(value / scales[Math.floor(i / size)])),
    // Sums count in steps of the weights times those of the bytes.
    bias: Int32Array.from(scales, (scale, channel) =>
      Math.round((bias?.[channel] ?? 0) / (scale * inputScale)),
    ),
    scales,
  };
}

import type { VoiceModel } from '../../core/voice/network.ts';
import { MlpClassifier } from '../baselines/mlp.ts';
import type { MlpModel } from '../baselines/mlp-network.ts';
import { type Scaling, StandardScaler } from '../baselines/preprocessing.ts';
import { fromRows } from '../matrix.ts';
import type { Described } from './described.ts';

/** Small enough to live in the source, and averaged against the luck of one initialisation. */
const SHAPE = { hidden: 24, members: 3 } as const;
const FIT = {
  ...{ epochs: 25, dropout: 0.2, labelSmoothing: 0.02, mixup: 0.1, weightDecay: 0.05 },
} as const;
/** A voice that is hard to hear counts this many times: there are fewer of them, and they are people. */
const HARD_VOICE_WEIGHT = 4;

/** Learns to tell the stretches of voices from those of other sounds. The threshold is left at 0.5. */
export async function fitVoiceModel(
  examples: readonly Described[],
  seed: number,
): Promise<VoiceModel> {
  const rows: Float32Array[] = [];
  const labels: number[] = [];
  for (const { isVoice, condition, stretches } of examples) {
    const times = isVoice && condition !== 'clean' ? HARD_VOICE_WEIGHT : 1;
    for (let i = 0; i < times; i++) {
      rows.push(...stretches);
      labels.push(...stretches.map(() => (isVoice ? 1 : 0)));
    }
  }
  const X = fromRows(rows);
  const scaler = new StandardScaler().fit(X);
  const { hidden, members } = SHAPE;
  const mlp = new MlpClassifier({ classCount: 2, hidden: [hidden], members, seed, ...FIT });
  await mlp.fit(scaler.transform(X), Int32Array.from(labels));
  const inputs = X.columns;
  return { inputs, hidden, members, threshold: 0.5, weights: pack(mlp.model, scaler.scaling) };
}

/** Folds the standardisation into the first layer, and the two logits into their difference. */
function pack({ members, layers: [first, last] }: MlpModel, { mean, scale }: Scaling): string {
  const { inFeatures: inputs, outFeatures: hidden } = first;
  const values: number[] = [];
  for (let m = 0; m < members; m++) {
    const weight = first.weight.subarray(m * inputs * hidden, (m + 1) * inputs * hidden);
    const bias = Array.from(first.bias.subarray(m * hidden, (m + 1) * hidden));
    weight.forEach((value, k) => {
      const input = Math.floor(k / hidden);
      values.push(value * scale[input]);
      bias[k % hidden] -= mean[input] * scale[input] * value;
    });
    values.push(...bias);
    for (let unit = 0; unit < hidden; unit++) {
      const at = 2 * (m * hidden + unit);
      values.push(last.weight[at + 1] - last.weight[at]);
    }
    values.push(last.bias[2 * m + 1] - last.bias[2 * m]);
  }
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => {
    bytes.writeFloatLE(value, i * 4);
  });
  return bytes.toString('base64');
}

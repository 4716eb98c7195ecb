import { describe, expect, test } from 'vitest';
import { type VoiceModel, VoiceNetwork } from '../../../core/voice/network.ts';
import { STATISTIC_NAMES } from '../../../core/voice/statistics.ts';

const inputs = STATISTIC_NAMES.length;

/** Two members of one unit each: relu(weight · first statistic + bias) · output + offset. */
function model(members: readonly (readonly [number, number, number, number])[]): VoiceModel {
  const values = members.flatMap(([weight, bias, output, offset]) => [
    weight,
    ...new Array(inputs - 1).fill(0),
    ...[bias, output, offset],
  ]);
  const bytes = Buffer.from(Float32Array.from(values).buffer);
  return {
    ...{ inputs, hidden: 1, members: members.length, threshold: 0.5 },
    weights: bytes.toString('base64'),
  };
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const statistics = (first: number) => {
  const vector = new Float32Array(inputs).fill(7);
  vector[0] = first;
  return vector;
};

describe('the network of the voice detector', () => {
  test('averages the logistic outputs of its members', () => {
    const network = new VoiceNetwork(
      model([
        [2, 1, 0.5, -0.25],
        [-1, 0, 3, 0.5],
      ]),
    );
    const expected = (sigmoid(0.5 * (2 * 3 + 1) - 0.25) + sigmoid(0.5)) / 2;
    expect(network.probability(statistics(3))).toBeCloseTo(expected, 6);
    const below = (sigmoid(-0.25) + sigmoid(3 * 3 + 0.5)) / 2;
    expect(network.probability(statistics(-3))).toBeCloseTo(below, 6);
  });

  test.each([
    ['fewer weights', { weights: 'AAAA' }],
    ['other statistics', { inputs: 3 }],
    ['more members', { members: 2 }],
  ])('refuses a model of %s', (_, change) => {
    expect(() => new VoiceNetwork({ ...model([[1, 0, 1, 0]]), ...change })).toThrow(RangeError);
  });
});

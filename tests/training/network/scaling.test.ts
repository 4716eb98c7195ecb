import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMOTION_COUNT, EMOTIONS } from '../../../core/model/emotions.ts';
import { type Matrix, rowOf, zeros } from '../../../evaluation/matrix.ts';
import { applyScaling, fitScaling, type Scaling } from '../../../training/network/scaling.ts';
import { createRandom } from '../../../training/random.ts';

const NEUTRAL = EMOTIONS.indexOf('neutral');
const CALM = EMOTIONS.indexOf('calm');
const ANGRY = EMOTIONS.indexOf('angry');

/** Probabilities of a network that is too sure of itself and takes too much for anger, and the truth. */
function overconfident(rows: number, seed: number): { probabilities: Matrix; y: Int32Array } {
  const random = createRandom(seed);
  const probabilities = zeros(rows, EMOTION_COUNT);
  const y = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    const honest = Array.from({ length: EMOTION_COUNT }, () => Math.exp(1.2 * random.normal()));
    const total = honest.reduce((a, b) => a + b, 0);
    let left = random.uniform() * total;
    y[i] = honest.findIndex((p) => {
      left -= p;
      return left <= 0;
    });
    const powers = honest.map((p, k) => p ** 2.5 * (k === ANGRY ? 4 : 1));
    const sum = powers.reduce((a, b) => a + b, 0);
    powers.forEach((p, k) => {
      rowOf(probabilities, i)[k] = p / sum;
    });
  }
  return { probabilities, y };
}

/** In nats; neutral and calm count as one. */
function crossEntropy(probabilities: Matrix, y: Int32Array): number {
  let sum = 0;
  y.forEach((k, i) => {
    const row = rowOf(probabilities, i);
    const isCalm = k === NEUTRAL || k === CALM;
    sum -= Math.log(isCalm ? row[NEUTRAL] + row[CALM] : row[k]);
  });
  return sum / y.length;
}

describe('applyScaling', () => {
  it('gives probabilities, and at a temperature of 1 without biases nearly those that it got', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.double({ min: 0.3, max: 4, noNaN: true }),
        fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 8, maxLength: 8 }),
        (seed, temperature, bias) => {
          const { probabilities } = overconfident(5, seed);
          const scaled = applyScaling(probabilities, { temperature, bias });
          const plain = applyScaling(probabilities, { temperature: 1, bias: bias.map(() => 0) });
          for (let i = 0; i < 5; i++) {
            expect(rowOf(scaled, i).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
            rowOf(plain, i).forEach((p, k) => {
              expect(Math.abs(p - rowOf(probabilities, i)[k])).toBeLessThan(0.01);
            });
          }
        },
      ),
    );
  });
});

describe('fitScaling', () => {
  const { probabilities, y } = overconfident(1000, 1);
  const fitted = fitScaling(probabilities, y);
  const lossOf = (scaling: Scaling) => crossEntropy(applyScaling(probabilities, scaling), y);

  it('finds how much too sure the network is, and the class that it favours', () => {
    expect(fitted.temperature).toBeGreaterThan(1.8);
    expect(fitted.temperature).toBeLessThan(2.8);
    expect(fitted.bias.indexOf(Math.min(...fitted.bias))).toBe(ANGRY);
    expect(fitted.bias[CALM]).toBe(fitted.bias[NEUTRAL]);
  });

  it('has the lowest loss nearby, but for the pull of the biases towards 0', () => {
    const least = lossOf(fitted);
    const plain = { temperature: 1, bias: fitted.bias.map(() => 0) };
    expect(least).toBeLessThan(lossOf(plain) - 0.1);
    for (const factor of [0.8, 1.25]) {
      expect(lossOf({ ...fitted, temperature: fitted.temperature * factor })).toBeGreaterThan(
        least,
      );
    }
    for (const k of [ANGRY, EMOTIONS.indexOf('sad')]) {
      for (const offset of [-0.5, 0.5]) {
        const bias = fitted.bias.map((b, i) => (i === k ? b + offset : b));
        expect(lossOf({ ...fitted, bias })).toBeGreaterThan(least);
      }
    }
  });

  it('holds for others as well', () => {
    const strangers = overconfident(1000, 2);
    const loss = (scaling: Scaling) =>
      crossEntropy(applyScaling(strangers.probabilities, scaling), strangers.y);
    expect(loss(fitted)).toBeLessThan(
      loss({ temperature: 1, bias: fitted.bias.map(() => 0) }) - 0.1,
    );
  });

  it('is a plain temperature at a strength of 0', () => {
    const { bias, temperature } = fitScaling(probabilities, y, 0);
    expect(bias.every((b) => b === 0)).toBe(true);
    expect(temperature).toBeGreaterThan(1.5);
  });

  it('moves no class that does not occur by much', () => {
    const rare = y.map((k) => (k === ANGRY ? NEUTRAL : k));
    const { bias } = fitScaling(probabilities, rare);
    expect(bias.every((b) => Number.isFinite(b) && Math.abs(b) < 5)).toBe(true);
  });
});

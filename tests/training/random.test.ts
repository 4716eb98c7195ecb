import { describe, expect, it } from 'vitest';
import { createRandom, sampleBeta } from '../../training/random.ts';

describe('sampleBeta', () => {
  it.each([0.3, 1, 3])('has the moments of the symmetric Beta(%d)', (alpha) => {
    const random = createRandom(11);
    const draws = Array.from({ length: 20_000 }, () => sampleBeta(alpha, random));
    const mean = draws.reduce((total, draw) => total + draw, 0) / draws.length;
    const variance = draws.reduce((total, draw) => total + (draw - mean) ** 2, 0) / draws.length;
    expect(draws.every((draw) => draw >= 0 && draw <= 1)).toBe(true);
    expect(mean).toBeCloseTo(0.5, 1);
    expect(variance * 4 * (2 * alpha + 1)).toBeCloseTo(1, 1);
  });
});

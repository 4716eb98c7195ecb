import { describe, expect, it } from 'vitest';
import { oneCycle } from '../../../training/optim/schedules.ts';

describe('oneCycle', () => {
  const learningRate = oneCycle({ peak: 0.1, totalSteps: 101, warmup: 0.2 });
  const rates = Array.from({ length: 101 }, (_, step) => learningRate(step));

  it('starts low, peaks after the warm-up and ends at almost nothing', () => {
    expect(rates[0]).toBeCloseTo(0.1 / 25, 12);
    expect(rates[20]).toBeCloseTo(0.1, 12);
    expect(rates[100]).toBeCloseTo(1e-5, 12);
    expect(learningRate(500)).toBeCloseTo(1e-5, 12);
  });

  it('rises, then falls, halfway at half of the way', () => {
    for (let step = 1; step <= 100; step++) {
      if (step <= 20) expect(rates[step]).toBeGreaterThan(rates[step - 1]);
      else expect(rates[step]).toBeLessThan(rates[step - 1]);
    }
    expect(rates[60]).toBeCloseTo((0.1 + 1e-5) / 2, 12);
    // A quarter of the way down, half a cosine has fallen by 1/2 − √2/4 of the height.
    expect(rates[40]).toBeCloseTo(0.1 - (0.1 - 1e-5) * (1 / 2 - Math.SQRT2 / 4), 12);
  });

  it('is plain cosine decay without a warm-up, and defined for a single step', () => {
    expect(oneCycle({ peak: 0.1, totalSteps: 10, warmup: 0 })(0)).toBeCloseTo(0.1, 12);
    expect(oneCycle({ peak: 0.1, totalSteps: 1 })(0)).toBeGreaterThan(0);
  });

  it('refuses a cycle without steps or without a descent', () => {
    expect(() => oneCycle({ peak: 0.1, totalSteps: 0 })).toThrow(RangeError);
    expect(() => oneCycle({ peak: 0.1, totalSteps: 5, warmup: 1 })).toThrow(RangeError);
  });
});

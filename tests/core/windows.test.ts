import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Analysis } from '../../core/analyze.ts';
import {
  MIN_ACTIVE_FRAMES,
  meanOverWindows,
  modelWindows,
  windowRanges,
  windowWeight,
} from '../../core/windows.ts';

const SIZE = { frames: 128, hop: 64 };

describe('windowRanges', () => {
  test('covers every frame with windows of one size, at most a hop apart', () => {
    fc.assert(
      fc.property(fc.integer({ min: 129, max: 5000 }), (frames) => {
        const ranges = windowRanges(frames, SIZE);
        expect(ranges[0].from).toBe(0);
        expect(ranges.at(-1)?.to).toBe(frames);
        ranges.forEach(({ from, to }, i) => {
          expect(to - from).toBe(SIZE.frames);
          if (i === 0) return;
          expect(from).toBeGreaterThan(ranges[i - 1].from);
          expect(from - ranges[i - 1].from).toBeLessThanOrEqual(SIZE.hop);
        });
      }),
    );
  });

  test('begins windows at multiples of a step, and ends less than a step before the span', () => {
    const step = 4;
    fc.assert(
      fc.property(fc.integer({ min: 128, max: 5000 }), (frames) => {
        const ranges = windowRanges(frames, { ...SIZE, step });
        expect(ranges).toEqual(windowRanges(frames - (frames % step), SIZE));
      }),
    );
    expect(windowRanges(131, { ...SIZE, step })).toEqual([{ from: 0, to: 128 }]);
    expect(windowRanges(7, { ...SIZE, step })).toEqual([{ from: 0, to: 7 }]);
  });

  test('is one window of what there is where that is less, and none of nothing', () => {
    expect(windowRanges(128, SIZE)).toEqual([{ from: 0, to: 128 }]);
    expect(windowRanges(7, SIZE)).toEqual([{ from: 0, to: 7 }]);
    expect(windowRanges(0, SIZE)).toEqual([]);
  });
});

test('a window with next to nothing in it is left out, unless it is the only one', () => {
  const windowsOf = (frames: number, ...heard: readonly [from: number, to: number][]) => {
    const active = Uint8Array.from({ length: frames }, (_, t) =>
      heard.some(([from, to]) => t >= from && t < to) ? 1 : 0,
    );
    return modelWindows({ frames, active } as Analysis, SIZE).map(({ from }) => from);
  };
  expect(windowsOf(320, [0, 320])).toEqual([0, 64, 128, 192]);
  expect(windowsOf(320, [0, MIN_ACTIVE_FRAMES], [256, 320])).toEqual([0, 128 + 64]);
  expect(windowsOf(320, [0, MIN_ACTIVE_FRAMES - 1], [256, 320])).toEqual([128 + 64]);
  expect(windowsOf(100, [0, 1])).toEqual([0]);
});

describe('meanOverWindows', () => {
  test('of one window is that window, bit by bit', () => {
    const row = Float64Array.of(0.1, 0.7, 0.2);
    for (const weight of [1, 3, 97, 0]) expect(meanOverWindows([row], [weight])).toEqual(row);
  });

  test('weighs the windows', () => {
    const rows = [Float64Array.of(1, 0), Float64Array.of(0, 1)];
    expect([...meanOverWindows(rows, [30, 10])]).toEqual([0.75, 0.25]);
  });
});

test('a window counts fully when half of it is speech, and not at all when none is', () => {
  const active = Uint8Array.from({ length: 300 }, (_, t) => (t < 100 ? 1 : 0));
  expect(windowWeight(active, { from: 0, to: 128 })).toBe(1);
  expect(windowWeight(active, { from: 36, to: 164 })).toBe(1);
  expect(windowWeight(active, { from: 68, to: 196 })).toBe(0.5);
  expect(windowWeight(active, { from: 150, to: 278 })).toBe(0);
});

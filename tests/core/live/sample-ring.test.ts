import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SampleRing } from '../../../core/live/sample-ring.ts';

test('keeps the last samples of whatever is pushed, in order', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 12 }),
      fc.integer({ min: 0, max: 40 }),
      (capacity, lengths, count) => {
        const ring = new SampleRing(capacity);
        const all: number[] = [];
        for (const length of lengths) {
          const chunk = Array.from({ length }, (_, i) => all.length + i);
          ring.push(Float32Array.from(chunk));
          all.push(...chunk);
        }
        const kept = Math.min(count, capacity, all.length);
        expect([...ring.last(count)]).toEqual(all.slice(all.length - kept));
      },
    ),
  );
});

test('hands out copies, which later samples do not change', () => {
  const ring = new SampleRing(2);
  ring.push(Float32Array.of(1, 2));
  const copy = ring.last(2);
  ring.push(Float32Array.of(3, 4));
  expect([...copy]).toEqual([1, 2]);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  mostLikely,
  type Stretch,
  spokenRanges,
  timelineOf,
  type WindowPosteriors,
} from '../../../core/timeline/timeline.ts';
import { activeFrames, MIN_ACTIVE_FRAMES, windowRanges } from '../../../core/windows.ts';

const SIZE = { frames: 128, hop: 64 };
const CLASSES = 8;
const FRAMES_A_SECOND = 50;

/** A part of a made-up note: what is felt in it, or null for silence. */
interface Part {
  readonly label: number | null;
  readonly frames: number;
}

/** A window tells the labels in it by their shares of its speech, one of them alone as surely as `sure`. */
function hear(parts: readonly Part[], sure = 0.7): WindowPosteriors {
  const labels = parts.flatMap(({ label, frames }) => new Array<number | null>(frames).fill(label));
  const active = Uint8Array.from(labels, (label) => (label === null ? 0 : 1));
  const windows = windowRanges(active.length, SIZE).filter(
    (range) => activeFrames(active, range) >= MIN_ACTIVE_FRAMES,
  );
  const logit = Math.log((sure * (CLASSES - 1)) / (1 - sure));
  const posteriors = windows.map((range) => {
    const heard = labels.slice(range.from, range.to).filter((label) => label !== null);
    const row = new Float64Array(CLASSES);
    for (const label of heard) row[label] += logit / heard.length;
    return normalized(row.map(Math.exp));
  });
  return { active, windows, posteriors, size: SIZE };
}

function normalized(row: Float64Array): Float64Array {
  const sum = row.reduce((a, b) => a + b, 0);
  return row.map((p) => p / sum);
}

const told = (stretches: readonly Stretch[]) =>
  stretches.map(({ from, to, probabilities }) => ({ from, to, label: mostLikely(probabilities) }));
const labelsOf = (stretches: readonly Stretch[]) => told(stretches).map(({ label }) => label);

const parts = fc.array(
  fc.record({
    label: fc.oneof(
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 0, max: 3 }),
      fc.constant(null),
    ),
    frames: fc.integer({ min: 1, max: 400 }),
  }),
  { minLength: 1, maxLength: 8 },
);
const noise = fc.array(
  fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 }),
  { minLength: 60, maxLength: 60 },
);

/** Long notes take many steps: fewer of them are tried than fast-check would by itself. */
const RUNS = { numRuns: 40 };

describe('any timeline', () => {
  const check = (heard: WindowPosteriors) => {
    const stretches = timelineOf(heard);
    const { active } = heard;
    const covered = new Uint8Array(active.length);
    let end = 0;
    for (const [i, { from, to, probabilities, active: frames }] of stretches.entries()) {
      expect(from).toBeGreaterThanOrEqual(end);
      expect(to).toBeGreaterThan(from);
      expect(to).toBeLessThanOrEqual(active.length);
      expect(probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
      expect(frames).toBe(activeFrames(active, { from, to }));
      const before = stretches[i - 1];
      if (before?.to === from) {
        expect(mostLikely(before.probabilities)).not.toBe(mostLikely(probabilities));
      }
      covered.fill(1, from, to);
      end = to;
    }
    const isHeard = (t: number) => heard.windows.some(({ from, to }) => t >= from && t < to);
    const left: number[] = [];
    for (const range of spokenRanges(active)) {
      for (let t = range.from; t < range.to; t++) {
        if (active[t] && !covered[t] && isHeard(t)) left.push(t);
      }
    }
    expect(left).toEqual([]);
  };

  test('is in order, overlaps nowhere, leaves no speech out and changes at every joint', () => {
    fc.assert(
      fc.property(parts, (note) => check(hear(note))),
      RUNS,
    );
  });

  test('also where the windows say anything at all', () => {
    fc.assert(
      fc.property(parts, noise, (note, rows) => {
        const heard = hear(note);
        const posteriors = heard.windows.map((_, i) =>
          normalized(Float64Array.from(rows[i % rows.length])),
        );
        check({ ...heard, posteriors });
      }),
      RUNS,
    );
  });

  test('is the same backwards where no window ends between two hops', () => {
    const seconds = fc.integer({ min: 2, max: 7 });
    const labels = fc.array(fc.record({ label: fc.integer({ min: 0, max: 7 }), hops: seconds }), {
      minLength: 2,
      maxLength: 6,
    });
    fc.assert(
      fc.property(labels, (note) => {
        const there = note.map(({ label, hops }) => ({ label, frames: hops * SIZE.hop }));
        const frames = there.reduce((sum, part) => sum + part.frames, 0);
        const turned = told(timelineOf(hear(there.toReversed())))
          .reverse()
          .map(({ from, to, label }) => ({ from: frames - to, to: frames - from, label }));
        expect(turned).toEqual(told(timelineOf(hear(there))));
      }),
    );
  });
});

describe('one emotion', () => {
  test('for 30 s is one stretch with what the windows said', () => {
    const heard = hear([{ label: 2, frames: 30 * FRAMES_A_SECOND }]);
    const [only, ...rest] = timelineOf(heard);
    expect(rest).toEqual([]);
    expect(only).toMatchObject({ from: 0, to: 1500 });
    expect(only.probabilities[2]).toBeCloseTo(heard.posteriors[0][2], 9);
  });

  test('that fits one window has the very probabilities of that window', () => {
    const note = [
      { label: 1, frames: 20 },
      { label: null, frames: 80 },
      { label: 1, frames: 20 },
    ];
    const heard = hear(note, 0.37);
    const stretches = timelineOf(heard);
    expect(stretches).toHaveLength(1);
    expect(stretches[0].probabilities).toEqual(heard.posteriors[0]);
  });

  test.each([3, 7, 11])('does not flicker when window %i hears another one', (odd) => {
    const heard = hear([{ label: 0, frames: 20 * FRAMES_A_SECOND }]);
    const posteriors = heard.posteriors.map((row, i) =>
      i === odd ? Float64Array.from(row, (_, k) => row[(k + 5) % CLASSES]) : row,
    );
    expect(labelsOf(timelineOf({ ...heard, posteriors }))).toEqual([0]);
  });

  test('is not told of a click between two long pauses, but of a word there', () => {
    const speech = { label: 4, frames: 300 };
    const pause = { label: null, frames: 100 };
    const rangesWith = (frames: number) =>
      told(timelineOf(hear([speech, pause, { label: 4, frames }, pause, speech]))).length;
    expect(rangesWith(MIN_ACTIVE_FRAMES - 1)).toBe(2);
    expect(rangesWith(MIN_ACTIVE_FRAMES)).toBe(3);
  });

  test('goes on over a breath of 1.2 s, and ends at a pause of 2 s', () => {
    const speech = { label: 4, frames: 300 };
    expect(timelineOf(hear([speech, { label: null, frames: 60 }, speech]))).toHaveLength(1);
    const apart = timelineOf(hear([speech, { label: null, frames: 100 }, speech]));
    expect(told(apart)).toEqual([
      { from: 0, to: 300, label: 4 },
      { from: 400, to: 700, label: 4 },
    ]);
  });
});

describe('a change', () => {
  test.each([
    { seconds: 2.5, sure: 0.9 },
    { seconds: 3, sure: 0.65 },
  ])('of $seconds s or more stays, wherever it begins', ({ seconds, sure }) => {
    const shortest = seconds * FRAMES_A_SECOND;
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 500 }),
        fc.integer({ min: shortest, max: 400 }),
        fc.integer({ min: 200, max: 500 }),
        (before, during, after) => {
          const note = [
            { label: 3, frames: before },
            { label: 6, frames: during },
            { label: 3, frames: after },
          ];
          const stretches = told(timelineOf(hear(note, sure)));
          expect(stretches.map(({ label }) => label)).toEqual([3, 6, 3]);
          expect(Math.abs(stretches[1].from - before)).toBeLessThanOrEqual(SIZE.hop);
          expect(Math.abs(stretches[1].to - before - during)).toBeLessThanOrEqual(SIZE.hop);
        },
      ),
    );
  });

  test('is put into the pause beside it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 250, max: 500 }),
        fc.integer({ min: 10, max: 60 }),
        (at, gap) => {
          const note = [
            { label: 3, frames: at },
            { label: null, frames: gap },
            { label: 5, frames: 300 },
          ];
          const [first, second] = timelineOf(hear(note));
          expect(first.to).toBe(second.from);
          expect(first.to).toBe(Math.floor(at + gap / 2));
        },
      ),
    );
  });

  test('is put into the nearest of several pauses, and into none that is far away', () => {
    const spoken = (label: number, frames: number) => ({ label, frames });
    const pause = { label: null, frames: 20 };
    const start = [spoken(3, 150), pause];
    const end = [spoken(5, 150), pause, spoken(5, 150)];
    const near = timelineOf(hear([...start, spoken(3, 150), pause, ...end]));
    expect(near.map(({ to }) => to)).toEqual([330, 340 + 320]);
    const far = timelineOf(hear([...start, spoken(3, 250), ...end]));
    expect(far).toHaveLength(2);
    expect(Math.abs(far[0].to - 420)).toBeLessThanOrEqual(SIZE.hop);
    // Of two that are close, whether the other one comes before or after.
    const breath = { label: null, frames: 12 };
    const before = [spoken(3, 250), breath, spoken(3, 30), breath, spoken(5, 300)];
    expect(timelineOf(hear(before))[0].to).toBe(298);
    const after = [spoken(3, 300), breath, spoken(5, 30), breath, spoken(5, 250)];
    expect(timelineOf(hear(after))[0].to).toBe(306);
  });

  test('is not put into a pause that would squeeze out the stretch after it, or before it', () => {
    // The pause is 1.2 s from the one change and 1.4 s from the other, of 2.6 s between them.
    const note = [
      { label: 3, frames: 320 },
      { label: 6, frames: 50 },
      { label: null, frames: 16 },
      { label: 6, frames: 62 },
      { label: 3, frames: 320 },
    ];
    const stretches = told(timelineOf(hear(note, 0.9)));
    expect(stretches.map(({ from }) => from)).toEqual([0, 320, 448]);
    const backwards = told(timelineOf(hear(note.toReversed(), 0.9)));
    expect(backwards.map(({ from }) => from)).toEqual([0, 320, 448]);
  });

  test('is heard in the windows of its own stretch, not in those across the joint', () => {
    const note = [
      { label: 1, frames: 5 * SIZE.hop },
      { label: 7, frames: 5 * SIZE.hop },
    ];
    const heard = hear(note);
    for (const { probabilities } of timelineOf(heard)) {
      expect(Math.max(...probabilities)).toBeCloseTo(Math.max(...heard.posteriors[0]), 6);
    }
  });
});

describe('the name of what is told', () => {
  test('decides what is joined: two doubtful neighbours are one', () => {
    const note = [
      { label: 1, frames: 300 },
      { label: 2, frames: 300 },
    ];
    const heard = hear(note, 0.5);
    expect(timelineOf(heard)).toHaveLength(2);
    const named = timelineOf(heard, (row) => (Math.max(...row) < 0.6 ? 'uncertain' : 'sure'));
    expect(told(named)).toMatchObject([{ from: 0, to: 600 }]);
  });
});

test.each([
  100, 128, 129, 131,
])('a note of %i frames, of which one window hears nearly all, is one stretch to its end', (frames) => {
  const size = { ...SIZE, step: 4 };
  const active = new Uint8Array(frames).fill(1);
  // Its last frames are heard by no window: silence before them would be a stretch of its own.
  active.fill(0, 20, frames - 20);
  const windows = windowRanges(frames, size);
  const posteriors = [normalized(Float64Array.from({ length: CLASSES }, (_, k) => k + 1))];
  const stretches = timelineOf({ active, windows, posteriors, size });
  expect(told(stretches)).toEqual([{ from: 0, to: frames, label: CLASSES - 1 }]);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { markup } from '../../../evaluation/report/markup.ts';
import { linear, ticks } from '../../../evaluation/report/plots/svg.ts';

test('markup escapes values, keeps markup and leaves out what is not there', () => {
  const bold = markup`<b>${'a < b & "c"'}</b>`;
  expect(
    markup`<p title="${`'"`}">${bold}${null}${false}${undefined}${['x', 1, bold]}</p>`.text,
  ).toBe(
    '<p title="&#39;&#34;"><b>a &#60; b &#38; &#34;c&#34;</b>x1<b>a &#60; b &#38; &#34;c&#34;</b></p>',
  );
});

test('linear maps the ends of a domain onto the ends of a range', () => {
  const x = linear([0.4, 0.8], [100, 500]);
  expect([0.4, 0.5, 0.8].map(x)).toEqual([100, 200, 500]);
  expect(linear([1, 1], [100, 500])(1)).toBe(100);
});

test('ticks are few round numbers inside the domain, evenly apart', () => {
  expect(ticks([0, 1])).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(ticks([0.4, 0.7])).toEqual([0.4, 0.5, 0.6, 0.7]);
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 50, noNaN: true }),
      fc.double({ min: 0.01, max: 500, noNaN: true }),
      (low, span) => {
        const values = ticks([low, low + span]);
        expect(values.length).toBeGreaterThanOrEqual(1);
        expect(values.length).toBeLessThanOrEqual(7);
        expect(values[0]).toBeGreaterThanOrEqual(low - 1e-6);
        expect(values.at(-1)).toBeLessThanOrEqual(low + span + 1e-6);
      },
    ),
  );
});

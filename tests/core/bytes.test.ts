import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concatBytes, indexOfBytes, latin1 } from '../../core/bytes.ts';

/** Few values, so that sequences occur, and begin without going on. */
const bytes = (maxLength: number) => fc.uint8Array({ max: 2, maxLength });

test('a sequence is found where Node’s Buffer finds it', () => {
  fc.assert(
    fc.property(bytes(40), bytes(3), fc.nat(45), (all, sequence, offset) => {
      fc.pre(sequence.length > 0);
      const found = indexOfBytes(all, [...sequence], offset);
      expect(found).toBe(Buffer.from(all).indexOf(sequence, offset));
    }),
  );
});

test('chunks are joined as Node’s Buffer joins them', () => {
  fc.assert(
    fc.property(fc.array(bytes(5)), (chunks) => {
      expect([...concatBytes(chunks)]).toEqual([...Buffer.concat(chunks)]);
    }),
  );
});

test('text has a character for each byte, ASCII as it is', () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  expect(latin1(all)).toHaveLength(256);
  expect(latin1(all).slice(0, 128)).toBe(Buffer.from(all).toString('latin1').slice(0, 128));
});

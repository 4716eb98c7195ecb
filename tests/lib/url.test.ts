import { expect, test } from 'vitest';
import { parseUrl } from '../../lib/url.ts';

test('an address with letters such as ü is a URL, however often it is asked', () => {
  // URL.canParse of Node 20 refuses such an address once it is compiled.
  for (let i = 0; i < 20_000; i++) {
    if (parseUrl('https://exämple.org/ü.ogg') === null) expect.fail(`refused at call ${i}`);
  }
  expect(parseUrl('https://exämple.org/ü.ogg')?.hostname).toBe('xn--exmple-cua.org');
});

test.each(['', 'example', 'https://', 'https://[', '//example.org'])('%j is none', (text) => {
  expect(parseUrl(text)).toBeNull();
});

test('a relative address needs a base', () => {
  expect(parseUrl('b?c', 'https://example.org/a/')?.href).toBe('https://example.org/a/b?c');
  expect(parseUrl('https://[', 'https://example.org')).toBeNull();
});

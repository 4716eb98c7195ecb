import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ERROR_TABLE } from '../../core/index.ts';

test.each(Object.entries(ERROR_TABLE))('docs/limits.md lists %s', (code, { status }) => {
  const limits = readFileSync(new URL('../../docs/limits.md', import.meta.url), 'utf8');
  const line = limits.split('\n').find((text) => text.includes(`\`${code}\``));
  expect(line).toContain(String(status));
});

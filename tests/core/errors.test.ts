import { describe, expect, test } from 'vitest';
import { UndertoneError } from '../../core/errors.ts';

describe('what was thrown', () => {
  test('stays as it is when it is an UndertoneError', () => {
    const error = new UndertoneError('audio-too-long', 'It is too long.');
    expect(UndertoneError.from(error)).toBe(error);
    expect(error).toMatchObject({
      name: 'UndertoneError',
      status: 422,
      message: 'It is too long.',
    });
  });

  test('stays as it is when it is one of another bundle, which has a class of its own', () => {
    class UndertoneErrorOfBundle extends Error {
      override readonly name = new UndertoneError('internal', '').name;
    }
    const error = new UndertoneErrorOfBundle('It is empty.');
    expect(UndertoneError.from(error)).toBe(error);
  });

  test.each([
    ['an error', new TypeError('x is undefined')],
    ['a text', 'x is undefined'],
    ['nothing', undefined],
    ['what only has the name', { name: 'UndertoneError', message: 'x is undefined' }],
  ])('is internal when it is %s, which only the cause tells', (_, thrown) => {
    const error = UndertoneError.from(thrown);
    expect(error).toMatchObject({ code: 'internal', status: 500, cause: thrown });
    expect(error.message).toMatch(/^Something went wrong .*report it\.$/);
  });
});

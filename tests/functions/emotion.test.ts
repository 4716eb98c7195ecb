import type { APIGatewayProxyEvent } from 'aws-lambda';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { MAX_BYTES, verdictSchema } from '../../core/index.ts';
import { answer, handler } from '../../functions/emotion.ts';
import { silence, voiceLike, wavFile } from '../fixtures/audio.ts';
import { FORMS, writeForm } from '../fixtures/forms.ts';
import { useTinyModel } from '../fixtures/model.ts';
import { type EventOptions, emotionEvent } from './event.ts';
import { type Answer, expectProblem } from './problem.ts';

const note = wavFile(voiceLike({ seconds: 2 }));

useTinyModel({ favourite: 'calm', confidence: 0.6 });

async function call(options: EventOptions): Promise<Answer> {
  return answerTo(emotionEvent(options));
}

async function answerTo(event: APIGatewayProxyEvent): Promise<Answer> {
  const { statusCode, headers, body } = await handler(event);
  return { status: statusCode, headers: headers as Record<string, string>, body };
}

function verdictIn({ status, headers, body }: Answer) {
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('application/json');
  expect(headers['cache-control']).toBe('no-store');
  return verdictSchema.parse(JSON.parse(body));
}

/** A form as a browser writes it. */
async function form(parts: Record<string, string | Blob>) {
  const data = new FormData();
  for (const [name, part] of Object.entries(parts)) {
    if (typeof part === 'string') data.set(name, part);
    else data.set(name, part, 'note.wav');
  }
  const response = new Response(data);
  const contentType = response.headers.get('content-type') ?? '';
  return { body: new Uint8Array(await response.arrayBuffer()), contentType };
}

describe('a recording as the body', () => {
  test('in base64 gets its verdict', async () => {
    const answer = await call({ body: note });
    const verdict = verdictIn(answer);
    expect(verdict.emotion).toBe('calm');
    expect(verdict.duration).toBe(2);
    expect(verdict.timeline).toHaveLength(1);
    expect(answer.headers['x-request-id']).toBe('c6af9ac6-7b61-11e6-9a41-93e8deadbeef');
  });

  test('is heard whatever content type it is said to have', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(verdictIn(await call({ body: note, headers })).emotion).toBe('calm');
  });

  test('without speech is no error', async () => {
    const verdict = verdictIn(await call({ body: wavFile(silence({ seconds: 1 })) }));
    expect(verdict).toMatchObject({ emotion: 'no-speech', probabilities: null, timeline: [] });
  });

  test('of nothing is audio-missing', async () => {
    expect(expectProblem(await call({}), 400, 'audio-missing')).toContain('body');
  });

  test('that is text is format-unsupported', async () => {
    expectProblem(await call({ body: 'Hello', isText: true }), 415, 'format-unsupported');
  });

  test('may have MAX_BYTES and no more', async () => {
    const most = new Uint8Array(MAX_BYTES);
    most.set(note);
    expect(verdictIn(await call({ body: most })).duration).toBe(2);
    const more = new Uint8Array(MAX_BYTES + 1);
    expectProblem(await call({ body: more }), 413, 'audio-too-large');
  });
});

describe('a recording in a form', () => {
  test.each(['content-type', 'Content-Type', 'CONTENT-TYPE'])('announced by %s', async (name) => {
    const { body, contentType } = await form({ file: new Blob([note]), comment: 'mine' });
    expect(verdictIn(await call({ body, headers: { [name]: contentType } })).duration).toBe(2);
  });

  test('may have MAX_BYTES and no more', async () => {
    const most = new Uint8Array(MAX_BYTES);
    most.set(note);
    const fits = await form({ file: new Blob([most]) });
    const answer = await call({ body: fits.body, headers: { 'content-type': fits.contentType } });
    expect(verdictIn(answer).duration).toBe(2);
    const more = await form({ file: new Blob([most, 'x']) });
    const headers = { 'content-type': more.contentType };
    expectProblem(await call({ body: more.body, headers }), 413, 'audio-too-large');
  });

  test.each([
    ['no file', { comment: 'mine' }],
    ['a text called file', { file: 'note.wav' }],
    ['an empty file', { file: new Blob([]) }],
  ])('with %s is audio-missing', async (_, parts) => {
    const { body, contentType } = await form(parts);
    const answer = await call({ body, headers: { 'content-type': contentType } });
    expect(expectProblem(answer, 400, 'audio-missing')).toContain('"file"');
  });

  test('with ten files is parameter-invalid: one answer cannot be about all', async () => {
    const data = new FormData();
    for (let i = 0; i < 10; i++) data.append('file', new Blob([note]), `${i}.wav`);
    const response = new Response(data);
    const headers = { 'content-type': response.headers.get('content-type') ?? '' };
    const answer = await call({ body: new Uint8Array(await response.arrayBuffer()), headers });
    expect(expectProblem(answer, 400, 'parameter-invalid')).toContain('10 parts called "file"');
  });

  test('may have files of other names beside it', async () => {
    const others = { other: new Blob(['x']), file: new Blob([note]), third: new Blob(['y']) };
    const { body, contentType } = await form(others);
    const answer = await call({ body, headers: { 'content-type': contentType } });
    expect(verdictIn(answer).duration).toBe(2);
  });

  test('is read as it came, whatever length is declared', async () => {
    const { body, contentType } = await form({ file: new Blob([note]) });
    const headers = { 'content-type': contentType, 'content-length': String(2 ** 30) };
    expect(verdictIn(await call({ body, headers })).duration).toBe(2);
  });

  // Line ends, boundaries and dashes may also be in a recording.
  const odd = Buffer.from(note);
  odd.write('--Q\r\n\r\n--\r\n-', 1000);

  test.each(FORMS)('with $what is read, or refused with the reason', async ({
    refusal,
    writing,
  }) => {
    const { contentType, body } = writeForm(odd, writing);
    const answer = await call({ body, headers: { 'content-type': contentType } });
    if (!refusal) return expect(verdictIn(answer)).toEqual(verdictIn(await call({ body: odd })));
    const [status, code, words] = refusal;
    expect(expectProblem(answer, status, code)).toContain(words);
  });

  test.each([
    ['is cut off', 'multipart/form-data; boundary=abc', '--abc\r\nContent-Disposition: form-'],
    ['has no boundary', 'multipart/form-data', '--abc\r\n\r\n--abc--'],
    ['is something else', 'multipart/form-data; boundary=abc', 'RIFF'],
  ])('that %s is audio-missing', async (_, contentType, body) => {
    const answer = await call({ body, headers: { 'content-type': contentType } });
    expectProblem(answer, 400, 'audio-missing');
  });
});

describe('timeline', () => {
  test('=false leaves the timeline out and nothing else', async () => {
    const { timeline, ...rest } = verdictIn(await call({ body: note }));
    expect(timeline).toBeDefined();
    expect(verdictIn(await call({ body: note, query: { timeline: 'false' } }))).toEqual(rest);
  });

  test('=true is the same as omitting it', async () => {
    const answer = await call({ body: note, query: { timeline: 'true', other: 'ignored' } });
    expect(verdictIn(answer).timeline).toHaveLength(1);
  });

  test.each(['', 'no', 'False'])('="%s" is parameter-invalid', async (timeline) => {
    const answer = await call({ body: note, query: { timeline } });
    expect(expectProblem(answer, 400, 'parameter-invalid')).toContain('true or false');
  });
});

describe('a failure of ours', () => {
  afterEach(() => vi.restoreAllMocks());

  function logged(): () => Record<string, string>[] {
    const lines = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    return () => lines.mock.calls.map(([line]) => JSON.parse(String(line)));
  }

  test('is answered as internal and logged in one line, without the audio', async () => {
    const lines = logged();
    const request = new Request('http://localhost/v1/emotion', { method: 'POST', body: note });
    await request.arrayBuffer();
    // Its body has been read already.
    const response = await answer(request, 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef');
    const { status, headers } = response;
    const failed = { status, headers: Object.fromEntries(headers), body: await response.text() };
    expect(expectProblem(failed, 500, 'internal')).not.toContain('TypeError');
    expect(lines()).toHaveLength(1);
    expect(lines()[0]).toMatchObject({
      level: 'error',
      requestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
      code: 'internal',
      stack: expect.stringContaining('UndertoneError'),
      cause: { name: 'TypeError', at: expect.stringContaining('emotion.ts') },
    });
  });

  test('is not what a wrong request is', async () => {
    const lines = logged();
    await call({ body: 'Hello' });
    expect(lines()).toEqual([]);
  });
});

describe('an instance', () => {
  const load = () => {
    vi.resetModules();
    return import('../../functions/emotion.ts');
  };
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('that is kept ready loads the model while it starts, others with their first note', async () => {
    vi.stubEnv('UNDERTONE_MODEL', '/nowhere');
    vi.stubEnv('AWS_LAMBDA_INITIALIZATION_TYPE', 'provisioned-concurrency');
    await expect(load()).rejects.toMatchObject({ code: 'model-invalid' });
    vi.stubEnv('AWS_LAMBDA_INITIALIZATION_TYPE', 'on-demand');
    await load();
  });
});

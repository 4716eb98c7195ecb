import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import {
  API_CODES,
  type ErrorCode,
  MAX_BYTES,
  UndertoneError,
  type Verdict,
  verdictSchema,
} from '../core/index.ts';
import { backoff } from '../lib/backoff.ts';

export interface ApiClientOptions {
  /** Address of the API, including its stage if it has one: `https://….amazonaws.com/prod`. */
  readonly endpoint: string;
  /** Sent as `x-api-key`. */
  readonly apiKey?: string | undefined;
  /** Milliseconds for one attempt. */
  readonly timeoutMs?: number;
  /** The most attempts for one request. */
  readonly tries?: number;
}

/** The first pause between two attempts in milliseconds, at most; it doubles each time. */
const FIRST_PAUSE = 250;
/** The longest wait that a server may ask for, in milliseconds: someone in a chat is waiting too. */
const LONGEST_PAUSE = 10_000;

/** Milliseconds between two requests for the result of an upload, and the most such requests. */
const POLL_INTERVAL = 1000;
const MAX_POLLS = 90;

/** Server errors that another attempt would run into as well. */
const LASTING: ReadonlySet<ErrorCode> = new Set([
  'decoder-missing',
  'model-invalid',
  'configuration-invalid',
]);

const problemSchema = z.object({
  code: z.enum(API_CODES),
  detail: z.string(),
});

const uploadSchema = z.object({
  upload: z.object({ url: z.url(), fields: z.record(z.string(), z.string()) }),
  result: z.string().startsWith('/'),
});

const resultSchema = z.union([verdictSchema, z.object({ status: z.literal('waiting') })]);

interface Request<T> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path on the API. */
  readonly path: string;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly schema: z.ZodType<T>;
  readonly signal: AbortSignal | undefined;
}

/** The outcome of one attempt. */
type Attempt<T> =
  | { readonly value: T }
  | { readonly error: UndertoneError; readonly retryAfter?: number; readonly isFinal: boolean };

/**
 * Client of the Undertone API. Rate limits and server errors are retried, after the pause that the
 * server asks for or else a random one.
 *
 * @example
 * const api = new ApiClient({ endpoint: 'http://127.0.0.1:8787' });
 * const { emotion } = await api.classify(await readFile('note.ogg'));
 */
export class ApiClient {
  readonly #endpoint: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  readonly #tries: number;

  constructor({ endpoint, apiKey, timeoutMs = 30_000, tries = 4 }: ApiClientOptions) {
    this.#endpoint = endpoint.replace(/\/+$/, '');
    this.#headers = {
      'content-type': 'application/octet-stream',
      accept: 'application/json, application/problem+json',
      ...(apiKey && { 'x-api-key': apiKey }),
    };
    this.#timeoutMs = timeoutMs;
    this.#tries = tries;
  }

  /**
   * Returns the verdict on a recording. A recording too large for one call through API Gateway is
   * uploaded, and deleted there before this resolves.
   *
   * @param audio the bytes as posted, in any format that the API accepts
   * @throws UndertoneError with the code and sentence of the API's problem document; `unavailable`
   * if the API does not respond, or something else responds in its place
   */
  async classify(audio: Uint8Array, { signal }: { signal?: AbortSignal } = {}): Promise<Verdict> {
    const body = audio as Uint8Array<ArrayBuffer>;
    try {
      return await this.#ask({
        method: 'POST',
        path: '/v1/emotion',
        body,
        signal,
        schema: verdictSchema,
      });
    } catch (thrown) {
      const isTooLarge = thrown instanceof UndertoneError && thrown.code === 'audio-too-large';
      if (!isTooLarge || audio.length > MAX_BYTES) throw thrown;
      return this.#classifyUpload(body, signal);
    }
  }

  async #classifyUpload(
    audio: Uint8Array<ArrayBuffer>,
    signal: AbortSignal | undefined,
  ): Promise<Verdict> {
    const { upload, result } = await this.#ask({
      method: 'POST',
      path: '/v1/uploads',
      signal,
      schema: uploadSchema,
    });
    const form = new FormData();
    for (const [name, value] of Object.entries(upload.fields)) form.set(name, value);
    form.set('file', new Blob([audio]));
    try {
      const sent = await fetch(upload.url, {
        method: 'POST',
        body: form,
        redirect: 'error',
        signal: this.#limit(signal),
      }).catch((cause) => {
        throw unavailable(cause);
      });
      if (!sent.ok)
        throw unavailable(new Error(`the upload was answered with status ${sent.status}`));
      return await this.#waitFor(result, signal);
    } finally {
      // Otherwise the recording would stay until it expires.
      await this.#ask({
        method: 'DELETE',
        path: result,
        signal: undefined,
        schema: z.null(),
      }).catch(() => {});
    }
  }

  async #waitFor(path: string, signal: AbortSignal | undefined): Promise<Verdict> {
    for (let polls = 0; polls < MAX_POLLS; polls++) {
      await sleep(POLL_INTERVAL, undefined, { ...(signal && { signal }) }).catch((cause) => {
        throw unavailable(cause);
      });
      const result = await this.#ask({ method: 'GET', path, signal, schema: resultSchema });
      if ('emotion' in result) return result;
    }
    throw unavailable(new Error('no result arrived'));
  }

  /** Sends a request, retrying where that makes sense, and returns the parsed response. */
  async #ask<T>(request: Request<T>): Promise<T> {
    const { signal } = request;
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#try(request);
      if ('value' in outcome) return outcome.value;
      if (outcome.isFinal || attempt >= this.#tries || signal?.aborted) throw outcome.error;
      const pause = outcome.retryAfter ?? backoff(attempt, FIRST_PAUSE);
      await sleep(Math.min(pause, LONGEST_PAUSE), undefined, { ...(signal && { signal }) }).catch(
        () => {
          throw outcome.error;
        },
      );
    }
  }

  async #try<T>({ method, path, body, schema, signal }: Request<T>): Promise<Attempt<T>> {
    try {
      const response = await fetch(this.#endpoint + path, {
        method,
        headers: this.#headers,
        ...(body && { body }),
        // The API never redirects: neither the recording nor the key goes anywhere else.
        redirect: 'error',
        signal: this.#limit(signal),
      });
      return await read(response, schema);
    } catch (cause) {
      return { error: unavailable(cause), isFinal: signal?.aborted ?? false };
    }
  }

  #limit(signal: AbortSignal | undefined): AbortSignal {
    const limit = AbortSignal.timeout(this.#timeoutMs);
    return signal ? AbortSignal.any([limit, signal]) : limit;
  }
}

async function read<T>(response: Response, schema: z.ZodType<T>): Promise<Attempt<T>> {
  const { ok, status, headers } = response;
  const body: unknown = await response.json().catch(() => null);
  if (ok) {
    const answer = schema.safeParse(body);
    if (answer.success) return { value: answer.data };
    return { error: unavailable(answer.error), isFinal: true };
  }
  const retryAfter = secondsIn(headers.get('retry-after'));
  const problem = problemSchema.safeParse(body);
  const error = problem.success
    ? new UndertoneError(problem.data.code, problem.data.detail)
    : unavailable(new Error(`HTTP status ${status} without a problem in its body`));
  const isRetryable = status === 429 || (status >= 500 && !LASTING.has(error.code));
  return {
    error,
    isFinal: !isRetryable,
    ...(retryAfter !== null && { retryAfter: retryAfter * 1000 }),
  };
}

/** The header may also hold a date; then the pause is ours to choose. */
function secondsIn(header: string | null): number | null {
  return header !== null && /^\d+$/.test(header) ? Number(header) : null;
}

function unavailable(cause: unknown): UndertoneError {
  return new UndertoneError(
    'unavailable',
    'The service that analyzes voice notes is not responding. Try again in a few minutes.',
    { cause },
  );
}

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
  /** Address of the API, with its stage where it has one: `https://….amazonaws.com/prod`. */
  readonly endpoint: string;
  /** Sent as `x-api-key`. */
  readonly apiKey?: string | undefined;
  /** Milliseconds that one try may take. */
  readonly timeoutMs?: number;
  /** How often a note is sent at the most. */
  readonly tries?: number;
}

/** Milliseconds of the first pause between two tries, at most; it doubles with each further one. */
const FIRST_PAUSE = 250;
/** Milliseconds that a server may have us wait; somebody is waiting for the answer in a chat. */
const LONGEST_PAUSE = 10_000;

/** Milliseconds between two looks for the result of an upload, and how often there is one. */
const POLL_INTERVAL = 1000;
const MAX_POLLS = 90;

/** Failures of a server that the next try would meet as well. */
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

/** How one try ended: for good, or with an error after which another one makes sense. */
type Attempt<T> =
  | { readonly value: T }
  | { readonly error: UndertoneError; readonly retryAfter?: number; readonly isFinal: boolean };

/**
 * Asks the API for the emotion in a voice note. Too many requests and failures of the server
 * are tried again, after a pause of random length or the one that the server asks for.
 *
 * @example
 * const api = new ApiClient({ endpoint: 'http://127.0.0.1:8787' });
 * const { emotion } = await api.hear(await readFile('note.ogg'));
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
   * Returns the verdict on a recording. One that is too large for a single call, as API Gateway has
   * it, is uploaded and waited for; nothing of it is left there when this resolves.
   *
   * @param audio the bytes as they were posted, in any format that the API takes
   * @throws UndertoneError with the code and the sentence of the API's own problem; `unavailable`
   * when the API does not answer, or not as the API would
   */
  async hear(audio: Uint8Array, { signal }: { signal?: AbortSignal } = {}): Promise<Verdict> {
    const body = audio as Uint8Array<ArrayBuffer>;
    try {
      return await this.#ask({
        ...{ method: 'POST', path: '/v1/emotion', body, signal },
        schema: verdictSchema,
      });
    } catch (thrown) {
      const isTooLarge = thrown instanceof UndertoneError && thrown.code === 'audio-too-large';
      if (!isTooLarge || audio.length > MAX_BYTES) throw thrown;
      return this.#hearUpload(body, signal);
    }
  }

  async #hearUpload(
    audio: Uint8Array<ArrayBuffer>,
    signal: AbortSignal | undefined,
  ): Promise<Verdict> {
    const { upload, result } = await this.#ask({
      ...{ method: 'POST', path: '/v1/uploads', signal },
      schema: uploadSchema,
    });
    const form = new FormData();
    for (const [name, value] of Object.entries(upload.fields)) form.set(name, value);
    form.set('file', new Blob([audio]));
    try {
      const sent = await fetch(upload.url, {
        ...{ method: 'POST', body: form, redirect: 'error' },
        signal: this.#limit(signal),
      }).catch((cause) => {
        throw silent(cause);
      });
      if (!sent.ok) throw silent(new Error(`the upload was answered with status ${sent.status}`));
      return await this.#waitFor(result, signal);
    } finally {
      // What nobody waits for any more is not kept until it expires.
      await this.#ask({
        ...{ method: 'DELETE', path: result, signal: undefined },
        schema: z.null(),
      }).catch(() => {});
    }
  }

  async #waitFor(path: string, signal: AbortSignal | undefined): Promise<Verdict> {
    for (let polls = 0; polls < MAX_POLLS; polls++) {
      await sleep(POLL_INTERVAL, undefined, { ...(signal && { signal }) }).catch((cause) => {
        throw silent(cause);
      });
      const result = await this.#ask({ method: 'GET', path, signal, schema: resultSchema });
      if ('emotion' in result) return result;
    }
    throw silent(new Error('the result did not come'));
  }

  /** Sends a request, again where that makes sense, and returns what it is answered with. */
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
        // An API that redirects is not the API: the recording and the key stay here.
        redirect: 'error',
        signal: this.#limit(signal),
      });
      return await read(response, schema);
    } catch (cause) {
      return { error: silent(cause), isFinal: signal?.aborted ?? false };
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
    return { error: silent(answer.error), isFinal: true };
  }
  const retryAfter = secondsIn(headers.get('retry-after'));
  const problem = problemSchema.safeParse(body);
  const error = problem.success
    ? new UndertoneError(problem.data.code, problem.data.detail)
    : silent(new Error(`HTTP status ${status} without a problem in its body`));
  const isWorthATry = status === 429 || (status >= 500 && !LASTING.has(error.code));
  return {
    error,
    isFinal: !isWorthATry,
    ...(retryAfter !== null && { retryAfter: retryAfter * 1000 }),
  };
}

/** Dates are allowed there too; whoever sends one gets the pause that we choose. */
function secondsIn(header: string | null): number | null {
  return header !== null && /^\d+$/.test(header) ? Number(header) : null;
}

function silent(cause: unknown): UndertoneError {
  return new UndertoneError(
    'unavailable',
    'The service that hears voice notes does not answer right now. Try again in a few minutes.',
    { cause },
  );
}

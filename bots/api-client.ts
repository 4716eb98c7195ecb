import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { API_CODES, type ErrorCode, UndertoneError } from '../core/errors.ts';
import { type Verdict, verdictSchema } from '../core/verdict.ts';

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

/** Milliseconds of the first pause between two tries, at the most; each further one may be twice as long. */
const FIRST_PAUSE = 250;
/** Milliseconds that a server may have us wait; somebody is waiting for the answer in a chat. */
const LONGEST_PAUSE = 10_000;

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

/** How one try ended: for good, or with an error after which another one makes sense. */
type Attempt =
  | { readonly verdict: Verdict }
  | { readonly error: UndertoneError; readonly retryAfter?: number; readonly isFinal: boolean };

/**
 * Asks `POST /v1/emotion` for the emotion in a voice note. Too many requests and failures of the server
 * are tried again, after a pause of random length or the one that the server asks for.
 *
 * @example
 * const api = new ApiClient({ endpoint: 'http://127.0.0.1:8787' });
 * const { emotion } = await api.hear(await readFile('note.ogg'));
 */
export class ApiClient {
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  readonly #tries: number;

  constructor({ endpoint, apiKey, timeoutMs = 30_000, tries = 4 }: ApiClientOptions) {
    this.#url = new URL(`${endpoint.replace(/\/+$/, '')}/v1/emotion`);
    this.#headers = {
      'content-type': 'application/octet-stream',
      accept: 'application/json, application/problem+json',
      ...(apiKey && { 'x-api-key': apiKey }),
    };
    this.#timeoutMs = timeoutMs;
    this.#tries = tries;
  }

  /**
   * Returns the verdict on a recording.
   *
   * @param audio the bytes as they were posted, in any format that the API takes
   * @throws UndertoneError with the code and the sentence of the API's own problem; `unavailable`
   * when the API does not answer, or not as the API would
   */
  async hear(audio: Uint8Array, { signal }: { signal?: AbortSignal } = {}): Promise<Verdict> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#try(audio, signal);
      if ('verdict' in outcome) return outcome.verdict;
      if (outcome.isFinal || attempt >= this.#tries || signal?.aborted) throw outcome.error;
      const pause = outcome.retryAfter ?? Math.random() * FIRST_PAUSE * 2 ** (attempt - 1);
      await sleep(Math.min(pause, LONGEST_PAUSE), undefined, { signal }).catch(() => {
        throw outcome.error;
      });
    }
  }

  async #try(audio: Uint8Array, signal?: AbortSignal): Promise<Attempt> {
    const limit = AbortSignal.timeout(this.#timeoutMs);
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: this.#headers,
        body: audio as Uint8Array<ArrayBuffer>,
        // An API that redirects is not the API: the recording and the key stay here.
        redirect: 'error',
        signal: signal ? AbortSignal.any([limit, signal]) : limit,
      });
      return await read(response);
    } catch (cause) {
      return { error: silent(cause), isFinal: signal?.aborted ?? false };
    }
  }
}

async function read(response: Response): Promise<Attempt> {
  const { ok, status, headers } = response;
  const body: unknown = await response.json().catch(() => null);
  if (ok) {
    const verdict = verdictSchema.safeParse(body);
    if (verdict.success) return { verdict: verdict.data };
    return { error: silent(verdict.error), isFinal: true };
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

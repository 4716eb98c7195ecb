import { UndertoneError } from '../../core/errors.ts';

/** How much of a refused body is still taken off the wire, and for how long, until we hang up. */
const LINGER = { bytes: 64 * 2 ** 20, milliseconds: 3000 } as const;

/** What arrived of a request body. */
export interface RequestBody {
  /** null when the body is larger than allowed. */
  readonly bytes: Uint8Array | null;
  /** Takes the rest off the wire, within limits, and throws it away. */
  discardRest(): Promise<void>;
}

/**
 * Reads a body of at most `maxBytes`. A larger one is told from its announced length without reading
 * any of it, or else as soon as the count passes the limit.
 *
 * @throws UndertoneError `audio-missing` when the client goes away before the end of its body
 */
export async function readRequestBody(request: Request, maxBytes: number): Promise<RequestBody> {
  const reader = request.body?.getReader();
  if (!reader) return { bytes: new Uint8Array(), discardRest: async () => {} };
  const discardRest = () => discard(reader);
  const announced = Number(request.headers.get('content-length') ?? 0);
  if (announced > maxBytes) return { bytes: null, discardRest };
  const chunks: Uint8Array[] = [];
  let count = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      count += next.value.length;
      if (count > maxBytes) return { bytes: null, discardRest };
      chunks.push(next.value);
    }
  } catch (cause) {
    const sentence = 'The request ended before its whole body had arrived. Send it again.';
    throw new UndertoneError('audio-missing', sentence, { cause });
  }
  return { bytes: Buffer.concat(chunks), discardRest };
}

/**
 * Returns an answer to a request whose body is not read to the end. The whole answer is sent at once,
 * and the connection is closed only after what the client still sends has been taken: closing it
 * earlier resets it, and a reset may destroy the answer before the client has read it (RFC 9112, 9.6).
 */
export function answerEarly(
  answer: Response,
  text: string,
  { discardRest }: RequestBody,
): Response {
  const bytes = new TextEncoder().encode(text);
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(bytes);
      await discardRest();
      controller.close();
    },
  });
  const headers = new Headers(answer.headers);
  headers.set('connection', 'close');
  // With its length the client knows that the answer is complete while we still listen.
  headers.set('content-length', String(bytes.length));
  return new Response(body, { status: answer.status, headers });
}

async function discard(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patienceEnds = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LINGER.milliseconds);
  });
  await Promise.race([patienceEnds, readAway(reader)]);
  clearTimeout(timer);
}

async function readAway(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  let count = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      count += next.value.length;
      if (count > LINGER.bytes) return;
    }
  } catch {
    // The client hung up, which is what we were waiting for.
  }
}

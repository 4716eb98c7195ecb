import { MAX_BYTES, UndertoneError } from '../../core/index.ts';

/** Bytes that a form may have besides its file: boundaries, part headers, small other fields. */
const FORM_OVERHEAD = 64 * 1024;

/**
 * How much of a refused body is still read, and for how long, before the connection is closed. The
 * HTTP library would close it after half a second, while a slow client still sends.
 */
const LINGER = { bytes: 64 * 2 ** 20, milliseconds: 3000 } as const;

/** What arrived of a request body. */
export interface RequestBody {
  /** null when the body is larger than allowed. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  /** Reads the rest, within limits, and discards it. */
  discardRest(): Promise<void>;
}

/** Returns the largest body in bytes that is read for a content type. */
export function maxBodyBytes(contentType: string | null | undefined): number {
  const isForm = /^\s*multipart\/form-data\b/i.test(contentType ?? '');
  return isForm ? MAX_BYTES + FORM_OVERHEAD : MAX_BYTES;
}

/**
 * Reads a body that is no larger than `maxBodyBytes`. A larger one is recognised by its announced
 * length before any of it is read, or else as soon as the count passes the limit.
 *
 * @throws UndertoneError `audio-missing` when the client goes away before the end of its body
 */
export async function readBody(request: Request): Promise<RequestBody> {
  const reader = request.body?.getReader();
  if (!reader) return { bytes: new Uint8Array(), discardRest: async () => {} };
  const discardRest = () => discard(reader);
  const maxBytes = maxBodyBytes(request.headers.get('content-type'));
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
 * Sends an answer to a request whose body is not read to the end. The whole answer is sent at once, and
 * the connection is closed only after what the client still sends has been read: closing it earlier
 * resets it, and a reset may destroy the answer before the client has read it (RFC 9112, 9.6).
 */
export async function answerEarly(
  answer: Response,
  { discardRest }: RequestBody,
): Promise<Response> {
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(bytes);
      await discardRest();
      controller.close();
    },
  });
  const headers = new Headers(answer.headers);
  headers.set('connection', 'close');
  // With its length the client knows that the answer is complete while we still read.
  headers.set('content-length', String(bytes.length));
  return new Response(body, { status: answer.status, headers });
}

async function discard(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patienceEnds = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LINGER.milliseconds);
  });
  await Promise.race([patienceEnds, drain(reader)]);
  clearTimeout(timer);
}

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  let count = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      count += next.value.length;
      if (count > LINGER.bytes) return;
    }
  } catch {
    // The client closed the connection, which is what this waits for.
  }
}

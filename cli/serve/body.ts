import { MAX_BYTES, tooLarge, UndertoneError } from '../../core/index.ts';
import { isForm } from '../../lib/form.ts';
import type { Room } from './admission.ts';

/** Bytes that a form may have besides its file: boundaries, part headers, small other fields. */
const FORM_OVERHEAD = 64 * 1024;

/**
 * How much of a refused body is still read, and for how long, before the connection is closed. The
 * HTTP library would close it after half a second, while a slow client still sends.
 */
const LINGER = { bytes: 64 * 2 ** 20, milliseconds: 3000 } as const;

/** The sentence for a request that its client has not sent to its end. */
export const ENDED_EARLY = 'The request ended before its whole body had arrived. Send it again.';

/** What arrived of a request body. */
export interface RequestBody {
  /** The body, or why it is refused: it is larger than allowed, or there is no room for it. */
  readonly content: Uint8Array<ArrayBuffer> | UndertoneError;
  /** Reads the rest, within limits, and discards it. */
  discardRest(): Promise<void>;
  /** Gives back the room that it took. Call it once the request is answered. */
  free(): void;
}

/** Returns the largest body in bytes that is read for a content type. */
export function maxBodyBytes(contentType: string | null | undefined): number {
  return isForm(contentType) ? MAX_BYTES + FORM_OVERHEAD : MAX_BYTES;
}

/**
 * Reads a body that is no larger than `maxBodyBytes`, and for which there is room. A larger one is recognised
 * by its announced length before any of it is read, or else as soon as the count passes the limit.
 *
 * @param room what the bodies of all requests may take together, also of those that arrive slowly
 * @throws UndertoneError `audio-missing` when the client goes away before the end of its body
 */
export async function readBody(request: Request, room: Room): Promise<RequestBody> {
  const chunks: Uint8Array[] = [];
  let count = 0;
  const free = () => {
    room.free(count);
    count = 0;
  };
  const reader = request.body?.getReader();
  if (!reader) return { content: new Uint8Array(), discardRest: async () => {}, free };
  const refused = (content: UndertoneError) => {
    free();
    return { content, discardRest: () => discard(reader), free };
  };
  const maxBytes = maxBodyBytes(request.headers.get('content-type'));
  const announced = Number(request.headers.get('content-length') ?? 0);
  if (announced > maxBytes) return refused(tooLarge());
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const { length } = next.value;
      if (count + length > maxBytes) return refused(tooLarge());
      room.take(length);
      count += length;
      chunks.push(next.value);
    }
  } catch (thrown) {
    if (thrown instanceof UndertoneError) return refused(thrown);
    free();
    throw new UndertoneError('audio-missing', ENDED_EARLY, { cause: thrown });
  }
  const content = Buffer.concat(chunks);
  // It is not held twice while it waits.
  chunks.length = 0;
  return { content, discardRest: async () => {}, free };
}

/**
 * Sends an answer to a request whose body is not read to the end. The whole answer is sent at once, and
 * the connection is closed only after what the client still sends has been read: closing it earlier
 * resets it, and a reset may destroy the answer before the client has read it (RFC 9112, 9.6).
 */
export async function answerEarly(
  answer: Response,
  { discardRest }: Pick<RequestBody, 'discardRest'>,
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

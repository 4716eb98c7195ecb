import { Busboy, type BusboyInstance } from '@fastify/busboy';

/** Parts of the largest form: each costs objects of its own, however few bytes it has. */
const MAX_PARTS = 1000;
/** Bytes that the parser gets at a time: it cannot be stopped in between. */
const CHUNK = 2 ** 16;

/** A part of a multipart form. */
export interface FormPart {
  /** Empty where it has none. */
  readonly name: string;
  /** Without a path. */
  readonly fileName: string | undefined;
  /** In lower case, without parameters; `text/plain` where it has none (RFC 7578, 4.4). */
  readonly mediaType: string;
  /** Its `Content-Transfer-Encoding` in lower case; `7bit` where it has none. */
  readonly transferEncoding: string;
  /** As they came, in that encoding. */
  readonly bytes: Buffer;
}

/** Returns whether a content type is that of a form with files. */
export function isForm(contentType: string | null | undefined): boolean {
  return /^\s*multipart\/form-data\b/i.test(contentType ?? '');
}

/**
 * Returns the parts of a multipart form (RFC 7578) in their order. What is no part of a form is skipped.
 *
 * Not `Request.formData`: that of Node 20 refuses what .NET sends (names without quotation marks,
 * `filename*`; undici issues 3760 and 4660), and that of any version takes what Java sends (bytes without a file name) for text.
 *
 * @throws Error when it cannot be read, with a sentence that says why
 * @example
 * const [{ name, bytes }] = await readForm('multipart/form-data; boundary=x', body);
 */
export async function readForm(contentType: string, body: Uint8Array): Promise<FormPart[]> {
  const form = parserOf(contentType, body.length);
  const parts: (Omit<FormPart, 'bytes'> & { readonly chunks: Buffer[] })[] = [];
  let isFull = false;
  await new Promise<void>((resolve, reject) => {
    form.on('file', (name = '', stream, fileName, transferEncoding, mediaType) => {
      const chunks: Buffer[] = [];
      parts.push({ name, fileName, mediaType, transferEncoding, chunks });
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      // Where the form ends within a part, that part has an error, too.
      stream.on('error', reject);
    });
    form.on('partsLimit', () => {
      isFull = true;
      reject(new Error(`It has more than ${MAX_PARTS} parts.`));
    });
    form.on('error', (cause) => reject(new Error(BROKEN, { cause })));
    form.on('finish', resolve);
    for (let at = 0; at < body.length && !isFull; at += CHUNK) {
      form.write(body.subarray(at, at + CHUNK));
    }
    form.end();
  });
  return parts.map(({ chunks, ...part }) => ({ ...part, bytes: Buffer.concat(chunks) }));
}

const BROKEN =
  'It has no boundary that ends it: it is cut off, its boundary is not the one in its content type, or its lines do not end with CR LF.';

function parserOf(contentType: string, length: number): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      isPartAFile: () => true,
      limits: { parts: MAX_PARTS },
      // All of it is in memory. A parser that waits until a part is read may wait forever for one that it
      // skips.
      fileHwm: length + 1,
    });
  } catch (cause) {
    throw new Error('Its content type names no boundary of 1 to 70 characters.', { cause });
  }
}

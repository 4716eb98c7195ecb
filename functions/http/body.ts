import type { APIGatewayProxyEvent } from 'aws-lambda';
import { UndertoneError } from '../../core/errors.ts';
import { MAX_BYTES, tooLarge } from '../../core/limits.ts';
import { headerOf } from './headers.ts';

/** The part of a multipart form that holds the recording. */
const FILE_PART = 'file';

/** Bytes that a form may have on top of its file: boundaries, part headers, small other fields. */
const FORM_OVERHEAD = 64 * 1024;

/** Returns whether a content type announces a form, and not the recording itself. */
export function isForm(contentType: string | undefined): contentType is string {
  return /^\s*multipart\/form-data\b/i.test(contentType ?? '');
}

/** Returns the largest body in bytes that is read for a content type. */
export function maxBodyBytes(contentType: string | undefined): number {
  return isForm(contentType) ? MAX_BYTES + FORM_OVERHEAD : MAX_BYTES;
}

/**
 * Returns the bytes of the recording that a request brings: the part `file` of a multipart form,
 * else the whole body. Other content types are not asked, as clients seldom set them right.
 *
 * @throws UndertoneError `audio-missing` without bytes, `audio-too-large` where the body cannot hold
 * a recording of at most MAX_BYTES, `parameter-invalid` for a form with several recordings. What a
 * form holds is measured when it is decoded.
 */
export async function readAudio(
  event: Pick<APIGatewayProxyEvent, 'body' | 'isBase64Encoded' | 'headers'>,
): Promise<Uint8Array> {
  const contentType = headerOf(event, 'content-type');
  const body = bodyBytes(event, maxBodyBytes(contentType));
  const audio = isForm(contentType) ? await filePart(body, contentType) : body;
  if (audio.length === 0) {
    throw missing('The request holds no audio: its body, or the file in it, is empty.');
  }
  return audio;
}

function bodyBytes(
  { body, isBase64Encoded }: Pick<APIGatewayProxyEvent, 'body' | 'isBase64Encoded'>,
  maxBytes: number,
): Uint8Array<ArrayBuffer> {
  const encoding = isBase64Encoded ? 'base64' : 'utf8';
  // Told from the length, before a second copy of a large body is made.
  if (Buffer.byteLength(body ?? '', encoding) > maxBytes) throw tooLarge();
  return Buffer.from(body ?? '', encoding);
}

async function filePart(body: Uint8Array<ArrayBuffer>, contentType: string): Promise<Uint8Array> {
  const form = await new Response(body, { headers: { 'content-type': contentType } })
    .formData()
    .catch((cause) => {
      throw missing('The multipart form cannot be read.', cause);
    });
  const parts = form.getAll(FILE_PART);
  if (parts.length > 1) throw several(parts.length);
  const [part] = parts;
  if (part === undefined || typeof part === 'string') {
    throw missing(`The multipart form has no file in a part called "${FILE_PART}".`);
  }
  return new Uint8Array(await part.arrayBuffer());
}

function missing(why: string, cause?: unknown): UndertoneError {
  return new UndertoneError(
    'audio-missing',
    `${why} Send the bytes of an audio file as the body, or as the part "${FILE_PART}" of a multipart form.`,
    { cause },
  );
}

function several(count: number): UndertoneError {
  return new UndertoneError(
    'parameter-invalid',
    `The multipart form has ${count} parts called "${FILE_PART}". Send one recording with each request.`,
  );
}

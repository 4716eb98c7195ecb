import { isUtf8 } from 'node:buffer';
import { classify, defaultModel, UndertoneError, withoutTimeline } from '../core/index.ts';
import { type FormPart, isForm, readForm } from '../lib/form.ts';
// Loaded while the instance starts, not with the first note.
import 'onnxruntime-node';
import { handle } from './http/handle.ts';
import { lambda } from './http/lambda.ts';
import { emotion } from './routes.ts';

// An instance that is kept ready loads the model before its first note, too.
if (process.env.AWS_LAMBDA_INITIALIZATION_TYPE === 'provisioned-concurrency') await defaultModel();

/** The part of a multipart form that holds the recording. */
const FILE_PART = 'file';

/**
 * `POST /v1/emotion`: the recording is the body, or the part `file` of a multipart form. Answers a
 * Verdict; with `?timeline=false` one without its timeline.
 */
export const answer = handle(emotion, async ({ request, query, respond }) => {
  const verdict = await classify(await readAudio(request));
  return respond(200, query.timeline ? verdict : withoutTimeline(verdict));
});

export const handler = lambda(answer);

/**
 * Returns the bytes of the recording in a request. Content types other than that of a form are
 * ignored, as clients seldom set them right.
 *
 * @throws UndertoneError `audio-missing` without bytes, `parameter-invalid` for a form with several
 * recordings, or one in an encoding that is not decoded
 */
async function readAudio(request: Request): Promise<Uint8Array> {
  const contentType = request.headers.get('content-type') ?? '';
  const body = new Uint8Array(await request.arrayBuffer());
  const bytes = isForm(contentType) ? await fileIn(contentType, body) : body;
  if (bytes.length > 0) return bytes;
  throw missing('The request holds no audio: its body, or the file in it, is empty.');
}

async function fileIn(contentType: string, body: Uint8Array): Promise<Uint8Array> {
  const form = await readForm(contentType, body).catch((cause) => {
    throw missing(`The multipart form cannot be read. ${cause.message}`, cause);
  });
  const files = form.filter(({ name }) => name === FILE_PART).filter(isFile);
  if (files.length === 0) {
    throw missing(`The multipart form has no file in a part called "${FILE_PART}".`);
  }
  // A page with two inputs, to record and to choose a file, sends the one that was not used as well.
  const [file = files[0], ...others] = files.filter(({ bytes }) => bytes.length > 0);
  if (others.length === 0) return decoded(file);
  throw new UndertoneError(
    'parameter-invalid',
    `The multipart form has ${others.length + 1} parts called "${FILE_PART}". Send one recording with each request.`,
  );
}

/** Not every client names a file or says its type, but none sends a recording as what is nothing but text. */
function isFile({ fileName, mediaType, bytes }: FormPart): boolean {
  const mayBeText = fileName === undefined && mediaType === 'text/plain';
  return !mayBeText || !isUtf8(bytes) || bytes.includes(0);
}

/**
 * Forms over HTTP have no need of these encodings (RFC 7578, 4.7), but libraries for e-mail are used for them,
 * too.
 */
function decoded({ transferEncoding, bytes }: FormPart): Uint8Array {
  if (transferEncoding === 'quoted-printable') {
    throw new UndertoneError(
      'parameter-invalid',
      `The part "${FILE_PART}" of the multipart form is encoded as quoted-printable. Send the bytes as they are (binary), or as base64.`,
    );
  }
  if (transferEncoding !== 'base64') return bytes;
  const text = bytes.toString('latin1');
  // Some say so and send the bytes all the same.
  return /^[\w+/=\s-]*$/.test(text) ? Buffer.from(text, 'base64') : bytes;
}

function missing(why: string, cause?: unknown): UndertoneError {
  return new UndertoneError(
    'audio-missing',
    `${why} Send the bytes of an audio file as the body, or as the part "${FILE_PART}" of a multipart form.`,
    { cause },
  );
}

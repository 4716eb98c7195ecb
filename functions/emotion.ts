import { classify, defaultModel, UndertoneError, withoutTimeline } from '../core/index.ts';
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
 * recordings
 */
async function readAudio(request: Request): Promise<Uint8Array> {
  const isForm = /^\s*multipart\/form-data\b/i.test(request.headers.get('content-type') ?? '');
  const source = isForm ? await filePart(request) : request;
  const bytes = new Uint8Array(await source.arrayBuffer());
  if (bytes.length > 0) return bytes;
  throw missing('The request holds no audio: its body, or the file in it, is empty.');
}

async function filePart(request: Request): Promise<Blob> {
  const form = await request.formData().catch((cause) => {
    throw missing('The multipart form cannot be read.', cause);
  });
  const parts = form.getAll(FILE_PART);
  if (parts.length > 1) {
    throw new UndertoneError(
      'parameter-invalid',
      `The multipart form has ${parts.length} parts called "${FILE_PART}". Send one recording with each request.`,
    );
  }
  const [part] = parts;
  if (part === undefined || typeof part === 'string') {
    throw missing(`The multipart form has no file in a part called "${FILE_PART}".`);
  }
  return part;
}

function missing(why: string, cause?: unknown): UndertoneError {
  return new UndertoneError(
    'audio-missing',
    `${why} Send the bytes of an audio file as the body, or as the part "${FILE_PART}" of a multipart form.`,
    { cause },
  );
}

import { spawn } from 'node:child_process';
import { findFfmpeg } from '../../core/audio/find-ffmpeg.ts';
import { SAMPLE_RATE } from '../../core/audio/mono-sink.ts';
import { decodeOggOpus } from '../../core/audio/ogg.ts';
import { UndertoneError } from '../../core/errors.ts';

/** Samples of silence after each clip (0.2 s): the codec forgets the voice before. */
const GAP = 3_200;
/** Samples given to one ffmpeg (10 minutes), which bounds the memory. */
const BATCH = 600 * SAMPLE_RATE;

/**
 * Returns the clips as they come back from Ogg Opus as voice notes have it (libopus, application
 * "voip"), each of the length it had and in time with it. Clips are joined, encoded by one ffmpeg for
 * every ten minutes, decoded as in serving and cut apart again.
 *
 * @param clips mono at 16 kHz
 * @param kilobitsPerSecond 6 to 128; voice notes have 12 to 32
 * @throws UndertoneError `decoder-missing` when there is no ffmpeg with libopus.
 * @example
 * const notes = await opusRoundTrip(clips, 16);
 */
export async function opusRoundTrip(
  clips: readonly Float32Array[],
  kilobitsPerSecond: number,
): Promise<Float32Array[]> {
  const decoded: Float32Array[] = [];
  for (const batch of inBatches(clips)) {
    decoded.push(...(await roundTrip(batch, kilobitsPerSecond)));
  }
  return decoded;
}

function inBatches(clips: readonly Float32Array[]): Float32Array[][] {
  const batches: Float32Array[][] = [];
  let room = 0;
  for (const clip of clips) {
    room -= clip.length + GAP;
    if (room < 0) {
      batches.push([]);
      room = BATCH - clip.length - GAP;
    }
    batches[batches.length - 1].push(clip);
  }
  return batches;
}

async function roundTrip(
  clips: readonly Float32Array[],
  kilobitsPerSecond: number,
): Promise<Float32Array[]> {
  const joined = new Float32Array(clips.reduce((sum, clip) => sum + clip.length + GAP, 0));
  const starts: number[] = [];
  let at = 0;
  for (const clip of clips) {
    starts.push(at);
    joined.set(clip, at);
    at += clip.length + GAP;
  }
  const encoded = await encodeOpus(joined, kilobitsPerSecond);
  const limits = { maxSeconds: Number.POSITIVE_INFINITY, deadline: Number.POSITIVE_INFINITY };
  const audio = await decodeOggOpus(encoded, limits);
  if (!audio || audio.samples.length < joined.length - GAP) {
    throw new UndertoneError('internal', 'ffmpeg did not give the whole recording back as Opus.');
  }
  return clips.map((clip, i) => audio.samples.slice(starts[i], starts[i] + clip.length));
}

function encodeOpus(samples: Float32Array, kilobitsPerSecond: number): Promise<Uint8Array> {
  const ffmpeg = findFfmpeg();
  return new Promise((resolve, reject) => {
    const child = spawn(
      ffmpeg,
      [
        ...['-nostdin', '-hide_banner', '-loglevel', 'error', '-threads', '1'],
        ...['-f', 'f32le', '-ar', String(SAMPLE_RATE), '-ac', '1', '-i', 'pipe:0'],
        ...['-c:a', 'libopus', '-application', 'voip', '-b:a', `${kilobitsPerSecond}k`],
        ...['-bitexact', '-f', 'ogg', 'pipe:1'],
      ],
      { env: {}, stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true },
    );
    const chunks: Buffer[] = [];
    let complaint = '';
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (text: Buffer) => {
      complaint = (complaint + text.toString()).slice(-2000);
    });
    // ffmpeg that gives up closes its input; its exit status tells why.
    child.stdin.on('error', () => {});
    child.on('error', (cause) =>
      reject(failure(`ffmpeg at ${ffmpeg} could not be started`, cause)),
    );
    child.on('close', (status) => {
      if (status === 0) resolve(Buffer.concat(chunks));
      else reject(failure('ffmpeg could not encode Opus', new Error(complaint.trim())));
    });
    child.stdin.end(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
  });
}

function failure(what: string, cause: Error): UndertoneError {
  return new UndertoneError(
    'decoder-missing',
    `${what}: ${cause.message}. Opus needs an ffmpeg with libopus (Debian: apt install ffmpeg); FFMPEG_BIN names another one.`,
    { cause },
  );
}

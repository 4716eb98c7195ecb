import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isMainThread } from 'node:worker_threads';
import { UndertoneError } from '../errors.ts';
import { decodeTimeout } from '../limits.ts';
import { cannotStart, findFfmpeg, notWorking } from './find-ffmpeg.ts';
import { type DecodedAudio, type DecodeLimits, MonoSink } from './mono-sink.ts';
import type { Container } from './sniff.ts';
import { deinterleaved, readWavHeader, type WavFormat } from './wav.ts';

/** Upper bound for the header that ffmpeg writes before the samples. */
const MAX_HEADER_BYTES = 4096;

/**
 * The decoders that the supported containers need. ffmpeg opens no other, not even while it looks for the
 * streams of a file: it has decoders for hundreds of kinds of video, and a stranger chooses the file.
 */
const DECODERS = [
  ...['aac', 'aac_latm', 'ac3', 'eac3', 'alac', 'flac', 'tta', 'wavpack'],
  ...['mp1', 'mp1float', 'mp2', 'mp2float', 'mp3', 'mp3float', 'mp3adu', 'mp3adufloat'],
  ...['opus', 'libopus', 'vorbis', 'libvorbis', 'speex', 'libspeex'],
  ...['wmav1', 'wmav2', 'wmapro', 'wmalossless', 'wmavoice'],
  ...['amrnb', 'amrwb', 'libopencore_amrnb', 'libopencore_amrwb', 'qcelp', 'evrc', 'ilbc'],
  ...['gsm', 'gsm_ms', 'libgsm', 'libgsm_ms', 'g722', 'g726', 'g726le', 'g723_1', 'g729'],
  ...['adpcm_ms', 'adpcm_ima_wav', 'adpcm_ima_qt', 'adpcm_yamaha', 'adpcm_swf', 'truespeech'],
  ...['mace3', 'mace6', 'qdm2', 'qdmc', 'pcm_alaw', 'pcm_mulaw', 'pcm_vidc', 'pcm_s8', 'pcm_u8'],
  ...['16', '24', '32', '64'].flatMap((bits) =>
    ['s', 'u', 'f'].flatMap((kind) => [`pcm_${kind}${bits}le`, `pcm_${kind}${bits}be`]),
  ),
];

/**
 * Overwrites the memory in which this process received its environment. Linux shows it to ffmpeg, which
 * runs as the same user, in `/proc/<pid>/environ`, whatever happens to process.env later. `process.env`
 * keeps its values, in memory that docs/privacy.md says who can read.
 */
function hideEnvironment(): void {
  // process.env is a copy in a thread; the values of the process would be lost.
  if (process.platform !== 'linux' || !isMainThread) return;
  try {
    // Fields 50 and 51 of proc(5), which counts from one. The second is a name in parentheses.
    const fields = readFileSync('/proc/self/stat', 'latin1').replace(/.*\)/s, '').split(' ');
    const [start, end] = [50, 51].map((field) => Number(fields[field - 2]));
    const memory = openSync('/proc/self/mem', 'r+');
    // Setting a variable copies it to other memory.
    Object.assign(process.env, { ...process.env });
    writeSync(memory, Buffer.alloc(end - start), 0, end - start, start);
    closeSync(memory);
  } catch {
    // Some kernels and sandboxes forbid it; everything else works without.
  }
}

hideEnvironment();

/**
 * Decodes any container with a sandboxed ffmpeg: it must use the one demuxer that the magic number
 * implies, may open only files, pipes and audio decoders, gets an empty environment, decodes no more than
 * the seconds allowed and is killed at the deadline. It outputs float samples at the native rate and
 * channels, which are mixed and resampled like those of every other recording.
 *
 * @throws UndertoneError `decoder-missing`, `audio-unreadable`, `audio-too-long`, `decode-timeout`;
 * `unavailable` when the temporary folder cannot be written to or ffmpeg was killed
 */
export async function decodeWithFfmpeg(
  bytes: Uint8Array,
  container: Omit<Container, 'start'>,
  limits: DecodeLimits,
): Promise<DecodedAudio> {
  const ffmpeg = findFfmpeg();
  const folder = await mkdtemp(join(tmpdir(), 'undertone-')).catch(cannotStore);
  let input: FileHandle | undefined;
  try {
    // A file, not stdin: MP4 often has its index at the end and then yields nothing from a pipe.
    const path = join(folder, 'input');
    await writeFile(path, bytes, { mode: 0o600 }).catch(cannotStore);
    input = await open(path);
    // Linux can read a file without a name: a process that is killed leaves no recording behind.
    if (process.platform === 'linux') await rm(folder, { recursive: true });
    if (holdsOpus(bytes)) {
      const decoded = await run(ffmpeg, { path, fd: input.fd }, container, limits, 'libopus');
      if (decoded !== 'no such decoder') return decoded;
    }
    return (await run(ffmpeg, { path, fd: input.fd }, container, limits)) as DecodedAudio;
  } finally {
    await input?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function cannotStore(cause: NodeJS.ErrnoException): never {
  const why = `The temporary folder ${tmpdir()} cannot be written to (${cause.code}).`;
  const help = 'Free some space there, or set TMPDIR to another folder.';
  throw new UndertoneError('unavailable', `${why} ${help}`, { cause });
}

/**
 * Whether the file contains an Opus header. ffmpeg's own Opus decoder shifts probabilities by up to
 * 0.05 compared with libopus, which decodes our Ogg notes and which ffmpeg usually has too.
 */
function holdsOpus(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 65_536));
  return start.includes('OpusHead') || start.includes('dOps');
}

function run(
  ffmpeg: string,
  input: { readonly path: string; readonly fd: number },
  { name, demuxer }: Omit<Container, 'start'>,
  limits: DecodeLimits,
  decoder?: string,
): Promise<DecodedAudio | 'no such decoder'> {
  return new Promise((resolve, reject) => {
    // Its own descriptor 3, which reads from the start again.
    const path = process.platform === 'linux' ? '/proc/self/fd/3' : input.path;
    const options = decodeArguments({ path, demuxer, decoder, maxSeconds: limits.maxSeconds });
    let child: ChildProcessByStdio<null, Readable, Readable>;
    try {
      child = spawn(ffmpeg, options, {
        env: {},
        stdio: ['ignore', 'pipe', 'pipe', input.fd],
        windowsHide: true,
        // Its own process group: Ctrl-C in a terminal must not kill a decode that is being finished.
        detached: true,
      }) as ChildProcessByStdio<null, Readable, Readable>;
    } catch (cause) {
      return reject(cannotStart(ffmpeg, cause));
    }
    const stop = (error: unknown) => {
      clearTimeout(timer);
      killGroup(child);
      reject(error);
    };
    const timer = setTimeout(
      () => stop(decodeTimeout()),
      Math.max(0, limits.deadline - performance.now()),
    );
    const reader = new WavStreamReader(limits);
    let complaint = '';
    child.stderr.on('data', (text: Buffer) => {
      complaint = (complaint + text.toString()).slice(-2000);
    });
    child.stdout.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (error) {
        stop(error instanceof NotWav ? notWorking(ffmpeg, error) : error);
      }
    });
    child.on('error', (cause) => stop(cannotStart(ffmpeg, cause)));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (decoder && complaint.includes('Unknown decoder')) return resolve('no such decoder');
      if (signal || KILLED.includes(code)) return reject(killed(signal ?? `exit status ${code}`));
      if (NOT_STARTED.includes(code)) return reject(notWorking(ffmpeg, new Error(complaint)));
      // The samples count, not the exit status: on a damaged file ffmpeg fails after decoding what it
      // could, and sometimes it exits with 0 without a single sample.
      try {
        // About a file that it cannot read, ffmpeg says something.
        if (reader.isEmpty && complaint.trim() === '') throw new NotWav();
        resolve(reader.finish());
      } catch (error) {
        if (error instanceof NotWav) reject(notWorking(ffmpeg, error));
        else reject(isUnreadable(error) ? unreadable(name, complaint) : error);
      }
    });
  });
}

/** Kills ffmpeg and, where it is a script, what that has started. */
function killGroup(child: ChildProcess): void {
  try {
    process.kill(-(child.pid ?? Number.NaN), 'SIGKILL');
  } catch {
    // There are no groups on Windows.
    child.kill('SIGKILL');
  }
}

/**
 * Exit statuses that tell of a signal: 255 is that of ffmpeg after SIGTERM, when it has written a part of the
 * recording, and a shell adds 128 to the number of the signal. Those of ffmpeg's errors are 256 less an
 * errno or a letter.
 */
const KILLED: readonly (number | null)[] = [134, 137, 139, 143, 255];
/** Of a shell that cannot start a program or tries to read it as a script; ffmpeg has none of them. */
const NOT_STARTED: readonly (number | null)[] = [2, 126, 127];

function isUnreadable(error: unknown): boolean {
  return error instanceof UndertoneError && error.code === 'audio-unreadable';
}

function decodeArguments({
  path,
  demuxer,
  decoder,
  maxSeconds,
}: {
  path: string;
  demuxer: string;
  decoder: string | undefined;
  maxSeconds: number;
}): string[] {
  return [
    ...['-nostdin', '-hide_banner', '-loglevel', 'error', '-threads', '1'],
    ...['-protocol_whitelist', 'file,pipe', '-format_whitelist', demuxer],
    ...['-codec_whitelist', DECODERS.join(','), ...(decoder ? ['-c:a', decoder] : [])],
    ...['-f', demuxer, '-i', path],
    ...['-map', '0:a:0', '-vn', '-sn', '-dn', '-map_metadata', '-1'],
    // One second more than allowed, to detect a recording that is too long.
    ...['-t', String(maxSeconds + 1), '-threads', '1', '-c:a', 'pcm_f32le'],
    ...['-bitexact', '-f', 'wav', 'pipe:1'],
  ];
}

/** Reads the WAV stream that ffmpeg writes to a pipe. */
class WavStreamReader {
  readonly #limits: DecodeLimits;
  #format: WavFormat | null = null;
  #sink: MonoSink | null = null;
  /** Bytes of an incomplete frame, or of an incomplete header. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(limits: DecodeLimits) {
    this.#limits = limits;
  }

  /** Whether nothing has come, not even a header. */
  get isEmpty(): boolean {
    return !this.#sink && this.#rest.length === 0;
  }

  push(chunk: Buffer): void {
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    if (!this.#format) {
      const at = bytes.indexOf('data');
      if (at < 0 || at + 8 > bytes.length) {
        if (bytes.length > MAX_HEADER_BYTES) throw new NotWav();
        this.#rest = bytes;
        return;
      }
      this.#format = headerOf(bytes);
      this.#sink = new MonoSink(this.#format, this.#limits);
      bytes = bytes.subarray(this.#format.dataStart);
    }
    const frameBytes = 4 * this.#format.channels;
    const whole = bytes.length - (bytes.length % frameBytes);
    if (whole > 0) this.#sink?.push(deinterleaved(bytes.subarray(0, whole), this.#format));
    this.#rest = bytes.subarray(whole);
  }

  finish(): DecodedAudio {
    if (this.#sink) return this.#sink.finish();
    throw this.isEmpty ? unreadable('audio', 'nothing decoded') : new NotWav();
  }
}

/** What claims to be ffmpeg has written something that ffmpeg does not write. */
class NotWav extends Error {}

function headerOf(bytes: Buffer): WavFormat {
  try {
    const format = bytes.toString('latin1', 0, 4) === 'RIFF' ? readWavHeader(bytes) : null;
    if (format?.encoding === 'float32') return format;
  } catch {
    // Told below.
  }
  throw new NotWav();
}

function killed(how: string): UndertoneError {
  return new UndertoneError(
    'unavailable',
    `ffmpeg was killed while it decoded the recording (${how}). The machine may be short of memory. Try again in a minute.`,
  );
}

function unreadable(name: string, complaint: string): UndertoneError {
  const why = /matches no streams|does not contain any stream/.test(complaint)
    ? 'it has no audio track'
    : 'no audio could be decoded from it';
  return new UndertoneError(
    'audio-unreadable',
    `This ${name} file cannot be decoded: ${why}. Record it again or export it as WAV or Ogg Opus.`,
    { cause: new Error(complaint.trim() || 'ffmpeg decoded no samples') },
  );
}

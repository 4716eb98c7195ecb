import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isMainThread } from 'node:worker_threads';
import { type ErrorCode, UndertoneError } from '../errors.ts';
import { decodeTimeout } from '../limits.ts';
import { cannotStart, findFfmpeg, notWorking } from './find-ffmpeg.ts';
import type { DecodedAudio, DecodeLimits } from './mono-sink.ts';
import type { Container } from './sniff.ts';
import { firstWithVoice } from './speech.ts';
import { NotWav, WavStreamReader } from './wav.ts';

/** Seconds of processor time after which the system ends it, should this process no longer be there to do so. */
const MAX_CPU_SECONDS = 60;

/** Characters of what ffmpeg prints that are kept; a damaged file can make it print without end. */
const MAX_LOG = 1_000_000;

/** The longest time in milliseconds that a timer of Node takes; it takes more for none at all. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** What it prints when it has described the file and begins to decode. */
const BEFORE_DECODING = '[info] Stream mapping:';

/** Audio tracks of a file that are decoded at most. */
const MAX_TRACKS = 8;

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
 * channels, which are mixed and resampled like those of every other recording. Of several audio tracks the
 * result is the first with a voice in it, as far as its level tells.
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
    const source = { ffmpeg, path, fd: input.fd, ...container };
    return await decodeTracks(source, holdsOpus(bytes), limits);
  } finally {
    await input?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function decodeTracks(
  source: Source,
  mayBeOpus: boolean,
  limits: DecodeLimits,
): Promise<DecodedAudio> {
  // The codecs are known only then; what may be Opus, which needs another decoder, is not decoded yet.
  const first = await run(source, limits, mayBeOpus ? { seconds: 0 } : {});
  const [about] = first.log.split(BEFORE_DECODING, 1);
  const codecs = [...about.matchAll(/^\[info\] +Stream #0:\d+.*?: Audio: (\w+)/gm)].map(
    (m) => m[1],
  );
  const count = Math.min(Math.max(codecs.length, 1), MAX_TRACKS);
  const tracks = mayBeOpus ? [] : [first];
  for (let track = tracks.length; track < count; track++) {
    const decoder = codecs[track] === 'opus' ? 'libopus' : undefined;
    let decoded = await run(source, limits, { track, decoder });
    if (decoded.log.includes('Unknown decoder')) decoded = await run(source, limits, { track });
    tracks.push(decoded);
  }
  const { error } = tracks[0];
  // A damaged track may decode to noise as loud as a voice.
  const damage = ({ log }: DecodedTrack) => /\[error\]/.test(log.split(BEFORE_DECODING)[1]);
  tracks.sort((a, b) => Number(damage(a)) - Number(damage(b)));
  const heard = tracks.flatMap(({ audio }) => audio ?? []);
  if (heard.length === 0 || isOneOf(error, 'audio-too-long')) throw error;
  return heard.length === 1 ? heard[0] : firstWithVoice(heard);
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

interface Source extends Omit<Container, 'start'> {
  readonly ffmpeg: string;
  readonly path: string;
  readonly fd: number;
}

/** What is decoded of a file: by default its first audio track, up to the limit of seconds. */
type Selection = { track?: number; decoder?: string | undefined; seconds?: number };

/** The audio or why there is none, and what ffmpeg printed. */
type DecodedTrack = { audio: DecodedAudio | null; error: unknown; log: string };

/** @throws UndertoneError `decoder-missing`, `decode-timeout`, `unavailable` */
function run(source: Source, limits: DecodeLimits, selection: Selection): Promise<DecodedTrack> {
  const { ffmpeg, name, fd } = source;
  return new Promise((resolve, reject) => {
    let child: ChildProcessByStdio<null, Readable, Readable>;
    try {
      child = spawn(ffmpeg, decodeArguments(source, limits, selection), {
        env: {},
        stdio: ['ignore', 'pipe', 'pipe', fd],
        windowsHide: true,
        // Its own process group: Ctrl-C in a terminal must not kill a decode that is being finished.
        detached: true,
      }) as ChildProcessByStdio<null, Readable, Readable>;
    } catch (cause) {
      return reject(cannotStart(ffmpeg, cause));
    }
    const left = Math.max(0, limits.deadline - performance.now());
    const timer = setTimeout(() => stop(decodeTimeout()), Math.min(left, LONGEST_TIMER));
    const reader = new WavStreamReader(limits);
    let log = '';
    const end = (audio: DecodedAudio | null, error?: unknown) => {
      clearTimeout(timer);
      resolve({ audio, error, log });
    };
    const fail = (error: unknown) => {
      // Another track may be none of both.
      if (isOneOf(error, 'audio-unreadable', 'audio-too-long')) return end(null, error);
      clearTimeout(timer);
      reject(error);
    };
    const stop = (error: unknown) => {
      killGroup(child);
      fail(error);
    };
    child.stderr.on('data', (text: Buffer) => {
      if (log.length < MAX_LOG) log += text.toString();
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
      if (signal || KILLED.includes(code)) return fail(killed(signal ?? `exit status ${code}`));
      if (NOT_STARTED.includes(code)) return fail(notWorking(ffmpeg, new Error(log)));
      // The samples count, not the exit status: on a damaged file ffmpeg fails after decoding what it
      // could, and sometimes it exits with 0 without a single sample.
      try {
        // ffmpeg describes the file, or says why it cannot, and how much each of its lines matters.
        if (reader.isEmpty && !/\[(info|warning|error|fatal)\]/.test(log)) throw new NotWav();
        end(reader.finish());
      } catch (error) {
        if (error instanceof NotWav) fail(notWorking(ffmpeg, error));
        else fail(isOneOf(error, 'audio-unreadable') ? unreadable(name, log.slice(-2000)) : error);
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

function isOneOf(error: unknown, ...codes: ErrorCode[]): boolean {
  return error instanceof UndertoneError && codes.includes(error.code);
}

function decodeArguments(
  { path, demuxer }: Source,
  { maxSeconds }: DecodeLimits,
  // One second more than allowed, to detect a recording that is too long.
  { track = 0, decoder, seconds = maxSeconds + 1 }: Selection,
): string[] {
  // Its own descriptor 3, which reads from the start again.
  const input = process.platform === 'linux' ? '/proc/self/fd/3' : path;
  return [
    ...['-nostdin', '-hide_banner', '-nostats', '-loglevel', 'level+info', '-threads', '1'],
    ...['-timelimit', String(MAX_CPU_SECONDS)],
    ...['-protocol_whitelist', 'file,pipe', '-format_whitelist', demuxer],
    ...['-codec_whitelist', DECODERS.join(','), ...(decoder ? [`-c:a:${track}`, decoder] : [])],
    ...['-f', demuxer, '-i', input],
    ...['-map', `0:a:${track}`, '-vn', '-sn', '-dn', '-map_metadata', '-1'],
    ...['-t', String(seconds), '-threads', '1', '-c:a', 'pcm_f32le'],
    ...['-bitexact', '-f', 'wav', 'pipe:1'],
  ];
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

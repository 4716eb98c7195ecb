import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { findFfmpeg, PcmStream, UndertoneError } from '../../core/index.ts';
import { type DeviceInput, recordingOn } from './devices.ts';

/** A source of sound. */
export interface Source {
  /** Name for people. */
  readonly name: string;
  /** Mono samples at 16 kHz as they come. */
  readonly chunks: AsyncIterable<Float32Array>;
}

/** Sample rate in Hz: the usual one of microphones, so that ffmpeg seldom has to convert. */
const RECORDING_RATE = 48_000;

/** Milliseconds in which a device has to deliver its first sound. */
const PATIENCE = 10_000;
/** Characters of ffmpeg's error output that are kept. */
const COMPLAINT_LENGTH = 4000;

/**
 * Opens a microphone through ffmpeg. On Linux PulseAudio (or PipeWire in its place) is tried first,
 * then ALSA.
 *
 * @param device name from `listDevices`; the default device of the system if undefined
 * @param signal ends the recording
 * @throws UndertoneError `decoder-missing` without ffmpeg, `unavailable` when nothing can be recorded
 */
export async function openMicrophone(
  device: string | undefined,
  signal: AbortSignal,
): Promise<Source> {
  const { inputs, standard } = recordingOn(process.platform);
  const name = device ?? standard ?? (await listDevices())[0];
  if (name === undefined) throw noDevice();
  const complaints: string[] = [];
  for (const input of inputs(name)) {
    const ffmpeg = startFfmpeg(recordArguments(input));
    const complaint = collect(ffmpeg);
    if (await gives(ffmpeg, signal)) {
      signal.addEventListener('abort', () => ffmpeg.kill('SIGTERM'), { once: true });
      if (signal.aborted) ffmpeg.kill('SIGTERM');
      const title = name === standard ? 'microphone' : `microphone ${name}`;
      return { name: title, chunks: record(ffmpeg, complaint, signal) };
    }
    ffmpeg.kill('SIGKILL');
    complaints.push(`${input.format}: ${complaint()}`);
  }
  throw cannotRecord(name, complaints.join('\n'));
}

/**
 * Returns the names of the microphones of this machine, without duplicates.
 *
 * @throws UndertoneError `decoder-missing` without ffmpeg
 */
export async function listDevices(): Promise<string[]> {
  const names: string[] = [];
  for (const { args, parse } of recordingOn(process.platform).lists) {
    const ffmpeg = startFfmpeg(args);
    let text = '';
    for (const stream of [ffmpeg.stdout, ffmpeg.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
    }
    // The exit status has no meaning: ffmpeg reports a list as a failure to open.
    await once(ffmpeg, 'close');
    names.push(...parse(text));
  }
  return [...new Set(names)];
}

function recordArguments({ format, input, options }: DeviceInput): string[] {
  return [
    ...['-loglevel', 'error', '-f', format, ...options, '-i', input],
    ...['-vn', '-ac', '1', '-ar', String(RECORDING_RATE)],
    // Without this, a buffer adds a third of a second of delay.
    ...['-f', 's16le', '-flush_packets', '1', 'pipe:1'],
  ];
}

/** Collects the end of ffmpeg's error output, and returns a function that reads it. */
function collect(ffmpeg: Ffmpeg): () => string {
  let complaint = '';
  ffmpeg.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-COMPLAINT_LENGTH);
  });
  // It could not even be started.
  ffmpeg.on('error', (error) => {
    complaint += error.message;
  });
  return () => complaint.trim();
}

/** Returns whether the device delivers sound; also true once the signal has aborted. */
async function gives(ffmpeg: Ffmpeg, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return true;
  const settled = new AbortController();
  const options = { signal: AbortSignal.any([settled.signal, AbortSignal.timeout(PATIENCE)]) };
  try {
    return await Promise.race([
      firstSound(ffmpeg, options),
      once(signal, 'abort', options).then(() => true),
    ]);
  } catch {
    return false;
  } finally {
    settled.abort();
  }
}

async function firstSound(ffmpeg: Ffmpeg, options: { signal: AbortSignal }): Promise<boolean> {
  const closed = once(ffmpeg, 'close', options);
  // Awaited only without sound; then the error output is complete.
  closed.catch(() => {});
  await once(ffmpeg.stdout, 'readable', options);
  const first: Buffer | null = ffmpeg.stdout.read();
  if (first) ffmpeg.stdout.unshift(first);
  else await closed;
  return first !== null;
}

/** Yields sound until the signal aborts, and throws when the device stops by itself. */
async function* record(
  ffmpeg: Ffmpeg,
  complaint: () => string,
  signal: AbortSignal,
): AsyncGenerator<Float32Array> {
  const pcm = new PcmStream(RECORDING_RATE);
  try {
    for await (const chunk of ffmpeg.stdout as AsyncIterable<Buffer>) yield pcm.push(chunk);
    yield pcm.end();
  } finally {
    ffmpeg.kill('SIGKILL');
  }
  if (!signal.aborted) throw ended(complaint());
}

function noDevice(): UndertoneError {
  return new UndertoneError(
    'unavailable',
    'No microphone was found. Plug one in and see what there is with --list-devices, or play a recording with --from.',
  );
}

function cannotRecord(device: string, complaint: string): UndertoneError {
  const isDenied = /permission denied|not authorized|access is denied/i.test(complaint);
  const help = isDenied
    ? 'the system does not let this program record. Allow the microphone for the terminal in the privacy settings (on Linux: join the group audio)'
    : 'no sound comes from it. See what there is with --list-devices and choose with --device';
  return new UndertoneError(
    'unavailable',
    `The microphone "${device}" cannot be used: ${help}, or play a recording with --from.`,
    { cause: new Error(complaint) },
  );
}

function ended(complaint: string): UndertoneError {
  return new UndertoneError(
    'unavailable',
    'The microphone has stopped: it was unplugged, or another program took it. Start again when it is back.',
    { cause: new Error(complaint) },
  );
}

/**
 * The environment variables that sound systems need; ffmpeg gets no others. They name PulseAudio's socket
 * and cookie, the home folder with ALSA's settings, and the system folders of Windows.
 */
const ENVIRONMENT = [
  'HOME',
  'XDG_RUNTIME_DIR',
  'XDG_CONFIG_HOME',
  'PULSE_SERVER',
  'PULSE_RUNTIME_PATH',
  'PULSE_COOKIE',
  'SystemRoot',
  'SystemDrive',
  'USERPROFILE',
];

type Ffmpeg = ChildProcessByStdio<null, Readable, Readable>;

/**
 * Starts the same ffmpeg that decodes recordings.
 *
 * @throws UndertoneError `decoder-missing`
 */
function startFfmpeg(args: readonly string[]): Ffmpeg {
  const ffmpeg = findFfmpeg(process.env, 'A microphone is read with ffmpeg');
  const env = Object.fromEntries(
    ENVIRONMENT.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return spawn(ffmpeg, ['-nostdin', '-hide_banner', ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    // In a process group of its own, so that Ctrl+C does not end it before its sound is classified.
    detached: true,
  });
}

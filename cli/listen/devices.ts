import { UndertoneError } from '../../core/index.ts';

/** One way to record with ffmpeg: a demuxer of its devices, and what to open with it. */
export interface DeviceInput {
  readonly format: 'pulse' | 'alsa' | 'avfoundation' | 'dshow';
  /** What stands after `-i`. */
  readonly input: string;
  /** Options of the demuxer that keep what it buffers short. */
  readonly options: readonly string[];
}

/** A way to have ffmpeg list its devices, and to read what it prints. */
interface DeviceList {
  readonly format: DeviceInput['format'];
  readonly args: readonly string[];
  readonly parse: (text: string) => string[];
}

interface Platform {
  readonly lists: readonly DeviceList[];
  /** Ways to record from a device, the best one first. */
  readonly inputs: (device: string) => readonly DeviceInput[];
  /** What stands for the microphone that the system would choose; null where none does. */
  readonly standard: string | null;
}

/** Bytes of a tenth of a second or so: PulseAudio would collect two seconds. */
const PULSE_FRAGMENT = '9600';
/** Milliseconds. */
const DSHOW_BUFFER = '50';

const PLATFORMS: Partial<Record<NodeJS.Platform, Platform>> = {
  linux: {
    standard: 'default',
    lists: (['pulse', 'alsa'] as const).map((format) => ({
      format,
      args: ['-sources', format],
      parse: parseSources,
    })),
    inputs: (device) => [
      { format: 'pulse', input: device, options: ['-fragment_size', PULSE_FRAGMENT] },
      { format: 'alsa', input: device, options: [] },
    ],
  },
  darwin: {
    standard: 'default',
    lists: [
      {
        format: 'avfoundation',
        args: ['-f', 'avfoundation', '-list_devices', 'true', '-i', ''],
        parse: parseAvFoundation,
      },
    ],
    // Video stands before the colon: there is none.
    inputs: (device) => [{ format: 'avfoundation', input: `:${device}`, options: [] }],
  },
  win32: {
    standard: null,
    lists: [
      {
        format: 'dshow',
        args: ['-f', 'dshow', '-list_devices', 'true', '-i', 'dummy'],
        parse: parseDirectShow,
      },
    ],
    inputs: (device) => [
      {
        format: 'dshow',
        input: `audio=${device}`,
        options: ['-audio_buffer_size', DSHOW_BUFFER],
      },
    ],
  },
};

/**
 * Returns how a system records.
 *
 * @throws UndertoneError `unavailable` for a system on which ffmpeg's devices are not known
 */
export function recordingOn(platform: NodeJS.Platform): Platform {
  const found = PLATFORMS[platform];
  if (found) return found;
  throw new UndertoneError(
    'unavailable',
    `Microphones are read on Linux, macOS and Windows only, and this is ${platform}. Play a recording with --from.`,
  );
}

/** `* name [description] (types)` of ffmpeg -sources; the star marks the standard one. */
export function parseSources(text: string): string[] {
  return [...text.matchAll(/^[* ] (\S+) \[.*\]/gm)]
    .map(([, name]) => name)
    .filter((name) => name !== 'null');
}

/** `[AVFoundation indev @ 0x1] [0] MacBook Pro Microphone` after the heading of audio devices. */
export function parseAvFoundation(text: string): string[] {
  const [, audio = ''] = text.split(/AVFoundation audio devices:/);
  return [...audio.matchAll(/\] \[\d+\] (.+?)\r?$/gm)].map(([, name]) => name);
}

/** `[dshow @ 1] "Microphone (USB)" (audio)`, or under a heading of audio devices in older versions. */
export function parseDirectShow(text: string): string[] {
  const marked = [...text.matchAll(/\] "(.+)" \(audio\)/g)];
  if (marked.length > 0) return marked.map(([, name]) => name);
  const [, audio = ''] = text.split(/DirectShow audio devices/);
  return [...audio.matchAll(/\]\s+"(.+)"\s*$/gm)].map(([, name]) => name);
}

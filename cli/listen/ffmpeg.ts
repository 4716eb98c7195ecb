import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { findFfmpeg } from '../../core/index.ts';

/**
 * What sound systems need to know of the environment, and nothing else: where PulseAudio's socket and
 * cookie are, which user's settings ALSA reads, and where Windows keeps its drivers.
 */
const ENVIRONMENT = [
  ...['HOME', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME'],
  ...['PULSE_SERVER', 'PULSE_RUNTIME_PATH', 'PULSE_COOKIE'],
  ...['SystemRoot', 'SystemDrive', 'USERPROFILE'],
];

export type Ffmpeg = ChildProcessByStdio<null, Readable, Readable>;

/**
 * Starts the ffmpeg that decodes recordings too.
 *
 * @throws UndertoneError `decoder-missing`
 */
export function startFfmpeg(args: readonly string[]): Ffmpeg {
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
    // A group of its own: at Ctrl-C it is ended when what it has recorded is heard.
    detached: true,
  });
}

/**
 * Makes the notes in this folder: a speech synthesiser (espeak-ng) reads sentences at different speeds
 * and pitches, and ffmpeg encodes them as chat platforms do (Ogg Opus, 24 kbit/s).
 *
 *   npm run samples
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Sentence {
  readonly text: string;
  readonly voice: string;
  /** Options of espeak-ng: -s words a minute, -p pitch 0–99, -a amplitude 0–200. */
  readonly options: readonly string[];
}

const ARRIVED = 'The parcel has arrived, and the box is open on the kitchen table.';
const WAITING = 'I have been waiting at the station since four, and nobody has come.';

const plain = { text: ARRIVED, voice: 'en-us', options: ['-s', '160', '-p', '45'] };
const fastHigh = {
  text: ARRIVED,
  voice: 'en-us+f3',
  options: ['-s', '215', '-p', '90', '-a', '180'],
};
const slowLow = {
  text: WAITING,
  voice: 'en-us+m3',
  options: ['-s', '105', '-p', '15', '-a', '60'],
};

const NOTES: Readonly<Record<string, readonly Sentence[]>> = {
  plain: [plain],
  'fast-high': [fastHigh],
  'slow-low': [slowLow],
  long: [plain, fastHigh, slowLow, fastHigh],
};

const OUT = fileURLToPath(new URL('.', import.meta.url)).replace(/dist[/\\]/, '');
const work = mkdtempSync(join(tmpdir(), 'samples-'));
try {
  for (const [name, sentences] of Object.entries(NOTES)) {
    const parts = sentences.map((sentence, i) => speak(sentence, join(work, `${name}-${i}.wav`)));
    encode(parts, join(OUT, `${name}.ogg`));
  }
  const noise = 'anoisesrc=color=pink:seed=1:duration=3:amplitude=0.2';
  run('ffmpeg', ['-f', 'lavfi', '-i', noise, ...opusTo(join(OUT, 'noise.ogg'))]);
} finally {
  rmSync(work, { recursive: true });
}

function speak({ text, voice, options }: Sentence, path: string): string {
  run('espeak-ng', ['-v', voice, ...options, '-w', path, text]);
  return path;
}

function encode(parts: readonly string[], path: string): void {
  const inputs = parts.flatMap((part) => ['-i', part]);
  const joined = `concat=n=${parts.length}:v=0:a=1`;
  run('ffmpeg', [...inputs, '-filter_complex', joined, ...opusTo(path)]);
}

function opusTo(path: string): string[] {
  // Bit-exact, so that making the files again does not change them.
  const bitexact = ['-fflags', '+bitexact', '-flags', '+bitexact'];
  return ['-ac', '1', '-c:a', 'libopus', '-b:a', '24k', ...bitexact, '-y', path];
}

function run(program: string, options: readonly string[]): void {
  execFileSync(program, options, { stdio: ['ignore', 'ignore', 'pipe'] });
}

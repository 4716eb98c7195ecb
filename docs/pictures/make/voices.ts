import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Read by a synthesiser, which feels nothing; the options are those of espeak-ng. */
const SENTENCES = [
  ['-v', 'en+f2', '-s', '230', '-p', '99', 'Oh no, what is that behind you? Oh no, what is that?'],
  [
    '-v',
    'en-us',
    '-s',
    '160',
    '-p',
    '45',
    'The parcel has arrived, and the box is open on the table.',
  ],
  [
    '-v',
    'en+f3',
    '-s',
    '150',
    '-p',
    '60',
    'The kids are talking by the door, and I have told them so.',
  ],
];
/** Seconds of silence after a sentence. */
const PAUSE = 1.8;

/** Writes a note of three voices, with pauses between them, and returns its path. */
export function speakNote(folder: string): string {
  const parts = SENTENCES.map((options, i) => {
    const path = join(folder, `${i}.wav`);
    execFileSync('espeak-ng', ['-w', path, ...options]);
    return path;
  });
  const note = join(folder, 'A morning in three voices.wav');
  const padded = parts.map((_, i) => `[${i}]aresample=48000,apad=pad_dur=${PAUSE}[p${i}]`);
  const joined = parts.map((_, i) => `[p${i}]`).join('');
  execFileSync('ffmpeg', [
    ...['-loglevel', 'error', '-y'],
    ...parts.flatMap((part) => ['-i', part]),
    ...['-filter_complex', `${padded.join(';')};${joined}concat=n=${parts.length}:v=0:a=1`],
    ...['-ac', '1', note],
  ]);
  return note;
}

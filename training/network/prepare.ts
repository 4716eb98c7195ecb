import { join } from 'node:path';
import { UndertoneError } from '../../core/errors.ts';
import { EMOTION_COUNT, EMOTIONS } from '../../core/model/emotions.ts';
import type { ConditionName } from '../augment/index.ts';
import { madeSounds, SOUND_KINDS } from '../augment/synthesis.ts';
import type { Clip } from '../corpus/clip.ts';
import { readContents } from '../corpus/contents.ts';
import { CORPORA, findClips } from '../corpus/corpora.ts';
import { type Exclusion, findExclusions } from '../corpus/exclusions.ts';
import type { Corpus } from '../corpus/find.ts';
import { findSounds, type Sound } from '../corpus/sounds.ts';
import { readVotes, type Votes } from '../corpus/votes.ts';
import type { Progress } from '../terminal.ts';
import type { Rendering } from './renderings.ts';
import { prepareSpectrograms, type Spectrograms } from './spectrogram-store.ts';

/** What stands for the name of a corpus where nobody speaks. */
export const SOUNDS = 'sounds';
const CLEAN: Rendering = { condition: 'clean' };
/** Renderings that are trained on: as recorded, and degraded by random chains, the last through Opus. */
const RAVDESS_RENDERINGS: readonly Rendering[] = [
  CLEAN,
  { chain: 1 },
  { chain: 2 },
  { chain: 3 },
  { chain: 4, opus: true },
];
/** The others are larger, and most of them were through Opus already. */
const OTHER_RENDERINGS: readonly Rendering[] = [CLEAN, { chain: 1 }];
/** Sounds of this fold are mixed into no training clip: robustness is measured with them. */
const TEST_SOUND_FOLD = 5;
const SOUND_FOLDS = 5;
/** Of every kind that can be synthesised: at least one for each fold, and fewer than there are recordings. */
const MADE_PER_KIND = { least: SOUND_FOLDS, most: 20 };
const ROBUSTNESS: readonly ConditionName[] = [
  'opus-16',
  'telephone',
  'noise-10-db',
  'small-room',
  'gain-minus-40-db',
  'gain-plus-20-db',
];

export interface PrepareOptions {
  /** Folder below which the corpora lie. */
  readonly data: string;
  /** Folder that keeps what was computed. */
  readonly work: string;
  /** Decides what the degraded renderings are. */
  readonly seed: number;
  readonly workers: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** A corpus as it is trained on and measured. */
export interface PreparedCorpus {
  readonly corpus: Corpus;
  readonly clips: readonly Clip[];
  readonly exclusions: readonly Exclusion[];
  /** Numbers of the clips that are not excluded. */
  readonly rows: Int32Array;
  readonly spectrograms: Spectrograms;
  /** Class of each clip. */
  readonly labels: Int32Array;
}

/** Sounds in which nobody speaks: everyday ones, and synthesised music, tones and signals. */
export interface PreparedSounds {
  readonly sounds: readonly {
    readonly category: string;
    readonly fold: number;
    readonly isMade: boolean;
  }[];
  readonly spectrograms: Spectrograms;
}

export interface Prepared {
  /** In the order of CORPORA, RAVDESS first; those that are there. */
  readonly corpora: readonly PreparedCorpus[];
  readonly votes: Votes;
  readonly sounds: PreparedSounds;
  readonly everydaySounds: readonly Sound[];
}

/**
 * Reads the corpora below a folder and computes the spectrograms of every recording in all
 * renderings, or takes them from disk where that was done before.
 *
 * @throws UndertoneError for data that cannot be trained on
 */
export async function prepare(options: PrepareOptions): Promise<Prepared> {
  const { data, work, workers, signal, seed } = options;
  const { clips } = await findClips(data).catch((cause) => {
    if (cause instanceof UndertoneError) throw cause;
    throw new UndertoneError('not-found', `The folder ${data} cannot be read.`, { cause });
  });
  const votes = await readVotes(data, clips);
  const report = stageReporter(options.progress);
  const { sounds } = await findSounds(data);
  const contents = await readContents(clips, {
    cache: join(work, 'contents.bin'),
    workers,
    signal,
    onProgress: report('Reading recordings'),
  });
  const exclusions = new Map(
    findExclusions(clips, contents, data).map((exclusion) => [exclusion.path, exclusion]),
  );
  const spectrogramsOf = (
    title: string,
    recordings: readonly { readonly path: string; readonly id: string }[],
    renderings: readonly Rendering[],
  ) =>
    prepareSpectrograms(recordings, {
      folder: join(work, 'spectrograms'),
      renderings,
      noisePaths: noisePathsOf(sounds, (fold) => fold !== TEST_SOUND_FOLD),
      seed,
      workers,
      signal,
      onProgress: report(`Spectrograms of ${title}`),
    });
  const found: Omit<PreparedCorpus, 'spectrograms'>[] = [];
  for (const corpus of CORPORA) {
    const own = clips.filter((clip) => clip.corpus === corpus.name);
    if (own.length === 0) continue;
    found.push({
      corpus,
      clips: own,
      exclusions: own.flatMap(({ path }) => exclusions.get(path) ?? []),
      rows: Int32Array.from(own.keys()).filter((i) => !exclusions.has(own[i].path)),
      labels: Int32Array.from(own, ({ emotion }) => EMOTIONS.indexOf(emotion)),
    });
  }
  // Spectrograms take an hour: what is missing is said before.
  checkComplete(found, data);
  const corpora: PreparedCorpus[] = [];
  for (const corpus of found) {
    const isRavdess = corpus.corpus === CORPORA[0];
    const renderings = isRavdess ? RAVDESS_RENDERINGS : OTHER_RENDERINGS;
    const spectrograms = await spectrogramsOf(corpus.corpus.title, corpus.clips, renderings);
    corpora.push({ ...corpus, spectrograms });
  }
  const everyday = sounds.map(({ path, id, category, fold }) => ({
    path,
    id,
    category,
    fold: fold - 1,
    isMade: false,
  }));
  const { least, most } = MADE_PER_KIND;
  const perKind = Math.max(least, Math.min(most, Math.floor(clips.length / SOUND_KINDS)));
  const made = madeSounds(perKind).map((sound, i) => ({
    ...sound,
    fold: i % SOUND_FOLDS,
    isMade: true,
  }));
  const all = [...everyday, ...made];
  return {
    corpora,
    votes,
    sounds: {
      sounds: all,
      spectrograms: await spectrogramsOf('sounds without a voice', all, OTHER_RENDERINGS),
    },
    everydaySounds: sounds,
  };
}

/** Computes the spectrograms of some clips under the fixed conditions of the robustness table. */
export async function prepareConditions(
  clips: readonly Clip[],
  sounds: readonly Sound[],
  { work, workers, signal, seed, progress }: PrepareOptions,
): Promise<{ readonly names: readonly ConditionName[]; readonly spectrograms: Spectrograms }> {
  const spectrograms = await prepareSpectrograms(clips, {
    folder: join(work, 'spectrograms'),
    renderings: ROBUSTNESS.map((condition) => ({ condition })),
    noisePaths: noisePathsOf(sounds, (fold) => fold === TEST_SOUND_FOLD),
    seed,
    workers,
    signal,
    onProgress: stageReporter(progress)('Spectrograms under bad conditions'),
  });
  return { names: ROBUSTNESS, spectrograms };
}

function noisePathsOf(sounds: readonly Sound[], takes: (fold: number) => boolean): string[] {
  return sounds
    .filter(({ fold }) => takes(fold))
    .map(({ path }) => path)
    .sort();
}

function checkComplete(
  corpora: readonly Omit<PreparedCorpus, 'spectrograms'>[],
  data: string,
): void {
  const ravdess = corpora.find(({ corpus }) => corpus === CORPORA[0]);
  if (!ravdess) {
    throw new UndertoneError(
      'not-found',
      `No RAVDESS recordings were found below ${data}. Needed are the folders Audio_Speech_Actors_01-24 and Audio_Song_Actors_01-24 with files like 03-01-05-01-02-01-12.wav (or .flac, .ogg).`,
    );
  }
  for (const { corpus, rows, labels, clips } of corpora) {
    const classes = new Set(Array.from(rows, (i) => labels[i]));
    const speakers = new Set(
      Array.from(rows, (i) => clips[i]).flatMap(({ channel, speaker }) =>
        channel === 'speech' ? [speaker] : [],
      ),
    );
    const needed = corpus === CORPORA[0] ? EMOTION_COUNT : corpus.isPlainSpeech ? 1 : 2;
    if (classes.size >= needed && speakers.size > 1) continue;
    const missing = EMOTIONS.filter((_, k) => !classes.has(k));
    throw new UndertoneError(
      'audio-missing',
      `Training needs ${needed === 1 ? 'recordings' : `${needed} emotions`} of ${corpus.title} and the speech of at least two speakers. Below ${data} there are ${speakers.size} speakers of it and ${classes.size} emotions${needed === EMOTION_COUNT && missing.length > 0 ? `; there is no usable recording of ${missing.join(', ')}` : ''}. Add the missing recordings${corpus === CORPORA[0] ? ': both archives together have everything' : ', or remove the rest of this corpus'}.`,
    );
  }
}

/** Returns what turns calls of `onProgress(done, total)` into a stage of its own. */
function stageReporter(progress: Progress) {
  return (stage: string) => (done: number, total: number) => {
    if (done === 1) progress.begin(stage, total);
    progress.advance();
    if (done === total) progress.end();
  };
}

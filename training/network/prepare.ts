import { join } from 'node:path';
import { UndertoneError } from '../../core/errors.ts';
import { EMOTION_COUNT, EMOTIONS } from '../../core/model/emotions.ts';
import type { ConditionName } from '../augment/index.ts';
import type { Clip } from '../corpus/clip.ts';
import { readContents } from '../corpus/contents.ts';
import { findClips } from '../corpus/corpora.ts';
import { CREMA_D_TEST_ACTORS } from '../corpus/crema-d.ts';
import { type Exclusion, findExclusions } from '../corpus/exclusions.ts';
import { findSounds, type Sound } from '../corpus/sounds.ts';
import type { Progress } from '../terminal.ts';
import { CREMA_D, RAVDESS } from './plan.ts';
import type { Rendering } from './renderings.ts';
import { prepareSpectrograms, type Spectrograms } from './spectrogram-store.ts';

/** Renderings that are trained on: as recorded, and by random chains, the last one through Opus. */
const RAVDESS_CHAINS = 7;
const CREMA_D_CHAINS = 2;
const CLEAN: Rendering = { condition: 'clean' };
/** Sounds of this fold are mixed into no training clip: robustness is measured with them. */
const TEST_SOUND_FOLD = 5;
const ROBUSTNESS: readonly ConditionName[] = [
  'opus-16',
  'telephone',
  'noise-10-db',
  'small-room',
  'gain-minus-40-db',
  'gain-plus-20-db',
];
export interface PrepareCorporaOptions {
  /** Folder that RAVDESS lies in, and CREMA-D and ESC where they are to be had. */
  readonly data: string;
  /** Folder that keeps what was heard. */
  readonly work: string;
  /** Decides what the degraded renderings are. */
  readonly seed: number;
  readonly workers: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** A corpus as it is measured on: clips, their spectrograms and classes, and those that count. */
export interface PreparedCorpus {
  readonly clips: readonly Clip[];
  readonly exclusions: readonly Exclusion[];
  /** Numbers of the clips that are not excluded. */
  readonly rows: Int32Array;
  readonly spectrograms: Spectrograms;
  readonly labels: Int32Array;
}

export interface Prepared {
  readonly ravdess: PreparedCorpus;
  readonly cremaD: PreparedCorpus | null;
  readonly cremaDTest: PreparedCorpus | null;
  /** RAVDESS under the conditions of the robustness table; null without sounds or ffmpeg. */
  readonly conditions: {
    readonly names: readonly string[];
    /** Numbers of the RAVDESS clips that the spectrograms are of: speech. */
    readonly rows: Int32Array;
    readonly spectrograms: Spectrograms;
  } | null;
  readonly sounds: readonly Sound[];
}

/**
 * Reads the corpora below a folder and hears every recording in all renderings, from disk where that
 * was done before.
 *
 * @throws UndertoneError for data that cannot be trained on
 */
export async function prepare(options: PrepareCorporaOptions): Promise<Prepared> {
  const { data, work, workers, signal, seed } = options;
  const { clips } = await findClips(data).catch((cause) => {
    throw new UndertoneError('not-found', `The folder ${data} cannot be read.`, { cause });
  });
  const report = stageReporter(options.progress);
  const { sounds } = await findSounds(data);
  const noisePaths = sounds
    .filter(({ fold }) => fold !== TEST_SOUND_FOLD)
    .map(({ path }) => path)
    .sort();
  const contents = await readContents(clips, {
    ...{ cache: join(work, 'contents.bin'), workers, signal },
    onProgress: report('Reading recordings'),
  });
  const exclusions = findExclusions(clips, contents, data);
  const excluded = new Map(exclusions.map((exclusion) => [exclusion.path, exclusion]));
  const corpus = async (
    title: string,
    filter: (clip: Clip) => boolean,
    renderings: readonly Rendering[],
  ): Promise<PreparedCorpus | null> => {
    const own = clips.filter(filter);
    if (own.length === 0) return null;
    const spectrograms = await prepareSpectrograms(own, {
      ...{ folder: join(work, 'spectrograms'), renderings, noisePaths, seed, workers, signal },
      onProgress: report(`Hearing ${title}`),
    });
    return {
      clips: own,
      exclusions: own.flatMap(({ path }) => excluded.get(path) ?? []),
      rows: Int32Array.from(own.keys()).filter((i) => !excluded.has(own[i].path)),
      spectrograms,
      labels: Int32Array.from(own, ({ emotion }) => EMOTIONS.indexOf(emotion)),
    };
  };
  const isTest = ({ actor }: Clip) => CREMA_D_TEST_ACTORS.includes(actor);
  const ravdess = await corpus('RAVDESS', (clip) => clip.corpus === RAVDESS, [
    CLEAN,
    ...chains(RAVDESS_CHAINS, true),
  ]);
  checkComplete(ravdess, data);
  const cremaD = await corpus('CREMA-D', (clip) => clip.corpus === CREMA_D && !isTest(clip), [
    CLEAN,
    ...chains(CREMA_D_CHAINS, false),
  ]);
  const cremaDTest = await corpus(
    'CREMA-D, the actors kept for the test',
    (clip) => clip.corpus === CREMA_D && isTest(clip),
    [CLEAN],
  );
  const rows = Int32Array.from(ravdess.clips.keys()).filter(
    (i) => ravdess.clips[i].channel === 'speech',
  );
  const conditions =
    sounds.length === 0
      ? null
      : await prepareSpectrograms(
          Array.from(rows, (row) => ravdess.clips[row]),
          {
            folder: join(work, 'spectrograms'),
            renderings: ROBUSTNESS.map((condition) => ({ condition })),
            noisePaths: sounds
              .filter(({ fold }) => fold === TEST_SOUND_FOLD)
              .map(({ path }) => path)
              .sort(),
            ...{ seed, workers, signal },
            onProgress: report('Hearing RAVDESS under bad conditions'),
          },
        );
  return {
    ...{ ravdess, cremaD, cremaDTest, sounds },
    conditions: conditions && { names: ROBUSTNESS, rows, spectrograms: conditions },
  };
}

function chains(count: number, isOpusLast: boolean): Rendering[] {
  return Array.from({ length: count }, (_, i) =>
    isOpusLast && i === count - 1 ? { chain: i + 1, opus: true } : { chain: i + 1 },
  );
}

function checkComplete(
  corpus: PreparedCorpus | null,
  data: string,
): asserts corpus is PreparedCorpus {
  if (!corpus) {
    throw new UndertoneError(
      'not-found',
      `No RAVDESS recordings were found below ${data}. Needed are the folders Audio_Speech_Actors_01-24 and Audio_Song_Actors_01-24 with files like 03-01-05-01-02-01-12.wav (or .flac, .ogg).`,
    );
  }
  const { rows, labels, clips } = corpus;
  const missing = EMOTIONS.filter((_, k) => !rows.some((i) => labels[i] === k));
  const speakers = new Set(
    Array.from(rows, (i) => clips[i]).flatMap(({ channel, actor }) =>
      channel === 'speech' ? [actor] : [],
    ),
  );
  if (missing.length === 0 && speakers.size > 1) return;
  throw new UndertoneError(
    'audio-missing',
    `Training needs all ${EMOTION_COUNT} emotions of RAVDESS and the speech of at least two actors. Below ${data} there are ${speakers.size} speaking actors${missing.length > 0 ? `, and no usable recording of ${missing.join(', ')}` : ''}. Add the missing recordings: both archives together have everything.`,
  );
}

/** Returns what turns calls of `onProgress(done, total)` into a stage of its own. */
function stageReporter(progress: Progress) {
  return (stage: string) => (done: number, total: number) => {
    if (done === 1) progress.begin(stage, total);
    progress.advance();
    if (done === total) progress.end();
  };
}

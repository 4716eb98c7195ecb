import {
  MAX_BYTES,
  MAX_SECONDS,
  tooLarge,
  tooLong,
  UndertoneError,
  type Verdict,
} from '../core/index.ts';
import type { ApiClient } from './api-client.ts';
import { type Ask, checkConsent } from './consent.ts';
import { download, type FileHosts } from './download.ts';
import type { Limits, Wait } from './limits.ts';
import type { ChannelSettings, Place } from './settings.ts';
import { EN } from './wording/languages.ts';
import type { Strings } from './wording/strings.ts';
import { type VerdictWords, wordVerdict } from './wording/verdict.ts';

/** A voice note that was posted. */
export interface Note {
  readonly url: string;
  /** Bytes, if the platform says. */
  readonly size?: number | undefined;
  readonly durationSeconds?: number | undefined;
  /** Whether somebody forwarded it, and the platform does not say who recorded it. */
  readonly isAuthorUnknown?: boolean;
}

/** What a bot needs to answer. */
export interface Services {
  readonly api: ApiClient;
  readonly settings: ChannelSettings;
  readonly limits: Limits;
  readonly hosts: FileHosts;
  readonly strings?: Strings;
}

export interface VerdictAnswer {
  readonly kind: 'verdict';
  readonly verdict: Verdict;
  readonly words: VerdictWords;
  /** Whether only the asker may see it. */
  readonly isPrivate: boolean;
  /** The notice that goes with the first answer that someone sees. */
  readonly notice: string | null;
}

export interface RefusedAnswer {
  readonly kind: 'refused';
  readonly error: UndertoneError;
  /** What to say in the chat. */
  readonly text: string;
  /** Failures concern nobody but the asker. */
  readonly isPrivate: true;
  /** Whether the same was just said: then a reply that nobody asked for is left out. */
  readonly isRepeated: boolean;
}

export type Answer = VerdictAnswer | RefusedAnswer;

/** Milliseconds for fetching and classifying a note. A function then has 40 s left to answer. */
const CLASSIFY_TIMEOUT = 80_000;

export interface AnswerOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whether only the asker will see the answer, even where everyone could. */
  readonly isPrivate?: boolean;
}

/**
 * Answers a question about a voice note: checks consent and limits, fetches the note, has the API
 * classify it and puts the verdict into words. Never rejects: every failure becomes an answer with a
 * sentence for the chat.
 *
 * @param note null if the message has none
 * @example
 * const ask = { place, asker: 'U1', author: 'U1' };
 * const reply = await answer(ask, { url }, services);
 * if (reply.kind === 'refused') await say(reply.text);
 */
export async function answer(
  ask: Ask,
  note: Note | null,
  services: Services,
  options: AnswerOptions = {},
): Promise<Answer> {
  const { settings, limits, strings = EN } = services;
  try {
    const consent = await checkConsent(ask, settings, note ?? {});
    const isPrivate = options.isPrivate || consent.isPrivate;
    if (!note) throw noNote();
    const wait = await limits.take(ask.place, ask.asker ?? ask.author);
    if (wait) return refusedFor(wait, strings);
    const verdict = await fetchAndClassify(note, services, options.signal);
    return {
      kind: 'verdict',
      verdict,
      words: wordVerdict(verdict, strings),
      isPrivate,
      notice: (await isFirst(ask, isPrivate, settings)) ? strings.notice : null,
    };
  } catch (thrown) {
    const error = UndertoneError.from(thrown);
    return refused(error, strings.errors[error.code]);
  }
}

/** Returns the page of help, with what is left of the limits, as far as that can be read. */
export async function help(
  place: Place,
  user: string,
  { limits, strings = EN }: Services,
): Promise<Strings['help']> {
  const { title, text } = strings.help;
  const quota = await limits.left(place, user).then(strings.quota, () => '');
  return { title, text: [text, quota].filter(Boolean).join('\n\n') };
}

/** Returns the verdict on a note. A note that would be refused anyway is not fetched. */
async function fetchAndClassify(
  { url, size = 0, durationSeconds = 0 }: Note,
  { api, hosts }: Services,
  signal: AbortSignal | undefined,
): Promise<Verdict> {
  if (size > MAX_BYTES) throw tooLarge();
  // Platforms round up.
  if (durationSeconds > MAX_SECONDS + 1) throw tooLong();
  const limit = AbortSignal.timeout(CLASSIFY_TIMEOUT);
  const stop = signal ? AbortSignal.any([limit, signal]) : limit;
  const bytes = await download(url, { hosts, signal: stop });
  return api.classify(bytes, { signal: stop });
}

/** If it is unknown whether the notice was shown, it is shown. */
async function isFirst(
  { place, asker, author }: Ask,
  isPrivate: boolean,
  settings: ChannelSettings,
): Promise<boolean> {
  const audience = isPrivate ? `user:${asker ?? author}` : `channel:${place.channel}`;
  return settings.isFirstUse(place, audience).catch(() => true);
}

function refused(error: UndertoneError, text: string, isRepeated = false): RefusedAnswer {
  return { kind: 'refused', error, text, isPrivate: true, isRepeated };
}

function refusedFor({ seconds, isFirst }: Wait, strings: Strings): RefusedAnswer {
  const error = new UndertoneError(
    'rate-limited',
    `Too many notes were sent at once. Ask again in ${seconds} seconds.`,
  );
  return refused(error, strings.wait(seconds), !isFirst);
}

function noNote(): UndertoneError {
  return new UndertoneError(
    'attachment-missing',
    'The message has no voice note. Choose a message with a voice note or an audio file.',
  );
}

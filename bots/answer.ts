import {
  MAX_BYTES,
  MAX_SECONDS,
  tooLarge,
  tooLong,
  UndertoneError,
  type Verdict,
} from '../core/index.ts';
import type { ApiClient } from './api-client.ts';
import { type Ask, mayHear } from './consent.ts';
import { download, type FileHosts } from './download.ts';
import type { Limits, Wait } from './limits.ts';
import type { ChannelSettings } from './settings/settings.ts';
import { EN } from './wording/en.ts';
import type { Strings } from './wording/strings.ts';
import { type VerdictWords, wordVerdict } from './wording/verdict.ts';

/** A voice note that was posted. */
export interface Note {
  readonly url: string;
  /** Bytes, where the platform tells. */
  readonly size?: number | undefined;
  readonly durationSeconds?: number | undefined;
}

/** What answering needs. */
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
  /** Whether only the person who asked may see it. */
  readonly isPrivate: boolean;
  /** What has to be told with the first answer that somebody sees. */
  readonly notice: string | null;
}

export interface RefusedAnswer {
  readonly kind: 'refused';
  readonly error: UndertoneError;
  /** What to say in the chat. */
  readonly text: string;
  /** Failures are nobody else's business. */
  readonly isPrivate: true;
  /** Whether the same has just been said: a reply that nobody asked for is left out then. */
  readonly isRepeated: boolean;
}

export type Answer = VerdictAnswer | RefusedAnswer;

/** Milliseconds after which a note counts as not heard: a function has forty seconds more, for the answer. */
const HEARING_TIMEOUT = 80_000;

export interface AnswerOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whether only the asker will see the answer, also where the policy would show it to all. */
  readonly isPrivate?: boolean;
}

/**
 * Goes the whole way from a question about a voice note to its answer: may it be heard, is there room
 * for it, fetch it, have it heard, find the words. Never rejects: whatever fails becomes an answer with a
 * sentence for the chat.
 *
 * @param note null where a message has none
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
    const policy = await mayHear(ask, settings);
    const isPrivate = options.isPrivate || policy.isPrivate;
    if (!note) throw noNote();
    const wait = await limits.take(ask.place, ask.asker ?? ask.author);
    if (wait) return refusedFor(wait, strings);
    const verdict = await hear(note, services, options.signal);
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

/** Fetches a note and returns the verdict on it. What is known to be refused is not fetched. */
async function hear(
  { url, size = 0, durationSeconds = 0 }: Note,
  { api, hosts }: Services,
  signal: AbortSignal | undefined,
): Promise<Verdict> {
  if (size > MAX_BYTES) throw tooLarge();
  // Platforms round up.
  if (durationSeconds > MAX_SECONDS + 1) throw tooLong();
  const limit = AbortSignal.timeout(HEARING_TIMEOUT);
  const stop = signal ? AbortSignal.any([limit, signal]) : limit;
  const bytes = await download(url, { hosts, signal: stop });
  return api.hear(bytes, { signal: stop });
}

/** An answer is given even where it cannot be told whether the notice was shown: then it is shown. */
async function isFirst(
  { place, asker, author }: Ask,
  isPrivate: boolean,
  settings: ChannelSettings,
): Promise<boolean> {
  const audience = isPrivate ? `user:${asker ?? author}` : `channel:${place.channel}`;
  return settings.isFirstUse(`${place.platform}:${audience}`).catch(() => true);
}

function refused(error: UndertoneError, text: string, isRepeated = false): RefusedAnswer {
  return { kind: 'refused', error, text, isPrivate: true, isRepeated };
}

function refusedFor({ seconds, isFirst }: Wait, strings: Strings): RefusedAnswer {
  const error = new UndertoneError(
    'rate-limited',
    `More notes were sent than are heard at once. Ask again in ${seconds} seconds.`,
  );
  return refused(error, strings.wait(seconds), !isFirst);
}

function noNote(): UndertoneError {
  return new UndertoneError(
    'attachment-missing',
    'The message has no voice note. Choose one with a voice note or an audio file.',
  );
}

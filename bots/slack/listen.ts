import type { RespondFn, webApi } from '@slack/bolt';
import type * as z from 'zod';
import { UndertoneError } from '../../core/index.ts';
import { logEvent } from '../../lib/log.ts';
import { type Answer, answer, help, type Services } from '../answer.ts';
import type { Strings } from '../wording/strings.ts';
import { textMessage, verdictMessage } from './blocks.ts';
import { noteIn } from './files.ts';
import { stringsForPerson } from './language.ts';
import {
  type eventBodySchema,
  isDirect,
  type MessageEvent,
  messageEventSchema,
  notesOf,
  type PostedNote,
  type ShortcutBody,
} from './payloads.ts';
import { type Destination, type Replies, whereAllowed } from './replies.ts';
import { callSlack, isRevoked } from './web.ts';

/** What the listeners need. */
export interface Context {
  readonly services: Services;
  readonly client: webApi.WebClient;
  readonly replies: Replies;
  /** The team or organization that has installed the app. */
  readonly workspace: string | null;
  readonly botUserId: string | undefined;
  /** Runs the work that fetches and analyzes a note when a slot is free. */
  readonly analyzing: <T>(work: () => Promise<T>) => Promise<T>;
  /** Stops that work when its time is up. */
  readonly signal?: AbortSignal | undefined;
}

/** The same with the language of who is answered. */
export type Speaking = Context & { readonly services: { readonly strings: Strings } };

/** Returns what is needed to answer a person, in their language. */
export async function speakingTo<Given extends Context>(
  user: string,
  context: Given,
): Promise<Given & Speaking> {
  const { workspace, client } = context;
  const strings = await stringsForPerson({ workspace, user }, client);
  return { ...context, services: { ...context.services, strings } };
}

/** A question about a message. */
interface Question {
  readonly destination: Destination;
  /** Null for a reply that nobody asked for. */
  readonly asker: string | null;
  readonly notes: readonly PostedNote[];
  /** Who posted the message that has the notes. */
  readonly poster: string | null;
}

/** Errors that are not worth a reply unless someone asked. */
const QUIET: ReadonlySet<UndertoneError['code']> = new Set([
  'attachment-gone',
  'attachment-missing',
  'attachment-refused',
  'not-permitted',
]);

/**
 * Answers the notes of a message in a direct message, in an open channel, or if it mentions the bot. If a
 * message that mentions the bot has no notes, those of the message it replies to are answered. A direct
 * message without a note is answered with what the bot can do.
 */
export async function readMessage(
  { event }: z.infer<typeof eventBodySchema>,
  context: Context,
): Promise<void> {
  const { user, channel, ts, thread_ts } = event;
  if (!user) return;
  const { workspace } = context;
  const place = { platform: 'slack', workspace, channel, isDirect: isDirect(channel) } as const;
  const destination: Destination = {
    channel,
    isDirect: place.isDirect,
    user,
    root: thread_ts ?? ts,
    isInThread: thread_ts !== undefined,
  };
  const isAsked = event.type === 'app_mention' || namesBot(event, context);
  if (place.isDirect && notesOf(event).length === 0) {
    const { services } = await speakingTo(user, context);
    const { title, text } = await help(place, user, services);
    return context.replies.toUser(destination, ts, textMessage(text, title));
  }
  if (!isAsked && !place.isDirect && !(await context.services.settings.isAutomatic(place))) return;
  const speaking = await speakingTo(user, context);
  const { errors } = speaking.services.strings;
  const found = isAsked ? await withNotes(event, context) : event;
  if (!found) {
    return context.replies.toUser(destination, ts, textMessage(errors['attachment-forbidden']));
  }
  await answerAll(
    {
      destination,
      asker: isAsked || place.isDirect ? user : null,
      notes: notesOf(found),
      poster: found.user ?? null,
    },
    speaking,
  );
}

/** Answers someone who used the shortcut of a message. */
export async function readShortcut(
  { channel, user, message }: ShortcutBody,
  context: Context & { readonly respond: RespondFn },
): Promise<void> {
  await answerAll(
    {
      destination: {
        channel: channel.id,
        isDirect: isDirect(channel.id),
        user: user.id,
        root: message.thread_ts ?? message.ts,
        isInThread: message.thread_ts !== undefined,
        respond: context.respond,
      },
      asker: user.id,
      notes: notesOf(message),
      poster: message.user ?? null,
    },
    await speakingTo(user.id, context),
  );
}

async function answerAll(question: Question, context: Speaking): Promise<void> {
  const { notes } = question;
  // One by one, so that the answers are in the order of the notes.
  for (const posted of notes.length > 0 ? notes : [null]) {
    const reply = await answerTo(posted, question, context);
    await deliver(reply, posted?.file.id ?? 'none', question, context);
  }
}

async function answerTo(
  posted: PostedNote | null,
  { destination, asker, poster }: Question,
  { services, client, workspace, analyzing, signal }: Speaking,
): Promise<Answer> {
  const { channel, isDirect: isHere } = destination;
  const place = { platform: 'slack', workspace, channel, isDirect: isHere } as const;
  try {
    const note = posted && (await noteIn(posted, client));
    // A note that someone shares again still has the voice of the person who recorded it.
    const author = note?.author ?? poster ?? '';
    return await analyzing(() => answer({ place, asker, author }, note, services, { signal }));
  } catch (thrown) {
    if (isRevoked(thrown)) throw thrown;
    const error = UndertoneError.from(thrown);
    const text = services.strings.errors[error.code];
    return { kind: 'refused', error, text, isPrivate: true, isRepeated: false };
  }
}

async function deliver(
  reply: Answer,
  subject: string,
  { destination, asker }: Question,
  { replies }: Context,
): Promise<void> {
  if (reply.kind === 'refused') {
    const { error, isRepeated, text } = reply;
    if (error.status >= 500) logEvent('slack: a note could not be analyzed', error);
    if (asker === null && QUIET.has(error.code)) return;
    // People are told to wait only once, not for each note; but a click always gets an answer.
    if (isRepeated && !destination.respond) return;
    return replies.toUser(destination, subject, textMessage(text));
  }
  const message = verdictMessage(reply);
  if (reply.isPrivate) return replies.toUser(destination, subject, message);
  // Someone who asks about a note with a public answer gets it again in private.
  const mayBeThere = asker !== null && !destination.isDirect && !replies.isRepeated;
  if (mayBeThere && (await whereAllowed(() => replies.hasAnswer(destination, subject)))) {
    return replies.toUser(destination, subject, message);
  }
  const isPosted = await replies.inThread(destination, subject, message);
  // A click is answered even where the bot may not post.
  if (!isPosted && destination.respond) await replies.toUser(destination, subject, message);
}

/**
 * Returns the message whose notes a mention of the bot is about: the message itself, or the one it
 * replies to; null if the bot may not read them. Slack leaves files out of some mention events, so the
 * message itself is fetched too.
 */
async function withNotes(event: MessageEvent, { client }: Context): Promise<MessageEvent | null> {
  if (notesOf(event).length > 0) return event;
  const { channel, ts, thread_ts: root = ts } = event;
  // The first message of a thread comes with every page of it.
  const window = { oldest: ts, latest: ts, inclusive: true };
  const thread = await whereAllowed(() =>
    callSlack(() => client.conversations.replies({ channel, ts: root, ...window, limit: 2 })),
  );
  if (!thread) return null;
  const { messages = [] } = thread;
  const read = messages.flatMap((found) => {
    const parsed = messageEventSchema.safeParse({ ...found, channel });
    return parsed.success && notesOf(parsed.data).length > 0 ? [parsed.data] : [];
  });
  return read.find((message) => message.ts === ts) ?? read[0] ?? event;
}

function namesBot({ text }: MessageEvent, { botUserId }: Context): boolean {
  return new RegExp(`<@${botUserId}[|>]`).test(text ?? '');
}

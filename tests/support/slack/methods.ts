import type * as z from 'zod';
import { ARGUMENTS, blocksSchema, type MethodName, metadataSchema, TS } from './message-rules.ts';
import { fileObject, sharesOf } from './payloads.ts';
import { APP, type SlackChannel, type SlackMessage, type Workspace } from './workspace.ts';

/** An answer with `ok: false`. */
export class Refusal extends Error {
  readonly details: object;

  constructor(error: string, details: object = {}) {
    super(error);
    this.details = details;
  }
}

export type Args<M extends MethodName> = z.infer<(typeof ARGUMENTS)[M]>;

/** Scopes that each method wants of a bot; those for conversations depend on the channel. */
const SCOPES: Readonly<Record<MethodName, readonly string[]>> = {
  'auth.test': [],
  'apps.connections.open': [],
  'oauth.v2.access': [],
  'chat.postMessage': ['chat:write'],
  'chat.postEphemeral': ['chat:write'],
  'conversations.replies': [],
  'users.info': ['users:read'],
  'files.info': ['files:read'],
};

export const HISTORY_SCOPES = {
  public: 'channels:history',
  private: 'groups:history',
  direct: 'im:history',
  'group-direct': 'mpim:history',
} as const;

/** How long a text may be, in characters. */
const MAX_TEXT = 40_000;
const MAX_METADATA_BYTES = 8192;

export interface Caller {
  readonly scopes: ReadonlySet<string>;
  readonly workspace: Workspace;
  /** A new address for a WebSocket, which can be used once. */
  openSocket(): string;
  /** Gives a token for a code, or for what renews one. */
  exchange(args: Args<'oauth.v2.access'>): object;
}

/** Performs one method as Slack does: returns what it answers, or throws a Refusal. */
export function perform(method: MethodName, form: Record<string, string>, caller: Caller): object {
  const parsed = ARGUMENTS[method].safeParse(form);
  if (!parsed.success) {
    const messages = parsed.error.issues.map(({ path, message }) => `[ERROR] ${path}: ${message}`);
    throw new Refusal('invalid_arguments', { response_metadata: { messages } });
  }
  for (const scope of SCOPES[method]) needScope(scope, caller);
  switch (method) {
    case 'auth.test':
      return {
        url: 'https://undertone-test.slack.com/',
        team: 'Test',
        user: 'undertone',
        team_id: caller.workspace.team,
        user_id: caller.workspace.bot.user,
        bot_id: caller.workspace.bot.id,
        is_enterprise_install: false,
      };
    case 'oauth.v2.access':
      return caller.exchange(parsed.data as Args<'oauth.v2.access'>);
    case 'apps.connections.open':
      return { url: caller.openSocket() };
    case 'chat.postMessage':
      return postMessage(parsed.data as Args<'chat.postMessage'>, caller);
    case 'chat.postEphemeral':
      return postEphemeral(parsed.data as Args<'chat.postEphemeral'>, caller);
    case 'conversations.replies':
      return replies(parsed.data as Args<'conversations.replies'>, caller);
    case 'users.info':
      return userInfo(parsed.data as Args<'users.info'>, caller);
    case 'files.info':
      return fileInfo(parsed.data as Args<'files.info'>, caller);
  }
}

function needScope(needed: string, { scopes }: Caller): void {
  if (!scopes.has(needed)) {
    throw new Refusal('missing_scope', { needed, provided: [...scopes].join(',') });
  }
}

function channelFor(id: string, { workspace }: Caller): SlackChannel {
  const channel = workspace.channels.get(id);
  // Private channels and the direct messages of others do not exist for who is not in them.
  if (!channel || (channel.kind !== 'public' && !channel.members.has(workspace.bot.user))) {
    throw new Refusal('channel_not_found');
  }
  if (!channel.members.has(workspace.bot.user)) throw new Refusal('not_in_channel');
  return channel;
}

function checkContent({
  text,
  blocks,
}: Pick<Args<'chat.postMessage'>, 'text' | 'blocks'>): object[] | undefined {
  if (!text && !blocks) throw new Refusal('no_text');
  if ((text?.length ?? 0) > MAX_TEXT) throw new Refusal('msg_too_long');
  if (blocks === undefined) return undefined;
  const parsed = blocksSchema.safeParse(parseJson(blocks, 'invalid_blocks_format'));
  if (parsed.success) return parsed.data;
  const messages = parsed.error.issues.map(
    ({ path, message }) => `[ERROR] ${message} [json-pointer:/blocks/${path.join('/')}]`,
  );
  throw new Refusal('invalid_blocks', { response_metadata: { messages } });
}

function parseJson(text: string, refusal: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(refusal);
  }
}

/** A thread hangs on a message that is no reply itself. */
function checkThread(channel: string, ts: string | undefined, { workspace }: Caller): void {
  if (ts === undefined) return;
  const parent = TS.test(ts) ? workspace.find(channel, ts) : undefined;
  if (!parent || (parent.threadTs && parent.threadTs !== parent.ts)) {
    throw new Refusal('invalid_thread_ts');
  }
}

function postMessage(args: Args<'chat.postMessage'>, caller: Caller): object {
  const channel = channelFor(args.channel, caller);
  const blocks = checkContent(args);
  checkThread(channel.id, args.thread_ts, caller);
  const metadata = args.metadata === undefined ? undefined : checkMetadata(args.metadata);
  const message = caller.workspace.add({
    channel: channel.id,
    user: caller.workspace.bot.user,
    botId: caller.workspace.bot.id,
    text: args.text ?? '',
    files: [],
    ...(blocks && { blocks }),
    ...(metadata && { metadata }),
    ...(args.thread_ts && { threadTs: args.thread_ts }),
  });
  return { channel: channel.id, ts: message.ts, message: messageObject(message, caller, false) };
}

function checkMetadata(json: string) {
  const parsed = metadataSchema.safeParse(parseJson(json, 'invalid_metadata_format'));
  if (!parsed.success) throw new Refusal('invalid_metadata_schema');
  if (Buffer.byteLength(json) > MAX_METADATA_BYTES) throw new Refusal('metadata_too_large');
  return parsed.data;
}

function postEphemeral(args: Args<'chat.postEphemeral'>, caller: Caller): object {
  const channel = channelFor(args.channel, caller);
  if (!channel.members.has(args.user)) throw new Refusal('user_not_in_channel');
  const blocks = checkContent(args);
  checkThread(channel.id, args.thread_ts, caller);
  caller.workspace.ephemerals.push({
    channel: channel.id,
    user: args.user,
    text: args.text ?? '',
    via: 'api',
    ...(blocks && { blocks }),
    ...(args.thread_ts && { threadTs: args.thread_ts }),
  });
  return { message_ts: caller.workspace.nextTs() };
}

function replies(args: Args<'conversations.replies'>, caller: Caller): object {
  const known = caller.workspace.channels.get(args.channel);
  if (known) needScope(HISTORY_SCOPES[known.kind], caller);
  const channel = channelFor(args.channel, caller);
  const asked = caller.workspace.find(channel.id, args.ts);
  if (!asked) throw new Refusal('thread_not_found');
  const root = asked.threadTs ?? asked.ts;
  const all = caller.workspace.messages.filter(
    (message) =>
      message.channel === channel.id &&
      !message.isDeleted &&
      (message.ts === root || message.threadTs === root),
  );
  const from = Number(args.cursor ?? 0);
  const limit = Math.min(Number(args.limit ?? 1000), 1000);
  const page = all.slice(from, from + limit);
  const next = from + page.length < all.length ? String(from + page.length) : '';
  return {
    messages: page.map((message) =>
      messageObject(message, caller, args.include_all_metadata === 'true'),
    ),
    has_more: next !== '',
    response_metadata: { next_cursor: next },
  };
}

function messageObject(message: SlackMessage, caller: Caller, withMetadata: boolean): object {
  return {
    type: 'message',
    user: message.user,
    ts: message.ts,
    text: message.text,
    team: caller.workspace.team,
    ...(message.botId && { bot_id: message.botId, app_id: APP }),
    ...(message.threadTs && { thread_ts: message.threadTs }),
    ...(message.blocks && { blocks: message.blocks }),
    ...(message.files.length > 0 && { files: message.files.map((file) => fileObject(file)) }),
    ...sharesOf(message),
    ...(withMetadata && message.metadata && { metadata: message.metadata }),
  };
}

function userInfo({ user: id, include_locale }: Args<'users.info'>, { workspace }: Caller): object {
  const user = workspace.users.get(id);
  if (!user) throw new Refusal('user_not_found');
  return {
    user: {
      id,
      team_id: workspace.team,
      name: 'somebody',
      deleted: false,
      is_admin: user.isAdmin,
      is_owner: false,
      is_primary_owner: false,
      is_bot: user.isBot,
      is_restricted: false,
      is_ultra_restricted: false,
      ...(include_locale === 'true' && { locale: user.locale }),
    },
  };
}

function fileInfo({ file: id }: Args<'files.info'>, { workspace }: Caller): object {
  const file = workspace.files.get(id);
  if (!file || !workspace.canRead(id)) throw new Refusal('file_not_found');
  if (file.mode === 'tombstone') throw new Refusal('file_deleted');
  return { file: fileObject({ ...file, isHidden: false }), comments: [] };
}

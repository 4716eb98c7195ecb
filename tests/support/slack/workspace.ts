import { randomBytes } from 'node:crypto';

/** What a file of the workspace is, with its bytes or with what its host does instead of giving them. */
export interface SlackFile {
  readonly id: string;
  readonly name: string;
  readonly mimetype: string;
  readonly filetype: string;
  readonly subtype?: string;
  /** Bytes as the file object tells them; the host may give more. */
  readonly size: number;
  readonly mode: 'hosted' | 'external' | 'tombstone';
  readonly user: string | undefined;
  readonly durationMs?: number;
  readonly urlPrivate: string;
  /** Whether events carry only its id, and `file_access: check_file_info`. */
  readonly isHidden: boolean;
}

export interface SlackUser {
  readonly id: string;
  readonly isAdmin: boolean;
  readonly isBot: boolean;
  /** The language of their Slack. */
  readonly locale: string;
}

export type ChannelKind = 'public' | 'private' | 'direct' | 'group-direct';

export interface SlackChannel {
  readonly id: string;
  readonly kind: ChannelKind;
  readonly members: Set<string>;
}

/** A message as `conversations.replies` gives it, with the raw arguments of the bot's own ones. */
export interface SlackMessage {
  readonly ts: string;
  readonly channel: string;
  readonly user: string;
  readonly botId?: string;
  readonly text: string;
  readonly threadTs?: string;
  readonly blocks?: readonly object[];
  readonly metadata?: { readonly event_type: string; readonly event_payload: object };
  readonly files: readonly SlackFile[];
  /** The messages that it forwards. */
  readonly shares?: readonly SlackMessage[];
  isDeleted: boolean;
}

/** What one person alone sees. */
export interface Ephemeral {
  readonly channel: string;
  readonly user: string;
  readonly text: string;
  readonly blocks?: readonly object[];
  readonly threadTs?: string;
  /** Through a method of the Web API, or the address that came with a command or a shortcut. */
  readonly via: 'api' | 'response_url';
}

export const TEAM = 'T0UNDERTONE';
export const APP = 'A0UNDERTONE';
export const BOT = { user: 'U0BOT', id: 'B0BOT' } as const;

/** People, channels, messages and files of one workspace: what Slack itself would remember. */
export class Workspace {
  readonly team: string;
  /** The organization that it belongs to. */
  readonly enterprise: string | null;
  readonly bot: { readonly user: string; readonly id: string };
  readonly users = new Map<string, SlackUser>();
  readonly channels = new Map<string, SlackChannel>();
  readonly files = new Map<string, SlackFile>();
  readonly messages: SlackMessage[] = [];
  readonly ephemerals: Ephemeral[] = [];
  #clock = 1_760_000_000_000_000;

  constructor({ team = TEAM, enterprise = null, bot = BOT }: WorkspaceOptions = {}) {
    this.team = team;
    this.enterprise = enterprise;
    this.bot = bot;
    this.users.set(bot.user, { id: bot.user, isAdmin: false, isBot: true, locale: 'en-US' });
  }

  addUser({ id = slackId('U'), isAdmin = false, isBot = false, locale = 'en-US' } = {}): string {
    this.users.set(id, { id, isAdmin, isBot, locale });
    return id;
  }

  /** The bot is in it unless told otherwise. */
  addChannel(
    members: readonly string[],
    { kind = 'public', hasBot = true, id = newChannelId(kind) }: NewChannel = {},
  ): string {
    this.channels.set(id, {
      id,
      kind,
      members: new Set([...members, ...(hasBot ? [this.bot.user] : [])]),
    });
    return id;
  }

  add(message: Omit<SlackMessage, 'ts' | 'isDeleted'>): SlackMessage {
    const added = { ...message, ts: this.nextTs(), isDeleted: false };
    this.messages.push(added);
    for (const file of message.files) this.files.set(file.id, file);
    return added;
  }

  find(channel: string, ts: string): SlackMessage | undefined {
    return this.messages.find(
      (message) => message.channel === channel && message.ts === ts && !message.isDeleted,
    );
  }

  /**
   * Whether the bot may read a file: it is in a conversation of the bot, or was forwarded into one from a
   * public channel. The latter is an assumption, as Slack does not document it.
   */
  canRead(fileId: string): boolean {
    const isIn = (channel: string) =>
      this.channels.get(channel)?.members.has(this.bot.user) ?? false;
    const has = ({ files }: SlackMessage) => files.some(({ id }) => id === fileId);
    const opens = (share: SlackMessage): boolean =>
      (share.shares ?? []).some(opens) ||
      (has(share) && this.channels.get(share.channel)?.kind === 'public');
    return this.messages.some(
      (message) => isIn(message.channel) && (has(message) || (message.shares ?? []).some(opens)),
    );
  }

  /** Seconds and microseconds; no two messages have the same. */
  nextTs(): string {
    this.#clock += 1_000_000 + 137;
    const digits = String(this.#clock);
    return `${digits.slice(0, -6)}.${digits.slice(-6)}`;
  }
}

export interface WorkspaceOptions {
  readonly team?: string;
  readonly enterprise?: string | null;
  readonly bot?: Workspace['bot'];
}

export interface NewChannel {
  readonly id?: string;
  readonly kind?: ChannelKind;
  readonly hasBot?: boolean;
}

function newChannelId(kind: ChannelKind): string {
  return slackId(kind === 'direct' ? 'D' : kind === 'public' ? 'C' : 'G');
}

export function slackId(prefix: string): string {
  return `${prefix}0${randomBytes(5).toString('hex').toUpperCase()}`;
}

import {
  APP,
  BOT,
  type ChannelKind,
  type SlackChannel,
  type SlackFile,
  type SlackMessage,
  slackId,
  TEAM,
  type Workspace,
} from './workspace.ts';

/** The file object of events and of files.info. https://docs.slack.dev/reference/objects/file-object */
export function fileObject(file: SlackFile): object {
  if (file.isHidden) return { id: file.id, mode: 'file_access', file_access: 'check_file_info' };
  if (file.mode === 'tombstone') return { id: file.id, mode: 'tombstone' };
  return {
    id: file.id,
    created: 1_760_000_000,
    timestamp: 1_760_000_000,
    name: file.name,
    title: file.name,
    mimetype: file.mimetype,
    filetype: file.filetype,
    pretty_type: file.filetype.toUpperCase(),
    user: file.user,
    user_team: TEAM,
    editable: false,
    size: file.size,
    mode: file.mode,
    is_external: file.mode === 'external',
    external_type: file.mode === 'external' ? 'gdrive' : '',
    is_public: true,
    public_url_shared: false,
    display_as_bot: false,
    username: '',
    url_private: file.urlPrivate,
    ...(file.mode === 'hosted' && { url_private_download: file.urlPrivate }),
    permalink: `https://undertone-test.slack.com/files/${file.user}/${file.id}/${file.name}`,
    file_access: 'visible',
    has_rich_preview: false,
    ...(file.subtype && { subtype: file.subtype, media_display_type: 'audio' }),
    ...(file.durationMs !== undefined && { duration_ms: file.durationMs }),
  };
}

/** The attachments of a message that forwards others. Slack does not document them; seen in its events. */
export function sharesOf({ shares = [] }: SlackMessage): { attachments?: object[] } {
  if (shares.length === 0) return {};
  const attachments = shares.map((share, i) => ({
    id: i + 1,
    ts: share.ts,
    author_id: share.user,
    channel_id: share.channel,
    channel_team: TEAM,
    is_msg_unfurl: true,
    is_share: true,
    text: share.text,
    fallback: share.text,
    from_url: `https://undertone-test.slack.com/archives/${share.channel}/p${share.ts.replace('.', '')}`,
    mrkdwn_in: ['text'],
    ...(share.files.length > 0 && { files: share.files.map((file) => fileObject(file)) }),
    ...sharesOf(share),
  }));
  return { attachments };
}

const CHANNEL_TYPES: Readonly<Record<ChannelKind, string>> = {
  public: 'channel',
  private: 'group',
  direct: 'im',
  'group-direct': 'mpim',
};

/** The event that a manifest has to subscribe to for messages of such a channel. */
export const MESSAGE_EVENTS: Readonly<Record<ChannelKind, string>> = {
  public: 'message.channels',
  private: 'message.groups',
  direct: 'message.im',
  'group-direct': 'message.mpim',
};

export function messageEvent(message: SlackMessage, channel: SlackChannel): object {
  return {
    type: 'message',
    ...(message.files.length > 0 && {
      subtype: 'file_share',
      files: message.files.map((file) => fileObject(file)),
      upload: false,
      display_as_bot: false,
    }),
    ...sharesOf(message),
    ...(message.botId && { bot_id: message.botId, app_id: APP }),
    user: message.user,
    text: message.text,
    ts: message.ts,
    ...(message.threadTs && { thread_ts: message.threadTs, parent_user_id: message.user }),
    client_msg_id: slackId('c'),
    channel: message.channel,
    event_ts: message.ts,
    channel_type: CHANNEL_TYPES[channel.kind],
  };
}

/** @param hasFiles Slack leaves the files out of some of these events. */
export function mentionEvent(message: SlackMessage, { hasFiles = true } = {}): object {
  return {
    type: 'app_mention',
    user: message.user,
    text: message.text,
    ts: message.ts,
    ...(message.threadTs && { thread_ts: message.threadTs }),
    ...(message.botId && { bot_id: message.botId }),
    ...(hasFiles &&
      message.files.length > 0 && { files: message.files.map((file) => fileObject(file)) }),
    ...(hasFiles && sharesOf(message)),
    channel: message.channel,
    event_ts: message.ts,
  };
}

export function editEvent(message: SlackMessage, channel: SlackChannel, ts: string): object {
  const inner = messageEvent(message, channel);
  return {
    type: 'message',
    subtype: 'message_changed',
    hidden: true,
    channel: message.channel,
    ts,
    event_ts: ts,
    channel_type: CHANNEL_TYPES[channel.kind],
    message: { ...inner, edited: { user: message.user, ts } },
    previous_message: inner,
  };
}

export function deleteEvent(message: SlackMessage, channel: SlackChannel, ts: string): object {
  return {
    type: 'message',
    subtype: 'message_deleted',
    hidden: true,
    channel: message.channel,
    ts,
    event_ts: ts,
    deleted_ts: message.ts,
    channel_type: CHANNEL_TYPES[channel.kind],
    previous_message: messageEvent(message, channel),
  };
}

/** For which installation something is sent. */
export interface Installed extends Pick<Workspace, 'team' | 'enterprise' | 'bot'> {
  readonly isOrgWide: boolean;
}

const INSTALLED: Installed = { team: TEAM, enterprise: null, bot: BOT, isOrgWide: false };

/** The outer body of the Events API, the same over HTTP and in Socket Mode. */
export function eventBody(
  event: object,
  { team, enterprise, bot, isOrgWide }: Installed = INSTALLED,
): { event_id: string } & Record<string, unknown> {
  return {
    token: 'verification-token-of-old',
    team_id: team,
    ...(enterprise && { enterprise_id: enterprise }),
    api_app_id: APP,
    event,
    type: 'event_callback',
    event_id: slackId('Ev'),
    event_time: Math.floor(Date.now() / 1000),
    authorizations: [
      {
        enterprise_id: enterprise,
        team_id: isOrgWide ? null : team,
        user_id: bot.user,
        is_bot: true,
        is_enterprise_install: isOrgWide,
      },
    ],
    is_ext_shared_channel: false,
    event_context: slackId('4-'),
  };
}

export interface CommandOptions {
  readonly channel: string;
  readonly user: string;
  readonly text: string;
  readonly responseUrl: string;
  readonly command?: string;
  readonly isDirect?: boolean;
}

export function commandBody(
  options: CommandOptions,
  { team, enterprise, isOrgWide }: Installed = INSTALLED,
): Record<string, string> {
  return {
    token: 'verification-token-of-old',
    team_id: team,
    ...(enterprise && { enterprise_id: enterprise }),
    team_domain: 'undertone-test',
    channel_id: options.channel,
    channel_name: options.isDirect ? 'directmessage' : 'general',
    user_id: options.user,
    user_name: 'somebody',
    command: options.command ?? '/undertone',
    text: options.text,
    api_app_id: APP,
    is_enterprise_install: String(isOrgWide),
    response_url: options.responseUrl,
    trigger_id: `${Date.now()}.${slackId('1')}.${slackId('2')}`,
  };
}

export interface ShortcutOptions {
  readonly channel: SlackChannel;
  readonly user: string;
  readonly message: SlackMessage;
  readonly responseUrl: string;
  readonly callbackId: string;
}

export function shortcutBody(
  options: ShortcutOptions,
  { team, enterprise, isOrgWide }: Installed = INSTALLED,
): Record<string, unknown> {
  const { channel, user, message } = options;
  const {
    channel_type: _,
    event_ts: __,
    ...inner
  } = messageEvent(message, channel) as Record<string, unknown>;
  return {
    type: 'message_action',
    token: 'verification-token-of-old',
    action_ts: '1760000000.000001',
    // Slack's documentation: null where the app is installed for a whole organization.
    team: isOrgWide ? null : { id: team, domain: 'undertone-test' },
    user: { id: user, username: 'somebody', team_id: team, name: 'somebody' },
    channel: { id: channel.id, name: channel.kind === 'direct' ? 'directmessage' : 'general' },
    is_enterprise_install: isOrgWide,
    enterprise: enterprise && { id: enterprise, name: 'Org' },
    callback_id: options.callbackId,
    trigger_id: `${Date.now()}.${slackId('1')}.${slackId('2')}`,
    response_url: options.responseUrl,
    message_ts: message.ts,
    message: inner,
  };
}

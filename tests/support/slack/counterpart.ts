import { createServer, type Server } from 'node:http';
import * as z from 'zod';
import { ApiServer } from './api-server.ts';
import { type FileBehaviour, FileHost } from './file-host.ts';
import { type Deliver, HttpDelivery } from './http-delivery.ts';
import { close, listen } from './listen.ts';
import { HISTORY_SCOPES } from './methods.ts';
import { OAuth } from './oauth.ts';
import {
  commandBody,
  deleteEvent,
  editEvent,
  eventBody,
  type Installed,
  MESSAGE_EVENTS,
  mentionEvent,
  messageEvent,
  shortcutBody,
} from './payloads.ts';
import {
  type SlackFile,
  type SlackMessage,
  slackId,
  Workspace,
  type WorkspaceOptions,
} from './workspace.ts';

/** The parts of an app manifest that decide what the app may do and what it is told. */
const manifestSchema = z.object({
  features: z.object({
    slash_commands: z.array(z.object({ command: z.string() })),
    shortcuts: z.array(z.object({ type: z.literal('message'), callback_id: z.string() })),
  }),
  oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }),
  settings: z.object({ event_subscriptions: z.object({ bot_events: z.array(z.string()) }) }),
});

export interface CounterpartOptions {
  /** The app manifest, which decides scopes and events as it does on Slack. */
  readonly manifest: unknown;
  /** Posts that each channel takes before one has to wait; all of them without it. */
  readonly postsInARow?: number;
  /** Milliseconds that an acknowledgement may take: 3000 on Slack. */
  readonly ackMs?: number;
  /** Seconds for which the tokens of workspaces that install the app are good; for ever without it. */
  readonly tokenSeconds?: number;
}

export interface NewFile {
  /** What the file's host does; bytes of a recording, mostly. */
  readonly content: FileBehaviour | Uint8Array;
  readonly name?: string;
  readonly mimetype?: string;
  readonly subtype?: string | null;
  readonly size?: number;
  readonly durationMs?: number;
  readonly mode?: SlackFile['mode'];
  readonly isHidden?: boolean;
  /** Where it lies, for files that are not at the workspace's host. */
  readonly url?: string;
}

export interface Said {
  readonly text?: string;
  readonly files?: readonly NewFile[];
  readonly threadTs?: string;
  /** Messages that are forwarded with it. */
  readonly shares?: readonly SlackMessage[];
  /** Leaves the files out of the event about a mention, as Slack does at times. */
  readonly mentionWithoutFiles?: boolean;
  /** A message of another app. */
  readonly botId?: string;
}

/**
 * A workspace of Slack on this machine: Web API, Socket Mode, Events API over HTTP and the host of
 * files, each as strict as the documentation says the real one is. What the app sends is in
 * `workspace`, how it asked in `api.calls` and `files.requests`.
 *
 * @example
 * const slack = await startSlack({ manifest });
 * const ada = slack.workspace.addUser();
 * const channel = slack.workspace.addChannel([ada]);
 * slack.say(channel, ada, { files: [{ content: wav }] });
 */
export class Counterpart {
  readonly workspace = new Workspace();
  readonly #workspaces: Workspace[] = [this.workspace];
  /** Workspaces for which the app is installed as a part of their organization. */
  readonly #orgWide = new Set<Workspace>();
  readonly oauth: OAuth;
  readonly botToken = 'xoxb-test-bot-token';
  readonly appToken = 'xapp-test-app-token';
  readonly signingSecret = 'test-signing-secret-8f742231b10e8888';
  readonly api: ApiServer;
  readonly files: FileHost;
  /** Requests to a host that is not Slack's, with the token that came along. */
  readonly elsewhereRequests: { path: string; authorization: string | undefined }[] = [];
  readonly #elsewhere: Server;
  readonly #scopes: ReadonlySet<string>;
  readonly #events: ReadonlySet<string>;
  readonly #ackMs: number;
  #http: HttpDelivery | null = null;
  #elsewhereHost = '';
  #announced = 0;

  constructor(options: CounterpartOptions) {
    const { manifest, postsInARow = Infinity, ackMs = 3000, tokenSeconds = null } = options;
    const { oauth_config, settings } = manifestSchema.parse(manifest);
    this.#scopes = new Set(oauth_config.scopes.bot);
    this.#events = new Set(settings.event_subscriptions.bot_events);
    this.#ackMs = ackMs;
    const { workspace, botToken, appToken } = this;
    const scopes = this.#scopes;
    this.oauth = new OAuth({ scopes, tokenSeconds });
    const tokens = { botToken, appToken, oauth: this.oauth };
    const workspaces = this.#workspaces;
    this.api = new ApiServer({ workspace, workspaces, scopes, ...tokens, postsInARow, ackMs });
    this.files = new FileHost((token, id) => this.#canRead(token, id));
    this.#elsewhere = createServer((request, response) => {
      const { authorization } = request.headers;
      this.elsewhereRequests.push({ path: request.url ?? '/', authorization });
      response.end('RIFF');
    });
  }

  async start(): Promise<void> {
    await Promise.all([this.api.start(), this.files.start()]);
    this.#elsewhereHost = await listen(this.#elsewhere);
  }

  async close(): Promise<void> {
    await Promise.all([this.api.close(), this.files.close(), close(this.#elsewhere)]);
  }

  /** Sends events, commands and shortcuts over HTTP from now on, not through Socket Mode. */
  connectHttp(deliver: Deliver): HttpDelivery {
    this.#http = new HttpDelivery({ secret: this.signingSecret, ackMs: this.#ackMs, deliver });
    return this.#http;
  }

  /** Whether the app has acknowledged everything, or was given up. */
  get isQuiet(): boolean {
    return this.api.socket.isQuiet && (this.#http?.isQuiet ?? true);
  }

  /** An address that does not belong to Slack. */
  get elsewhere(): string {
    return `http://${this.#elsewhereHost}/stolen`;
  }

  /** Another workspace, which has not installed the app. */
  addWorkspace(options: Pick<WorkspaceOptions, 'enterprise'> = {}): Workspace {
    const bot = { user: slackId('UBOT'), id: slackId('BBOT') };
    const workspace = new Workspace({ team: slackId('T'), bot, ...options });
    this.#workspaces.push(workspace);
    return workspace;
  }

  /** Has everything of a workspace sent as for an app that its whole organization has installed. */
  installOrgWide(...workspaces: readonly Workspace[]): void {
    for (const workspace of workspaces) this.#orgWide.add(workspace);
  }

  /** The workspace removes the app: its tokens stop working, and the app is told so. */
  uninstall(workspace: Workspace): void {
    this.oauth.revoke(workspace);
    this.#emit(
      'tokens_revoked',
      { type: 'tokens_revoked', tokens: { bot: [workspace.bot.user] } },
      workspace,
    );
    this.#emit('app_uninstalled', { type: 'app_uninstalled' }, workspace);
  }

  /** Somebody says something; the app hears of it where its manifest says so. */
  say(channel: string, user: string, said: Said = {}): SlackMessage {
    const { text = '', files = [], threadTs, shares, mentionWithoutFiles = false, botId } = said;
    const workspace = this.#workspaceOf(user, channel);
    const message = workspace.add({
      channel,
      user,
      text,
      files: files.map((file) => this.#upload(user, file)),
      ...(threadTs && { threadTs }),
      ...(shares && { shares }),
      ...(botId && { botId }),
    });
    this.#announce(message, { mentionWithoutFiles }, workspace);
    return message;
  }

  edit(message: SlackMessage): void {
    const channel = this.#channel(message.channel, this.workspace);
    this.#emit(MESSAGE_EVENTS[channel.kind], editEvent(message, channel, this.workspace.nextTs()));
  }

  delete(message: SlackMessage): void {
    message.isDeleted = true;
    const channel = this.#channel(message.channel, this.workspace);
    const event = deleteEvent(message, channel, this.workspace.nextTs());
    this.#emit(MESSAGE_EVENTS[channel.kind], event);
  }

  /** Somebody types a slash command. */
  command(channel: string, user: string, text: string, command = '/undertone'): void {
    const workspace = this.#workspaceOf(user, channel);
    const responseUrl = this.api.newResponseUrl(channel, user, workspace);
    const isDirect = this.#channel(channel, workspace).kind === 'direct';
    const options = { channel, user, text, responseUrl, command, isDirect };
    const body = commandBody(options, this.#installed(workspace));
    if (this.#http) void this.#http.command(body);
    else this.api.socket.send('slash_commands', body);
  }

  /** Somebody picks a shortcut of a message's menu. */
  shortcut(user: string, message: SlackMessage, callbackId = 'read_emotion'): void {
    const workspace = this.#workspaceOf(user, message.channel);
    const channel = this.#channel(message.channel, workspace);
    const responseUrl = this.api.newResponseUrl(message.channel, user, workspace);
    const options = { channel, user, message, responseUrl, callbackId };
    const body = shortcutBody(options, this.#installed(workspace));
    if (this.#http) void this.#http.interaction(body);
    else this.api.socket.send('interactive', body);
  }

  /** Sends any event, also one that Slack would not. */
  sendEvent(event: object, workspace = this.workspace): void {
    const body = eventBody(event, this.#installed(workspace));
    const { channel = '' } = event as { channel?: string };
    if (this.#http) this.#http.event(body, channel);
    else this.api.socket.send('events_api', body);
  }

  /** What the bot has posted, in the order in which it came. */
  posts(channel?: string, workspace = this.workspace): SlackMessage[] {
    return workspace.messages.filter(
      (message) => message.user === workspace.bot.user && (!channel || message.channel === channel),
    );
  }

  /**
   * Tells the app of its own messages too, as Slack does. Called by tests that wait for quiet: the app
   * must not answer itself.
   */
  echoPosts(): void {
    const own = this.posts();
    for (const message of own.slice(this.#announced)) this.#announce(message, {}, this.workspace);
    this.#announced = own.length;
  }

  #announce(message: SlackMessage, { mentionWithoutFiles = false }, workspace: Workspace): void {
    const channel = this.#channel(message.channel, workspace);
    const { bot } = workspace;
    if (!channel.members.has(bot.user)) return;
    if (this.#scopes.has(HISTORY_SCOPES[channel.kind])) {
      this.#emit(MESSAGE_EVENTS[channel.kind], messageEvent(message, channel), workspace);
    }
    const isMention = message.text.includes(`<@${bot.user}>`) && channel.kind !== 'direct';
    if (isMention && this.#scopes.has('app_mentions:read')) {
      const event = mentionEvent(message, { hasFiles: !mentionWithoutFiles });
      this.#emit('app_mention', event, workspace);
    }
  }

  #emit(subscription: string, event: object, workspace = this.workspace): void {
    if (this.#events.has(subscription)) this.sendEvent(event, workspace);
  }

  /** People are in one workspace each; somebody whom Slack does not know counts to the first. */
  /** Ids are unique within a workspace only, so a test may use one in several. */
  #workspaceOf(user: string, channel: string): Workspace {
    const own = this.#workspaces.filter(({ users }) => users.has(user));
    return own.find(({ channels }) => channels.has(channel)) ?? own[0] ?? this.workspace;
  }

  #installed(workspace: Workspace): Installed {
    const { team, enterprise, bot } = workspace;
    return { team, enterprise, bot, isOrgWide: this.#orgWide.has(workspace) };
  }

  #channel(id: string, workspace: Workspace) {
    const channel = workspace.channels.get(id);
    if (!channel) throw new Error(`There is no channel ${id} in the workspace.`);
    return channel;
  }

  #upload(user: string, file: NewFile): SlackFile {
    const { content, name = 'audio_message.m4a', mimetype = 'video/mp4' } = file;
    const id = slackId('F');
    const behaviour: FileBehaviour =
      content instanceof Uint8Array ? { kind: 'bytes', bytes: content } : content;
    this.files.files.set(id, behaviour);
    const bytes = behaviour.kind === 'bytes' ? behaviour.bytes.length : 48_000;
    const subtype = file.subtype === undefined ? 'slack_audio' : file.subtype;
    return {
      id,
      name,
      mimetype,
      filetype: name.split('.').at(-1) ?? '',
      size: file.size ?? bytes,
      mode: file.mode ?? 'hosted',
      user,
      urlPrivate: file.url ?? this.files.urlOf(id, name),
      isHidden: file.isHidden ?? false,
      ...(subtype && { subtype }),
      ...(file.durationMs !== undefined && { durationMs: file.durationMs }),
    };
  }

  #canRead(token: string | undefined, fileId: string): boolean {
    const grant = this.oauth.grants.get(token ?? '');
    const isGood = grant && !grant.refusal && grant.expiresAt > Date.now();
    const readable = this.#workspaces.filter((workspace) => {
      if (token === this.botToken) return workspace === this.workspace;
      if (!isGood) return false;
      if (!grant.isOrgWide) return workspace === grant.workspace;
      return workspace.enterprise === grant.workspace.enterprise;
    });
    return this.#scopes.has('files:read') && readable.some((each) => each.canRead(fileId));
  }
}

export async function startSlack(options: CounterpartOptions): Promise<Counterpart> {
  const slack = new Counterpart(options);
  await slack.start();
  return slack;
}

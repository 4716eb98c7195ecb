import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  GatewayCloseCodes,
  type GatewayDispatchPayload,
  GatewayIntentBits,
  GatewayOpcodes,
} from 'discord-api-types/v10';
import { type WebSocket, WebSocketServer } from 'ws';
import type { LocalChannel, LocalGuild, World } from './world.ts';

export interface GatewayOptions {
  readonly token: string;
  readonly heartbeatMs: number;
  /** What the developer portal allows. */
  readonly intents: number;
  /** Connections that Discord asks for. */
  readonly shards: number;
  /** Connections that may begin today. */
  readonly sessionsLeft: number;
}

/** Which part of the servers a connection is for. */
type ShardKey = readonly [id: number, count: number];

interface Session {
  readonly id: string;
  readonly intents: number;
  readonly shard: ShardKey;
  /** Everything sent in this session, for replays. */
  readonly events: Dispatch[];
  /** Null while nobody is connected. */
  socket: WebSocket | null;
  /** Whether the socket is open but nothing comes through it any more. */
  isZombie: boolean;
}

interface Dispatch {
  readonly op: GatewayOpcodes.Dispatch;
  readonly t: string;
  readonly s: number;
  readonly d: unknown;
}

/** One event and whether an intent is needed to see it. */
export interface GatewayEvent {
  readonly t: GatewayDispatchPayload['t'];
  readonly d: unknown;
  readonly intent?: number;
  /** What a bot gets that may not read content; the same as `d` by default. */
  readonly withoutContent?: unknown;
}

/** Close codes after which there is nothing to resume (Discord's docs: "Gateway Close Event Codes"). */
const ENDS_SESSION: ReadonlySet<number> = new Set([
  GatewayCloseCodes.InvalidSeq,
  GatewayCloseCodes.RateLimited,
]);

/** How often the client did what. */
export interface GatewayCounts {
  identified: number;
  resumed: number;
  heartbeats: number;
}

/** The WebSocket of Discord, version 10, JSON, without compression. */
export class LocalGateway {
  readonly #options: GatewayOptions;
  #token: string;
  readonly #world: World;
  readonly #server = new WebSocketServer({ noServer: true });
  readonly #sessions = new Map<string, Session>();
  readonly counts: GatewayCounts = { identified: 0, resumed: 0, heartbeats: 0 };
  url = '';

  constructor(world: World, options: GatewayOptions) {
    this.#world = world;
    this.#options = options;
    this.#token = options.token;
  }

  /** What `GET /gateway/bot` answers. */
  get information(): object {
    const { shards, sessionsLeft } = this.#options;
    return {
      url: this.url,
      shards,
      session_start_limit: {
        total: 1000,
        remaining: sessionsLeft,
        reset_after: 86_400_000,
        // More than one only for bots in very many servers; here, so that tests need not wait.
        max_concurrency: shards,
      },
    };
  }

  /** Connections that are there, by the id of their shard. */
  get shards(): number[] {
    return [...this.#sessions.values()].filter(({ socket }) => socket).map(({ shard: [id] }) => id);
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (ws) => this.#welcome(ws));
  }

  /** Sends an event to every session, or keeps it for those that are away. */
  dispatch(event: GatewayEvent): void {
    for (const session of this.#sessions.values()) {
      if (event.intent && !(session.intents & event.intent)) continue;
      const { guild_id: guild } = event.d as { guild_id?: string };
      if (!isFor(session.shard, guild)) continue;
      const mayRead = session.intents & GatewayIntentBits.MessageContent;
      send(session, event.t, mayRead ? event.d : (event.withoutContent ?? event.d));
    }
  }

  get isConnected(): boolean {
    return [...this.#sessions.values()].some(({ socket }) => socket !== null);
  }

  /** Cuts the connections without a word, or that of one shard. */
  drop(shard?: number): void {
    this.#eachSocket((socket) => socket.terminate(), shard);
  }

  /** Ends the connections with a close code. */
  closeWith(code: number): void {
    this.#eachSocket((socket) => socket.close(code));
    if (ENDS_SESSION.has(code)) this.#sessions.clear();
  }

  /** Keeps the connections open and silent: no events, no heartbeat acknowledgements. */
  turnIntoZombies(): void {
    for (const session of this.#sessions.values()) session.isZombie = true;
  }

  /** Asks for a new connection, as before every release of Discord. */
  requestReconnect(): void {
    this.#eachSocket((socket) => say(socket, { op: GatewayOpcodes.Reconnect, d: null }));
  }

  /** Forgets all sessions and says so: what was missed is not replayed. */
  invalidateSessions(): void {
    this.#eachSocket((socket) => say(socket, { op: GatewayOpcodes.InvalidSession, d: false }));
    this.#sessions.clear();
  }

  /** Forgets sessions without a word and cuts the connections; a resume is refused then. */
  forgetSessions(shard?: number): void {
    this.drop(shard);
    for (const [id, session] of this.#sessions) {
      if (shard === undefined || session.shard[0] === shard) this.#sessions.delete(id);
    }
  }

  /** Takes another token from now on and ends all sessions. */
  revoke(token: string): void {
    this.#token = token;
    this.closeWith(GatewayCloseCodes.AuthenticationFailed);
  }

  close(): void {
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }

  #eachSocket(act: (socket: WebSocket) => void, only?: number): void {
    for (const { socket, shard } of this.#sessions.values()) {
      if (socket && (only === undefined || shard[0] === only)) act(socket);
    }
  }

  #welcome(socket: WebSocket): void {
    let session: Session | null = null;
    say(socket, { op: GatewayOpcodes.Hello, d: { heartbeat_interval: this.#options.heartbeatMs } });
    socket.on('close', () => {
      if (session?.socket === socket) session.socket = null;
    });
    socket.on('message', (data) => {
      const { op, d } = JSON.parse(String(data));
      if (op === GatewayOpcodes.Heartbeat) {
        this.counts.heartbeats++;
        if (!session?.isZombie) say(socket, { op: GatewayOpcodes.HeartbeatAck });
      } else if (op === GatewayOpcodes.Identify) {
        session = this.#identify(socket, d);
      } else if (op === GatewayOpcodes.Resume) {
        session = this.#resume(socket, d);
      } else if (op !== GatewayOpcodes.PresenceUpdate) {
        socket.close(GatewayCloseCodes.UnknownOpcode);
      }
    });
  }

  #identify(
    socket: WebSocket,
    d: { token: string; intents: number; shard?: ShardKey },
  ): Session | null {
    this.counts.identified++;
    if (d.token !== this.#token) {
      socket.close(GatewayCloseCodes.AuthenticationFailed);
      return null;
    }
    if (d.intents & ~this.#options.intents) {
      socket.close(GatewayCloseCodes.DisallowedIntents);
      return null;
    }
    const { shard = [0, 1] } = d;
    if (shard[1] < this.#options.shards) {
      socket.close(GatewayCloseCodes.ShardingRequired);
      return null;
    }
    const id = randomUUID();
    const session = { id, intents: d.intents, shard, events: [], socket, isZombie: false };
    this.#sessions.set(id, session);
    const { bot, applicationId } = this.#world;
    const guilds = this.#world.guilds.filter((guild) => guild.hasBot && isFor(shard, guild.id));
    send(session, 'READY', {
      v: 10,
      user: bot,
      guilds: guilds.map(({ id }) => ({ id, unavailable: true })),
      session_id: id,
      resume_gateway_url: this.url,
      shard,
      application: { id: applicationId, flags: 0 },
    });
    for (const guild of guilds) send(session, 'GUILD_CREATE', guildPayload(guild, this.#world));
    return session;
  }

  #resume(
    socket: WebSocket,
    d: { token: string; session_id: string; seq: number },
  ): Session | null {
    if (d.token !== this.#token) {
      socket.close(GatewayCloseCodes.AuthenticationFailed);
      return null;
    }
    const session = this.#sessions.get(d.session_id);
    if (!session) {
      say(socket, { op: GatewayOpcodes.InvalidSession, d: false });
      return null;
    }
    this.counts.resumed++;
    session.socket = socket;
    session.isZombie = false;
    for (const event of session.events) if (event.s > d.seq) say(socket, event);
    send(session, 'RESUMED', {});
    return session;
  }
}

/** Which events a connection gets; direct messages come on the first (Discord's docs: "Sharding"). */
function isFor([id, count]: ShardKey, guild: string | undefined): boolean {
  return guild === undefined ? id === 0 : Number((BigInt(guild) >> 22n) % BigInt(count)) === id;
}

function send(session: Session, t: string, d: unknown): void {
  const event = { op: GatewayOpcodes.Dispatch, t, s: session.events.length + 1, d } as const;
  session.events.push(event);
  if (session.socket && !session.isZombie) say(session.socket, event);
}

function say(socket: WebSocket, payload: unknown): void {
  socket.send(JSON.stringify(payload));
}

/** Returns a server as Discord describes it. */
export function guildPayload(guild: LocalGuild, { bot }: World): unknown {
  const isThread = ({ parent }: LocalChannel) => parent !== null;
  const member = { user: bot, roles: [], joined_at: JOINED, deaf: false, mute: false, flags: 0 };
  return {
    id: guild.id,
    name: 'A server',
    preferred_locale: guild.preferredLocale,
    owner_id: guild.id,
    joined_at: JOINED,
    large: false,
    member_count: 2,
    members: [member],
    channels: guild.channels.filter((channel) => !isThread(channel)).map(channelPayload),
    threads: guild.channels.filter(isThread).map(channelPayload),
    roles: [{ id: guild.id, name: '@everyone', permissions: '0', position: 0, color: 0, flags: 0 }],
    emojis: [],
    stickers: [],
    features: [],
    presences: [],
    voice_states: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  };
}

const JOINED = '2026-01-01T00:00:00.000000+00:00';

/** Returns a channel as Discord describes it. */
export function channelPayload(channel: LocalChannel): Record<string, unknown> {
  const { id, type, guild, parent, user } = channel;
  return {
    id,
    type,
    ...(user ? { recipients: [user] } : { name: 'a-channel', position: 0 }),
    ...(guild && { guild_id: guild.id, permission_overwrites: [] }),
    ...(parent && {
      parent_id: parent.id,
      owner_id: guild?.id,
      thread_metadata: {
        archived: false,
        auto_archive_duration: 1440,
        archive_timestamp: JOINED,
        locked: false,
      },
    }),
  };
}

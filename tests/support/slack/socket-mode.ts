import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import * as z from 'zod';
import { APP } from './workspace.ts';

const acknowledgementSchema = z.object({
  envelope_id: z.string(),
  payload: z.looseObject({ text: z.string().optional() }).optional(),
});

type EnvelopeType = 'events_api' | 'slash_commands' | 'interactive';

interface Envelope {
  readonly id: string;
  readonly type: EnvelopeType;
  readonly payload: object;
  attempt: number;
  connection: WebSocket | null;
  timer: NodeJS.Timeout | undefined;
}

/** Further attempts at an event that nobody acknowledged. */
const MAX_RETRIES = 3;

/**
 * Slack's side of Socket Mode: hands envelopes to one of the connections and again where they are not
 * acknowledged in time or their connection is lost.
 * https://docs.slack.dev/apis/events-api/using-socket-mode
 */
export class SocketMode {
  readonly #server = new WebSocketServer({ noServer: true });
  readonly #tickets = new Set<string>();
  readonly #connections = new Set<WebSocket>();
  readonly #waiting: Envelope[] = [];
  readonly #open = new Map<string, Envelope>();
  readonly #ackMs: number;
  /** Acknowledgements that came, by envelope, with what they carried. */
  readonly acknowledged = new Map<string, object>();
  /** How often an envelope was sent again. */
  redelivered = 0;
  /** Connections that were ever made. */
  opened = 0;
  /** Acknowledgements to come that get lost on their way. */
  lostAcks = 0;
  /** Events given up. */
  lost = 0;

  /** @param ackMs milliseconds that an acknowledgement may take */
  constructor(ackMs: number) {
    this.#ackMs = ackMs;
  }

  /** Returns the path and query of a new address, good for one connection. */
  newTicket(): string {
    const ticket = randomUUID();
    this.#tickets.add(ticket);
    return `/link/?ticket=${ticket}&app_id=${APP}`;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (!this.#tickets.delete(searchParams.get('ticket') ?? '')) {
      socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (connection) => this.#accept(connection));
  }

  get isConnected(): boolean {
    return this.#connections.size > 0;
  }

  /** Whether everything was acknowledged or given up. */
  get isQuiet(): boolean {
    return this.#waiting.length === 0 && this.#open.size === 0;
  }

  send(type: EnvelopeType, payload: object): void {
    this.#waiting.push({
      id: randomUUID(),
      type,
      payload,
      attempt: 0,
      connection: null,
      timer: undefined,
    });
    this.#deliver();
  }

  /** Tells all connections to come again, as Slack does once in a while. */
  requestRefresh(reason: 'refresh_requested' | 'warning' = 'refresh_requested'): void {
    const message = { type: 'disconnect', reason, debug_info: { host: 'applink-test' } };
    for (const connection of this.#connections) connection.send(JSON.stringify(message));
  }

  /** Sends something that is no envelope. */
  sendRaw(text: string): void {
    for (const connection of this.#connections) connection.send(text);
  }

  /** Ends all connections without a word. */
  drop(): void {
    for (const connection of this.#connections) connection.terminate();
  }

  close(): void {
    for (const { timer } of this.#open.values()) clearTimeout(timer);
    this.#open.clear();
    this.#waiting.length = 0;
    this.drop();
    this.#server.close();
  }

  #accept(connection: WebSocket): void {
    this.opened++;
    this.#connections.add(connection);
    const hello = {
      type: 'hello',
      num_connections: this.#connections.size,
      debug_info: { host: 'applink-test', build_number: 1, approximate_connection_time: 18_060 },
      connection_info: { app_id: APP },
    };
    connection.send(JSON.stringify(hello));
    connection.on('message', (data) => this.#acknowledge(String(data)));
    connection.on('close', () => {
      this.#connections.delete(connection);
      for (const envelope of this.#open.values()) {
        if (envelope.connection === connection) this.#again(envelope);
      }
    });
    this.#deliver();
  }

  #deliver(): void {
    const [connection] = [...this.#connections].filter((c) => c.readyState === c.OPEN);
    if (!connection) return;
    for (const envelope of this.#waiting.splice(0)) {
      envelope.connection = connection;
      envelope.timer = setTimeout(() => this.#again(envelope), this.#ackMs);
      this.#open.set(envelope.id, envelope);
      connection.send(
        JSON.stringify({
          envelope_id: envelope.id,
          type: envelope.type,
          payload: envelope.payload,
          accepts_response_payload: envelope.type !== 'events_api',
          ...(envelope.attempt > 0 && {
            retry_attempt: envelope.attempt,
            retry_reason: 'timeout',
          }),
        }),
      );
    }
  }

  #again(envelope: Envelope): void {
    clearTimeout(envelope.timer);
    if (!this.#open.delete(envelope.id)) return;
    // Commands and shortcuts are not tried again: their user is told that it did not work.
    if (envelope.type !== 'events_api' || envelope.attempt >= MAX_RETRIES) {
      this.lost++;
      return;
    }
    envelope.attempt++;
    this.redelivered++;
    this.#waiting.push(envelope);
    this.#deliver();
  }

  #acknowledge(text: string): void {
    const { envelope_id: id, payload } = acknowledgementSchema.parse(JSON.parse(text));
    if (this.lostAcks > 0) {
      this.lostAcks--;
      return;
    }
    const envelope = this.#open.get(id);
    if (!envelope) return;
    clearTimeout(envelope.timer);
    this.#open.delete(id);
    this.acknowledged.set(id, payload ?? {});
  }
}

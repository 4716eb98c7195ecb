import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { defaultModel } from '../../../core/classify.ts';
import { UndertoneError } from '../../../core/errors.ts';
import type { Model } from '../../../core/model/session.ts';
import { problem } from '../../../functions/http/problem.ts';
import { checkUpgrade } from './guard.ts';
import { LIVE_LIMITS, type LiveLimits, MAX_MESSAGE_BYTES } from './limits.ts';
import { watchPresence } from './presence.ts';
import { CLOSE, LiveSession } from './session.ts';

export interface LiveOptions {
  /** The address that the server listens at. */
  readonly host: string;
  readonly limits?: Partial<LiveLimits>;
}

/** The live streams of a server. */
export interface LiveStreams {
  /** Ends all streams with 1001 and resolves when their connections are closed. */
  close(): Promise<void>;
}

/**
 * Lets clients stream audio to a server over WebSocket at `/v1/live`. Requests that are refused get the
 * same problems as elsewhere; what goes wrong later is told as a message.
 *
 * @example
 * const live = openLiveStreams(server, { host: '127.0.0.1' });
 */
export function openLiveStreams(server: Server, options: LiveOptions): LiveStreams {
  const { host } = options;
  const limits: LiveLimits = { ...LIVE_LIMITS, ...options.limits };
  // The types do not know closeTimeout yet.
  const settings = {
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    closeTimeout: limits.farewell,
  };
  const sockets = new WebSocketServer(settings);
  let isClosing = false;
  const begin = (client: WebSocket, model: Model) => {
    if (isClosing) return void leave(client);
    const session = new LiveSession(client, model, limits);
    if (sockets.clients.size > limits.streams) return session.fail(full(limits));
    watchPresence(client, limits, () => session.fail(silent(limits)));
  };
  server.on('upgrade', async (request, socket, head) => {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      return answerWithoutUpgrade(server, request, socket, head);
    }
    // A connection that is lost is nothing to tell anybody.
    socket.on('error', () => socket.destroy());
    try {
      checkUpgrade(request, host);
      const model = await defaultModel();
      sockets.handleUpgrade(request, socket, head, (client) => begin(client, model));
    } catch (error) {
      refuse(socket, error);
    }
  });
  return {
    async close() {
      isClosing = true;
      await Promise.all([...sockets.clients].map(leave));
    },
  };
}

/** Takes leave of a client and resolves when its connection is closed. */
function leave(client: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    client.once('close', () => resolve());
    // Else a client's own closing would not be read where its audio waits.
    client.resume();
    client.close(CLOSE.goingAway, 'The server is stopping.');
  });
}

/**
 * Has a request answered that asks for another protocol, such as the HTTP/2 that Java's client offers
 * with every request. Node takes it for a WebSocket once anybody listens for these; without that header
 * it is a request like all others.
 */
function answerWithoutUpgrade(
  server: Server,
  { method, url, httpVersion, rawHeaders }: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name, value] = [rawHeaders[i], rawHeaders[i + 1]];
    if (!UPGRADE_HEADERS.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}

const UPGRADE_HEADERS: ReadonlySet<string> = new Set(['connection', 'http2-settings', 'upgrade']);

function refuse(socket: Duplex, thrown: unknown): void {
  const { statusCode, headers, body } = problem(thrown, randomUUID());
  const lines = [
    `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}`,
    ...Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.once('finish', () => socket.destroy());
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

function full({ streams }: LiveLimits): UndertoneError {
  return new UndertoneError(
    'rate-limited',
    `${streams} live streams are open already, as many as this server takes. Try again when one has ended.`,
  );
}

function silent({ idle }: LiveLimits): UndertoneError {
  return new UndertoneError(
    'audio-missing',
    `Nothing came for ${idle / 1000} seconds, so the stream was ended. Connect again when there is something to hear.`,
  );
}

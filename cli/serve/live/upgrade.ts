import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { defaultModel, type Model, UndertoneError } from '../../../core/index.ts';
import { problem } from '../../../functions/http/handle.ts';
import { isLoopback, parseUrl } from '../../../lib/url.ts';
import { hostUnknown, isLocalPage, notFound } from '../app.ts';
import { LIVE_LIMITS, LIVE_PATH, type LiveLimits, MAX_MESSAGE_BYTES } from './protocol.ts';
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
 * same problems as elsewhere; later errors are sent as messages.
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
    // There is nobody to tell about a lost connection.
    socket.on('error', () => socket.destroy());
    try {
      checkUpgrade(request, host);
      const model = await defaultModel();
      sockets.handleUpgrade(request, socket, head, (client) => begin(client, model));
    } catch (error) {
      await refuse(socket, error);
    }
  });
  return {
    async close() {
      isClosing = true;
      await Promise.all([...sockets.clients].map(leave));
    },
  };
}

/** Closes the connection to a client and resolves when it is closed. */
function leave(client: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    client.once('close', () => resolve());
    // Otherwise its own close frame would not be read while its audio waits.
    client.resume();
    client.close(CLOSE.goingAway, 'The server is stopping.');
  });
}

/**
 * Answers a request that asks for another protocol, such as the HTTP/2 that Java's client offers with
 * every request. Node treats it as an upgrade once anybody listens for these; without that header it is
 * an ordinary request.
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

/**
 * Checks a request for a WebSocket as the rest of the server checks every request. Browsers send no
 * preflight for one, so on a loopback address a foreign page is refused here.
 *
 * @param host the address that the server listens at
 * @throws UndertoneError `host-unknown`, `origin-refused`, `not-found`
 */
function checkUpgrade({ url, headers }: IncomingMessage, host: string): void {
  const base = `http://${headers.host}`;
  if (isLoopback(host)) {
    const named = parseUrl(base);
    if (!named || !isLoopback(named.hostname)) throw hostUnknown();
    if (headers.origin !== undefined && !isLocalPage(headers.origin)) throw originRefused();
  }
  if (parseUrl(url ?? '', base)?.pathname !== LIVE_PATH) throw notFound();
}

/**
 * Ends connections whose client is gone: it is pinged, and cut off when it does not answer before the
 * next ping. Calls `onIdle` when it is there and sends nothing for too long.
 */
function watchPresence(
  socket: WebSocket,
  { idle, ping }: Pick<LiveLimits, 'idle' | 'ping'>,
  onIdle: () => void,
): void {
  let isThere = true;
  const idling = setTimeout(onIdle, idle);
  const asking = setInterval(() => {
    // While a client's audio waits, its answers are not read.
    if (!isThere && !socket.isPaused) return socket.terminate();
    isThere = false;
    socket.ping();
  }, ping);
  const seen = () => {
    isThere = true;
  };
  socket.on('pong', seen);
  socket.on('message', () => {
    seen();
    idling.refresh();
  });
  socket.once('close', () => {
    clearTimeout(idling);
    clearInterval(asking);
  });
}

/** Answers a request that is not upgraded with a problem, as the rest of the server does. */
async function refuse(socket: Duplex, thrown: unknown): Promise<void> {
  const answer = problem(thrown);
  const body = await answer.text();
  const lines = [
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}`,
    ...[...answer.headers].map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.once('finish', () => socket.destroy());
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

function originRefused(): UndertoneError {
  return new UndertoneError(
    'origin-refused',
    'This server accepts live audio from pages of this machine only. Open the page at 127.0.0.1 or localhost, or start the server with --host to let others in.',
  );
}

function full({ streams }: LiveLimits): UndertoneError {
  return new UndertoneError(
    'rate-limited',
    `${streams} live streams are already open, the most that this server accepts. Try again when one has ended.`,
  );
}

function silent({ idle }: LiveLimits): UndertoneError {
  return new UndertoneError(
    'audio-missing',
    `Nothing arrived for ${idle / 1000} seconds, so the stream was closed. Connect again when there is audio to send.`,
  );
}

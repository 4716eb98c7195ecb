import { once } from 'node:events';
import { createServer, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener, RequestError } from '@hono/node-server';
import { UndertoneError } from '../../core/index.ts';
import { problem } from '../../functions/http/handle.ts';
import { type AppOptions, createApp, type PageUploads } from './app.ts';
import { ENDED_EARLY, maxBodyBytes } from './body.ts';
import type { LiveLimits } from './live/protocol.ts';
import { type LiveStreams, openLiveStreams } from './live/upgrade.ts';

/** Milliseconds that requests in flight are given at the end. */
const CLOSE_TIMEOUT = 15_000;
/** Milliseconds between two looks for connections that have become idle meanwhile. */
const CLOSE_POLL = 50;

export interface ServerOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly host: string;
  /** Waits for what the functions use of AWS to start; null, the default, where it never does. */
  readonly cloud?: AppOptions['cloud'];
  /** What the page uploads instead of sending it in one call; nothing by default. */
  readonly uploads?: PageUploads;
  /** Bytes that the bodies of all requests may have together, where it differs from the default. */
  readonly maxBodies?: AppOptions['maxBodies'];
  /** What live streams may use, where it differs from the default. */
  readonly live?: Partial<LiveLimits>;
}

export interface RunningServer {
  /** Where it can be reached from this machine, without a trailing slash. */
  readonly url: string;
  /** Accepts no more requests, ends live streams, and resolves when requests in flight are answered. */
  close(): Promise<void>;
}

/**
 * Starts the HTTP server: the page, the API, and live streams over WebSocket.
 *
 * @throws UndertoneError when it cannot listen there; its sentence says which option helps
 * @example
 * const { url, close } = await startServer({ port: 0, host: '127.0.0.1' });
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { port, host, cloud = null, live = {}, uploads, maxBodies } = options;
  const app = createApp({ host, cloud, maxBodies, ...(uploads && { uploads }) });
  const server = createServer(
    // Node would refuse a request without one by itself, without a word.
    { requireHostHeader: false },
    getRequestListener(app.fetch, {
      // The handlers use the platform's own Request and Response, as they do on Lambda.
      overrideGlobalObjects: false,
      errorHandler: (thrown) =>
        problem(thrown instanceof RequestError ? malformed(thrown) : thrown),
    }),
  );
  answerMalformed(server);
  // A client that asks before it sends learns at once that its body is too large.
  server.on('checkContinue', (request, response) => {
    const maxBytes = maxBodyBytes(request.headers['content-type']);
    if (Number(request.headers['content-length'] ?? 0) <= maxBytes) response.writeContinue();
    server.emit('request', request, response);
  });
  const silent = trackSilent(server);
  const streams = openLiveStreams(server, { host, limits: live });
  server.listen(port, host);
  await once(server, 'listening').catch((cause) => {
    throw cannotListen(cause, { port, host });
  });
  const url = urlOf(server.address() as AddressInfo);
  return { url, close: () => close(server, silent, streams) };
}

/**
 * Answers what is not HTTP, or not all of it, as any other request that fails. Node would send a status and
 * nothing else.
 */
function answerMalformed(server: Server): void {
  const responses = new WeakMap<Duplex, ServerResponse>();
  server.on('request', ({ socket }, response) => responses.set(socket, response));
  // Expectations that nobody knows may be ignored (RFC 9110, 10.1.1).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('clientError', async (error, socket) => {
    const response = responses.get(socket);
    const isAnswering = response?.headersSent && !response.writableFinished;
    if (!socket.writable || isAnswering) return socket.destroy();
    const answer = problem(malformed(error), { headers: { connection: 'close' } });
    const body = await answer.text();
    const head = [
      `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}`,
      ...[...answer.headers].map(([name, value]) => `${name}: ${value}`),
      `content-length: ${Buffer.byteLength(body)}`,
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
  });
}

function malformed(cause: NodeJS.ErrnoException): UndertoneError {
  const why: Partial<Record<string, string>> = {
    HPE_HEADER_OVERFLOW:
      'The address and the headers of the request have more than 16 KiB together. Shorten them.',
    ERR_HTTP_REQUEST_TIMEOUT:
      'The request did not arrive within five minutes, or its headers within one. Send it again, or a smaller recording (Ogg Opus or M4A).',
    HPE_INVALID_EOF_STATE: ENDED_EARLY,
  };
  const sentence =
    why[cause.code ?? ''] ??
    'The request is not valid HTTP/1.1: its first line, a header or the length of its body cannot be read. Send it with an HTTP client, such as curl.';
  return new UndertoneError('parameter-invalid', sentence, { cause });
}

/**
 * Returns the connections that carried no request yet, which browsers open in advance. Node does not
 * count them as idle.
 */
function trackSilent(server: Server): ReadonlySet<Socket> {
  const silent = new Set<Socket>();
  server.on('connection', (socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  server.on('request', ({ socket }) => silent.delete(socket));
  server.on('upgrade', ({ socket }) => silent.delete(socket));
  return silent;
}

async function close(
  server: Server,
  silent: ReadonlySet<Socket>,
  streams: LiveStreams,
): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  for (const socket of silent) socket.destroy();
  // Connections are kept alive after their last answer; Node only closes those idle right now.
  const sweep = setInterval(() => server.closeIdleConnections(), CLOSE_POLL);
  const giveUp = setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT);
  await Promise.all([closed, streams.close()]);
  clearInterval(sweep);
  clearTimeout(giveUp);
}

/** A server that listens at every address can be reached as localhost. */
function urlOf({ address, family, port }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return `http://localhost:${port}`;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function cannotListen(cause: NodeJS.ErrnoException, { port, host }: ServerOptions) {
  if (cause.code === 'EADDRINUSE') {
    return new UndertoneError(
      'port-taken',
      `Port ${port} is in use by another program. Choose another port with --port, for example --port ${port + 1}.`,
      { cause },
    );
  }
  const why: Partial<Record<string, string>> = {
    EACCES: `Port ${port} needs administrator rights. Choose one above 1023 with --port.`,
    EADDRNOTAVAIL: `This machine does not have the address ${host}. Choose one of its own with --host, for example --host 127.0.0.1.`,
    ENOTFOUND: `The address ${host} is unknown. Choose another one with --host, for example --host 127.0.0.1.`,
  };
  const sentence =
    why[cause.code ?? ''] ??
    `The server cannot listen at ${host}:${port} (${cause.code}). Choose others with --host and --port.`;
  return new UndertoneError('setting-invalid', sentence, { cause });
}

import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { UndertoneError } from '../../core/index.ts';
import { type AppOptions, createApp, type PageUploads } from './app.ts';
import { maxBodyBytes } from './body.ts';
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
  const { port, host, cloud = null, live = {}, uploads } = options;
  const server = createAdaptorServer({
    fetch: createApp({ host, cloud, ...(uploads && { uploads }) }).fetch,
    // The handlers use the platform's own Request and Response, as they do on Lambda.
    overrideGlobalObjects: false,
  }) as Server;
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

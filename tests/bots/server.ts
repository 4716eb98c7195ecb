import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';

/** What a server has been asked. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface ServerUnderTest {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  readonly asked: Asked[];
  /** Answers from now on. */
  handle: RequestListener;
}

/** Runs a server on this machine for all tests of a file, which each decide what it answers. */
export function useServer(): ServerUnderTest {
  let server: Server;
  const under: { origin: string; asked: Asked[]; handle: RequestListener } = {
    origin: '',
    asked: [],
    handle: (_, response) => response.writeHead(404).end(),
  };
  beforeAll(async () => {
    server = createServer((request, response) => {
      const { method = '', url = '', headers } = request;
      under.asked.push({ method, url, headers, at: Date.now() });
      under.handle(request, response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    under.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return under;
}

import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopback } from '../lib/url.ts';

/** Milliseconds that open connections get to finish when a server closes. */
const CLOSE_TIMEOUT = 2000;

/** A service that listens at 127.0.0.1. */
export interface Endpoint {
  readonly endpoint: string;
  /** Resolves when no connection is left. Idle ones are closed; responses in progress are finished. */
  close(): Promise<void>;
}

/** Starts a server at 127.0.0.1; port 0 takes any free port. */
export async function listen(server: Server, port: number): Promise<Endpoint> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT).unref();
      });
    },
  };
}

/**
 * Returns whether a request cannot come from a web page. Pages send an origin, and those that made a name
 * of their own lead to this machine (DNS rebinding) send that name.
 */
export function isFromProgram({ headers }: IncomingMessage): boolean {
  const { hostname } = new URL(`http://${headers.host ?? 'unknown'}`);
  return !headers.origin && isLoopback(hostname);
}

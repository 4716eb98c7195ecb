import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import dynalite from 'dynalite';
import { isLoopback } from '../../lib/loopback.ts';
import { closeServer } from './s3/server.ts';

export interface LocalDynamoDB {
  readonly endpoint: string;
  close(): Promise<void>;
}

/**
 * Starts a DynamoDB at 127.0.0.1.
 *
 * @param folder where it keeps its tables; in memory when null. One process at a time can use it.
 */
export async function startDynamoDB(folder: string | null, port: number): Promise<LocalDynamoDB> {
  const server = dynalite({ ...(folder && { path: folder }), createTableMs: 0 });
  const [answer] = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request').on('request', whole(answer)).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => closeServer(server),
  };
}

/**
 * Hands on requests that have arrived whole. A client that hangs up earlier would end this process,
 * and a web page that calls would be let in: it lets any origin read, and checks no signature.
 */
function whole(answer: RequestListener): RequestListener {
  return async (request, response) => {
    const { hostname } = new URL(`http://${request.headers.host ?? 'unknown'}`);
    if (request.headers.origin || !isLoopback(hostname)) {
      response.writeHead(403).end();
      return;
    }
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return;
    }
    const { method, headers, url } = request;
    const body = Readable.from(chunks);
    answer(Object.assign(body, { method, headers, url }) as IncomingMessage, response);
  };
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { close, listen } from './listen.ts';

/** What the host does when a file is asked for. */
export type FileBehaviour =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'redirect'; readonly to: string }
  /** One byte at a time, for ever. */
  | { readonly kind: 'drip'; readonly everyMs: number }
  /** Announces so many bytes. */
  | { readonly kind: 'huge'; readonly bytes: number };

export interface FileRequest {
  readonly path: string;
  readonly authorization: string | undefined;
}

const LOGIN_PAGE =
  '<!DOCTYPE html><html lang="en-US"><head><title>Slack</title></head><body><form id="signin_form"></form></body></html>';

/** The host of a workspace's files, which shows a page to log in to whom it does not know. */
export class FileHost {
  readonly files = new Map<string, FileBehaviour>();
  readonly requests: FileRequest[] = [];
  readonly #server: Server;
  readonly #mayRead: (token: string | undefined, fileId: string) => boolean;
  #host = '';

  /** @param mayRead whether a token opens a file */
  constructor(mayRead: (token: string | undefined, fileId: string) => boolean) {
    this.#mayRead = mayRead;
    this.#server = createServer((request, response) => this.#serve(request, response));
  }

  async start(): Promise<void> {
    this.#host = await listen(this.#server);
  }

  /** Host and port. */
  get host(): string {
    return this.#host;
  }

  close(): Promise<void> {
    return close(this.#server);
  }

  urlOf(fileId: string, name: string): string {
    return `http://${this.#host}/files-pri/${fileId}/download/${encodeURIComponent(name)}`;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '/';
    const { authorization } = request.headers;
    this.requests.push({ path, authorization });
    if (path.startsWith('/login')) {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(LOGIN_PAGE);
      return;
    }
    const [, id] = /^\/files-pri\/([^/]+)\//.exec(path) ?? [];
    if (!id || !this.#mayRead(authorization?.replace(/^Bearer /, ''), id)) {
      response.writeHead(302, { location: `/login?redir=${encodeURIComponent(path)}` }).end();
      return;
    }
    behave(response, this.files.get(id) ?? { kind: 'status', status: 404 });
  }
}

function behave(response: ServerResponse, behaviour: FileBehaviour): void {
  switch (behaviour.kind) {
    case 'bytes':
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      response.end(behaviour.bytes);
      return;
    case 'status':
      response.writeHead(behaviour.status, { 'content-type': 'text/html' }).end('<html></html>');
      return;
    case 'redirect':
      response.writeHead(302, { location: behaviour.to }).end();
      return;
    case 'huge':
      response.writeHead(200, { 'content-length': String(behaviour.bytes) });
      response.flushHeaders();
      return;
    case 'drip': {
      response.writeHead(200, { 'content-type': 'audio/mp4' });
      const timer = setInterval(() => response.write('R'), behaviour.everyMs);
      response.once('close', () => clearInterval(timer));
    }
  }
}

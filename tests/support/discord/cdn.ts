import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the file host does when a file is asked for. */
export type CdnFile =
  | Uint8Array
  | { readonly status: number }
  | { readonly redirect: string }
  /** Announces so many bytes and never sends them. */
  | { readonly announcedBytes: number }
  /** One byte at a time, with so many milliseconds between. */
  | { readonly drip: Uint8Array; readonly everyMs: number };

/** The host of attachments: signed links, no authorization. */
export class LocalCdn {
  readonly #server: Server;
  readonly #files = new Map<string, CdnFile>();
  /** Times that each path was asked for. */
  readonly requests = new Map<string, number>();
  /** Headers that a file host must never see. */
  readonly authorizations: string[] = [];

  constructor() {
    this.#server = createServer(({ url = '/', headers }, response) => {
      const { pathname } = new URL(url, 'http://cdn');
      this.requests.set(pathname, (this.requests.get(pathname) ?? 0) + 1);
      if (headers.authorization) this.authorizations.push(headers.authorization);
      send(this.#files.get(pathname) ?? { status: 404 }, response);
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Name and port, as a list of allowed hosts has it. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Returns the signed link of a new file. */
  add(path: string, file: CdnFile): string {
    this.#files.set(path, file);
    return `http://${this.host}${path}?ex=67000000&is=66000000&hm=0123456789abcdef&`;
  }

  /** Puts something else where a file was, or nothing. */
  replace(link: string, file: CdnFile): void {
    this.#files.set(new URL(link).pathname, file);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function send(file: CdnFile, response: ServerResponse): void {
  if (file instanceof Uint8Array) {
    response.writeHead(200, { 'content-length': file.length }).end(file);
  } else if ('status' in file) {
    response.writeHead(file.status).end('This content is no longer available.');
  } else if ('redirect' in file) {
    response.writeHead(302, { location: file.redirect }).end();
  } else if ('announcedBytes' in file) {
    response.writeHead(200, { 'content-length': file.announcedBytes }).write('OggS');
  } else {
    response.writeHead(200, { 'content-length': file.drip.length });
    let at = 0;
    const timer = setInterval(() => {
      response.write(file.drip.subarray(at, ++at));
      if (at === file.drip.length) response.end();
    }, file.everyMs);
    response.on('close', () => clearInterval(timer));
  }
}

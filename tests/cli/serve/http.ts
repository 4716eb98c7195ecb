import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Answer } from '../../functions/problem.ts';

/** Returns what `fetch` answered in the form that the tests of the handlers use. */
export async function answerOf(response: Response | Promise<Response>): Promise<Answer> {
  const { status, headers, text } = await Promise.resolve(response).then((got) => ({
    status: got.status,
    headers: Object.fromEntries(got.headers),
    text: got.text(),
  }));
  return { status, headers, body: await text };
}

/** Sends a request as it stands: `fetch` would tidy its path and its Host header. */
export function rawRequest(url: string, options: RequestOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const sent = request({ hostname, port, agent: false, ...options }, async (response) => {
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers as Record<string, string>,
        body: await textOf(response),
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
}

/** A connection on which a test writes HTTP by hand, at its own pace. */
export interface Connection {
  readonly socket: Socket;
  /** Resolves with all that was received so far, once it contains `text`. */
  received(text: string): Promise<string>;
}

export function openConnection(url: string): Connection {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).setEncoding('utf8');
  let all = '';
  socket.on('data', (chunk) => {
    all += chunk;
  });
  return {
    socket,
    async received(text) {
      while (!all.includes(text)) await nextData(socket, all);
      return all;
    },
  };
}

function nextData(socket: Socket, soFar: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new Error(`The connection ended after: ${soFar}`));
    if (socket.destroyed || socket.readableEnded) return fail();
    const settle = () => {
      socket.off('error', reject).off('end', fail).off('data', settle);
      resolve();
    };
    socket.once('error', reject).once('end', fail).once('data', settle);
  });
}

/** Writes the head of `POST /v1/emotion`. */
export function requestHead(headers: Record<string, string | number>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /v1/emotion HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines.join('')}\r\n`;
}

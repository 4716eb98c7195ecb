import { once } from 'node:events';
import { type ClientOptions, WebSocket } from 'ws';
import { type ServerMessage, serverMessageSchema } from '../../../cli/serve/live/protocol.ts';

export interface Ended {
  readonly code: number;
  readonly reason: string;
}

/** A client of the live stream as anybody would write one. */
export interface LiveClient {
  readonly socket: WebSocket;
  /** All that the server has said. */
  readonly messages: readonly ServerMessage[];
  readonly ended: Promise<Ended>;
  send(message: object): void;
  /** Resolves with the first message of a type, which may still have to come. */
  received<T extends ServerMessage['type']>(type: T): Promise<Extract<ServerMessage, { type: T }>>;
}

/** Connects to the live stream of a server, once it is open. */
export async function connect(url: string, options: ClientOptions = {}): Promise<LiveClient> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live`, options);
  const messages: ServerMessage[] = [];
  socket.on('message', (data) => {
    messages.push(serverMessageSchema.parse(JSON.parse(String(data))));
  });
  const ended = once(socket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }));
  await once(socket, 'open');
  return {
    socket,
    messages,
    ended,
    send: (message) => socket.send(JSON.stringify(message)),
    async received(type) {
      for (;;) {
        const found = messages.find((message) => message.type === type);
        if (found) return found as Extract<ServerMessage, { type: typeof type }>;
        await Promise.race([
          once(socket, 'message'),
          ended.then(() => {
            throw new Error(`It ended without ${type}: ${JSON.stringify(messages)}`);
          }),
        ]);
      }
    },
  };
}

/** Samples as they are sent: signed 16 bits, little-endian. */
export function pcm(samples: Float32Array): Buffer {
  const bytes = Buffer.alloc(samples.length * 2);
  samples.forEach((sample, i) => {
    bytes.writeInt16LE(Math.round(Math.max(-1, Math.min(1, sample)) * 0x7fff), i * 2);
  });
  return bytes;
}

/** Sends sound in messages of so many samples. */
export function sendAudio({ socket }: LiveClient, samples: Float32Array, size: number): void {
  for (let from = 0; from < samples.length; from += size) {
    socket.send(pcm(samples.subarray(from, from + size)));
  }
}

/** Sends a whole stream, from start to stop, and returns all that the server said. */
export async function stream(
  url: string,
  samples: Float32Array,
  { sampleRate = 16_000, size = 1600 }: { sampleRate?: number; size?: number } = {},
): Promise<LiveClient & Ended> {
  const client = await connect(url);
  client.send({ type: 'start', sampleRate });
  sendAudio(client, samples, size);
  client.send({ type: 'stop' });
  return { ...client, ...(await client.ended) };
}

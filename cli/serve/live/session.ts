import { randomUUID } from 'node:crypto';
import type { RawData, WebSocket } from 'ws';
import {
  HOP_SECONDS,
  LiveListener,
  type LiveVerdict,
  type Model,
  PcmStream,
  UndertoneError,
} from '../../../core/index.ts';
import { logEvent } from '../../../lib/log.ts';
import {
  type LiveLimits,
  MAX_MESSAGE_SECONDS,
  MAX_UNREAD_BYTES,
  MAX_WAITING_SECONDS,
  parseClientMessage,
  type ServerMessage,
} from './protocol.ts';

/** Status codes that close a WebSocket (RFC 6455, 7.4.1). */
export const CLOSE = { normal: 1000, goingAway: 1001, policy: 1008, ourFault: 1011 } as const;

const SAMPLE_BYTES = 2;

/** A stream that has started. */
interface Stream {
  readonly sampleRate: number;
  readonly pcm: PcmStream;
  readonly listener: LiveListener;
  /** When its first audio came; null before. */
  firstAudioAt: number | null;
}

/**
 * Serves one client: reads its audio, sends verdicts, and ends with a summary or a named error. It
 * never rejects: the client is told what went wrong.
 *
 * Audio is classified message by message, in the order in which it arrives. Two seconds of it may wait;
 * then the connection is paused until half of that is done, so that a fast client has to wait as well.
 */
export class LiveSession {
  readonly #socket: WebSocket;
  readonly #model: Model;
  /** Seconds. */
  readonly #late: number;
  #stream: Stream | null = null;
  /** Work in the order of the messages. */
  #work: Promise<void> = Promise.resolve();
  /** Seconds of audio that have arrived and are not classified yet. */
  #waiting = 0;
  #isStopping = false;
  #isOver = false;

  /** @param limits.late milliseconds after which a verdict is skipped when others wait */
  constructor(socket: WebSocket, model: Model, { late }: Pick<LiveLimits, 'late'>) {
    this.#socket = socket;
    this.#model = model;
    this.#late = late / 1000;
    socket.on('message', (data, isBinary) => this.#take(data, isBinary));
    socket.on('close', () => {
      this.#isOver = true;
    });
    // A frame that violates the protocol: ws closes the connection itself and says why in its code.
    socket.on('error', () => {});
  }

  /** Tells the client what went wrong and closes: 1008 when the client was at fault, else 1011. */
  fail(thrown: unknown): void {
    if (this.#isOver) return;
    const error = UndertoneError.from(thrown);
    const { code, title, status, message: detail } = error;
    const isOurs = status >= 500;
    if (isOurs) logEvent('a live stream failed', error, { requestId: randomUUID() });
    this.#send({ type: 'error', code, title, status, detail });
    this.#close(isOurs ? CLOSE.ourFault : CLOSE.policy);
  }

  #take(data: RawData, isBinary: boolean): void {
    if (this.#isOver) return;
    try {
      if (this.#isStopping) throw misplaced('Nothing is accepted after "stop"');
      // One Buffer, unless somebody chooses another binaryType.
      if (isBinary) this.#takeAudio(data as Buffer);
      else this.#takeText(String(data));
    } catch (error) {
      this.fail(error);
    }
  }

  #takeText(text: string): void {
    const message = parseClientMessage(text);
    if (message.type === 'start') {
      if (this.#stream) throw misplaced('"start" came twice');
      this.#stream = this.#start(message.sampleRate);
    } else {
      const stream = this.#stream;
      if (!stream) throw misplaced('"stop" came before "start"');
      this.#isStopping = true;
      this.#enqueue(() => this.#finish(stream));
    }
  }

  #takeAudio(bytes: Buffer): void {
    const stream = this.#stream;
    if (!stream) throw misplaced('Audio came before "start"');
    if (bytes.length % SAMPLE_BYTES !== 0) throw oddBytes(bytes.length);
    const seconds = bytes.length / SAMPLE_BYTES / stream.sampleRate;
    if (seconds > MAX_MESSAGE_SECONDS) throw tooMuch(stream.sampleRate);
    stream.firstAudioAt ??= performance.now();
    this.#waiting += seconds;
    if (this.#waiting > MAX_WAITING_SECONDS) this.#socket.pause();
    this.#enqueue(async () => {
      this.#waiting -= seconds;
      this.#tell(await stream.listener.push(stream.pcm.push(bytes)));
      if (this.#socket.isPaused && this.#waiting < MAX_WAITING_SECONDS / 2) this.#socket.resume();
    });
  }

  #enqueue(work: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (!this.#isOver) await work().catch((error) => this.fail(error));
    });
  }

  #start(sampleRate: number): Stream {
    const isLate = (at: number) => this.#isLate(at);
    const listener = new LiveListener({ model: this.#model, isLate });
    const { name, version, sha256 } = this.#model.card;
    const model = { name, version, sha256 };
    this.#send({ type: 'ready', hop: HOP_SECONDS, window: listener.window, model });
    return { sampleRate, pcm: new PcmStream(sampleRate), listener, firstAudioAt: null };
  }

  /** Behind real time, with the sound of another verdict here. A client that sends faster is never behind. */
  #isLate(at: number): boolean {
    const elapsed = (performance.now() - (this.#stream?.firstAudioAt ?? 0)) / 1000;
    return this.#waiting > HOP_SECONDS && elapsed > at + this.#late;
  }

  async #finish({ pcm, listener }: Stream): Promise<void> {
    this.#tell(await listener.push(pcm.end()));
    const { verdict, summary } = await listener.end();
    if (verdict) this.#tell([verdict]);
    this.#send({ type: 'summary', ...summary });
    this.#close(CLOSE.normal);
  }

  #tell(verdicts: readonly LiveVerdict[]): void {
    for (const verdict of verdicts) this.#send({ type: 'verdict', ...verdict });
  }

  #send(message: ServerMessage): void {
    if (this.#isOver) return;
    this.#socket.send(JSON.stringify(message));
    if (this.#socket.bufferedAmount > MAX_UNREAD_BYTES) this.#socket.terminate();
  }

  #close(code: number): void {
    this.#isOver = true;
    // Otherwise the client's own close frame would never be read.
    this.#socket.resume();
    this.#socket.close(code);
  }
}

function misplaced(what: string): UndertoneError {
  return new UndertoneError(
    'parameter-invalid',
    `${what}. A stream is one {"type":"start","sampleRate":48000}, then binary audio, then one {"type":"stop"}. Connect again to begin another one.`,
  );
}

function oddBytes(count: number): UndertoneError {
  return new UndertoneError(
    'audio-unreadable',
    `A message of ${count} bytes holds half a sample. Send mono PCM of signed 16 bits, little-endian: two bytes each.`,
  );
}

function tooMuch(sampleRate: number): UndertoneError {
  return new UndertoneError(
    'audio-too-large',
    `A message holds at most ${MAX_MESSAGE_SECONDS} second of audio, which is ${MAX_MESSAGE_SECONDS * sampleRate * SAMPLE_BYTES} bytes at ${sampleRate} Hz. Send shorter pieces; a tenth of a second is good.`,
  );
}

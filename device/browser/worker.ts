/**
 * The worker that classifies on the visitor's device. It loads the core, the model and onnxruntime-web,
 * and sends nothing: it makes no request after those of its files.
 */
import './jitless.ts';
import {
  classify,
  type DecodedAudio,
  type DecodeLimits,
  LiveListener,
  type Model,
  MonoSink,
  PcmStream,
  SAMPLE_RATE,
  stretchesOf,
} from '../../core/web.ts';
import { loadEngine, unusable } from './load.ts';
import type { Failure, FromWorker, Sound, ToWorker } from './protocol.ts';

interface LiveStream {
  readonly listener: LiveListener;
  readonly pcm: PcmStream;
  /** Seconds of audio that have arrived. */
  received: number;
}

/** Seconds of audio by which a live verdict may lag behind before it is skipped. */
const LATE = 1;

const post = (message: FromWorker, transfer: Transferable[] = []) =>
  self.postMessage(message, { transfer });

let model: Model;
/** What is to be done, one after another: there is one processor. */
let work: Promise<void> = Promise.resolve();
const cancelled = new Set<number>();
const streams = new Map<number, LiveStream>();
/** Resolves with what the page has decoded, by the recording. */
const decoding = new Map<number, { give(sound: Sound): void; fail(error: unknown): void }>();

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case 'load':
      return enqueue(undefined, async () => {
        model = yielding(
          await loadEngine(data.files, (loaded, total) =>
            post({ type: 'progress', loaded, total }),
          ),
        );
        post({ type: 'loaded', card: model.card });
      });
    case 'classify':
      return enqueue(data.id, () => classifyRecording(data.id, data.bytes));
    case 'cancel':
      cancelled.add(data.id);
      streams.delete(data.id);
      decoding.get(data.id)?.fail(new Cancelled());
      return;
    case 'decoded':
      return decoding.get(data.id)?.give(data.sound);
    case 'undecodable':
      return decoding.get(data.id)?.fail(new Undecodable(data.error));
    case 'listen':
      return listen(data.id, data.sampleRate);
    case 'audio':
      return takeAudio(data.id, data.pcm);
    case 'end':
      return enqueue(data.id, () => endStream(data.id));
  }
});

function enqueue(id: number | undefined, task: () => Promise<void>): void {
  work = work.then(async () => {
    try {
      if (id === undefined || !cancelled.has(id)) await task();
    } catch (thrown) {
      if (thrown instanceof Cancelled) return;
      const { code, message } = thrown instanceof Undecodable ? thrown : unusable(thrown);
      const error = { code, message };
      post({ type: 'failed', error, ...(id !== undefined && { id }) });
    } finally {
      if (id !== undefined) cancelled.delete(id);
    }
  });
}

/** Thrown where the page has asked to stop; nobody waits for an answer. */
class Cancelled extends Error {}

/** What the page says about a recording that it cannot decode either. */
class Undecodable extends Error {
  readonly code: string;

  constructor({ code, message }: Failure) {
    super(message);
    this.code = code;
  }
}

async function classifyRecording(id: number, bytes: Uint8Array): Promise<void> {
  const verdict = await classify(bytes, {
    model: {
      card: model.card,
      async predict(speech, windows) {
        const predictions = [];
        for (const stretch of stretchesOf(windows)) {
          predictions.push(...(await model.predict(speech, stretch)));
          if (cancelled.has(id)) throw new Cancelled();
          post({ type: 'classified', id, share: predictions.length / windows.length });
        }
        return predictions;
      },
    },
    fallback: (rest, { name }, limits) => decodeOnPage(id, rest, name, limits),
  });
  post({ type: 'verdict', id, verdict });
}

async function decodeOnPage(
  id: number,
  bytes: Uint8Array,
  container: string,
  limits: DecodeLimits,
): Promise<DecodedAudio> {
  const copy = bytes.slice();
  const { maxSeconds } = limits;
  const answer = new Promise<Sound>((give, fail) => decoding.set(id, { give, fail }));
  post({ type: 'decode', id, bytes: copy, container, maxSeconds }, [copy.buffer]);
  try {
    const { channels, sampleRate } = await answer;
    // The deadline is for our decoders; the browser's has its own pace.
    const sink = new MonoSink(
      { sampleRate, channels: channels.length },
      { maxSeconds, deadline: Number.POSITIVE_INFINITY },
    );
    sink.push(channels);
    return sink.finish();
  } finally {
    decoding.delete(id);
  }
}

function listen(id: number, sampleRate: number): void {
  const stream: LiveStream = {
    pcm: new PcmStream(sampleRate),
    received: 0,
    listener: new LiveListener({ model, isLate: (at) => stream.received - at > LATE }),
  };
  streams.set(id, stream);
}

function takeAudio(id: number, pcm: ArrayBuffer): void {
  const stream = streams.get(id);
  if (!stream) return;
  const samples = stream.pcm.push(new Uint8Array(pcm));
  stream.received += samples.length / SAMPLE_RATE;
  enqueue(id, async () => {
    for (const verdict of await stream.listener.push(samples)) post({ type: 'live', id, verdict });
  });
}

async function endStream(id: number): Promise<void> {
  const stream = streams.get(id);
  if (!stream) return;
  streams.delete(id);
  const { listener, pcm } = stream;
  for (const verdict of await listener.push(pcm.end())) post({ type: 'live', id, verdict });
  const { verdict, summary } = await listener.end();
  if (verdict) post({ type: 'live', id, verdict });
  post({ type: 'summary', id, summary });
}

/** Returns a model that lets messages in before every prediction, so that `cancel` and audio get through. */
function yielding({ card, predict }: Model): Model {
  const { port1, port2 } = new MessageChannel();
  return {
    card,
    async predict(...speech) {
      await new Promise((resolve) => {
        port1.onmessage = resolve;
        port2.postMessage(null);
      });
      return predict(...speech);
    },
  };
}

/** What somebody writes who uses the library: tests/library/package.test.ts compiles it against the package. */
import {
  type ClassifyOptions,
  classify,
  type EMOTIONS,
  type Emotion,
  type ErrorCode,
  LiveListener,
  loadModel,
  PcmStream,
  type Probabilities,
  UndertoneError,
  type Verdict,
} from 'undertone';
import { DeviceError, type DeviceErrorCode, load } from 'undertone/web';

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <_ extends true>() => {};

export async function inNode(bytes: Uint8Array): Promise<Emotion | 'uncertain' | 'no-speech'> {
  const options: ClassifyOptions = { maxSeconds: 60 };
  const verdict = await classify(bytes, options);
  is<Equal<typeof verdict, Verdict>>();
  is<Equal<typeof verdict.probabilities, Probabilities | null>>();
  is<Equal<keyof Probabilities, Emotion>>();
  is<Equal<(typeof EMOTIONS)[number], Emotion>>();
  // @ts-expect-error There is no such emotion.
  if (verdict.emotion === 'bored') return 'uncertain';
  // @ts-expect-error A path is not a recording.
  classify('note.ogg').catch(() => {});
  const listener = new LiveListener({ model: await loadModel('model') });
  for (const { at, emotion } of await listener.push(new PcmStream(48_000).push(bytes))) {
    is<Equal<typeof at, number>>();
    is<Equal<typeof emotion, Verdict['emotion']>>();
  }
  return verdict.emotion;
}

export async function inBrowser(file: Blob): Promise<Verdict | DeviceErrorCode | ErrorCode> {
  const undertone = await load({ base: '/device/', onProgress: (share) => share.toFixed() });
  try {
    return await undertone.classify(file, { signal: AbortSignal.timeout(1000) });
  } catch (error) {
    if (error instanceof DeviceError) return error.code;
    if (error instanceof UndertoneError) return error.code;
    throw error;
  } finally {
    undertone.close();
  }
}

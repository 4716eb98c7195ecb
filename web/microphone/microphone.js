/** Why there is no sound from the microphone, in a sentence for the visitor. */
export class MicrophoneError extends Error {}

/** Returns why this page cannot record at all, or null where it can. */
export function whyNot() {
  if (!isSecureContext) {
    return 'Browsers let a page record only at a secure address: open this one with https://, or at localhost. Files are heard all the same.';
  }
  if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder || !window.AudioContext) {
    return 'This browser cannot record. Files are heard all the same.';
  }
  return null;
}

/**
 * Opens the microphone for one purpose at a time, in all tabs of this page together.
 *
 * @returns the `stream`, and `close`, which lets the microphone go
 * @throws MicrophoneError
 */
export async function openMicrophone() {
  const release = await claim();
  try {
    // A voice as it is: what takes noise away takes some of the voice with it.
    const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: false };
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    return {
      stream,
      close() {
        for (const track of stream.getTracks()) track.stop();
        release();
      },
    };
  } catch (cause) {
    release();
    throw new MicrophoneError(SENTENCES[cause.name] ?? SENTENCES.NotReadableError, { cause });
  }
}

/** The names that getUserMedia gives its failures. */
const SENTENCES = {
  NotAllowedError:
    'The microphone was refused. Allow it for this page, beside the address or in the settings of the browser, and record again; or choose a file.',
  NotFoundError: 'No microphone was found. Plug one in and record again, or choose a file.',
  NotReadableError:
    'The microphone gives no sound: another program may have it. Close that program and record again, or choose a file.',
};

/** Resolves to what gives the claim back. */
function claim() {
  return new Promise((resolve, reject) => {
    navigator.locks.request('undertone-microphone', { ifAvailable: true }, (lock) => {
      if (lock) return new Promise((release) => resolve(release));
      reject(
        new MicrophoneError(
          'A recording is running already, in another tab of this page. Stop it there first.',
        ),
      );
    });
  });
}

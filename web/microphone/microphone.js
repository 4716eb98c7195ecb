/** Why there is no sound from the microphone, in a sentence for the visitor. */
export class MicrophoneError extends Error {}

/** Returns why this page cannot record at all, or null where it can. */
export function whyNot() {
  if (!isSecureContext) {
    return 'Browsers only let a page record at a secure address: open this page with https:// or on localhost. You can still choose files.';
  }
  if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder || !window.AudioContext) {
    return 'This browser cannot record. You can still choose files.';
  }
  return null;
}

/**
 * Opens the microphone, which only one tab of this page can use at a time.
 *
 * @returns the `stream`, and `close`, which releases the microphone
 * @throws MicrophoneError
 */
export async function openMicrophone() {
  const release = await claim();
  try {
    // The voice as it is: noise suppression removes some of the voice as well.
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
    'The microphone was blocked. Allow it for this page next to the address or in the browser settings and record again, or choose a file.',
  NotFoundError: 'No microphone was found. Plug one in and record again, or choose a file.',
  NotReadableError:
    'The microphone gives no sound: another program may be using it. Close that program and record again, or choose a file.',
};

/** Resolves with a function that releases the claim. */
function claim() {
  return new Promise((resolve, reject) => {
    navigator.locks.request('undertone-microphone', { ifAvailable: true }, (lock) => {
      if (lock) return new Promise((release) => resolve(release));
      reject(
        new MicrophoneError('Another tab of this page is already recording. Stop it there first.'),
      );
    });
  });
}

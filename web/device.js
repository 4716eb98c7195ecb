/** Classifies on this device instead of the server: the switch, and what loads when it is first used. */
import { ApiError, call, hasServer, unreachable } from './api.js';
import { percent } from './words.js';

/** The only thing that the page stores, as long as the switch is on. */
const SETTING = 'undertone-on-device';
/** Errors after which the same recording may succeed. */
const PASSING = new Set(['download-incomplete', 'memory-insufficient']);

const SENTENCES = {
  off: 'Then nothing you record or choose leaves it. About 8 MB are loaded once; after that it works without a network.',
  on: 'Nothing you record or choose leaves this device. About 8 MB are loaded with the first recording.',
  ready: 'Ready. Nothing you record or choose leaves this device.',
  kept: 'Ready. Nothing you record or choose leaves this device, and it works without a network.',
};

let isOn = false;
let loading = null;
let show = () => {};
const listeners = new Set();

/** Whether recordings are classified on this device. */
export function isOnDevice() {
  return isOn;
}

/**
 * Brings the switch to life, as the visitor left it.
 *
 * @param place the element with the switch, its sentence and its progress bar
 */
export function createSwitch(place) {
  const input = place.querySelector('input');
  const words = place.querySelector('.device-words');
  const bar = place.querySelector('progress');
  show = (sentence, share = null) => {
    words.textContent = sentence;
    bar.hidden = share === null;
    bar.value = share ?? 0;
  };
  const set = (on) => {
    isOn = on;
    input.checked = on;
    document.documentElement.toggleAttribute('data-on-device', on);
    show(SENTENCES[on ? 'on' : 'off']);
  };
  const change = () => {
    set(input.checked);
    remember(isOn);
    if (isOn) {
      // Turned on, it should soon work without a network. A failure is shown beside the switch.
      ready().catch(() => {});
    } else {
      loading?.then(({ close }) => close()).catch(() => {});
      loading = null;
      forgetFiles();
    }
  };
  // start.js has set it as it was left; the visitor may have been quicker than this script.
  const isChanged = input.checked !== (remembered() !== null);
  set(!hasServer || input.checked);
  // Without a server there is nothing to choose.
  input.disabled = !hasServer;
  if (isChanged && hasServer) change();
  input.addEventListener('change', change);
}

/**
 * Loads what classifies, once.
 *
 * @param onLoading called with the share that is loaded
 * @throws ApiError with a sentence for the visitor; the next call tries again
 */
export async function ready(onLoading = () => {}) {
  listeners.add(onLoading);
  loading ??= start();
  const mine = loading;
  try {
    return await mine;
  } catch (error) {
    if (loading === mine) loading = null;
    throw error;
  } finally {
    listeners.delete(onLoading);
  }
}

async function start() {
  const onProgress = (share) => {
    if (isOn) show(`Loading: ${percent(share)}`, share);
    for (const listener of listeners) listener(share);
  };
  onProgress(0);
  try {
    const base = new URL('device/', document.baseURI);
    const { client } = await call('device/files.json');
    const { load } = await import(new URL(client.path, base));
    const undertone = await load({ base, onProgress });
    if (isOn) show(SENTENCES.ready);
    keepForOffline().then((isKept) => {
      if (isOn && isKept) show(SENTENCES.kept);
    });
    return undertone;
  } catch (thrown) {
    const error = asApiError(thrown);
    if (isOn)
      show(hasServer ? `${error.message} Or turn this off and use the server.` : error.message);
    throw error;
  }
}

/**
 * Returns the verdict on a recording; nothing is sent.
 *
 * @param onLoading called with the share that is loaded, if that has to be done first
 * @param onHearing called with the share of the recording that is classified
 * @throws ApiError with a sentence for the visitor; AbortError if `signal` aborts it
 */
export async function classifyHere(file, { signal, onLoading, onHearing }) {
  const undertone = await ready(onLoading);
  signal.throwIfAborted();
  try {
    return await undertone.classify(file, { signal, onProgress: onHearing });
  } catch (thrown) {
    signal.throwIfAborted();
    // A folder, or a file that has changed in the meantime.
    if (thrown instanceof DOMException && thrown.name !== 'AbortError')
      throw await unreachable(file);
    throw asApiError(thrown);
  }
}

/** Opens a live stream on this device: as openStream in live/live.js. */
export async function openStreamHere(sampleRate, onVerdict) {
  const undertone = await ready();
  const stream = undertone.listen({ sampleRate, onVerdict });
  return {
    done: stream.summary.catch((thrown) => {
      throw asApiError(thrown);
    }),
    send: (buffer) => stream.push(buffer),
    stop: () => stream.end(),
  };
}

const NOT_LOADED =
  'The analyzer for this device could not be loaded: the server is not responding. Try again.';

function asApiError(thrown) {
  const { name, code, message } = thrown;
  const create = (sentence, options) => withServer(new ApiError(sentence, options));
  // What load() throws for a module, or call() for the list of the files.
  if (thrown instanceof TypeError || thrown instanceof ApiError) {
    return create(NOT_LOADED, { code: 'download-incomplete' });
  }
  if (name === 'AbortError') {
    return create('“Analyze on this device” was turned off. Try again.', { code: 'no-result' });
  }
  if (typeof code !== 'string') {
    const sentence = 'Something went wrong on this device. Reload the page and try again.';
    return create(sentence, { code: 'internal' });
  }
  return create(message, { code, canRetry: PASSING.has(code) });
}

/** Marks an error as one of this device, so that the server is offered instead, where there is one. */
function withServer(error) {
  error.offersServer = hasServer;
  return error;
}

/** Reading and writing throw where the visitor forbids storage. */
function remembered() {
  try {
    return localStorage.getItem(SETTING);
  } catch {
    return null;
  }
}

function remember(on) {
  try {
    if (on) localStorage.setItem(SETTING, 'on');
    else localStorage.removeItem(SETTING);
  } catch {
    // Then it lasts as long as the page.
  }
}

/**
 * Keeps the files of the page for when there is no network; browsers allow it at secure addresses only.
 * Returns whether they are kept.
 */
async function keepForOffline() {
  try {
    const registration = await navigator.serviceWorker.register('sw.js');
    // It was there before: what has changed since is fetched.
    registration.active?.postMessage('refresh');
    await navigator.serviceWorker.ready;
    return true;
  } catch {
    // Private windows forbid it in some browsers; online everything works without.
    return false;
  }
}

async function forgetFiles() {
  try {
    const registration = await navigator.serviceWorker.getRegistration();
    registration?.active?.postMessage('forget');
  } catch {
    // There is nothing to forget.
  }
}

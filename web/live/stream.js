import { ApiError, readCard } from '../api.js';

/** Bytes that wait to be sent: more than ten seconds of sound at 48 kHz. */
const MOST_WAITING = 1_000_000;
/** Milliseconds in which a server says that it is ready, or what it heard in all. */
const PATIENCE = 10_000;

const SLOW =
  'The connection is too slow to listen live. Record a note instead: it is sent when it is done.';
const LOST =
  'The connection to the server was lost while it listened. Try again, or record a note.';
const NONE =
  'This server has no live stream. Record a note instead: the answer comes a moment after it.';

/**
 * Opens the live stream of the API.
 *
 * @param sampleRate Hz of what will be sent
 * @param heard called with each verdict
 * @returns `send(buffer)` for samples, `stop()`, and `done`: a promise of the summary
 * @throws ApiError when there is no such stream
 */
export async function openStream(sampleRate, heard) {
  const address = new URL('v1/live', document.baseURI);
  address.protocol = address.protocol.replace('http', 'ws');
  const socket = new WebSocket(address);
  const on = {};
  const ready = new Promise((resolve, reject) =>
    Object.assign(on, { ready: resolve, refused: reject }),
  );
  const done = new Promise((resolve, reject) =>
    Object.assign(on, { summary: resolve, lost: reject }),
  );
  // Whoever waits for the end hears of it there.
  done.catch(() => {});
  const fail = (error) => {
    on.refused(error);
    on.lost(error);
    socket.close();
  };
  socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'start', sampleRate })));
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === 'ready') on.ready();
    if (message.type === 'verdict') heard(message);
    if (message.type === 'summary') on.summary(message);
    if (message.type === 'error') fail(new ApiError(message.detail, { code: message.code }));
  });
  let isReady = false;
  socket.addEventListener('close', () =>
    fail(new ApiError(isReady ? LOST : NONE, { code: isReady ? 'unreachable' : 'not-found' })),
  );
  const late = setTimeout(() => fail(new ApiError(NONE, { code: 'not-found' })), PATIENCE);
  try {
    await ready;
    isReady = true;
  } catch (error) {
    // A server without the stream still answers; one that is away says so in its own words.
    if (error.code === 'not-found') await readCard();
    throw error;
  } finally {
    clearTimeout(late);
  }
  let isOver = false;
  return {
    done,
    send(buffer) {
      // The worklet may have more on its way when the visitor stops it.
      if (isOver) return;
      if (socket.bufferedAmount > MOST_WAITING) fail(new ApiError(SLOW, { code: 'unreachable' }));
      else if (socket.readyState === WebSocket.OPEN) socket.send(buffer);
    },
    stop() {
      isOver = true;
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: 'stop' }));
      setTimeout(() => fail(new ApiError(LOST, { code: 'unreachable' })), PATIENCE);
    },
  };
}

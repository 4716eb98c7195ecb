import type { WebSocket } from 'ws';
import type { LiveLimits } from './limits.ts';

/**
 * Ends connections whose client is not there any more: it is asked with pings, and cut off when it does
 * not answer one before the next. Calls `onIdle` when it is there and sends nothing for too long.
 */
export function watchPresence(
  socket: WebSocket,
  { idle, ping }: Pick<LiveLimits, 'idle' | 'ping'>,
  onIdle: () => void,
): void {
  let isThere = true;
  const idling = setTimeout(onIdle, idle);
  const asking = setInterval(() => {
    // What a client answers while its audio waits is not read yet.
    if (!isThere && !socket.isPaused) return socket.terminate();
    isThere = false;
    socket.ping();
  }, ping);
  const seen = () => {
    isThere = true;
  };
  socket.on('pong', seen);
  socket.on('message', () => {
    seen();
    idling.refresh();
  });
  socket.once('close', () => {
    clearTimeout(idling);
    clearInterval(asking);
  });
}

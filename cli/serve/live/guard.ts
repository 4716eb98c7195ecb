import type { IncomingMessage } from 'node:http';
import { UndertoneError } from '../../../core/errors.ts';
import { isLoopback } from '../../../lib/loopback.ts';
import { hostUnknown } from '../app.ts';
import { isLocalPage } from '../cross-origin.ts';
import { notFound } from '../router.ts';
import { LIVE_PATH } from './protocol.ts';

/**
 * Looks at a request for a WebSocket as the rest of the server looks at every request. No browser asks
 * first whether a foreign page may connect, so on a loopback address such a page is turned away here.
 *
 * @param host the address that the server listens at
 * @throws UndertoneError `host-unknown`, `origin-refused`, `not-found`
 */
export function checkUpgrade({ url, headers }: IncomingMessage, host: string): void {
  const base = `http://${headers.host}`;
  if (isLoopback(host)) {
    if (!URL.canParse(base) || !isLoopback(new URL(base).hostname)) throw hostUnknown();
    if (headers.origin !== undefined && !isLocalPage(headers.origin)) throw originRefused();
  }
  const isHere = URL.canParse(url ?? '', base) && new URL(url ?? '', base).pathname === LIVE_PATH;
  if (!isHere) throw notFound();
}

function originRefused(): UndertoneError {
  return new UndertoneError(
    'origin-refused',
    'This server takes live audio from pages of this machine only. Open the page at 127.0.0.1 or localhost, or start the server with --host to let others in.',
  );
}

import { createHash, createHmac, randomBytes } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { Callback } from '../aws/callbacks.ts';
import type { CallbackEvent } from '../http/schemas.ts';
import { callbackUrl, publicLookup } from './address.ts';

/** Milliseconds for all of an attempt: looking up the name, connecting, sending, and the answer's head. */
const TIMEOUT = 10_000;

export interface DeliveryOptions {
  /** Returns what ends an attempt at a URL that takes too long; a timer of ten seconds by default. */
  readonly limit?: (url: string) => AbortSignal;
  /** Resolves names; the resolver of the system by default. */
  readonly resolve?: Parameters<typeof publicLookup>[0];
}

/** The receiver did not take a result. Its message is a word or two for the log, and names nobody. */
export class NotTaken extends Error {
  override readonly name = 'NotTaken';
}

/** Returns a new secret to sign with, in the form that Standard Webhooks gives it. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/**
 * Posts a result to where its client wants it, signed as Standard Webhooks says
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md). Whatever
 * is not 2xx is a failure, redirects included. Nothing of the answer but its status is read.
 *
 * @throws NotTaken
 */
export async function deliver(
  { url, secret }: Callback,
  event: CallbackEvent,
  { limit = () => AbortSignal.timeout(TIMEOUT), resolve }: DeliveryOptions = {},
): Promise<void> {
  const body = JSON.stringify(event);
  const signal = limit(url);
  const status = await post(allowed(url), body, {
    headers: signedHeaders({ id: messageId(event.data.id), secret, body }),
    lookup: publicLookup(resolve),
    // A connection of its own, which no earlier request has chosen.
    agent: false,
    signal,
  }).catch((error: NodeJS.ErrnoException) => {
    throw new NotTaken(signal.aborted ? 'timeout' : (error.code ?? error.name));
  });
  if (status < 200 || status > 299) throw new NotTaken(`status ${status}`);
}

/** The rules may be stricter now than when the callback was accepted. */
function allowed(url: string): URL {
  try {
    return callbackUrl(url);
  } catch {
    throw new NotTaken('address refused');
  }
}

function post(url: URL, body: string, options: https.RequestOptions): Promise<number> {
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ...options, method: 'POST' }, (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

interface Message {
  readonly id: string;
  readonly secret: string;
  readonly body: string;
}

/** Returns the headers of an attempt. The time is that of the attempt, so that none is too old. */
function signedHeaders({ id, secret, body }: Message) {
  const timestamp = Math.floor(Date.now() / 1000);
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'user-agent': 'Undertone',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${signature}`,
  };
}

/** The same for every attempt. Not the id of the result: receivers log headers, and the id opens the result. */
function messageId(id: string): string {
  return `msg_${createHash('sha256').update(id).digest('base64url').slice(0, 24)}`;
}

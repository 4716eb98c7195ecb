import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { close, listen } from './slack/listen.ts';

/** What goes wrong with one request. */
export interface Fault {
  /**
   * A status without a body; a connection that is cut before or during the answer; an answer that never
   * comes, stops half-way, or comes late.
   */
  readonly how: number | 'cut' | 'half' | 'silent' | 'stalled' | 'late';
  /** Milliseconds by which a late answer is late: 200 if nothing else is said. */
  readonly by?: number;
  /** Whether the service handles the request all the same. */
  readonly isDone?: boolean;
  /** Called once the service has handled the request, and awaited before the client gets its answer. */
  readonly meanwhile?: () => unknown;
}

export interface Passing {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** The action of DynamoDB or SQS, such as `PutItem`. */
  readonly action: string | undefined;
}

const LATE = 200;

/**
 * A proxy between a client and an HTTP service on this machine, in which things go wrong.
 *
 * @example
 * await using proxy = await startFaultProxy(aws.endpoints.s3);
 * proxy.fault = ({ method }) => (method === 'GET' ? { how: 503 } : undefined);
 * const s3 = new S3Client({ endpoint: proxy.url });
 */
export async function startFaultProxy(target: string) {
  const proxy = {
    url: '',
    /** Requests so far. */
    passed: [] as Passing[],
    /** Returns what goes wrong with a request, if anything. */
    fault: (_: Passing): Fault | undefined => undefined,
    /** With it, requests in progress are cut. */
    [Symbol.asyncDispose]: () => close(server),
  };
  const server = createServer((incoming, outgoing) => {
    // Whoever asked may be gone: they were killed, or tired of waiting.
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  });
  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { method = 'GET', url: path = '/', headers } = incoming;
    const action = String(headers['x-amz-target'] ?? '').split('.')[1];
    proxy.passed.push({ method, path, action });
    const fault = proxy.fault({ method, path, action });
    const body = await buffer(incoming);
    const isForwarded = !fault || fault.isDone || /half|stalled|late/.test(String(fault.how));
    const answer = isForwarded ? await forward(new URL(target), incoming, body) : null;
    await fault?.meanwhile?.();
    if (fault?.how === 'cut') return outgoing.destroy();
    if (fault?.how === 'silent') return;
    if (typeof fault?.how === 'number') return outgoing.writeHead(fault.how).end();
    if (!answer) return;
    if (fault?.how === 'late') await sleep(fault.by ?? LATE);
    // The clock of the tests, which clients of AWS compare with theirs.
    const date = new Date(Date.now()).toUTCString();
    outgoing.writeHead(answer.status, { ...answer.headers, date });
    if (fault?.how !== 'half' && fault?.how !== 'stalled') return outgoing.end(answer.body);
    const half = answer.body.subarray(0, answer.body.length / 2);
    outgoing.write(half, () => fault.how === 'half' && outgoing.destroy());
  };
  proxy.url = `http://${await listen(server)}`;
  return proxy;
}

/** The host stays that of the proxy, which the client has signed. */
async function forward({ hostname, port }: URL, incoming: IncomingMessage, body: Buffer) {
  const { method, url: path, headers } = incoming;
  const sent = request({ hostname, port, method, path, headers, agent: false });
  sent.end(body);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve).on('error', reject);
  });
  // What is repeated on the way to the client.
  const { connection: _, 'transfer-encoding': __, ...rest } = answer.headers;
  const whole = await buffer(answer);
  const length = method === 'HEAD' ? {} : { 'content-length': whole.length };
  return { status: answer.statusCode ?? 502, headers: { ...rest, ...length }, body: whole };
}

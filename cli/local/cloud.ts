import { writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { SQSEvent } from 'aws-lambda';
import { UndertoneError } from '../../core/errors.ts';
import { CHAT, LABELLING } from '../../functions/infrastructure.ts';
import { type LocalAws, startLocalAws } from './aws.ts';
import { type Platform, platformsSetUp } from './chat-platforms.ts';
import { type EventSourceOptions, startEventSource } from './event-source.ts';
import { functionProcess } from './function-process.ts';
import { LocalQueue } from './queue.ts';
import { type QueueEndpoint, startQueueEndpoint } from './queue-endpoint.ts';

/** Questions that are worked on at a time, of as many channels. */
const CHAT_CONCURRENCY = 4;
/** Milliseconds that one of them may take. */
const CHAT_TIMEOUT = CHAT.timeoutSeconds * 1000;
/** Milliseconds between the end of an event's time and the next try: no two work on one object. */
const RETRY_MARGIN = 2000;

export interface CloudOptions {
  /** Where objects, tables and messages are kept. */
  readonly folder: string;
  /** Port of S3; another one is taken where this is not free. */
  readonly port: number;
  /** Milliseconds that labelling one batch may take. */
  readonly timeout: number;
  /** Address of the HTTP API, which the chat bots ask. */
  readonly api: string;
  /** Takes what goes wrong with a whole batch of a function. */
  readonly onError: (name: string, error: unknown) => void;
}

export interface LocalCloud {
  readonly s3: string;
  readonly inbox: string;
  readonly results: string;
  /** What AWS clients need in their environment to use it. */
  readonly env: Readonly<Record<string, string>>;
  /** File that sets this environment in a shell. */
  readonly envFile: string;
  /** Folder of the messages that were given up. */
  readonly deadLetters: string;
  /** The chat platforms whose questions are answered. */
  readonly platforms: readonly Platform[];
  /** Takes no more work from the queues and resolves when what has begun is done. */
  drain(): Promise<void>;
  /** Does that, and ends S3, DynamoDB and the queues too. */
  close(): Promise<void>;
}

/**
 * Starts the cloud side of the product on this machine: S3 and DynamoDB, the queue of new objects and
 * the function that labels them, and where the environment sets up a chat platform the queue of its
 * questions and the function that answers them. Functions run in processes of their own. What is waiting
 * when it ends, in whatever way, is taken up again at the next start.
 *
 * @throws UndertoneError when the folder cannot be used
 * @example
 * const api = 'http://127.0.0.1:8787';
 * const options = { folder: '.undertone', port: 8788, timeout: 60_000, onError: console.error };
 * const cloud = await startLocalCloud({ ...options, api });
 * Object.assign(process.env, cloud.env);
 */
export async function startLocalCloud(options: CloudOptions): Promise<LocalCloud> {
  const { folder, port, timeout, api, onError } = options;
  // What is running, in the order in which it started.
  const closers: (() => Promise<void>)[] = [];
  const workers: (() => Promise<void>)[] = [];
  const drain = async () => {
    await Promise.all(workers.splice(0).map((end) => end()));
  };
  const close = async () => {
    await drain();
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const aws = await startAws(folder, port);
    closers.push(aws.close);
    const labels = new LocalQueue({
      name: 'undertone-labels',
      folder: join(folder, 'queue'),
      visibilityTimeout: timeout + RETRY_MARGIN,
      maxReceiveCount: LABELLING.tries,
    });
    const chat = new LocalQueue({
      name: 'undertone-chat.fifo',
      folder: join(folder, 'chat'),
      visibilityTimeout: CHAT_TIMEOUT + RETRY_MARGIN,
      maxReceiveCount: CHAT.tries,
    });
    // On the disk before the client hears that its object is stored.
    aws.onObjectCreated((event) => labels.send(JSON.stringify(event)));
    const endpoint = await startQueueEndpoint([labels, chat]);
    closers.push(endpoint.close);
    const env: Readonly<Record<string, string>> = {
      ...environment(aws, endpoint),
      UNDERTONE_QUEUE_URL: endpoint.urlOf(labels),
      UNDERTONE_CHAT_QUEUE_URL: endpoint.urlOf(chat),
      UNDERTONE_API_ENDPOINT: api,
    };
    const envFile = join(folder, 'env');
    await writeFile(envFile, shellScript(env), { mode: 0o600 });
    const common = { folder, env, onError };
    workers.push(
      await startWorker('label', {
        ...common,
        queue: labels,
        timeout,
        batchSize: LABELLING.batchSize,
        concurrency: 1,
      }),
    );
    const platforms = platformsSetUp();
    if (platforms.length > 0) {
      workers.push(
        await startWorker('chat', {
          ...common,
          queue: chat,
          timeout: CHAT_TIMEOUT,
          batchSize: CHAT.batchSize,
          concurrency: CHAT_CONCURRENCY,
        }),
      );
    }
    return {
      s3: aws.endpoints.s3,
      inbox: env.UNDERTONE_INBOX_BUCKET,
      results: env.UNDERTONE_RESULTS_BUCKET,
      env,
      envFile,
      deadLetters: join(folder, 'queue', 'dead'),
      platforms,
      drain,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface WorkerOptions extends Pick<EventSourceOptions, 'queue' | 'batchSize' | 'concurrency'> {
  /** Where its log goes. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds that one event may take. */
  readonly timeout: number;
  readonly onError: CloudOptions['onError'];
}

/**
 * Starts a function of functions/, which a queue feeds, in a process of its own.
 *
 * @returns a function that takes no more messages and resolves when those at hand are dealt with
 */
async function startWorker(name: string, options: WorkerOptions): Promise<() => Promise<void>> {
  const { queue, batchSize, concurrency, folder, env, timeout } = options;
  const log = join(folder, `${name}.log`);
  await writeFile(log, '');
  // Has the extension of this file, in the sources and in the build.
  const module = new URL(`../../functions/${name}${extname(import.meta.url)}`, import.meta.url);
  const worker = functionProcess({ name: `undertone-${name}`, module, env, timeout, log });
  const handler = (event: SQSEvent) => worker.invoke(event) as Promise<undefined>;
  const onError = (error: unknown) => options.onError(name, error);
  const end = startEventSource({ queue, handler, batchSize, concurrency, onError });
  return async () => {
    await end();
    await worker.close();
  };
}

async function startAws(folder: string, port: number): Promise<LocalAws> {
  try {
    return await startLocalAws({ folder, port }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      return startLocalAws({ folder });
    });
  } catch (cause) {
    const why = cause instanceof UndertoneError ? cause.message : `It cannot be used: ${cause}.`;
    throw new UndertoneError(
      'internal',
      `The local cloud cannot start in ${folder}. ${why} --cloud names another folder, --no-cloud leaves it out.`,
      { cause },
    );
  }
}

function environment(aws: LocalAws, { endpoint }: QueueEndpoint): Readonly<Record<string, string>> {
  return {
    ...aws.env,
    // The AWS command line asks for the region under this name.
    AWS_DEFAULT_REGION: aws.env.AWS_REGION,
    // A session or a profile of the real cloud does not go with these keys.
    AWS_SESSION_TOKEN: '',
    AWS_PROFILE: '',
    AWS_ENDPOINT_URL_SQS: endpoint,
  };
}

function shellScript(env: Readonly<Record<string, string>>): string {
  const lines = Object.entries(env).map(([name, value]) =>
    value === '' ? `unset ${name}` : `export ${name}='${value}'`,
  );
  return `# Lets AWS clients of this shell use the local cloud: . <this file>\n${lines.join('\n')}\n`;
}

import { writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { SQSEvent } from 'aws-lambda';
import { UndertoneError } from '../core/index.ts';
import { missingSettings, type Platform } from '../functions/chat/environment.ts';
import { CALLBACKS, CHAT, LABELLING, UPLOADS } from '../functions/infrastructure.ts';
import { CHAT_ROUTES } from '../functions/routes.ts';
import { ensureFolder } from '../lib/files.ts';
import { type LocalAws, startLocalAws } from './aws.ts';
import { type EventSourceOptions, functionProcess, startEventSource } from './functions.ts';
import { LocalQueue } from './queue.ts';
import { startQueueEndpoint } from './sqs.ts';

/** Questions from chats that are answered at a time, and batches of results that are posted. */
const CHAT_CONCURRENCY = 4;
const CALLBACKS_CONCURRENCY = 4;
/** Milliseconds between the time limit of an event and the next try, so that the two never overlap. */
const RETRY_MARGIN = 2000;

export interface LocalCloudOptions {
  /** Where objects, tables and messages are kept. */
  readonly folder: string;
  /** Port of S3; if it is taken, any free one. */
  readonly port: number;
  /** Milliseconds that labelling one batch may take. */
  readonly timeout: number;
  /** Address of the HTTP API, for the function that answers chats. */
  readonly api: string;
  /** Called when a whole batch of a function fails. */
  readonly onError: (name: string, error: unknown) => void;
}

export interface LocalCloud {
  /** Address of S3. */
  readonly s3: string;
  /** Names of the buckets. */
  readonly inbox: string;
  readonly results: string;
  /** Environment variables for AWS clients. */
  readonly env: Readonly<Record<string, string>>;
  /** A shell script that sets these variables. */
  readonly envFile: string;
  /** Folder of the dead letters of labelling. */
  readonly deadLetters: string;
  /** The chat platforms whose questions are answered. */
  readonly platforms: readonly Platform[];
  /** Receives no more messages, and resolves when the current batches are finished. */
  drain(): Promise<void>;
  /** Drains the queues, then stops everything. */
  close(): Promise<void>;
}

/**
 * Starts the cloud side of Undertone on this machine: S3, DynamoDB, the queues of recordings, uploads and
 * callbacks with their functions, and, if the environment sets up a chat platform, the queue of questions with the
 * function `chat`. Functions run in processes of their own. Messages left when it ends, even by a crash,
 * are processed at the next start. See README.md beside this file.
 *
 * @throws UndertoneError `folder-locked`, `folder-unwritable`
 * @example
 * const cloud = await startLocalCloud({
 *   folder: '.undertone',
 *   port: 8788,
 *   timeout: 60_000,
 *   api: 'http://127.0.0.1:8787',
 *   onError: console.error,
 * });
 * Object.assign(process.env, cloud.env);
 */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const { folder, port, timeout, api, onError } = options;
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
    await ensureFolder(folder, '--cloud');
    const aws = await startAws(folder, port);
    closers.push(aws.close);
    const labels = new LocalQueue({
      name: 'undertone-labels',
      folder: join(folder, 'queue'),
      visibilityTimeout: timeout + RETRY_MARGIN,
      maxReceiveCount: LABELLING.tries,
    });
    const lostUploads = new LocalQueue({
      name: 'undertone-lost-uploads',
      folder: join(folder, 'lost-uploads'),
      visibilityTimeout: timeout + RETRY_MARGIN,
      // Forgotten with the row that it is about, and not before.
      maxReceiveCount: Number.POSITIVE_INFINITY,
    });
    const uploads = new LocalQueue({
      name: 'undertone-uploads',
      folder: join(folder, 'uploads'),
      visibilityTimeout: timeout + RETRY_MARGIN,
      maxReceiveCount: UPLOADS.tries,
      deadLetters: lostUploads,
    });
    const chatTimeout = CHAT.timeoutSeconds * 1000;
    const chat = new LocalQueue({
      name: 'undertone-chat.fifo',
      folder: join(folder, 'chat'),
      visibilityTimeout: chatTimeout + RETRY_MARGIN,
      maxReceiveCount: CHAT.tries,
    });
    const callbacksTimeout = CALLBACKS.timeoutSeconds * 1000;
    const callbacks = new LocalQueue({
      name: 'undertone-callbacks',
      folder: join(folder, 'callbacks'),
      visibilityTimeout: callbacksTimeout + RETRY_MARGIN,
      maxReceiveCount: CALLBACKS.tries,
    });
    // The message is stored before the client learns that its object is.
    aws.onObjectCreated((event) => {
      const isUpload = event.Records[0].s3.bucket.name === aws.env.UNDERTONE_UPLOADS_BUCKET;
      (isUpload ? uploads : labels).send(JSON.stringify(event));
    });
    const sqs = await startQueueEndpoint([labels, chat, callbacks]);
    closers.push(sqs.close);
    const env: Readonly<Record<string, string>> = {
      ...aws.env,
      // A session token or a profile of the real cloud would not match these keys.
      AWS_SESSION_TOKEN: '',
      AWS_PROFILE: '',
      AWS_ENDPOINT_URL_SQS: sqs.endpoint,
      UNDERTONE_QUEUE_URL: sqs.urlOf(labels),
      UNDERTONE_CHAT_QUEUE_URL: sqs.urlOf(chat),
      UNDERTONE_CALLBACKS_QUEUE_URL: sqs.urlOf(callbacks),
      UNDERTONE_API_ENDPOINT: api,
    };
    const envFile = join(folder, 'env');
    await writeFile(envFile, shellScript(env), { mode: 0o600 });
    const common = { folder, env, onError };
    const one = { ...common, timeout, batchSize: UPLOADS.batchSize, concurrency: 1 };
    workers.push(
      await startWorker('label', { ...one, queue: labels, batchSize: LABELLING.batchSize }),
      await startWorker('classify-upload', { ...one, queue: uploads }),
      await startWorker('fail-upload', { ...one, queue: lostUploads }),
      await startWorker('deliver-callback', {
        ...common,
        queue: callbacks,
        timeout: callbacksTimeout,
        batchSize: CALLBACKS.batchSize,
        concurrency: CALLBACKS_CONCURRENCY,
      }),
    );
    const platforms = CHAT_ROUTES.map(({ platform }) => platform).filter(
      (platform) => missingSettings(platform).length === 0,
    );
    if (platforms.length > 0) {
      workers.push(
        await startWorker('chat', {
          ...common,
          queue: chat,
          timeout: chatTimeout,
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
  readonly onError: LocalCloudOptions['onError'];
}

/**
 * Starts a function of functions/ behind a queue, in a process of its own.
 *
 * @returns a function that receives no more messages and resolves when the current batches are finished
 */
async function startWorker(name: string, options: WorkerOptions): Promise<() => Promise<void>> {
  const { queue, batchSize, concurrency, folder, env, timeout } = options;
  const log = join(folder, `${name}.log`);
  await writeFile(log, '');
  // With the extension of this file: .ts in the sources, .js in the build.
  const module = new URL(`../functions/${name}${extname(import.meta.url)}`, import.meta.url);
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
    const { code, message } =
      cause instanceof UndertoneError
        ? cause
        : { code: 'folder-unwritable' as const, message: `${cause}. Choose another with --cloud.` };
    throw new UndertoneError(
      code,
      `The local cloud cannot use the folder ${folder}. ${message} To start without it, use --no-cloud.`,
      { cause },
    );
  }
}

function shellScript(env: Readonly<Record<string, string>>): string {
  const lines = Object.entries(env).map(([name, value]) =>
    value === '' ? `unset ${name}` : `export ${name}='${value}'`,
  );
  return `# Points AWS clients of this shell to the local cloud: . <this file>\n${lines.join('\n')}\n`;
}

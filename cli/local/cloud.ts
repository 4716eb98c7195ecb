import { writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { UndertoneError } from '../../core/errors.ts';
import { type LocalAws, startLocalAws } from './aws.ts';
import { startEventSource } from './event-source.ts';
import { functionProcess } from './function-process.ts';
import { LocalQueue } from './queue.ts';
import { type QueueEndpoint, startQueueEndpoint } from './queue-endpoint.ts';

/** Messages that the function gets at a time. */
const BATCH_SIZE = 4;
/** How often an object is tried before it is given up; as in the cloud. */
const MAX_RECEIVE_COUNT = 5;
/** Milliseconds between the end of an event's time and the next try: no two work on one object. */
const RETRY_MARGIN = 2000;

export interface CloudOptions {
  /** Where objects, tables and messages are kept. */
  readonly folder: string;
  /** Port of S3; another one is taken where this is not free. */
  readonly port: number;
  /** Milliseconds that one batch may take. */
  readonly timeout: number;
  /** Takes what goes wrong with a whole batch. */
  readonly onError: (error: unknown) => void;
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
  /** Takes no more work and resolves when what has begun is done. */
  close(): Promise<void>;
}

/**
 * Starts the cloud side of the product on this machine: S3 and DynamoDB, the queue of new objects and
 * the function that labels them, which runs in a process of its own. What is waiting when it ends, in
 * whatever way, is taken up again at the next start.
 *
 * @throws UndertoneError when the folder cannot be used
 * @example
 * const cloud = await startLocalCloud({ folder: '.undertone', port: 8788, timeout: 60_000, onError: console.error });
 * Object.assign(process.env, cloud.env);
 */
export async function startLocalCloud(options: CloudOptions): Promise<LocalCloud> {
  const { folder, port, timeout, onError } = options;
  // What is running, in the order in which it started.
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const aws = await startAws(folder, port);
    closers.push(aws.close);
    const queue = new LocalQueue({
      folder: join(folder, 'queue'),
      visibilityTimeout: timeout + RETRY_MARGIN,
      maxReceiveCount: MAX_RECEIVE_COUNT,
    });
    // On the disk before the client hears that its object is stored.
    aws.onObjectCreated((event) => queue.send(JSON.stringify(event)));
    const endpoint = await startQueueEndpoint(queue);
    closers.push(endpoint.close);
    const env = environment(aws, endpoint);
    const envFile = join(folder, 'env');
    await writeFile(envFile, shellScript(env), { mode: 0o600 });
    const log = join(folder, 'label.log');
    await writeFile(log, '');
    const label = functionProcess({ name: 'undertone-label', module: LABEL, env, timeout, log });
    closers.push(label.close);
    closers.push(
      startEventSource({
        queue,
        handler: (event) => label.invoke(event) as Promise<undefined>,
        batchSize: BATCH_SIZE,
        concurrency: 1,
        onError,
      }),
    );
    return {
      s3: aws.endpoints.s3,
      inbox: env.UNDERTONE_INBOX_BUCKET,
      results: env.UNDERTONE_RESULTS_BUCKET,
      env,
      envFile,
      deadLetters: join(folder, 'queue', 'dead'),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Has the extension of this file, in the sources and in the build. */
const LABEL = new URL(`../../functions/label${extname(import.meta.url)}`, import.meta.url);

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

function environment(
  aws: LocalAws,
  { endpoint, queueUrl }: QueueEndpoint,
): Readonly<Record<string, string>> {
  return {
    ...aws.env,
    // The AWS command line asks for the region under this name.
    AWS_DEFAULT_REGION: aws.env.AWS_REGION,
    // A session or a profile of the real cloud does not go with these keys.
    AWS_SESSION_TOKEN: '',
    AWS_PROFILE: '',
    AWS_ENDPOINT_URL_SQS: endpoint,
    UNDERTONE_QUEUE_URL: queueUrl,
  };
}

function shellScript(env: Readonly<Record<string, string>>): string {
  const lines = Object.entries(env).map(([name, value]) =>
    value === '' ? `unset ${name}` : `export ${name}='${value}'`,
  );
  return `# Lets AWS clients of this shell use the local cloud: . <this file>\n${lines.join('\n')}\n`;
}

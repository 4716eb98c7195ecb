import { createRequire } from 'node:module';
import { join, relative, sep } from 'node:path';
import pc from 'picocolors';
import { defaultModel, UndertoneError } from '../../core/index.ts';
import type { FunctionVariable } from '../../functions/infrastructure.ts';
import { CHAT_ROUTES } from '../../functions/routes.ts';
import { interrupted } from '../../lib/interrupted.ts';
import { ROOT } from '../../lib/root.ts';
import { isLoopback } from '../../lib/url.ts';
import type { LocalCloud } from '../../local-cloud/index.ts';
import {
  type Classifier,
  type DropFolder,
  startClassifier,
  watchDropFolder,
} from './drop-folder.ts';
import { LIVE_PATH } from './live/protocol.ts';
import { startServer } from './server.ts';

export interface ServeOptions {
  /** Port to listen on; 0 takes any free one. The local S3 takes the one after it, if it is free. */
  readonly port: number;
  /** Address to listen on. */
  readonly host: string;
  /** Folder whose new recordings are labelled; null watches none. */
  readonly inbox: string | null;
  /** Folder that the labels are written to. */
  readonly labels: string;
  /** Folder of the local cloud: its objects, tables and messages. null leaves it out. */
  readonly cloud: string | null;
  /** Seconds that labelling a few objects of the local S3 may take before they are tried again. */
  readonly labelTimeout: number;
  /** Whether results may be posted to programs on this machine, and without encryption. */
  readonly localCallbacks?: boolean;
}

/**
 * Runs the local server until SIGINT or SIGTERM: the page, the API, the drop folder, and the local
 * cloud. Prints where it is and what to do next, and finishes what is in flight before it resolves. A
 * second signal ends the process at once.
 *
 * @throws UndertoneError when it cannot start: the model cannot be used, the port is taken, the
 * folders cannot be written. The sentence says what helps.
 * @example
 * const folders = { inbox: 'inbox', labels: 'labels', cloud: '.undertone' };
 * await serve({ port: 8787, host: '127.0.0.1', ...folders, labelTimeout: 60 });
 */
export async function serve(options: ServeOptions): Promise<void> {
  const { port, host, inbox, labels } = options;
  if (options.localCallbacks && !isLoopback(host)) throw callbacksTooOpen(host);
  const { card } = await defaultModel();
  const cloudFolder = hasCloudPackages() ? options.cloud : null;
  let cloud: Promise<LocalCloud> | undefined;
  const server = await startServer({ port, host, cloud: cloudFolder ? () => cloud : null });
  const stopped = interrupted();
  let classifier: Classifier | undefined;
  let folder: DropFolder | undefined;
  try {
    print(welcome({ url: server.url, host, inbox, labels, model: `${card.name} ${card.version}` }));
    if (cloudFolder) {
      cloud = startCloud({ ...options, cloud: cloudFolder, api: server.url });
      // Awaited below; until then a failure must not count as unhandled.
      cloud.catch(() => {});
    }
    if (inbox) {
      classifier = startClassifier();
      folder = await watchDropFolder({ inbox, labels, classify: classifier.classify, print });
    }
    if (cloud) print(cloudWelcome(await cloud, server.url));
    else if (options.cloud) print(NO_CLOUD);
    await stopped;
    print('Stopping: finishing what is in flight. Press Ctrl+C again to stop at once.');
  } finally {
    const running = await cloud?.catch(() => undefined);
    // First what still calls this very server.
    await running?.drain();
    await Promise.all([server.close(), folder?.close()]);
    await Promise.all([classifier?.close(), running?.close()]);
  }
}

/** What the local cloud consists of, besides our own code; who installs the library does not have it. */
const CLOUD_PACKAGES = [
  'dynalite',
  '@20minutes/s3rver',
  ...['@aws-sdk/client-s3', '@aws-sdk/client-sqs', '@aws-sdk/client-dynamodb'],
];

const NO_CLOUD = `The local cloud is not started: its packages are not installed. If you need local S3 and its labels:\n\n  npm install ${CLOUD_PACKAGES.join(' ')}\n`;

function hasCloudPackages(): boolean {
  const { resolve } = createRequire(import.meta.url);
  try {
    for (const name of CLOUD_PACKAGES) resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** Starts the local cloud and lets the functions in this process use it. */
async function startCloud({
  cloud: folder,
  port,
  labelTimeout,
  localCallbacks,
  api,
}: ServeOptions & { readonly cloud: string; readonly api: string }): Promise<LocalCloud> {
  // For the functions in this process, and for those in processes of their own.
  if (localCallbacks) process.env[LOCAL_CALLBACKS] = 'true';
  // The AWS clients take longer to load than everything else together.
  const { startLocalCloud } = await import('../../local-cloud/index.ts');
  const cloud = await startLocalCloud({
    folder,
    port: port === 0 || port === MAX_PORT ? 0 : port + 1,
    timeout: labelTimeout * 1000,
    api,
    onError: (name, error) =>
      process.stderr.write(`The function ${name} failed: ${messageOf(error)}\n`),
  });
  Object.assign(process.env, cloud.env);
  return cloud;
}

function callbacksTooOpen(host: string): UndertoneError {
  return new UndertoneError(
    'setting-invalid',
    `With --local-callbacks, whoever can reach ${host} could send requests to programs on this machine. Omit that option, or listen on this machine only, without --host.`,
  );
}

const LOCAL_CALLBACKS: FunctionVariable = 'UNDERTONE_LOCAL_CALLBACKS';
const MAX_PORT = 65_535;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface Welcome extends Pick<ServeOptions, 'host' | 'inbox' | 'labels'> {
  readonly url: string;
  readonly model: string;
}

function welcome({ url, host, inbox, labels, model }: Welcome): string {
  return [
    `Undertone is listening at ${pc.bold(url)} with the model ${model}.`,
    '',
    `  Page    open ${url} and drop a voice note on it`,
    `  API     curl --data-binary @${exampleFile()} ${url}/v1/emotion`,
    `  Live    stream audio to ${url.replace('http', 'ws')}${LIVE_PATH} as it is recorded`,
    inbox
      ? `  Folder  put recordings into ${asFolder(inbox)} and read ${asFolder(labels)}<name>.json`
      : '  Folder  none is watched',
    '  Stop    Ctrl+C',
    ...(isLoopback(host) ? [] : ['', 'Anyone who can reach this machine can use it.']),
    '',
  ].join('\n');
}

function cloudWelcome(cloud: LocalCloud, url: string): string {
  const { s3, inbox, results, env, envFile, deadLetters, platforms } = cloud;
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_REGION: region } = env;
  return [
    'The local cloud is up: S3 and all that labels what comes into it.',
    '',
    `  S3      aws s3 cp ${exampleFile()} s3://${inbox}/ --endpoint-url ${s3}`,
    `          with the keys ${id} and ${secret} in the region ${region}; . ${envFile} sets all that`,
    `  Labels  undertone labels s3://${results}/labels/ --csv`,
    `          what cannot be dealt with ends in ${asFolder(deadLetters)}`,
    ...CHAT_ROUTES.filter(({ platform }) => platforms.includes(platform)).map(
      ({ path }) => `  Chat    ${url}${path} answers; a tunnel to it lets the platform in`,
    ),
    '',
  ].join('\n');
}

/** A recording that ships with the package, relative to the current folder. */
function exampleFile(): string {
  return relative(process.cwd(), join(ROOT, 'samples', 'plain.ogg'));
}

function asFolder(path: string): string {
  return path.endsWith(sep) ? path : path + sep;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

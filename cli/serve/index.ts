import { relative, sep } from 'node:path';
import pc from 'picocolors';
import { defaultModel } from '../../core/classify.ts';
import { type DropFolder, watchDropFolder } from './drop-folder.ts';
import { type Listener, startListener } from './listener.ts';
import { isLoopback } from './loopback.ts';
import { sampleFile } from './package-root.ts';
import { startServer } from './server.ts';

export interface ServeOptions {
  /** Port to listen on; 0 takes any free one. */
  readonly port: number;
  /** Address to listen on. */
  readonly host: string;
  /** Folder whose new recordings are labelled; null watches none. */
  readonly inbox: string | null;
  /** Folder that the labels are written to. */
  readonly labels: string;
}

/**
 * Runs the local server until SIGINT or SIGTERM: the page, the API and the drop folder. Says where it
 * is and what to do next, and finishes what is in flight before it resolves. A second signal ends the
 * process at once.
 *
 * @throws UndertoneError when it cannot start: the model cannot be used, the port is taken, the
 * folders cannot be written. The sentence says what helps.
 * @example
 * await serve({ port: 8787, host: '127.0.0.1', inbox: 'inbox', labels: 'labels' });
 */
export async function serve({ port, host, inbox, labels }: ServeOptions): Promise<void> {
  const { card } = await defaultModel();
  const server = await startServer({ port, host });
  const stopped = interrupted();
  let listener: Listener | undefined;
  let folder: DropFolder | undefined;
  try {
    print(welcome({ url: server.url, host, inbox, labels, model: `${card.name} ${card.version}` }));
    if (inbox) {
      listener = startListener();
      folder = await watchDropFolder({ inbox, labels, classify: listener.classify, print });
    }
    await stopped;
    print('Stopping: finishing what is in flight. Press Ctrl+C again to stop at once.');
  } finally {
    await Promise.all([server.close(), folder?.close()]);
    await listener?.close();
  }
}

interface Welcome extends Omit<ServeOptions, 'port'> {
  readonly url: string;
  readonly model: string;
}

function welcome({ url, host, inbox, labels, model }: Welcome): string {
  const sample = sampleFile();
  const file = sample ? relative(process.cwd(), sample) : 'note.ogg';
  return [
    `Undertone is listening at ${pc.bold(url)} with the model ${model}.`,
    '',
    `  Page    open ${url} and drop a voice note on it`,
    `  API     curl --data-binary @${file} ${url}/v1/emotion`,
    inbox
      ? `  Folder  put recordings into ${asFolder(inbox)} and read ${asFolder(labels)}<name>.json`
      : '  Folder  none is watched',
    '  Stop    Ctrl+C',
    ...(isLoopback(host) ? [] : ['', 'Everybody who can reach this machine can use it.']),
    '',
  ].join('\n');
}

function asFolder(path: string): string {
  return path.endsWith(sep) ? path : path + sep;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Resolves at the first signal; the next one finds no listener and ends the process. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}

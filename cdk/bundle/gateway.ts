import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../lib/root.ts';
import { bundleCode } from './code.ts';

/** What discord.js and ws use where it is installed, and do without where it is not. */
const OPTIONAL = ['zlib-sync', 'bufferutil', 'utf-8-validate'];

/** Writes what the image of the Discord gateway bot is made of to a folder: its code and the Dockerfile. */
export function bundleGateway({ node }: { readonly node: number }, folder: string): void {
  bundleCode({ entry: join('bots', 'discord', 'main.ts'), node, external: OPTIONAL }, folder);
  cpSync(join(ROOT, 'cdk', 'gateway', 'Dockerfile'), join(folder, 'Dockerfile'));
}

import { build, type Metafile } from 'esbuild';
import { beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../lib/root.ts';

/** Handlers that only look something up and must start fast. */
const LIGHT = [
  'model',
  'uploads',
  'result',
  'delete-result',
  'batches',
  'batch-results',
  'openapi',
  'discord-interactions',
  'slack-events',
  'slack-install',
];
/** What only the classification of recordings needs, and what only the labelling needs. */
const HEAVY =
  /onnxruntime|opus-decoder|wasm-audio-decoders|core\/(audio|features\/(?!config)|classify)|@aws-lambda-powertools|aws-xray/;

let outputs: Metafile['outputs'];

beforeAll(async () => {
  const { metafile } = await build({
    entryPoints: [...LIGHT, 'emotion'].map((name) => `functions/${name}.ts`),
    absWorkingDir: ROOT,
    outdir: 'out',
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    external: ['onnxruntime-node'],
    logLevel: 'silent',
  });
  outputs = metafile.outputs;
});

/** Modules that end up in the bundle of a handler, or are imported by it. */
function modulesOf(name: string): string[] {
  const { inputs, imports } = outputs[`out/${name}.js`];
  return [
    ...Object.keys(inputs).filter((path) => inputs[path].bytesInOutput > 0),
    ...imports.map(({ path }) => path),
  ];
}

test.each(LIGHT)('%s contains no part of the classifier', (name) => {
  const modules = modulesOf(name);
  expect(modules.filter((path) => HEAVY.test(path))).toEqual([]);
});

test.each(['model', 'openapi'])('%s contains nothing of AWS', (name) => {
  expect(modulesOf(name).filter((path) => path.includes('@aws-sdk'))).toEqual([]);
});

test('slack-events contains no Slack client', () => {
  expect(modulesOf('slack-events').filter((path) => path.includes('@slack'))).toEqual([]);
});

test('emotion contains the classifier', () => {
  const modules = modulesOf('emotion');
  expect(modules.some((path) => path.includes('onnxruntime-node'))).toBe(true);
});

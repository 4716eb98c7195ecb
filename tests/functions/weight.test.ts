import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

/** Handlers that only look something up and must start fast. */
const LIGHT = [
  'model',
  'uploads',
  'result',
  'delete-result',
  'openapi',
  'discord-interactions',
  'slack-events',
];
/** What only the classification of recordings needs, and what only the labelling needs. */
const HEAVY =
  /onnxruntime|opus-decoder|wasm-audio-decoders|core\/(audio|features\/(?!config)|classify)|@aws-lambda-powertools|aws-xray/;

/** Modules that end up in the bundle of a handler, or are imported by it. */
async function modulesOf(name: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL(`../../functions/${name}.ts`, import.meta.url))],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    external: ['onnxruntime-node'],
    logLevel: 'silent',
  });
  return Object.values(metafile.outputs).flatMap(({ inputs, imports }) => [
    ...Object.keys(inputs).filter((path) => inputs[path].bytesInOutput > 0),
    ...imports.map(({ path }) => path),
  ]);
}

test.each(LIGHT)('%s contains no part of the classifier', async (name) => {
  const modules = await modulesOf(name);
  expect(modules.filter((path) => HEAVY.test(path))).toEqual([]);
});

test.each(['model', 'openapi'])('%s contains nothing of AWS', async (name) => {
  expect((await modulesOf(name)).filter((path) => path.includes('@aws-sdk'))).toEqual([]);
});

test('slack-events contains no Slack client', async () => {
  expect((await modulesOf('slack-events')).filter((path) => path.includes('@slack'))).toEqual([]);
});

test('emotion contains the classifier', async () => {
  const modules = await modulesOf('emotion');
  expect(modules.some((path) => path.includes('onnxruntime-node'))).toBe(true);
});

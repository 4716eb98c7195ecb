import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

/** Handlers that only look something up: they have to start fast. */
const LIGHT = [
  'model',
  'uploads',
  'result',
  'delete-result',
  'openapi',
  'discord-interactions',
  'slack-events',
];
/** What hears recordings, and what only the labelling needs. */
const HEAVY =
  /onnxruntime|opus-decoder|wasm-audio-decoders|core\/(audio\/(decode|opus|flac|ffmpeg)|classify|voice|features\/extract)|@aws-lambda-powertools|aws-xray/;

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
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
  return [...Object.keys(metafile.inputs), ...imports.map(({ path }) => path)];
}

test.each(LIGHT)('%s loads nothing that hears', async (name) => {
  const modules = await modulesOf(name);
  expect(modules.filter((path) => HEAVY.test(path))).toEqual([]);
});

test.each(['model', 'openapi'])('%s loads nothing of AWS', async (name) => {
  expect((await modulesOf(name)).filter((path) => path.includes('@aws-sdk'))).toEqual([]);
});

test('slack-events loads no client of Slack', async () => {
  expect((await modulesOf('slack-events')).filter((path) => path.includes('@slack'))).toEqual([]);
});

test('emotion does load what hears', async () => {
  const modules = await modulesOf('emotion');
  expect(modules.some((path) => path.includes('onnxruntime-node'))).toBe(true);
});

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { voiceLike, wavFile } from '../fixtures/audio.ts';
import { writeTinyModel } from '../fixtures/model.ts';
import { writePitchModel } from '../fixtures/pitch-model.ts';
import { BUILD, run } from '../fixtures/run.ts';
import { startServe } from './serve/process.ts';

let folder: string;
let model: string;
let note: string;
/** Needs ffmpeg, and so a temporary file. */
let amr: string;
/** A stand-in of ffmpeg that hears a voice in everything. */
let ffmpeg: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-cli-'));
  model = await writeTinyModel({ favourite: 'happy', confidence: 0.7 });
  note = join(folder, 'note.wav');
  const samples = voiceLike({ seconds: 1 });
  await writeFile(note, wavFile(samples));
  await writeFile(join(folder, 'output'), wavFile(samples, { encoding: 'float32' }));
  amr = join(folder, 'note.amr');
  await writeFile(amr, Buffer.concat([Buffer.from('#!AMR\n'), Buffer.alloc(200_000)]));
  ffmpeg = join(folder, 'ffmpeg');
  await writeFile(ffmpeg, `#!/bin/sh\ncat '${join(folder, 'output')}'\n`, { mode: 0o755 });
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(model, { recursive: true });
});

describe('the temporary folder', () => {
  const sentence = (path: string, code: string) =>
    `The temporary folder ${path} cannot be written to (${code}). Free some space there, or set TMPDIR to another folder.`;

  test('that is missing is named by the command line, and by the server', async () => {
    const env = { TMPDIR: '/nowhere', FFMPEG_BIN: ffmpeg };
    const options = ['classify', '--json', '--model', model, amr, note];
    const { code, stdout, stderr } = await run('cli/main.js', options, { env });
    const [failed, heard] = JSON.parse(stdout);
    expect(failed.error).toEqual({
      code: 'unavailable',
      message: sentence('/nowhere', 'ENOENT'),
    });
    // What needs no ffmpeg needs no temporary folder.
    expect(heard.emotion).toBe('happy');
    expect(code).toBe(1);
    expect(stderr).not.toContain('report');

    const server = startServe(folder, ['--port', '0', '--no-inbox', '--no-cloud'], {
      ...env,
      UNDERTONE_MODEL: model,
    });
    const [, url] = await server.printed(/listening at (\S+)/);
    const response = await fetch(`${url}/v1/emotion`, {
      method: 'POST',
      body: await readFile(amr),
    });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await response.json()).toMatchObject({ detail: failed.error.message });
    server.child.kill('SIGKILL');
    await server.exit;
  });

  /** A shell in which `full` is a file system without room, and `closed` one that cannot be written to. */
  const shell = (script: string) =>
    spawnSync('unshare', ['-rm', 'bash', '-c', script], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        ...process.env,
        NODE: process.execPath,
        MAIN: `${BUILD}/cli/main.js`,
        FFMPEG_BIN: ffmpeg,
      },
    });
  const mayMount = shell('mount -t tmpfs none /mnt').status === 0;

  test.skipIf(!mayMount).each([
    ['full', 'size=64k', 'ENOSPC'],
    ['closed', 'ro', 'EROFS'],
  ])('that is %s is named', async (name, options, code) => {
    const path = join(folder, name);
    await mkdir(path);
    const script = `mount -t tmpfs -o ${options} none '${path}' && TMPDIR='${path}' "$NODE" "$MAIN" classify --model '${model}' '${amr}'; ls -A '${path}'`;
    const { stdout, stderr } = shell(script);
    expect(stderr).toContain(sentence(path, code));
    expect(stdout).not.toContain('undertone-');
  });
});

describe('a model folder', () => {
  const damages: readonly [
    name: string,
    sentence: RegExp,
    damage: (path: string) => Promise<unknown>,
  ][] = [
    [
      'without a graph',
      /emotion\.onnx cannot be read \(ENOENT\)/,
      (path) => rm(join(path, 'emotion.onnx')),
    ],
    [
      'that cannot be read',
      /emotion\.json cannot be read \(ELOOP\)/,
      async (path) => {
        await rm(join(path, 'emotion.json'));
        await symlink('emotion.json', join(path, 'emotion.json'));
      },
    ],
    [
      'with a truncated graph',
      /not the file that its card describes/,
      (path) => truncate(path, false),
    ],
    ['with a truncated graph of its own', /cannot be loaded/, (path) => truncate(path, true)],
    [
      'with half a card',
      /is not a model card/,
      (path) => writeFile(join(path, 'emotion.json'), '{"name": "ti'),
    ],
    ['with another network', /takes or gives other tensors/, exchange],
  ];

  test.each(damages)('%s is named once, whoever uses it', async (name, sentence, damage) => {
    const path = await mkdtemp(join(folder, 'model-'));
    await cp(model, path, { recursive: true });
    await damage(path);
    const env = { UNDERTONE_MODEL: path };
    const others = [
      () => run('cli/main.js', ['serve', '--port', '0'], { env }),
      () => run('cli/main.js', ['watch', '--model', path, folder]),
      () => run('cli/main.js', ['listen', '--fast', '--from', note], { env }),
      () => run('cli/main.js', ['evaluate', folder, '--model', path]),
    ];
    const started = await Promise.all([
      run('cli/main.js', ['classify', '--json', '--model', path, note, note]),
      others[damages.findIndex(([other]) => other === name) % others.length](),
    ]);
    for (const { code, stdout, stderr } of started) {
      expect(stderr).toMatch(sentence);
      expect(stderr).toMatch(
        /^[^\n]+ Use the model folder of this version, or train one with "npm run train"\.\n$/,
      );
      expect([code, stdout]).toEqual([1, '']);
    }
  });

  async function truncate(path: string, isItsOwn: boolean): Promise<void> {
    const graph = join(path, 'emotion.onnx');
    const half = (await readFile(graph)).subarray(0, 500);
    await writeFile(graph, half);
    if (isItsOwn) await describeGraph(path);
  }

  /** A graph of another shape under the card of the first. */
  async function exchange(path: string): Promise<void> {
    const other = await writePitchModel();
    await cp(join(other, 'emotion.onnx'), join(path, 'emotion.onnx'));
    await rm(other, { recursive: true });
    await describeGraph(path);
  }

  /** Writes the hash of the graph into the card. */
  async function describeGraph(path: string): Promise<void> {
    const sha256 = createHash('sha256')
      .update(await readFile(join(path, 'emotion.onnx')))
      .digest('hex');
    const card = JSON.parse(await readFile(join(path, 'emotion.json'), 'utf8'));
    await writeFile(join(path, 'emotion.json'), JSON.stringify({ ...card, sha256 }));
  }
});

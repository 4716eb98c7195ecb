import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MODEL_ENVIRONMENT } from '../../cdk/bundle/code.ts';
import { findFfmpegFor } from '../../cdk/bundle/ffmpeg.ts';
import { synthesise, templateFor } from './synth.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-ffmpeg-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Writes the header of a Linux program. */
async function program(
  name: string,
  { machine, interpreter = false }: { machine: number; interpreter?: boolean },
): Promise<string> {
  const header = Buffer.alloc(64 + 2 * 56);
  header.write('\x7fELF', 'latin1');
  header.set([2, 1, 1], 4);
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(machine, 18);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(2, 56);
  header.writeUInt32LE(1, 64);
  header.writeUInt32LE(interpreter ? 3 : 1, 64 + 56);
  const path = join(folder, name);
  await writeFile(path, header, { mode: 0o755 });
  return path;
}

const sha256 = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

test('accepts a static program for the right architecture', async () => {
  const path = await program('arm', { machine: 0xb7 });
  expect(findFfmpegFor('arm64', path, await sha256(path))).toBe(path);
  const x64 = await program('x64', { machine: 0x3e });
  expect(findFfmpegFor('x86_64', x64, await sha256(x64))).toBe(x64);
});

test('a file with one changed byte is refused at synthesis, with what to do', async () => {
  const ffmpeg = await program('changed', { machine: 0xb7 });
  const ffmpegSha256 = await sha256(ffmpeg);
  const bytes = await readFile(ffmpeg);
  bytes[bytes.length - 1] ^= 1;
  await writeFile(ffmpeg, bytes);
  await using assembly = await synthesise({ ffmpeg, ffmpegSha256 });
  const { code, stderr } = assembly.finished;
  expect(code).toBe(1);
  expect(stderr).toContain(`Cannot deploy the ffmpeg at ${ffmpeg}: it is another build`);
  expect(stderr).toContain(ffmpegSha256);
  expect(stderr).toContain(`-c ffmpeg=${ffmpeg} -c ffmpegSha256=${await sha256(ffmpeg)}`);
  expect(stderr).not.toMatch(/^\s+at /m);
});

test.each([
  'arm64',
  'x86_64',
] as const)('without a hash, only the build of ffmpeg-static is accepted for %s', async (architecture) => {
  const path = await program(architecture, { machine: architecture === 'arm64' ? 0xb7 : 0x3e });
  expect(() => findFfmpegFor(architecture, path)).toThrow(/another build than expected/);
});

test('rejects what cannot run on Lambda, with the reason', async () => {
  const x64 = await program('x64', { machine: 0x3e });
  expect(() => findFfmpegFor('arm64', x64)).toThrow(/for x86_64.*-c architecture=x86_64/);
  const shared = await program('shared', { machine: 0xb7, interpreter: true });
  expect(() => findFfmpegFor('arm64', shared)).toThrow(/shared libraries/);
  const script = join(folder, 'script');
  await writeFile(script, '#!/bin/sh\n');
  expect(() => findFfmpegFor('arm64', script)).toThrow(/not a program for 64-bit Linux/);
  expect(() => findFfmpegFor('arm64', join(folder, 'none'))).toThrow(/no such file/);
});

test('reads the header of a real program: this Node', () => {
  const own = process.arch === 'arm64' ? 'arm64' : 'x86_64';
  const other = own === 'arm64' ? 'x86_64' : 'arm64';
  expect(() => findFfmpegFor(own, process.execPath)).toThrow(/shared libraries/);
  expect(() => findFfmpegFor(other, process.execPath)).toThrow(`for ${own}`);
});

test('becomes a layer of the three functions that decode, which get its path', async () => {
  const ffmpeg = await program('arm', { machine: 0xb7 });
  const layered = (context: Record<string, string>) =>
    // Without the page: the CDK's function that uploads it has a layer of its own.
    Object.values(templateFor({ page: 'false', ...context }).findResources('AWS::Lambda::Function'))
      .map(({ Properties }) => Properties)
      .filter(({ Layers, Environment }) => Layers || Environment?.Variables.FFMPEG_BIN);
  const found = layered({ ffmpeg, ffmpegSha256: await sha256(ffmpeg) });
  expect(found).toHaveLength(3);
  for (const { Layers, Environment } of found) {
    expect(Layers).toHaveLength(1);
    expect(Environment.Variables.FFMPEG_BIN).toBe('/opt/bin/ffmpeg');
    // They are those that run the model, too.
    expect(Environment.Variables).toMatchObject(MODEL_ENVIRONMENT);
  }
  expect(layered({ ffmpeg: 'none' })).toEqual([]);
});

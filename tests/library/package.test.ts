import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EMOTIONS, verdictSchema } from '../../core/index.ts';
import { ROOT } from '../../lib/root.ts';
import { startProcess } from '../cli/serve/process.ts';

const run = promisify(execFile);

const NODES = [
  ['this', process.execPath],
  ['22', process.env.UNDERTONE_NODE22],
  ['24', process.env.UNDERTONE_NODE24],
] as const;

/** A project of somebody else. */
let project: string;
/** Paths of what npm has packed. */
let packed: string[];
const manifest = readFile(join(ROOT, 'package.json'), 'utf8').then(JSON.parse);

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'undertone-user-'));
  // Checks the reports of the public interface, and writes the types that are packed.
  await run(process.execPath, [join(ROOT, 'dist', 'library', 'types.js'), '--check']);
  const pack = ['pack', '--ignore-scripts', '--json', '--silent', '--pack-destination', project];
  const { stdout } = await run('npm', pack, { cwd: ROOT, shell: process.platform === 'win32' });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  packed = files.map(({ path }) => path);
  const { version, dependencies } = await manifest;
  const modules = join(project, 'node_modules');
  await mkdir(join(modules, '.bin'), { recursive: true });
  await run('tar', ['-xzf', `undertone-${version}.tgz`, '-C', modules], { cwd: project });
  await cp(join(modules, 'package'), join(modules, 'undertone'), { recursive: true });
  await rm(join(modules, 'package'), { recursive: true });
  // What npm would install with it, and nothing else: an import of another package fails.
  for (const name of Object.keys(dependencies)) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), join(modules, name), 'dir');
  }
  await writeFile(join(project, 'package.json'), '{"type":"module"}');
});

afterAll(() => rm(project, { recursive: true }));

const packaged = (...path: string[]) => join(project, 'node_modules', 'undertone', ...path);

describe.each(NODES.filter(([, path]) => path))('the package, on Node %s', (_, node = '') => {
  const inProject = (args: string[]) => run(node, args, { cwd: project });

  test('classifies for whoever imports it', async () => {
    const script = `
      import { readFile } from 'node:fs/promises';
      import { classify, UndertoneError } from 'undertone';
      const verdict = await classify(await readFile(process.argv[1]));
      const code = await classify(Buffer.from('text')).catch((error) => error instanceof UndertoneError && error.code);
      console.log(JSON.stringify({ verdict, code }));
    `;
    const sample = packaged('samples', 'plain.ogg');
    const { stdout } = await inProject(['--input-type=module', '-e', script, sample]);
    const { verdict, code } = JSON.parse(stdout);
    expect(EMOTIONS).toContain(Object.keys(verdictSchema.parse(verdict).probabilities ?? {})[0]);
    expect(code).toBe('format-unsupported');
  });

  test('has the command', async () => {
    const { stdout } = await inProject([
      ...[
        packaged('dist', 'cli', 'main.js'),
        'classify',
        packaged('samples', 'plain.ogg'),
        '--csv',
      ],
    ]);
    expect(stdout).toMatch(/^file,emotion/);
  });
});

test('it has what the command needs, and nothing else', () => {
  expect(packed).toEqual(
    expect.arrayContaining([
      ...['dist/cli/main.js', 'dist/cli/classify-process.js', 'dist/cli/classify-file.js'],
      ...['lib/skip-cuda.js', 'web/index.html'],
      ...['model/emotion.json', 'model/emotion.onnx', 'samples/plain.ogg'],
      ...['dist/library/index.js', 'dist/browser/index.js', 'dist/browser/built.json'],
    ]),
  );
  const types = ['dist/library/index.d.ts', 'dist/library/web.d.ts'];
  const others = packed.filter((path) => !types.includes(path));
  expect(
    others.filter((path) =>
      /\.ts$|\/build\.js$|^(dist\/)?(tests|docs|cdk|training)|^\./.test(path),
    ),
  ).toEqual([]);
});

test('the command serves the page and the API without the packages of the cloud', async () => {
  const command = [process.execPath, packaged('dist', 'cli', 'main.js'), 'serve', '--port', '0'];
  const server = startProcess(command, project, {});
  const [url] = await server.printed(/http:\/\/127\.0\.0\.1:\d+/);
  const body = await readFile(packaged('samples', 'plain.ogg'));
  const answer = await fetch(`${url}/v1/emotion`, { method: 'POST', body: new Uint8Array(body) });
  expect(answer.status).toBe(200);
  const list = await fetch(`${url}/device/files.json`);
  const { client } = (await list.json()) as { client: { path: string } };
  expect((await fetch(`${url}/device/${client.path}`)).status).toBe(200);
  await server.printed(/The local cloud is not started: its packages are not installed/);
  server.child.kill('SIGINT');
  expect((await server.exit).code).toBe(0);
});

test('a command that needs the AWS SDK says how to get it', async () => {
  const command = [packaged('dist', 'cli', 'main.js'), 'labels', 's3://bucket/labels/'];
  const failure = run(process.execPath, command, { cwd: project });
  await expect(failure).rejects.toThrow(/npm install @aws-sdk\/client-s3/);
});

test('the command writes a site', async () => {
  const command = [packaged('dist', 'cli', 'main.js'), 'site', 'public'];
  await run(process.execPath, command, { cwd: project });
  const list = JSON.parse(await readFile(join(project, 'public', 'device', 'files.json'), 'utf8'));
  const model = await readFile(join(project, 'public', 'device', list.model.path));
  expect(model.equals(await readFile(join(ROOT, 'model', 'emotion.onnx')))).toBe(true);
});

test('its types are what they seem to be', async () => {
  await cp(join(ROOT, 'tests', 'library', 'consumer.ts'), join(project, 'consumer.ts'));
  await symlink(
    join(ROOT, 'node_modules', '@types'),
    join(project, 'node_modules', '@types'),
    'dir',
  );
  const compilerOptions = {
    ...{ target: 'es2023', module: 'nodenext', strict: true, noEmit: true },
    ...{ lib: ['es2023', 'dom', 'dom.iterable'], types: ['node'] },
  };
  await writeFile(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['consumer.ts'] }),
  );
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout } = await run(process.execPath, [tsc, '-p', project]).catch((error) => error);
  expect(stdout).toBe('');
});

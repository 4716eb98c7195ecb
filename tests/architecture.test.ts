import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The source folders, and the others that each may import from. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  lib: ['core'],
  core: [],
  evaluation: ['core', 'lib'],
  training: ['core', 'lib', 'evaluation'],
  bots: ['core', 'lib', 'web'],
  functions: ['core', 'lib', 'bots'],
  cli: ['core', 'lib', 'evaluation', 'functions', 'local-cloud', 'web'],
  'local-cloud': ['core', 'lib', 'functions'],
  cdk: ['core', 'lib', 'functions'],
  // Types only, in comments: browsers load these files as they are.
  web: ['core'],
  device: ['core', 'lib', 'functions'],
  samples: ['tests'],
  docs: ['core', 'lib', 'bots', 'cli', 'bench'],
  bench: [
    'core',
    'lib',
    'bots',
    'functions',
    'cli',
    'local-cloud',
    'cdk',
    'evaluation',
    'training',
    'tests',
  ],
  fuzz: ['core', 'lib', 'bots', 'functions', 'cli', 'evaluation', 'training', 'tests'],
};

/** The parts of functions/ that the stack shares: declarations, which run nothing. */
const DECLARATIONS = [
  'functions/http/device.ts',
  'functions/http/page.ts',
  'functions/infrastructure.ts',
  'functions/routes.ts',
];

/** The packages that core may use: none of a cloud or a chat platform. */
const CORE_PACKAGES = [
  'codec-parser',
  'mpg123-decoder',
  'onnxruntime-common',
  'onnxruntime-node',
  'opus-decoder',
  '@wasm-audio-decoders/flac',
  'zod',
];

const IMPORT =
  /^(?:import|export)\b[^;'"`]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm;

const files = Object.keys(ARROWS)
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { encoding: 'utf8', recursive: true }).map((name) =>
      join(folder, name),
    ),
  )
  .filter((file) => /\.(ts|js)$/.test(file));

/** What every source file imports, types included: packages by name, files by their path. */
const imports = new Map(
  files.map((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    const found = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3]);
    const resolved = found.map((name) => (name.startsWith('.') ? join(dirname(file), name) : name));
    return [file, resolved];
  }),
);

const isFile = new Set(files);
const edges = [...imports].flatMap(([from, names]) => names.map((to) => ({ from, to })));
const folderOf = (path: string) => path.split('/')[0];

test('the scan sees the imports', () => {
  expect(files.length).toBeGreaterThan(200);
  expect(imports.get('core/classify.ts')).toEqual(
    expect.arrayContaining(['core/audio/decode.ts', 'core/verdict.ts']),
  );
  expect(imports.get('core/audio/opus.ts')).toContain('opus-decoder');
});

test('no file imports itself through others', () => {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      return;
    }
    if (done.has(file)) return;
    for (const next of imports.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});

test('folders import only from the folders that they may', () => {
  const wrong = edges.filter(
    ({ from, to }) =>
      isFile.has(to) &&
      folderOf(from) !== folderOf(to) &&
      !ARROWS[folderOf(from)].includes(folderOf(to)),
  );
  expect(wrong).toEqual([]);
});

test('the stack imports declarations of the functions, not what they run', () => {
  const shared = edges.filter(
    ({ from, to }) => folderOf(from) === 'cdk' && folderOf(to) === 'functions',
  );
  expect(shared.filter(({ to }) => !DECLARATIONS.includes(to))).toEqual([]);
});

test('the command line loads what measures and reports only with the commands that do', () => {
  const lazy = new Set(
    edges.filter(({ to }) => folderOf(to) === 'evaluation').map(({ from }) => from),
  );
  const cli = readFileSync(join(ROOT, 'cli/main.ts'), 'utf8');
  const loaded = [...cli.matchAll(/^import\b[^;]*?\bfrom '\.\/([^']+)'/gm)].map(([, name]) =>
    join('cli', name),
  );
  const reached = new Set(loaded);
  for (const file of reached) for (const next of imports.get(file) ?? []) reached.add(next);
  expect([...lazy].some((file) => file.startsWith('cli/evaluate/'))).toBe(true);
  expect([...reached].filter((file) => lazy.has(file))).toEqual([]);
});

test('core uses no package of a cloud or a chat platform, and not its own index', () => {
  const used = edges.filter(({ from }) => folderOf(from) === 'core').map(({ to }) => to);
  const packages = used.filter((name) => !name.startsWith('core/') && !name.startsWith('node:'));
  expect(new Set(packages)).toEqual(new Set(CORE_PACKAGES));
  expect(used).not.toContain('core/index.ts');
});

test('what runs in browsers reaches nothing of Node and no native library', () => {
  const reached = new Set([
    'core/web.ts',
    ...files.filter((file) => file.startsWith('device/browser/')),
  ]);
  for (const file of reached) for (const next of imports.get(file) ?? []) reached.add(next);
  expect(reached).toContain('core/classify.ts');
  expect(reached).toContain('core/audio/opus.ts');
  expect([...reached].filter((name) => /^node:|^onnxruntime-node$/.test(name))).toEqual([]);
});

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../lib/root.ts';

/** Runs npm in the repository and returns everything it printed. */
function npm(...options: string[]): string {
  const command = ['npm', ...options, '2>&1'].join(' ');
  return execFileSync(command, { cwd: ROOT, encoding: 'utf8', shell: true });
}

test('npm knows every setting of the project', () => {
  expect(npm('config', 'get', 'fund')).not.toContain('Unknown project config');
});

test('npm ci does not run the install script of onnxruntime-node', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  // npm install writes it back: delete the line, or npm ci fails offline (lib/skip-cuda.js).
  expect(packages['node_modules/onnxruntime-node']).not.toHaveProperty('hasInstallScript');
});

test('npm ci does not bring DuckDB, which only some people need', () => {
  for (const file of ['package.json', 'package-lock.json']) {
    expect(readFileSync(join(ROOT, file), 'utf8')).not.toContain('duckdb');
  }
});

test('the command is one file, which reads no package before it needs it', () => {
  const command = readFileSync(join(ROOT, 'dist/cli/main.js'), 'utf8');
  const imports = [...command.matchAll(/^(?:import|export)\b[^'"]*?\bfrom ['"]([^'"]+)['"]/gm)];
  const names = new Set(imports.map(([, name]) => name));
  // The compiler writes a command of modules there, which "npm run build" then bundles.
  expect([...names].filter((name) => !isBuiltin(name))).toEqual([]);
  expect(names).toContain('node:fs/promises');
});

test('where the project is installed, onnxruntime-node fetches nothing unless it is told to', () => {
  const folder = mkdtempSync(join(tmpdir(), 'undertone-package-'));
  try {
    const modules = join(folder, 'node_modules');
    const [own, other] = [join(modules, 'undertone/lib'), join(modules, 'onnxruntime-node/script')];
    for (const path of [own, other]) mkdirSync(path, { recursive: true });
    copyFileSync(join(ROOT, 'lib/skip-cuda.js'), join(own, 'skip-cuda.js'));
    writeFileSync(join(own, '../package.json'), '{"type":"module"}');
    const install = join(other, 'install.js');
    writeFileSync(install, 'process.stdout.write("fetched")');
    const { npm_config_onnxruntime_node_install: _, ...env } = process.env;
    const installed = (flag: string) => {
      const options = {
        env: { ...env, ONNXRUNTIME_NODE_INSTALL: flag },
        encoding: 'utf8',
      } as const;
      execFileSync(process.execPath, [join(own, 'skip-cuda.js')], options);
      return execFileSync(process.execPath, [install], options);
    };
    expect(installed('cuda12')).toBe('fetched');
    expect(installed('')).toBe('');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/**
 * Writes the types of the package, one file for each of its entries, and the reports of its public
 * interface, `library/*.api.md`. A change of the interface has to be committed with its report: a test
 * compares them. `npm run api` updates them.
 *
 *   node dist/library/types.js [--check]
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Extractor, ExtractorConfig, type IConfigFile } from '@microsoft/api-extractor';
import { ROOT } from '../lib/root.ts';

/** The entries of the package: what declares each of them, and for which environment. */
const ENTRIES = [
  {
    name: 'undertone',
    project: 'library',
    entry: 'library/index.d.ts',
    rollup: 'dist/library/index.d.ts',
    compiler: { lib: ['es2023'], types: ['node'] },
  },
  {
    name: 'undertone-web',
    project: 'device/library',
    entry: 'device/browser/index.d.ts',
    rollup: 'dist/library/web.d.ts',
    compiler: { lib: ['es2023', 'dom', 'dom.iterable'], types: [] },
  },
] as const;

const isCheck = process.argv.includes('--check');
const types = join(ROOT, 'dist', 'types');
const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

for (const { name, project, entry, rollup, compiler } of ENTRIES) {
  const { status } = spawnSync(process.execPath, [tsc, '-p', join(ROOT, project)], {
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`The declarations of ${name} could not be written.`);
  const configObject: IConfigFile = {
    projectFolder: ROOT,
    mainEntryPointFilePath: join(types, entry),
    bundledPackages: [],
    compiler: {
      overrideTsconfig: {
        compilerOptions: {
          ...compiler,
          target: 'es2023',
          module: 'nodenext',
          strict: true,
          skipLibCheck: true,
        },
        include: [join(types, entry)],
      },
    },
    apiReport: {
      enabled: true,
      reportFileName: `${name}.api.md`,
      reportFolder: join(ROOT, 'library'),
      reportTempFolder: join(types, 'reports'),
    },
    docModel: { enabled: false },
    dtsRollup: { enabled: true, untrimmedFilePath: join(ROOT, rollup) },
    tsdocMetadata: { enabled: false },
    messages: {
      extractorMessageReporting: {
        default: { logLevel: 'error' as never },
        // Names that say it all need no sentence.
        'ae-undocumented': { logLevel: 'none' as never },
        // There are no alpha and beta parts of the interface.
        'ae-missing-release-tag': { logLevel: 'none' as never },
        // Types that others are made of, such as the schemas that a verdict is inferred from.
        'ae-forgotten-export': { logLevel: 'none' as never },
      },
      tsdocMessageReporting: { default: { logLevel: 'none' as never } },
    },
  };
  mkdirSync(join(types, 'reports'), { recursive: true });
  const { succeeded } = Extractor.invoke(
    ExtractorConfig.prepare({
      configObject,
      configObjectFullPath: undefined,
      packageJsonFullPath: join(ROOT, 'package.json'),
    }),
    { localBuild: !isCheck, showVerboseMessages: false },
  );
  if (!succeeded) {
    console.error(`The interface of ${name} is not that of its report. Run "npm run api".`);
    process.exitCode = 1;
  }
}

import { vi } from 'vitest';

/**
 * Runs before each test file of the project `services`, whose files share processes, and gives it what a
 * process of its own would: modules of ours that nobody has used yet, the environment of the start, the
 * real clock, and no spies of other files. Packages stay loaded: importing them takes most of the time of
 * a small file.
 */
const shared = globalThis as { environmentOfStart?: NodeJS.ProcessEnv };

vi.useRealTimers();
vi.restoreAllMocks();
vi.unstubAllEnvs();
shared.environmentOfStart ??= { ...process.env };
for (const name of Object.keys(process.env)) {
  if (!(name in shared.environmentOfStart)) delete process.env[name];
}
Object.assign(process.env, shared.environmentOfStart);
vi.resetModules();

import type { Logger, LogLevel } from '@slack/bolt';
import { logEvent } from '../../lib/log.ts';

/** Returns a logger for Bolt that keeps to the one form of our log, and to what went wrong. */
export function boltLogger(): Logger {
  const write = (...words: unknown[]) => {
    const [first] = words;
    if (first instanceof Error) logEvent('slack: the client failed', first);
    else logEvent(`slack: ${String(first)}`);
  };
  const silent = () => {};
  return {
    debug: silent,
    info: silent,
    warn: write,
    error: write,
    setLevel: silent,
    getLevel: () => 'warn' as LogLevel,
    setName: silent,
  };
}

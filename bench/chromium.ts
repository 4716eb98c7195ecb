import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** At CHROMIUM_PATH, or where Debian installs it. */
const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
/** The engine without the browser around it: half the work, but its microphone is silent. */
const SHELL = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium-headless-shell';

/** Whether Chromium is installed. */
export const hasChromium = existsSync(CHROMIUM);

export interface ChromiumOptions {
  /** WAV file that plays in a loop as the microphone; without it there is no microphone. */
  readonly microphone?: string;
}

/** Starts a headless Chromium that makes no network requests of its own. */
export function launchChromium({ microphone }: ChromiumOptions = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: microphone === undefined && existsSync(SHELL) ? SHELL : CHROMIUM,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...(microphone
        ? ['--use-fake-device-for-media-stream', `--use-file-for-fake-audio-capture=${microphone}`]
        : []),
    ],
  });
}

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const CHROMIUM_PATH = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** Whether Chromium is installed, at CHROMIUM_PATH or where Debian installs it. */
export const hasChromium = existsSync(CHROMIUM_PATH);

export interface ChromiumOptions {
  /** WAV file that plays in a loop as the microphone; without it there is no microphone. */
  readonly microphone?: string;
}

/** Starts a headless Chromium that makes no network requests of its own. */
export function launchChromium({ microphone }: ChromiumOptions = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM_PATH,
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

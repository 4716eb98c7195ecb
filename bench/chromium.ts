import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const CHROMIUM_PATH = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** Whether this machine has a Chromium, at CHROMIUM_PATH or where Debian puts it. */
export const hasChromium = existsSync(CHROMIUM_PATH);

export interface ChromiumOptions {
  /** WAV file that plays as the microphone, over and over; without it there is no microphone. */
  readonly microphone?: string;
}

/** Starts Chromium without a window and without anything that goes out to the network by itself. */
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

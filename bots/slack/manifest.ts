#!/usr/bin/env node
/**
 * Prints the manifest of the Slack app for a way to run it; manifest.json is that of Socket Mode in one
 * workspace.
 *
 *   npm run bot:slack:manifest -- --url https://bot.example            over HTTP, for one workspace
 *   npm run bot:slack:manifest -- --url https://bot.example --many     over HTTP, for all that install it
 *   npm run bot:slack:manifest -- --socket --url https://bot.example --many   the same in Socket Mode
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { UndertoneError } from '../../core/index.ts';
import { ROOT } from '../../lib/root.ts';
import { REDIRECT_PATH } from './payloads.ts';

/** Where Slack sends events, commands and shortcuts over HTTP. */
const EVENTS_PATH = '/slack/events';

try {
  const { url, many, socket } = optionsFrom(process.argv.slice(2));
  const manifest = JSON.parse(await readFile(join(ROOT, 'bots/slack/manifest.json'), 'utf8'));
  const { settings, features, oauth_config: oauth } = manifest;
  if (url && !socket) {
    const request_url = url + EVENTS_PATH;
    for (const command of features.slash_commands) command.url = request_url;
    Object.assign(settings.event_subscriptions, { request_url });
    Object.assign(settings.interactivity, { request_url });
    settings.socket_mode_enabled = false;
  }
  if (many) {
    oauth.redirect_urls = [url + REDIRECT_PATH];
    settings.org_deploy_enabled = true;
    settings.token_rotation_enabled = true;
  }
  process.stdout.write(`${JSON.stringify(manifest, null, 2)}\n`);
} catch (thrown) {
  process.stderr.write(`${UndertoneError.from(thrown).message}\n`);
  process.exitCode = 1;
}

interface Options {
  /** Without a slash at its end. */
  readonly url: string | undefined;
  readonly many: boolean;
  readonly socket: boolean;
}

/** @throws UndertoneError `parameter-invalid` */
function optionsFrom(args: string[]): Options {
  const flag = { type: 'boolean', default: false } as const;
  try {
    const options = { url: { type: 'string' }, many: flag, socket: flag } as const;
    const { url, many, socket } = parseArgs({ args, options }).values;
    const isUsable = url === undefined ? socket && !many : /^https:\/\/[^\s?#]+$/.test(url);
    if (isUsable) return { url: url?.replace(/\/+$/, ''), many, socket };
  } catch {
    // Handled below.
  }
  throw new UndertoneError(
    'parameter-invalid',
    'The options are --url with the address at which Slack and browsers reach the app, which begins with https://; --many for an app that any workspace can install; and --socket for Socket Mode, which for one workspace needs no address.',
  );
}

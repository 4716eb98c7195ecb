import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { encryptionWith } from '../../../bots/encryption.ts';
import { installPages } from '../../../bots/slack/install.ts';
import { fileInstallations } from '../../../bots/slack/installations.ts';
import { useTinyModel } from '../../fixtures/model.ts';
import { type Counterpart, startSlack } from '../../support/slack/counterpart.ts';
import { type Get, Visitor } from '../../support/slack/visitor.ts';
import type { Workspace } from '../../support/slack/workspace.ts';
import { manifest, NOTE, newFolder, said, useApi } from './bot.ts';

useTinyModel({ favourite: 'neutral', confidence: 0.7 });

const MAIN = fileURLToPath(
  new URL(
    'bots/slack/main.js',
    process.env.UNDERTONE_BUILD ?? new URL('../../../dist/', import.meta.url),
  ),
);

const api = useApi();
let slack: Counterpart;
let folder: string;
const children = new Set<ChildProcess>();

beforeEach(async () => {
  slack = await startSlack({ manifest: await manifest() });
  folder = await newFolder();
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  await slack.close();
  await rm(folder, { recursive: true });
});

/** Runs the bot as `npm run bot:slack` does, in a folder of its own. */
function startBot(environment: Record<string, string | undefined> = {}) {
  const child = spawn(process.execPath, [MAIN], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      UNDERTONE_SLACK_APP_TOKEN: slack.appToken,
      UNDERTONE_SLACK_BOT_TOKEN: slack.botToken,
      UNDERTONE_API_ENDPOINT: api.url,
      UNDERTONE_SLACK_API: slack.api.url,
      UNDERTONE_FILE_HOSTS: `http://${slack.files.host}`,
      ...environment,
    },
  });
  children.add(child);
  const output = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output.err += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code, ...output }));
  const connected = () =>
    vi.waitFor(() => expect(output.out).toContain('is connected'), { timeout: 30_000 });
  return { child, ended, connected, output };
}

const KEY = randomBytes(32).toString('base64');

/** Runs the bot for all workspaces that install it. */
function startDistributed(environment: Record<string, string | undefined> = {}) {
  const bot = startBot({
    UNDERTONE_SLACK_BOT_TOKEN: '',
    UNDERTONE_SLACK_CLIENT_ID: slack.oauth.clientId,
    UNDERTONE_SLACK_CLIENT_SECRET: slack.oauth.clientSecret,
    UNDERTONE_SLACK_ENCRYPTION_KEYS: KEY,
    UNDERTONE_SLACK_INSTALL_PORT: '0',
    ...environment,
  });
  const get: Get = async (pathAndQuery, cookie) => {
    await vi.waitFor(() => expect(bot.output.out).toContain('/slack/install'), {
      timeout: 30_000,
    });
    const [, origin] = /(http:\S+)\/slack\/install/.exec(bot.output.out) ?? [];
    const response = await fetch(`${origin}${pathAndQuery}`, { headers: { cookie } });
    return { status: response.status, headers: response.headers, html: await response.text() };
  };
  return { ...bot, get };
}

describe('npm run bot:slack', () => {
  test('answers, keeps its settings over a restart, and ends when it is told to', async () => {
    const ada = slack.workspace.addUser({ isAdmin: true });
    const channel = slack.workspace.addChannel([ada]);
    const first = startBot();
    await first.connected();
    slack.command(channel, ada, 'auto on');
    await said(slack, 1);
    first.child.kill('SIGTERM');
    expect(await first.ended).toMatchObject({ code: 0, err: '' });

    const second = startBot();
    await second.connected();
    const note = slack.say(channel, ada, { files: [{ content: NOTE }] });
    await vi.waitFor(() => expect(slack.api.socket.isQuiet).toBe(true));
    second.child.kill('SIGTERM');
    expect(await second.ended).toMatchObject({ code: 0 });
    await said(slack, 2);
    expect(slack.posts()[0]).toMatchObject({ channel, threadTs: note.ts });
  });

  test('says what to set', async () => {
    const { ended } = startBot({
      UNDERTONE_SLACK_APP_TOKEN: '',
      UNDERTONE_API_ENDPOINT: 'nowhere',
    });
    const { code, err } = await ended;
    expect(code).toBe(1);
    expect(err).toMatch(
      /^Set UNDERTONE_SLACK_APP_TOKEN to the app-level token .* xapp-, and UNDERTONE_API_ENDPOINT to /,
    );
    expect(err).toContain('docs/slack.md');
  });

  test('says that two tokens were mixed up', async () => {
    const { appToken, botToken } = slack;
    const mixed = { UNDERTONE_SLACK_APP_TOKEN: botToken, UNDERTONE_SLACK_BOT_TOKEN: appToken };
    const { err } = await startBot(mixed).ended;
    expect(err).toMatch(/xapp-.*xoxb-/);
  });

  test('ends with a sentence when one of its tokens is not valid', async () => {
    const wrong = ['UNDERTONE_SLACK_BOT_TOKEN', 'UNDERTONE_SLACK_APP_TOKEN'].map(
      (name) => [name, name.includes('BOT') ? 'xoxb-wrong' : 'xapp-wrong'] as const,
    );
    const bots = wrong.map(([name, token]) => startBot({ [name]: token }).ended);
    for (const [i, { code, err }] of (await Promise.all(bots)).entries()) {
      const [name, token] = wrong[i];
      expect(code).toBe(1);
      expect(err).toContain(`the token in ${name} (invalid_auth)`);
      expect(err).not.toContain(token);
    }
  });

  test('ends with a sentence when its token is revoked', async () => {
    const { ended, connected } = startBot();
    await connected();
    const ada = slack.workspace.addUser();
    const channel = slack.workspace.addChannel([ada], { kind: 'direct' });
    slack.api.botRefusal = 'token_revoked';
    slack.say(channel, ada, { files: [{ content: NOTE }] });
    const { code, err } = await ended;
    expect(code).toBe(1);
    expect(err).toContain('UNDERTONE_SLACK_BOT_TOKEN (token_revoked)');
  });

  test('when the API is away, says so in the chat and goes on', async () => {
    const { child, ended, connected } = startBot({ UNDERTONE_API_ENDPOINT: 'http://127.0.0.1:1' });
    await connected();
    const ada = slack.workspace.addUser();
    const channel = slack.workspace.addChannel([ada], { kind: 'direct' });
    slack.say(channel, ada, {
      files: [{ content: NOTE, name: 'Secret name.m4a' }],
      text: 'secret',
    });
    await said(slack, 1);
    expect(slack.posts()[0].text).toContain('is not responding');
    child.kill('SIGTERM');
    const { code, out, err } = await ended;
    expect(code).toBe(0);
    expect(out + err).not.toMatch(/secret|xoxb|xapp|audio_message/i);
  });
});

describe('npm run bot:slack for many workspaces', () => {
  const file = () => join(folder, '.undertone', 'slack-installations.json');
  const settings = () => join(folder, '.undertone', 'chat-settings.json');
  const stored = () => readFile(file(), 'utf8');

  function inhabited(workspace: Workspace) {
    const ada = workspace.addUser({ isAdmin: true });
    return { workspace, ada, channel: workspace.addChannel([ada], { kind: 'direct' }) };
  }

  async function expectAnswer({ workspace, ada, channel }: ReturnType<typeof inhabited>) {
    const before = slack.posts(channel, workspace).length;
    const { ts } = slack.say(channel, ada, { files: [{ content: NOTE }] });
    const posts = () => slack.posts(channel, workspace).slice(before);
    await vi.waitFor(() => expect(posts()).toHaveLength(1), { timeout: 20_000 });
    expect(posts()[0]).toMatchObject({ threadTs: ts });
  }

  test('answers each that installs it, also after a restart, and forgets those that remove it', async () => {
    const first = startDistributed();
    const [one, other] = [1, 2].map(() => inhabited(slack.addWorkspace()));
    for (const { workspace } of [one, other]) {
      expect((await new Visitor(first.get).install(slack, workspace)).status).toBe(200);
    }
    for (const each of [one, other]) await expectAnswer(each);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(await stored()).not.toMatch(/xoxb/);
    expect((await first.get('/', '')).status).toBe(404);
    first.child.kill('SIGTERM');
    expect(await first.ended).toMatchObject({ code: 0, err: '' });

    // One removes it while the bot is away, the other while it runs.
    slack.oauth.revoke(one.workspace);
    const kept = async () => (await stored()) + (await readFile(settings(), 'utf8'));
    for (const { workspace } of [one, other]) {
      expect(await readFile(settings(), 'utf8')).toContain(workspace.team);
    }
    const second = startDistributed();
    await second.connected();
    await vi.waitFor(async () => expect(await kept()).not.toContain(one.workspace.team));
    await expectAnswer(other);
    slack.uninstall(other.workspace);
    await vi.waitFor(async () => expect(await kept()).not.toContain(other.workspace.team));
    second.child.kill('SIGTERM');
    expect(await second.ended).toMatchObject({ code: 0, err: '' });
  });

  test('renews a token that expires once, however many notes come at a time', async () => {
    const bot = startDistributed();
    const { workspace, ada, channel } = inhabited(slack.addWorkspace());
    slack.oauth.options.tokenSeconds = 3600;
    await new Visitor(bot.get).install(slack, workspace);
    slack.oauth.options.tokenSeconds = 43_200;
    for (const grant of slack.oauth.grants.values()) grant.expiresAt = 0;
    const channels = [channel, channel, workspace.addChannel([ada], { kind: 'direct' })];
    for (const each of channels) slack.say(each, ada, { files: [{ content: NOTE }] });
    await vi.waitFor(
      () => expect(slack.posts(undefined, workspace)).toHaveLength(channels.length),
      { timeout: 20_000 },
    );
    expect(slack.oauth.renewals).toBe(1);
    expect(bot.output.err).toBe('');
  });

  test('says what is wrong with a damaged file or another key, and leaves the file as it is', async () => {
    const installations = await fileInstallations(file(), encryptionWith(KEY));
    const app = { ...slack.oauth, encryption: encryptionWith(KEY), installations };
    const pages = installPages({ ...app, apiUrl: slack.api.url });
    const get: Get = async (path, cookie) => {
      const page = await pages(new Request(`https://bot.example${path}`, { headers: { cookie } }));
      return { status: page.status, headers: page.headers, html: await page.text() };
    };
    expect((await new Visitor(get).install(slack, slack.addWorkspace())).status).toBe(200);
    const before = await stored();
    const key = randomBytes(32).toString('base64');
    const other = await startDistributed({ UNDERTONE_SLACK_ENCRYPTION_KEYS: key }).ended;
    expect(other.code).toBe(1);
    expect(other.err).toMatch(/^A stored installation is encrypted with the key [^\n]+\n$/);
    expect(await stored()).toBe(before);
    await writeFile(file(), before.slice(0, -20));
    const damaged = await startDistributed().ended;
    expect(damaged.code).toBe(1);
    expect(damaged.err).toMatch(/^The installations in \S+ cannot be read\. Restore [^\n]+\n$/);
    expect(await stored()).toBe(before.slice(0, -20));
  });

  test('says what to set, and what not', async () => {
    const { code, err } = await startDistributed({
      UNDERTONE_SLACK_ENCRYPTION_KEYS: '',
      UNDERTONE_SLACK_CLIENT_ID: 'Undertone',
      UNDERTONE_SLACK_BOT_TOKEN: 'xoxb-1',
    }).ended;
    expect(code).toBe(1);
    expect(err).toMatch(/UNDERTONE_SLACK_CLIENT_ID to the client id/);
    expect(err).toMatch(/UNDERTONE_SLACK_ENCRYPTION_KEYS to a key of 32 bytes in base64/);
    expect(err).toMatch(/UNDERTONE_SLACK_BOT_TOKEN to nothing, or unset UNDERTONE_SLACK_CLIENT_ID/);
  });
});

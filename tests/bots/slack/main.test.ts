import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { useTinyModel } from '../../fixtures/model.ts';
import { type Counterpart, startSlack } from '../../support/slack/counterpart.ts';
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
  return { child, ended, connected };
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

  test.each([
    ['UNDERTONE_SLACK_BOT_TOKEN', 'xoxb-wrong'],
    ['UNDERTONE_SLACK_APP_TOKEN', 'xapp-wrong'],
  ])('ends with a sentence when %s is not valid', async (name, token) => {
    const { code, err } = await startBot({ [name]: token }).ended;
    expect(code).toBe(1);
    expect(err).toContain(`the token in ${name} (invalid_auth)`);
    expect(err).not.toContain(token);
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

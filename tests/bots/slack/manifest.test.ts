import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { COMMAND, SHORTCUT } from '../../../bots/slack/payloads.ts';
import { SCOPES } from '../../../bots/slack/workspaces.ts';
import { slackEvents, slackOauthRedirect } from '../../../functions/routes.ts';
import { ROOT } from '../../../lib/root.ts';
import { manifest } from './bot.ts';

/** Scopes that Slack's reference names for the methods, events and features that the bot uses. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  'chat.postMessage': ['chat:write'],
  'chat.postEphemeral': ['chat:write'],
  // Of channels, private channels and direct messages.
  'conversations.replies': ['channels:history', 'groups:history', 'im:history'],
  'files.info': ['files:read'],
  'users.info': ['users:read'],
  'auth.test': [],
  app_uninstalled: [],
  tokens_revoked: [],
  app_mention: ['app_mentions:read'],
  'message.channels': ['channels:history'],
  'message.groups': ['groups:history'],
  'message.im': ['im:history'],
  command: ['commands'],
  shortcut: ['commands'],
  // Fetching url_private_download.
  download: ['files:read'],
};

function sources(): string {
  const folder = fileURLToPath(new URL('../../../bots/slack/', import.meta.url));
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  return files.map((name) => readFileSync(folder + name, 'utf8')).join('\n');
}

/** Methods of the Web API that the code calls. */
function methods(): string[] {
  return [...sources().matchAll(/client\.((?:\w+\.)+\w+)\(/g)]
    .map(([, method]) => method)
    .filter((method) => !method.startsWith('disconnect'));
}

describe('the manifest', () => {
  test('asks for the scopes that the code needs, and for no other', async () => {
    const { oauth_config, settings, features } = await manifest();
    const uses = [
      ...methods(),
      ...settings.event_subscriptions.bot_events,
      ...(features.slash_commands.length > 0 ? ['command'] : []),
      ...(features.shortcuts.length > 0 ? ['shortcut'] : []),
      'download',
    ];
    expect(uses).toContain('chat.postEphemeral');
    for (const use of uses) expect(NEEDED, `${use} is not known here`).toHaveProperty([use]);
    const needed = [...new Set(uses.flatMap((use) => NEEDED[use]))].sort();
    expect(oauth_config.scopes.bot).toEqual(needed);
    // For these, workspaces are asked that install the app.
    expect(SCOPES).toEqual(needed);
    expect(oauth_config.scopes.user).toBeUndefined();
  });

  test('has the events, the command and the shortcut that the code answers', async () => {
    const { settings, features } = await manifest();
    const events = settings.event_subscriptions.bot_events as string[];
    expect([...new Set(events.map((event) => event.split('.')[0]))]).toEqual([
      'app_mention',
      'app_uninstalled',
      'message',
      'tokens_revoked',
    ]);
    expect(features.slash_commands).toMatchObject([{ command: COMMAND }]);
    expect(features.shortcuts).toMatchObject([{ type: 'message', callback_id: SHORTCUT }]);
    expect(settings).toMatchObject({
      interactivity: { is_enabled: true },
      socket_mode_enabled: true,
      token_rotation_enabled: false,
    });
  });

  test('lets people write to the bot, and keeps to the lengths that Slack takes', async () => {
    const { display_information: shown, features } = await manifest();
    expect(features.app_home).toMatchObject({
      messages_tab_enabled: true,
      messages_tab_read_only_enabled: false,
    });
    expect(shown.name.length).toBeLessThanOrEqual(35);
    expect(shown.description.length).toBeLessThanOrEqual(140);
    expect(shown.long_description.length).toBeGreaterThanOrEqual(174);
    expect(shown.long_description.length).toBeLessThanOrEqual(4000);
    expect(features.bot_user.display_name).toMatch(/^[\w. -]{1,80}$/);
    expect(features.shortcuts[0].name.length).toBeLessThanOrEqual(24);
  });

  test('is explained scope by scope in the documentation', async () => {
    const { oauth_config, settings } = await manifest();
    const url = new URL('../../../docs/slack.md', import.meta.url);
    const text = readFileSync(url, 'utf8');
    for (const name of [...oauth_config.scopes.bot, ...settings.event_subscriptions.bot_events]) {
      expect(text).toContain(`| \`${name}\` |`);
    }
  });
});

describe.concurrent('npm run bot:slack:manifest', () => {
  const build = process.env.UNDERTONE_BUILD ?? join(ROOT, 'dist/');
  const run = (...args: string[]) => {
    const program = join(
      fileURLToPath(new URL('.', new URL(`file://${build}`))),
      'bots/slack/manifest.js',
    );
    return promisify(execFile)(process.execPath, [program, ...args]);
  };
  const url = 'https://bot.example/prod';

  test('prints an app that any workspace installs, over HTTP', async () => {
    const { stdout } = await run('--url', `${url}/`, '--many');
    const { oauth_config, settings, features } = JSON.parse(stdout);
    const request_url = url + slackEvents.path;
    expect(oauth_config.redirect_urls).toEqual([url + slackOauthRedirect.path]);
    expect(settings).toMatchObject({
      event_subscriptions: { request_url },
      interactivity: { is_enabled: true, request_url },
      org_deploy_enabled: true,
      socket_mode_enabled: false,
      token_rotation_enabled: true,
    });
    expect(features.slash_commands).toMatchObject([{ command: COMMAND, url: request_url }]);
    const shipped = await manifest();
    expect(oauth_config.scopes).toEqual(shipped.oauth_config.scopes);
    expect(settings.event_subscriptions.bot_events).toEqual(
      shipped.settings.event_subscriptions.bot_events,
    );
  });

  test('prints the one that ships for one workspace in Socket Mode', async () => {
    const printed = await Promise.all([run('--socket'), run('--url', url)]);
    const [shipped, { settings, oauth_config }] = printed.map(({ stdout }) => JSON.parse(stdout));
    expect(shipped).toEqual(await manifest());
    // The token that its owner copies must not expire.
    expect(settings).toMatchObject({ token_rotation_enabled: false, socket_mode_enabled: false });
    expect(oauth_config.redirect_urls).toBeUndefined();
  });

  test.each([
    [[]],
    [['--many']],
    [['--url', 'http://bot.example']],
    [['--uri', url]],
  ])('says what its options are when it is given %j', async (args) => {
    await expect(run(...args)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^The options are --url .*https:\/\//),
    });
  });
});

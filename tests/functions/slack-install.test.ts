import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { INSTALL } from '../../bots/slack/install.ts';
import { EN, stringsFor } from '../../bots/wording/languages.ts';
import { handler as chat } from '../../functions/chat.ts';
import { handler as slackEvents } from '../../functions/slack-events.ts';
import { handler as slackInstall } from '../../functions/slack-install.ts';
import { type LocalAws, startLocalAws } from '../../local-cloud/aws.ts';
import { manifest, NOTE, useApi } from '../bots/slack/bot.ts';
import { useTinyModel } from '../fixtures/model.ts';
import { type Counterpart, startSlack } from '../support/slack/counterpart.ts';
import { type Get, Visitor } from '../support/slack/visitor.ts';
import { type SlackMessage, slackId, type Workspace } from '../support/slack/workspace.ts';
import { FifoQueue } from '../support/sqs.ts';
import { proxyEvent } from './event.ts';
import { lambdaContext, queueEvent } from './local-aws.ts';
import { expectProblem } from './problem.ts';
import { slackRequestEvent } from './slack-request.ts';

useTinyModel({ favourite: 'surprised', confidence: 0.6 });

const newKey = () => randomBytes(32).toString('base64');
const KEY = newKey();
const api = useApi();
const queue = new FifoQueue();
let aws: LocalAws;
let documents: DynamoDBDocumentClient;
let slack: Counterpart;

beforeAll(async () => {
  aws = await startLocalAws({ folder: null });
  await queue.start();
  Object.assign(process.env, aws.env, queue.env, {
    UNDERTONE_API_ENDPOINT: api.url,
    UNDERTONE_SLACK_BOT_TOKEN: '',
  });
  documents = DynamoDBDocumentClient.from(new DynamoDBClient());
  slack = await startSlack({ manifest: await manifest() });
  slack.connectHttp(async (request) => {
    const { statusCode, body } = await slackEvents(slackRequestEvent(request));
    return { status: statusCode, body };
  });
});

afterAll(() => Promise.all([slack.close(), queue.close(), aws.close()]));

beforeEach(() => {
  slack.oauth.options.tokenSeconds = null;
  Object.assign(process.env, {
    UNDERTONE_SLACK_API: slack.api.url,
    UNDERTONE_SLACK_SIGNING_SECRET: slack.signingSecret,
    UNDERTONE_SLACK_CLIENT_ID: slack.oauth.clientId,
    UNDERTONE_SLACK_CLIENT_SECRET: slack.oauth.clientSecret,
    UNDERTONE_SLACK_ENCRYPTION_KEYS: KEY,
    UNDERTONE_FILE_HOSTS: `http://${slack.files.host}`,
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Asks for a page through API Gateway. */
const get: Get = async (pathAndQuery, cookie) => {
  const { pathname, searchParams } = new URL(pathAndQuery, 'https://bot.example');
  const event = proxyEvent('GET', pathname, {
    query: Object.fromEntries(searchParams),
    headers: cookie ? { Cookie: cookie } : {},
  });
  const { statusCode, headers, body } = await slackInstall(event);
  return {
    status: statusCode,
    headers: new Headers(headers as Record<string, string>),
    html: body,
  };
};

const visitor = () => new Visitor(get);

/** A workspace that has installed the app, with an admin and somebody else in a channel. */
async function installed(options: { enterprise?: string; isOrgWide?: boolean } = {}) {
  const { enterprise = null, isOrgWide = false } = options;
  const workspace = slack.addWorkspace({ enterprise });
  if (isOrgWide) slack.installOrgWide(workspace);
  const { status } = await visitor().install(slack, workspace, { isOrgWide });
  expect(status).toBe(200);
  return inhabited(workspace);
}

function inhabited(workspace: Workspace) {
  const ada = workspace.addUser({ isAdmin: true });
  const bob = workspace.addUser();
  const channel = workspace.addChannel([ada, bob]);
  const direct = workspace.addChannel([ada], { kind: 'direct' });
  const token = () =>
    [...slack.oauth.grants].findLast(([, grant]) => grant.workspace === workspace)?.[0];
  return { workspace, ada, bob, channel, direct, token };
}

/** Has the worker do all that Slack has sent; jobs that fail come again. */
async function work(): Promise<void> {
  await vi.waitFor(() => expect(slack.isQuiet).toBe(true));
  for (const { body } of queue.messages.splice(0)) {
    for (let tries = 0; tries < 3; tries++) {
      const { batchItemFailures } = await chat(queueEvent(body), lambdaContext());
      if (batchItemFailures.length === 0) break;
    }
  }
}

async function ask(user: string, channel: string): Promise<SlackMessage> {
  const note = slack.say(channel, user, { files: [{ content: NOTE }] });
  await work();
  return note;
}

/** Tokens with which the file of a message was fetched. */
function tokensFor({ files: [{ id }] }: SlackMessage): (string | undefined)[] {
  return slack.files.requests
    .filter(({ path }) => path.includes(id))
    .map(({ authorization }) => authorization?.replace('Bearer ', ''));
}

async function rowsOf(table: string | undefined): Promise<Record<string, unknown>[]> {
  return (await documents.send(new ScanCommand({ TableName: table }))).Items ?? [];
}
const rows = () => rowsOf(aws.env.UNDERTONE_SLACK_INSTALLATIONS_TABLE);

describe('the pages', () => {
  test('tell what is installed, lead to Slack, and run nothing', async () => {
    const first = await get('/slack/install', '');
    expect(first.status).toBe(200);
    expect(first.html).toContain(INSTALL.title);
    expect(first.html).toContain('AI Act');
    const link = new URL(await visitor().begin());
    expect(link.pathname).toBe('/oauth/v2/authorize');
    expect(link.searchParams.get('client_id')).toBe(slack.oauth.clientId);
    expect(first.headers.get('set-cookie')).toMatch(
      /^__Host-slack-install-state=[\w.-]+; Secure; HttpOnly; Path=\/; Max-Age=600; SameSite=Lax$/,
    );
    expect(first.headers.get('content-security-policy')).toMatch(
      /default-src 'none'.*frame-ancestors 'none'/,
    );
    expect(first.headers.get('cache-control')).toBe('no-store');
    expect(first.html).not.toMatch(/<script|javascript:/i);
  });

  test('say that it is installed, and lead into the workspace', async () => {
    const workspace = slack.addWorkspace();
    const { status, html } = await visitor().install(slack, workspace);
    expect(status).toBe(200);
    expect(html).toContain(INSTALL.done.title);
    expect(html).toContain(`https://app.slack.com/client/${workspace.team}`);
  });

  test('do not exist where there is one workspace with its token', async () => {
    Object.assign(process.env, {
      UNDERTONE_SLACK_BOT_TOKEN: slack.botToken,
      UNDERTONE_SLACK_CLIENT_ID: '',
    });
    const answer = await slackInstall(proxyEvent('GET', '/slack/install', {}));
    const { statusCode: status, headers, body } = answer;
    const given = { status, headers: headers as Record<string, string>, body };
    expect(expectProblem(given, 404, 'not-found')).toContain('docs/slack.md');
    process.env.UNDERTONE_SLACK_BOT_TOKEN = '';
  });
});

describe('an installation is refused, and nothing is stored,', () => {
  async function expectRefused(
    come: (browser: Visitor, back: URLSearchParams) => Promise<{ status: number; html: string }>,
    status = 400,
    code = 'parameter-invalid',
  ) {
    const before = (await rows()).length;
    const browser = visitor();
    const back = slack.oauth.allow(await browser.begin(), slack.addWorkspace());
    const page = await come(browser, back);
    expect(page.status).toBe(status);
    expect(page.html).toContain(`<code>${code}</code>`);
    expect(page.html).toContain('href="install"');
    expect(await rows()).toHaveLength(before);
    return page.html;
  }

  test('with a state that somebody has made up', async () => {
    await expectRefused((browser, back) => {
      back.set('state', 'eyJhbGciOiJub25lIn0.e30.');
      browser.cookie = '__Host-slack-install-state=eyJhbGciOiJub25lIn0.e30.';
      return browser.comeBack(back);
    });
  });

  test('with the state of another browser', async () => {
    // Somebody begins it and has a victim finish it.
    await expectRefused((_, back) => visitor().comeBack(back));
    await expectRefused(async (_, back) => {
      const victim = visitor();
      await victim.begin();
      return victim.comeBack(back);
    });
  });

  test('after ten minutes', async () => {
    await expectRefused((browser, back) => {
      const late = Date.now() + 601_000;
      vi.useFakeTimers({ now: late, toFake: ['Date'] });
      return browser.comeBack(back).finally(() => vi.useRealTimers());
    });
  });

  test('with a code that was used before, or is none', async () => {
    const browser = visitor();
    const back = slack.oauth.allow(await browser.begin(), slack.addWorkspace());
    const { cookie } = browser;
    expect((await browser.comeBack(back)).status).toBe(200);
    browser.cookie = cookie;
    expect((await browser.comeBack(back)).status).toBe(400);
    for (const code of ['', 'made-up']) {
      await expectRefused((other, query) => {
        query.set('code', code);
        return other.comeBack(query);
      });
    }
  });

  test('when somebody cancels it', async () => {
    const html = await expectRefused(
      (browser, back) =>
        browser.comeBack(
          new URLSearchParams({ error: 'access_denied', state: back.get('state') ?? '' }),
        ),
      403,
      'not-permitted',
    );
    expect(html).toContain('nothing was installed');
  });

  test('with the secret of another app, which its operator is told', async () => {
    process.env.UNDERTONE_SLACK_CLIENT_SECRET = 'of-another-app';
    const html = await expectRefused(
      (browser, back) => browser.comeBack(back),
      500,
      'configuration-invalid',
    );
    expect(html).toContain('bad_client_secret');
  });

  test('while Slack does not answer', async () => {
    slack.api.fail('oauth.v2.access', { kind: 'status', status: 503 });
    await expectRefused((browser, back) => browser.comeBack(back), 503, 'unavailable');
  });
});

describe('two workspaces that have installed the app', () => {
  test('are both answered, each with its own token', async () => {
    const both = [await installed(), await installed()];
    for (const { workspace, ada, direct, token } of both) {
      const note = await ask(ada, direct);
      const posts = slack.posts(direct, workspace);
      expect(posts).toHaveLength(1);
      expect(posts[0]).toMatchObject({ threadTs: note.ts });
      expect(posts[0].text).toContain('Surprised');
      expect(tokensFor(note)).toEqual([token()]);
    }
    expect(both[0].token()).not.toBe(both[1].token());
  });

  test('share no setting, no limit and no notice, even with the same ids', async () => {
    const [one, other] = [await installed(), await installed()];
    const id = slackId('C');
    for (const { workspace, ada, bob } of [one, other]) workspace.addChannel([ada, bob], { id });
    slack.command(id, one.ada, 'auto on');
    await work();
    const open = await ask(one.bob, id);
    const closed = await ask(other.bob, id);
    expect(slack.posts(id, one.workspace)).toHaveLength(1);
    expect(slack.posts(id, other.workspace)).toEqual([]);
    expect([tokensFor(open).length, tokensFor(closed).length]).toEqual([1, 0]);
    slack.command(id, other.ada, 'help');
    slack.command(id, one.ada, 'help');
    await work();
    const [help] = other.workspace.ephemerals;
    expect(help.text).toContain('**Left in this channel**: 60 of 60'.replaceAll('**', '*'));
    expect(one.workspace.ephemerals.at(-1)?.text).toContain('59 of 60');
  });

  test('have people with the same id, who are each answered in their own language', async () => {
    const id = slackId('U');
    for (const [locale, label] of [
      ['de-DE', 'Überrascht'],
      ['ja-JP', '驚き'],
    ]) {
      const { workspace } = await installed();
      workspace.addUser({ id, locale });
      const direct = workspace.addChannel([id], { kind: 'direct' });
      await ask(id, direct);
      expect(slack.posts(direct, workspace)[0].text).toContain(label);
    }
  });

  test('leave no token in any table', async () => {
    const { token } = await installed();
    const names = Object.entries(aws.env).filter(([name]) => name.endsWith('_TABLE'));
    expect(names).toHaveLength(6);
    const stolen = JSON.stringify(await Promise.all(names.map(([, table]) => rowsOf(table))));
    expect(stolen).not.toMatch(/xox[be]/);
    for (const hidden of [token(), slack.oauth.clientSecret, KEY, 'of <somebody>', 'U0INSTALLER']) {
      expect(stolen).not.toContain(hidden);
    }
  });
});

test('an organization installs the app once for all of its workspaces', async () => {
  const enterprise = slackId('E');
  const one = await installed({ enterprise, isOrgWide: true });
  const again = await visitor().install(slack, one.workspace, { isOrgWide: true });
  expect(again.html).toContain(INSTALL.doneForOrganization.title);
  expect(again.html).toMatch(/href="https:\/\/[\w.-]+\/manage\/organization\/apps\/profile\/\w+\//);
  const other = slack.addWorkspace({ enterprise });
  slack.installOrgWide(other);
  const both = [one, inhabited(other)];
  for (const { workspace, ada, direct } of both) {
    await ask(ada, direct);
    expect(slack.posts(direct, workspace)).toHaveLength(1);
  }
  const [, { ada, bob, channel, workspace }] = both;
  slack.command(channel, ada, 'auto on');
  await work();
  const note = await ask(bob, channel);
  expect(slack.posts(channel, workspace)).toHaveLength(1);
  slack.shortcut(bob, note);
  await work();
  expect(workspace.ephemerals.at(-1)).toMatchObject({ user: bob });
  expect((await rows()).filter(({ id }) => id === enterprise)).toHaveLength(1);
});

describe('a workspace that removes the app', () => {
  test('leaves nothing behind, and is told so if it still asks', async () => {
    const [gone, stays] = [await installed(), await installed()];
    const eva = gone.workspace.addUser({ locale: 'de-DE' });
    gone.workspace.channels.get(gone.channel)?.members.add(eva);
    slack.command(gone.channel, eva, 'about');
    for (const { ada, bob, channel } of [gone, stays]) {
      slack.command(channel, ada, 'auto on');
      await work();
      await ask(bob, channel);
    }
    const stored = async ({ workspace: { team } }: typeof gone) => {
      const all = [...(await rows()), ...(await rowsOf(aws.env.UNDERTONE_CHAT_TABLE))];
      return all.filter((row) => JSON.stringify(row).includes(team)).length;
    };
    const before = await stored(stays);
    expect(await stored(gone)).toBe(before);
    expect(before).toBeGreaterThan(2);
    slack.uninstall(gone.workspace);
    await work();
    expect(await stored(gone)).toBe(0);
    expect(await stored(stays)).toBe(before);
    const said = gone.workspace.ephemerals.length;
    slack.command(gone.channel, gone.ada, 'auto on');
    // In her language, which can no longer be asked for and is still known.
    slack.command(gone.channel, eva, 'help');
    const note = slack.say(gone.channel, gone.bob, { files: [{ content: NOTE }] });
    await work();
    expect(gone.workspace.ephemerals.slice(said).map(({ text }) => text)).toEqual([
      EN.notInstalled,
      stringsFor('de', 'slack').notInstalled,
    ]);
    expect(tokensFor(note)).toEqual([]);
    expect(await stored(gone)).toBe(0);
  });

  test('and installs it again is not removed by what Slack tells late', async () => {
    const { workspace, ada, direct } = await installed();
    slack.uninstall(workspace);
    await vi.waitFor(() => expect(queue.messages).toHaveLength(2));
    await visitor().install(slack, workspace);
    await work();
    await ask(ada, direct);
    expect(slack.posts(direct, workspace)).toHaveLength(1);
  });

  test('while Slack cannot be asked is removed when it can', async () => {
    const { workspace } = await installed();
    // Longer than a function can wait.
    slack.api.fail('auth.test', { kind: 'rate-limited', seconds: 100 });
    slack.uninstall(workspace);
    await work();
    expect((await rows()).filter(({ id }) => id === workspace.team)).toEqual([]);
  });

  test('without being heard is treated as one that has none, until it installs it again', async () => {
    const { workspace, ada, channel, direct } = await installed();
    const eva = workspace.addUser({ locale: 'de-DE' });
    workspace.channels.get(channel)?.members.add(eva);
    slack.oauth.revoke(workspace);
    slack.command(channel, ada, 'auto on');
    slack.command(channel, eva, 'auto on');
    slack.say(direct, ada, { files: [{ content: NOTE }] });
    await work();
    expect(workspace.ephemerals.map(({ text }) => text)).toEqual(Array(2).fill(EN.notInstalled));
    await visitor().install(slack, workspace);
    slack.command(channel, eva, 'about');
    await work();
    expect(workspace.ephemerals.at(-1)?.text).toContain(stringsFor('de', 'slack').about.title);
  });
});

describe('with token rotation', () => {
  test('a token that expires is renewed before it is used, and the new one is kept', async () => {
    slack.oauth.options.tokenSeconds = 3600;
    const { workspace, ada, direct, token } = await installed();
    const first = token();
    for (const grant of slack.oauth.grants.values()) {
      if (grant.workspace === workspace) grant.expiresAt = 0;
    }
    slack.oauth.options.tokenSeconds = 43_200;
    const note = await ask(ada, direct);
    expect(slack.posts(direct, workspace)).toHaveLength(1);
    expect(token()).not.toBe(first);
    expect(tokensFor(note)).toEqual([token()]);
    const { renewals } = slack.oauth;
    // It is good for twelve hours, so it is not renewed again.
    await ask(ada, direct);
    expect(slack.posts(direct, workspace)).toHaveLength(2);
    expect(slack.oauth.renewals).toBe(renewals);
  });

  test('one that can no longer be renewed is told to those who ask, and nothing is tried again', async () => {
    slack.oauth.options.tokenSeconds = 3600;
    const { workspace, ada, direct, channel } = await installed();
    for (const [token, { refreshToken: _, ...grant }] of slack.oauth.grants) {
      // As when the table did not take the token that the last one was exchanged for.
      if (grant.workspace === workspace) slack.oauth.grants.set(token, grant);
    }
    const now = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => now() + 3_700_000);
    slack.command(channel, ada, 'help');
    slack.say(direct, ada, { files: [{ content: NOTE }] });
    await work();
    expect(workspace.ephemerals.map(({ text }) => text)).toEqual([EN.notInstalled]);
    expect(slack.posts(direct, workspace)).toEqual([]);
    slack.oauth.options.tokenSeconds = 43_200;
    await visitor().install(slack, workspace);
    await ask(ada, direct);
    expect(slack.posts(direct, workspace)).toHaveLength(1);
  });

  test('a renewal that fails does no harm while the token is good', async () => {
    slack.oauth.options.tokenSeconds = 3600;
    const { workspace, ada, direct, token } = await installed();
    const first = token();
    slack.api.fail('oauth.v2.access', { kind: 'status', status: 500 });
    const note = await ask(ada, direct);
    expect(slack.posts(direct, workspace)).toHaveLength(1);
    expect(tokensFor(note)).toEqual([first]);
  });
});

test('a command is answered although the installation cannot be decrypted', async () => {
  const { workspace, ada, channel } = await installed();
  const TableName = aws.env.UNDERTONE_SLACK_INSTALLATIONS_TABLE;
  const row = (await rows()).find(({ id }) => id === workspace.team);
  const sealed = String(row?.sealed).slice(0, -8);
  await documents.send(new PutCommand({ TableName, Item: { ...row, sealed } }));
  slack.command(channel, ada, 'help');
  await work();
  process.env.UNDERTONE_SLACK_ENCRYPTION_KEYS = newKey();
  slack.command(channel, ada, 'help');
  await work();
  expect(workspace.ephemerals.map(({ text }) => text)).toEqual(
    Array(2).fill(EN.errors['configuration-invalid']),
  );
});

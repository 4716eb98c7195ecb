import { describe, expect, test, vi } from 'vitest';
import { useTinyModel } from '../../fixtures/model.ts';
import { TEAM } from '../../support/slack/workspace.ts';
import { type BotUnderTest, NOTE, useSocketBots } from './bot.ts';

useTinyModel({ favourite: 'sad', confidence: 0.7 });

const start = useSocketBots({ ackMs: 400 });
const clip = { content: NOTE };

function direct({ slack: { workspace } }: BotUnderTest): { channel: string; ada: string } {
  const ada = workspace.addUser();
  return { ada, channel: workspace.addChannel([ada], { kind: 'direct' }) };
}

function closed({ slack: { workspace } }: BotUnderTest): { channel: string; ada: string } {
  const ada = workspace.addUser();
  return { ada, channel: workspace.addChannel([ada]) };
}

/** Waits until the bot has nothing left to do: what it says twice, it says after a while. */
async function saidInAll(run: BotUnderTest, count: number): Promise<void> {
  await run.said(count);
  await run.bot.stop();
  expect(run.slack.posts()).toHaveLength(count);
}

/** Several notes, with something happening between the third and the fourth. */
async function amid(run: BotUnderTest, disturb: () => void): Promise<void> {
  const { channel, ada } = direct(run);
  const say = () => run.slack.say(channel, ada, { files: [clip] });
  const before = [say(), say(), say()];
  disturb();
  const after = [say(), say(), say()];
  await run.said(6);
  expect(run.slack.posts().map(({ threadTs }) => threadTs)).toEqual(
    [...before, ...after].map(({ ts }) => ts),
  );
}

describe.concurrent('a connection', () => {
  test('that Slack wants made anew loses and doubles nothing', async () => {
    await using run = await start();
    await amid(run, () => run.slack.api.socket.requestRefresh());
    expect(run.slack.api.socket.opened).toBeGreaterThan(1);
  });

  test('that is warned of its end loses and doubles nothing', async () => {
    await using run = await start();
    await amid(run, () => run.slack.api.socket.requestRefresh('warning'));
  });

  test('that breaks loses and doubles nothing', async () => {
    await using run = await start();
    await amid(run, () => run.slack.api.socket.drop());
    expect(run.slack.api.socket.opened).toBeGreaterThan(1);
    expect(run.slack.api.socket.redelivered).toBeGreaterThan(0);
  });

  test('on which acknowledgements get lost brings events twice, which are answered once', async () => {
    await using run = await start();
    await amid(run, () => {
      run.slack.api.socket.lostAcks = 4;
    });
    expect(run.slack.api.socket.redelivered).toBeGreaterThanOrEqual(4);
  });

  test('that cannot be made for a while is made later', async () => {
    await using run = await start();
    const faults = [{ kind: 'status', status: 503 } as const, { kind: 'cut' } as const];
    run.slack.api.fail('apps.connections.open', ...faults);
    run.slack.api.fail('apps.connections.open', { kind: 'rate-limited', seconds: 1 });
    await amid(run, () => run.slack.api.socket.drop());
  });

  test('on which nonsense comes goes on', async () => {
    await using run = await start();
    await amid(run, () => {
      run.slack.api.socket.sendRaw('{ not json');
      run.slack.api.socket.sendRaw(JSON.stringify({ type: 'something_new', envelope_id: 'x' }));
    });
  });
});

describe.concurrent('a post', () => {
  test.each([
    ['is told to wait', { kind: 'rate-limited', seconds: 1 }],
    ['meets a 503', { kind: 'status', status: 503 }],
    ['meets a 500 although it was posted', { kind: 'status', status: 500, isDone: true }],
    ['is cut off', { kind: 'cut' }],
    ['is cut off although it was posted', { kind: 'cut', isDone: true }],
    ['meets a failure of Slack', { kind: 'refusal', error: 'internal_error' }],
  ] as const)('that %s comes once', async (_, fault) => {
    await using run = await start();
    const { channel, ada } = direct(run);
    run.slack.api.fail('chat.postMessage', fault);
    run.slack.say(channel, ada, { files: [clip] });
    await saidInAll(run, 1);
  });

  test('is found in a long thread, and not posted again', async () => {
    await using run = await start();
    const { channel, ada } = direct(run);
    const note = run.slack.say(channel, ada, { text: 'A note', files: [] });
    await run.said(1);
    const message = { channel, user: ada, files: [], text: 'more', threadTs: note.ts };
    for (let i = 0; i < 450; i++) run.slack.workspace.add(message);
    run.slack.api.fail('chat.postMessage', { kind: 'cut', isDone: true });
    run.slack.say(channel, ada, { files: [clip], threadTs: note.ts });
    await saidInAll(run, 2);
  });

  test('that has to wait does not hold up other channels', async () => {
    await using run = await start();
    const [slow, quick] = [direct(run), direct(run)];
    run.slack.api.fail('chat.postMessage', { kind: 'rate-limited', seconds: 4 });
    run.slack.say(slow.channel, slow.ada, { files: [clip] });
    await vi.waitFor(() => expect(run.slack.api.calls.at(-1)?.status).toBe(429), 20_000);
    run.slack.say(quick.channel, quick.ada, { files: [clip] });
    await run.said(2);
    expect(run.slack.posts().map(({ channel }) => channel)).toEqual([quick.channel, slow.channel]);
  });

  test.each([
    'not_in_channel',
    'is_archived',
    'missing_scope',
    'restricted_action',
  ])('that is refused with %s is left, and the next one is made', async (error) => {
    await using run = await start();
    const { channel, ada } = direct(run);
    run.slack.api.fail('chat.postMessage', { kind: 'refusal', error });
    run.slack.say(channel, ada, { files: [clip] });
    const second = run.slack.say(channel, ada, { files: [clip] });
    await run.said(1);
    expect(run.slack.posts()[0].threadTs).toBe(second.ts);
  });
});

test.concurrent('a click in an open channel in which the bot may not post is answered alone', async () => {
  await using run = await start();
  const { channel, ada } = closed(run);
  const place = { platform: 'slack', workspace: TEAM, channel, isDirect: false } as const;
  const note = run.slack.say(channel, ada, { files: [clip] });
  await run.said(0);
  await run.services.settings.setAutomatic(place, true);
  run.slack.api.fail('conversations.replies', { kind: 'refusal', error: 'missing_scope' });
  run.slack.api.fail('chat.postMessage', { kind: 'refusal', error: 'restricted_action' });
  run.slack.shortcut(ada, note);
  await run.said(1);
  expect(run.slack.workspace.ephemerals[0].text).toContain('Sad');
});

describe.concurrent('a private answer', () => {
  test('is sent again where the address for it fails', async () => {
    await using run = await start();
    const { channel, ada } = closed(run);
    run.slack.api.fail('response_url', { kind: 'status', status: 503 }, { kind: 'cut' });
    run.slack.shortcut(ada, run.slack.say(channel, ada, { files: [clip] }));
    await run.said(1);
    expect(run.slack.workspace.ephemerals[0].via).toBe('response_url');
  });

  test('takes another way where the address has expired', async () => {
    await using run = await start();
    const { channel, ada } = closed(run);
    run.slack.api.fail('response_url', { kind: 'status', status: 404 });
    run.slack.shortcut(ada, run.slack.say(channel, ada, { files: [clip] }));
    await run.said(1);
    expect(run.slack.workspace.ephemerals[0]).toMatchObject({ via: 'api', user: ada });
  });
});

describe.concurrent('a token', () => {
  test('of the bot that is revoked ends the bot with a sentence, without a loop', async () => {
    await using run = await start();
    const { channel, ada } = direct(run);
    run.slack.api.botRefusal = 'token_revoked';
    run.slack.say(channel, ada, { files: [clip] });
    const reason = await run.bot.revoked;
    expect(reason.code).toBe('configuration-invalid');
    expect(reason.message).toMatch(/UNDERTONE_SLACK_BOT_TOKEN \(token_revoked\)/);
    const asked = run.slack.api.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(run.slack.api.calls).toHaveLength(asked);
  });

  test.each([
    'token_revoked',
    'invalid_auth',
    'account_inactive',
  ])('of the app that is refused with %s ends the bot with a sentence, without a loop', async (refusal) => {
    await using run = await start();
    run.slack.api.appRefusal = refusal;
    run.slack.api.socket.drop();
    const reason = await run.bot.revoked;
    expect(reason.message).toContain(`UNDERTONE_SLACK_APP_TOKEN (${refusal})`);
    const asked = run.slack.api.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(run.slack.api.calls).toHaveLength(asked);
  });
});

test.concurrent('a bot that is stopped answers first what it has taken', async () => {
  await using run = await start();
  const { channel, ada } = direct(run);
  for (let i = 0; i < 5; i++) run.slack.say(channel, ada, { files: [clip] });
  await vi.waitFor(() => expect(run.slack.api.socket.isQuiet).toBe(true));
  await run.bot.stop();
  expect(run.slack.posts()).toHaveLength(5);
});

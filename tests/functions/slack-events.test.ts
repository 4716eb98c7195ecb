import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { chatJobSchema } from '../../functions/chat/queue.ts';
import { handler } from '../../functions/slack-events.ts';
import { type SlackRequest, signedRequest } from '../support/slack/http-delivery.ts';
import { commandBody, eventBody, shortcutBody } from '../support/slack/payloads.ts';
import { BOT, slackId, TEAM } from '../support/slack/workspace.ts';
import { FifoQueue } from '../support/sqs.ts';
import { type Answer, expectProblem } from './problem.ts';
import { slackRequestEvent } from './slack-request.ts';

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const FORM = 'application/x-www-form-urlencoded';
const queue = new FifoQueue();

beforeAll(async () => {
  await queue.start();
  Object.assign(process.env, queue.env, {
    UNDERTONE_SLACK_SIGNING_SECRET: SECRET,
    UNDERTONE_SLACK_BOT_TOKEN: 'xoxb-test',
  });
});

afterAll(() => queue.close());

beforeEach(() => {
  queue.messages.length = 0;
  queue.sent = 0;
  queue.isDown = false;
});

async function send(request: SlackRequest, options: { isText?: boolean } = {}): Promise<Answer> {
  const { statusCode, headers, body } = await handler(slackRequestEvent(request, options));
  return { status: statusCode, headers: headers as Record<string, string>, body };
}

function post(body: object, options: { isText?: boolean } = {}): Promise<Answer> {
  return send(signedRequest(JSON.stringify(body), { secret: SECRET }), options);
}

function form(fields: Record<string, string>): Promise<Answer> {
  const body = new URLSearchParams(fields).toString();
  return send(signedRequest(body, { secret: SECRET, contentType: FORM }));
}

let clock = 1_760_000_000;

function noteEvent(over: object = {}) {
  const file = { id: slackId('F'), subtype: 'slack_audio', name: 'Ada über Bob.m4a' };
  const ts = `${clock++}.000100`;
  return eventBody({
    type: 'message',
    subtype: 'file_share',
    channel: 'C1',
    user: 'U1',
    ts,
    text: `Grüße 🎙️ <@${BOT.user}>`,
    files: [file],
    ...over,
  });
}

function jobs() {
  return queue.messages.map(({ body }) => chatJobSchema.parse(JSON.parse(body)));
}

async function expectRefused(answer: Promise<Answer>): Promise<string> {
  const sentence = expectProblem(await answer, 401, 'unauthorized');
  expect(queue.sent).toBe(0);
  return sentence;
}

describe('a request that Slack signed', () => {
  test('with an event is handed on and acknowledged', async () => {
    const answer = await post(noteEvent());
    expect(answer).toMatchObject({ status: 200, body: '' });
    expect(queue.messages[0].group).toBe(`slack-${TEAM}-C1`);
    expect(jobs()[0]).toMatchObject({
      platform: 'slack',
      id: expect.stringMatching(/^message-T0UNDERTONE-C1-/),
    });
  });

  test('is taken in base64 and as text, with signs of all scripts', async () => {
    for (const isText of [true, false]) {
      expect((await post(noteEvent(), { isText })).status).toBe(200);
    }
    expect(queue.messages).toHaveLength(2);
  });

  test('hands on neither what people write nor names of files', async () => {
    await post(noteEvent());
    const [{ body }] = queue.messages;
    expect(body).not.toMatch(/Grüße|über Bob/);
    expect(body).toContain(`<@${BOT.user}>`);
  });

  test('that asks whose address this is gets its answer', async () => {
    const answer = await post({ type: 'url_verification', token: 'x', challenge: 'a1b2c3' });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({ challenge: 'a1b2c3' });
    expect(queue.sent).toBe(0);
  });

  test('with a slash command is handed on', async () => {
    const command = { channel: 'C2', user: 'U1', text: 'auto on', responseUrl: 'https://x.test/' };
    const body = commandBody(command);
    expect(await form(body)).toMatchObject({ status: 200, body: '' });
    expect(queue.messages[0].group).toBe(`slack-${TEAM}-C2`);
    expect(jobs()[0].id).toBe(`command-${body.trigger_id}`);
    expect(jobs()[0].payload).toMatchObject({ command: '/undertone', text: 'auto on' });
  });

  test('of a command keeps nothing that somebody wrote beside it', async () => {
    const text = 'auto on please, I am Eve';
    const command = { channel: 'C2', user: 'U1', text, responseUrl: 'https://x.test/' };
    await form(commandBody(command));
    expect(jobs()[0].payload).toMatchObject({ text: 'unknown' });
    expect(JSON.stringify(jobs())).not.toContain('Eve');
  });

  test('with a shortcut is handed on', async () => {
    const channel = { id: 'C3', kind: 'public', members: new Set<string>() } as const;
    const message = { ts: '1.2', channel: 'C3', user: 'U1', text: '', files: [], isDeleted: false };
    const options = { channel, user: 'U1', message, responseUrl: 'https://x.test/' };
    const known = shortcutBody({ ...options, callbackId: 'read_emotion' });
    const other = shortcutBody({ ...options, callbackId: 'something_else' });
    for (const body of [known, other]) {
      expect((await form({ payload: JSON.stringify(body) })).status).toBe(200);
    }
    expect(jobs().map(({ id }) => id)).toEqual([`shortcut-${known.trigger_id}`]);
  });
});

describe('an event', () => {
  test('that Slack sends again is one job', async () => {
    const body = JSON.stringify(noteEvent());
    const now = Math.floor(Date.now() / 1000);
    for (let attempt = 0; attempt < 3; attempt++) {
      const headers = {
        'X-Slack-Retry-Num': String(attempt),
        'X-Slack-Retry-Reason': 'http_timeout',
      };
      // Each attempt is signed anew.
      const timestamp = now - attempt;
      const request = signedRequest(body, { secret: SECRET, timestamp, headers });
      expect((await send(request)).status).toBe(200);
    }
    expect(queue.sent).toBe(3);
    expect(queue.messages).toHaveLength(1);
  });

  test('about a mention and one about its message are one job', async () => {
    const { event } = noteEvent() as unknown as { event: object };
    await post(eventBody({ ...event, type: 'app_mention' }));
    await post(eventBody(event));
    expect(queue.messages).toHaveLength(1);
  });

  test.each([
    ['an edit', { subtype: 'message_changed', hidden: true }],
    ['a deletion', { subtype: 'message_deleted', hidden: true }],
    ['of another bot', { bot_id: 'B0OTHER' }],
    ['of the bot itself', { bot_id: BOT.id, user: BOT.user }],
    ['without a user', { user: undefined }],
    ['without a note', { files: undefined, subtype: undefined }],
    ['with a picture', { files: [{ id: 'F1', mimetype: 'image/png' }] }],
    ['of a kind that is not known', { type: 'reaction_added' }],
    ['without a channel', { channel: undefined }],
    ['with a channel that is no text', { channel: { id: 'C1' } }],
  ])('%s is acknowledged and dropped', async (_, over) => {
    expect(await post(noteEvent(over))).toMatchObject({ status: 200, body: '' });
    expect(queue.sent).toBe(0);
  });

  test('that the queue does not take is not acknowledged, and taken when it comes again', async () => {
    queue.isDown = true;
    const request = signedRequest(JSON.stringify(noteEvent()), { secret: SECRET });
    expectProblem(await send(request), 503, 'unavailable');
    queue.isDown = false;
    expect((await send(request)).status).toBe(200);
    expect(queue.messages).toHaveLength(1);
  });

  test('of a command that the queue does not take is answered with a sentence', async () => {
    queue.isDown = true;
    const command = { channel: 'C2', user: 'U1', text: 'help', responseUrl: 'https://x.test/' };
    const answer = await form(commandBody(command));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({
      response_type: 'ephemeral',
      text: expect.stringContaining('is not responding'),
    });
  });
});

describe('refused, with nothing done, is a request', () => {
  const body = () => JSON.stringify(noteEvent());
  const now = () => Math.floor(Date.now() / 1000);

  test('whose body was changed', async () => {
    const { headers } = signedRequest(body(), { secret: SECRET });
    await expectRefused(send({ headers, body: Buffer.from(body()) }));
  });

  test('whose body was written anew, though it says the same', async () => {
    const signed = signedRequest('{"type": "event_callback"}', { secret: SECRET });
    await expectRefused(send({ ...signed, body: Buffer.from('{"type":"event_callback"}') }));
  });

  test('that was signed with another key', async () => {
    await expectRefused(send(signedRequest(body(), { secret: `${SECRET}x` })));
  });

  test.each(['X-Slack-Signature', 'X-Slack-Request-Timestamp'])('without %s', async (name) => {
    const { headers, body: bytes } = signedRequest(body(), { secret: SECRET });
    const { [name]: _, ...rest } = headers;
    expect(await expectRefused(send({ headers: rest, body: bytes }))).toContain('no signature');
  });

  test('whose timestamp was changed', async () => {
    const { headers, body: bytes } = signedRequest(body(), { secret: SECRET });
    const changed = { ...headers, 'X-Slack-Request-Timestamp': String(now() + 1) };
    await expectRefused(send({ headers: changed, body: bytes }));
  });

  test.each([
    ['stale', -302],
    ['from the future', 302],
    ['of another year', -31_536_000],
  ])('that is %s', async (_, seconds) => {
    const timestamp = now() + seconds;
    const sentence = await expectRefused(
      send(signedRequest(body(), { secret: SECRET, timestamp })),
    );
    expect(sentence).toContain('300 seconds');
  });

  test.each([-295, 295])('not if its clock differs by %i seconds', async (seconds) => {
    const timestamp = now() + seconds;
    expect((await send(signedRequest(body(), { secret: SECRET, timestamp }))).status).toBe(200);
  });

  test('that is played again', async () => {
    const request = signedRequest(body(), { secret: SECRET });
    expect((await send(request)).status).toBe(200);
    queue.sent = 0;
    expect(await expectRefused(send(request))).toContain('taken before');
  });

  test.each([
    ['an empty one', ''],
    ['one without its version', 'a'.repeat(64)],
    ['one of another version', `v1=${'a'.repeat(64)}`],
    ['a short one', 'v0=abcd'],
    ['one that is no number', `v0=${'z'.repeat(64)}`],
    ['one in capitals', `v0=${'A'.repeat(64)}`],
  ])('with a malformed signature: %s', async (_, signature) => {
    const { headers, body: bytes } = signedRequest(body(), { secret: SECRET });
    await expectRefused(
      send({ headers: { ...headers, 'X-Slack-Signature': signature }, body: bytes }),
    );
  });

  test.each([
    'soon',
    '1e9',
    '-5',
    '99999999999999999999',
  ])('whose timestamp is %j, though it is signed', async (timestamp) => {
    await expectRefused(send(signedRequest(body(), { secret: SECRET, timestamp })));
  });

  test('without a body', async () => {
    await expectRefused(send({ headers: {}, body: Buffer.alloc(0) }));
  });
});

test('what Slack signed and is not readable is refused as that', async () => {
  for (const body of ['{ not json', '', '\u{1F399}']) {
    const answer = await send(signedRequest(body, { secret: SECRET }));
    expectProblem(answer, 400, 'parameter-invalid');
  }
  expectProblem(await form({ payload: '{ not json' }), 400, 'parameter-invalid');
  expect((await post(['a list'])).status).toBe(200);
  expect((await form({ ssl_check: '1' })).status).toBe(200);
  expect(queue.sent).toBe(0);
});

import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { handler as chat } from '../../functions/chat.ts';
import { handler } from '../../functions/slack-events.ts';
import { startDynamoDB } from '../../local-cloud/aws.ts';
import { manifest, NOTE, said, useApi } from '../bots/slack/bot.ts';
import { useTinyModel } from '../fixtures/model.ts';
import { type Counterpart, startSlack } from '../support/slack/counterpart.ts';
import { FifoQueue } from '../support/sqs.ts';
import { lambdaContext, queueEvent } from './local-aws.ts';
import { slackRequestEvent } from './slack-request.ts';

useTinyModel({ favourite: 'surprised', confidence: 0.6 });

const TABLES = [
  ['chat', 'key'],
  ['idempotency', 'id'],
] as const;

const api = useApi();
const queue = new FifoQueue();
let dynamodb: Awaited<ReturnType<typeof startDynamoDB>>;
let slack: Counterpart;

beforeAll(async () => {
  slack = await startSlack({ manifest: await manifest() });
  dynamodb = await startDynamoDB(null, 0);
  await queue.start();
  Object.assign(process.env, queue.env, {
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    UNDERTONE_CHAT_TABLE: 'chat',
    UNDERTONE_IDEMPOTENCY_TABLE: 'idempotency',
    UNDERTONE_API_ENDPOINT: api.url,
    UNDERTONE_SLACK_API: slack.api.url,
    UNDERTONE_SLACK_SIGNING_SECRET: slack.signingSecret,
    UNDERTONE_SLACK_BOT_TOKEN: slack.botToken,
    UNDERTONE_FILE_HOSTS: `http://${slack.files.host}`,
  });
  const client = new DynamoDBClient();
  for (const [name, key] of TABLES) {
    await client.send(
      new CreateTableCommand({
        TableName: name,
        KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
  }
  slack.connectHttp(async (request) => {
    const { statusCode, body } = await handler(slackRequestEvent(request));
    return { status: statusCode, body };
  });
});

afterAll(() => Promise.all([slack.close(), queue.close(), dynamodb.close()]));

function queued(): Promise<void> {
  return expect.poll(() => queue.messages.length, { timeout: 20_000 }).toBe(1);
}

/** Waits for the next message of the queue and has the worker do it, as often as it is delivered. */
async function work({ times = 1 } = {}): Promise<void> {
  await queued();
  const { body } = queue.messages[0];
  for (let i = 0; i < times; i++) {
    const { batchItemFailures } = await chat(queueEvent(body), lambdaContext());
    expect(batchItemFailures).toEqual([]);
  }
  queue.messages.length = 0;
}

test('from a signed request through function, queue and worker to the answer, once', async () => {
  const ada = slack.workspace.addUser({ isAdmin: true });
  const channel = slack.workspace.addChannel([ada]);
  slack.command(channel, ada, 'auto on');
  await work({ times: 2 });
  await said(slack, 1);
  const note = slack.say(channel, ada, { files: [{ content: NOTE }] });
  await work({ times: 3 });
  await said(slack, 2);
  expect(slack.posts()[0]).toMatchObject({ channel, threadTs: note.ts });
  expect(slack.posts()[0].text).toContain('Surprised');
});

test('a job that Slack does not let through fails, and is done when it comes again', async () => {
  const ada = slack.workspace.addUser();
  const channel = slack.workspace.addChannel([ada], { kind: 'direct' });
  slack.say(channel, ada, { files: [{ content: NOTE }] });
  await queued();
  const [{ body }] = queue.messages;
  slack.api.botRefusal = 'token_revoked';
  const { batchItemFailures } = await chat(queueEvent(body), lambdaContext());
  expect(batchItemFailures).toHaveLength(1);
  slack.api.botRefusal = null;
  await work();
  await said(slack, 3);
});

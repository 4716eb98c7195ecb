import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Construct } from 'constructs';
import { LIGHT_MEMORY } from '../api.ts';
import { Handler } from '../handler.ts';
import type { ChatParts } from './chat.ts';
import { grantSecret } from './platforms.ts';
import { WORKER_TIMEOUT } from './queue.ts';

/** Makes the function that fetches notes, asks the API for their emotion and answers in the chat. */
export function chatWorker(scope: Construct, parts: ChatParts): Handler {
  const { config, api, state, jobs, table, proof, slackSecret } = parts;
  const worker = new Handler(scope, 'Chat', {
    config,
    name: 'chat',
    description: 'Answers what is asked in Discord and Slack.',
    memory: LIGHT_MEMORY,
    timeout: WORKER_TIMEOUT,
    environment: {
      UNDERTONE_CHAT_QUEUE_URL: jobs.queue.queueUrl,
      UNDERTONE_CHAT_TABLE: table.tableName,
      UNDERTONE_IDEMPOTENCY_TABLE: state.idempotency.tableName,
      UNDERTONE_API_ENDPOINT: api.api.url,
      UNDERTONE_API_KEY: proof.value,
      ...(config.slackSecret && { UNDERTONE_SLACK_SECRET: config.slackSecret }),
    },
  });
  worker.function.addEventSource(
    new SqsEventSource(jobs.queue, {
      // One question has the whole time of a call to itself, and none waits for the next.
      batchSize: 1,
      reportBatchItemFailures: true,
      maxConcurrency: config.chatConcurrency,
    }),
  );
  table.grant(worker.function, ...SETTINGS_ACTIONS);
  const actions = ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'].map((a) => `dynamodb:${a}`);
  state.idempotency.grant(worker.function, ...actions);
  if (slackSecret) grantSecret(worker.function, slackSecret);
  return worker;
}

/** What bots/settings/dynamodb.ts and bots/limits.ts do with the table for one question. */
export const SETTINGS_ACTIONS = [
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:UpdateItem',
  'dynamodb:DeleteItem',
] as const;

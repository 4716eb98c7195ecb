import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Services } from '../../bots/answer.ts';
import { ApiClient } from '../../bots/api-client.ts';
import { tableClient, tableMemory } from '../../bots/services.ts';
import { chatEnvironment, discordMedium } from './environment.ts';
import type { ChatJob } from './queue.ts';

/** Does the jobs of one platform. */
export type Platform = (payload: unknown, attempt: Attempt) => Promise<void>;

export interface Attempt {
  /** Whether an earlier one may have come as far as its answer. */
  readonly isRepeated: boolean;
  /** Ends the hearing of notes while there is time for the answer. */
  readonly signal: AbortSignal;
}

/** What the worker has for as long as its process lives. */
export interface Worker {
  readonly dynamodb: DynamoDBClient;
  readonly idempotencyTable: string;
  readonly platforms: Readonly<Record<ChatJob['platform'], Platform>>;
}

let shared: Worker | undefined;

/**
 * Returns what all calls of this process share.
 *
 * @throws UndertoneError `configuration-invalid`
 */
export function chatWorker(): Worker {
  shared ??= createWorker();
  return shared;
}

function createWorker(): Worker {
  const environment = chatEnvironment('worker');
  const { UNDERTONE_API_ENDPOINT: endpoint, UNDERTONE_API_KEY: apiKey } = environment;
  const dynamodb = tableClient();
  const common: Omit<Services, 'hosts'> = {
    api: new ApiClient({ endpoint, apiKey }),
    ...tableMemory(environment.UNDERTONE_CHAT_TABLE, dynamodb),
  };
  return {
    dynamodb,
    idempotencyTable: environment.UNDERTONE_IDEMPOTENCY_TABLE,
    platforms: {
      // Loaded when they are first needed: most installations have one of the two.
      async discord(payload, { signal }) {
        const [{ handleDiscordJob }, { discordHosts, interactionRest }] = await Promise.all([
          import('../../bots/discord/job.ts'),
          import('../../bots/discord/rest.ts'),
        ]);
        const hosts = discordHosts(environment.UNDERTONE_FILE_HOSTS);
        const services = { ...common, hosts };
        const medium = discordMedium();
        const rest = interactionRest(environment.UNDERTONE_DISCORD_API);
        await handleDiscordJob(payload, { services, rest, medium, signal });
      },
      async slack(payload, { isRepeated, signal }) {
        const [{ handleSlackJob }, { slackHosts }, { slackWorkspaces }] = await Promise.all([
          import('../../bots/slack/app.ts'),
          import('../../bots/slack/files.ts'),
          import('./slack.ts'),
        ]);
        const services = { ...common, hosts: slackHosts(environment.UNDERTONE_FILE_HOSTS) };
        const workspaces = await slackWorkspaces(dynamodb);
        const apiUrl = environment.UNDERTONE_SLACK_API;
        await handleSlackJob(payload, { services, workspaces, apiUrl }, { isRepeated, signal });
      },
    },
  };
}

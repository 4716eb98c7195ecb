import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { LambdaIntegration } from 'aws-cdk-lib/aws-apigateway';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { CHAT, type PerVariable, TABLES } from '../../functions/infrastructure.ts';
import { CHAT_ROUTES, type ChatRoute, INSTALL_ROUTES } from '../../functions/routes.ts';
import type { Config } from '../config.ts';
import { type Api, LIGHT_MEMORY } from './api.ts';
import { DiscordGateway } from './discord-gateway.ts';
import { SecretHeader } from './firewall.ts';
import { grantSecret, ITEM_ACTIONS, secretOf } from './grants.ts';
import { Handler } from './handler.ts';
import { expiringTable, type State } from './storage.ts';

/** Discord and Slack wait three seconds for an answer. */
const WEBHOOK_TIMEOUT = Duration.seconds(5);
/** MB. CPU grows with memory, and a cold start with new connections to AWS has to fit into that time. */
const WEBHOOK_MEMORY = 1024;

/** The route that a chat platform calls, and what its function needs to know. */
export interface Webhook extends ChatRoute {
  readonly environment: PerVariable<string>;
}

/** Returns the webhooks of the chat platforms that are configured. */
export function chatWebhooks(config: Config): Webhook[] {
  const { discordPublicKey, slackSecret } = config;
  const environments: Record<ChatRoute['platform'], PerVariable<string> | undefined> = {
    discord: discordPublicKey
      ? { UNDERTONE_DISCORD_PUBLIC_KEY: discordPublicKey, ...gatewayVariable(config) }
      : undefined,
    slack: slackSecret ? { UNDERTONE_SLACK_SECRET: slackSecret } : undefined,
  };
  return CHAT_ROUTES.flatMap((route) => {
    const environment = environments[route.platform];
    return environment ? [{ ...route, environment }] : [];
  });
}

/** Tells the functions whether a task listens to Discord, and so what the bot may promise there. */
function gatewayVariable({ discordGateway }: Config): PerVariable<string> {
  return { UNDERTONE_DISCORD_GATEWAY: String(discordGateway) };
}

export interface ChatProps {
  readonly config: Config;
  readonly api: Api;
  readonly state: State;
}

/**
 * The bots: a webhook for each platform, which verifies requests and enqueues questions; a worker that
 * answers them; and, if configured, a task that listens to Discord.
 */
export class Chat extends Construct {
  /** Its value is also the API key of the bots, if the API requires keys. */
  readonly key: SecretHeader;
  readonly jobs: ChatQueue;
  readonly worker: Handler;
  readonly webhooks: readonly Handler[];
  readonly gateway: DiscordGateway | undefined;
  readonly #table: Table;
  /** Where workspaces that install the Slack app are stored. */
  readonly #installations: Table | undefined;
  readonly #slackSecret: ISecret | undefined;

  constructor(scope: Construct, id: string, props: ChatProps) {
    super(scope, id);
    const { config, api } = props;
    this.key = new SecretHeader(this, 'Key', {
      header: 'x-api-key',
      description: 'Undertone: the API key of its bots.',
    });
    this.jobs = new ChatQueue(this, 'Queue');
    this.#table = expiringTable(this, 'Table', {
      ...TABLES.chat,
      removalPolicy: config.removal === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
      noBackup:
        'A backup would restore automatic replies that a moderator has switched off; to switch them on again takes one command.',
    });
    this.#slackSecret =
      config.slackSecret === undefined ? undefined : secretOf(this, 'Slack', config.slackSecret);
    this.#installations = config.slackDistribution ? this.#installationsTable(config) : undefined;
    api.allowKey('Key-chat', { description: 'Undertone: its bots', value: this.key.value });
    this.webhooks = [
      ...chatWebhooks(config).map((webhook) => this.#webhook(webhook, props)),
      ...(this.#installations ? [this.#installPages(this.#installations, props)] : []),
    ];
    this.worker = this.#worker(props);
    const { discordGateway, discordSecret } = config;
    if (discordGateway && discordSecret) {
      this.gateway = new DiscordGateway(this, 'Gateway', {
        config,
        apiUrl: api.url,
        apiKey: this.key.secret,
        table: this.#table,
        discordSecret,
      });
    }
  }

  /** Makes the function that a platform calls. */
  #webhook(webhook: Webhook, { config, api }: ChatProps): Handler {
    const { handler: name, method, path, platform, environment } = webhook;
    const handler = new Handler(this, name, {
      config,
      name,
      description: `Answers ${method} ${path}.`,
      memory: WEBHOOK_MEMORY,
      timeout: WEBHOOK_TIMEOUT,
      environment: { UNDERTONE_CHAT_QUEUE_URL: this.jobs.queue.queueUrl, ...environment },
    });
    this.jobs.queue.grant(handler.function, 'sqs:SendMessage');
    if (platform === 'slack' && this.#slackSecret) {
      grantSecret(handler.function, this.#slackSecret);
    }
    const integration = new LambdaIntegration(handler.function, { allowTestInvoke: false });
    // The platforms cannot send an API key; the function checks their signature instead.
    api.api.root.resourceForPath(path).addMethod(method, integration, { apiKeyRequired: false });
    return handler;
  }

  /**
   * Makes the table of installations. Its rows are encrypted, and there is no other copy of them: if they
   * were lost, every workspace would have to install the app again.
   */
  #installationsTable({ removal }: Config): Table {
    return new Table(this, 'Installations', {
      partitionKey: { name: TABLES.slackInstallations.partitionKey, type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: removal === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
  }

  /** Makes the function behind the pages with which a workspace installs the Slack app. */
  #installPages(installations: Table, { config, api }: ChatProps): Handler {
    const [{ handler: name }] = INSTALL_ROUTES;
    const handler = new Handler(this, name, {
      config,
      name,
      description: `Answers ${INSTALL_ROUTES.map(({ method, path }) => `${method} ${path}`).join(' and ')}.`,
      memory: LIGHT_MEMORY,
      // Slack may take ten seconds for each of two calls.
      timeout: Duration.seconds(25),
      environment: {
        UNDERTONE_SLACK_INSTALLATIONS_TABLE: installations.tableName,
        ...(config.slackSecret && { UNDERTONE_SLACK_SECRET: config.slackSecret }),
      },
    });
    installations.grant(handler.function, 'dynamodb:PutItem');
    if (this.#slackSecret) grantSecret(handler.function, this.#slackSecret);
    const integration = new LambdaIntegration(handler.function, { allowTestInvoke: false });
    for (const { method, path } of INSTALL_ROUTES) {
      // Browsers open these pages.
      api.api.root.resourceForPath(path).addMethod(method, integration, { apiKeyRequired: false });
    }
    return handler;
  }

  /** Makes the function that downloads notes, sends them to the API and posts the answers. */
  #worker({ config, api, state }: ChatProps): Handler {
    const worker = new Handler(this, 'Chat', {
      config,
      name: 'chat',
      description: 'Answers questions from Discord and Slack.',
      memory: LIGHT_MEMORY,
      timeout: Duration.seconds(CHAT.timeoutSeconds),
      environment: {
        UNDERTONE_CHAT_QUEUE_URL: this.jobs.queue.queueUrl,
        UNDERTONE_CHAT_TABLE: this.#table.tableName,
        UNDERTONE_IDEMPOTENCY_TABLE: state.idempotency.tableName,
        UNDERTONE_API_ENDPOINT: api.url,
        UNDERTONE_API_KEY: this.key.value,
        ...gatewayVariable(config),
        ...(config.slackSecret && { UNDERTONE_SLACK_SECRET: config.slackSecret }),
        ...(this.#installations && {
          UNDERTONE_SLACK_INSTALLATIONS_TABLE: this.#installations.tableName,
        }),
      },
    });
    worker.function.addEventSource(
      new SqsEventSource(this.jobs.queue, {
        batchSize: CHAT.batchSize,
        reportBatchItemFailures: true,
        maxConcurrency: config.chatConcurrency,
      }),
    );
    // For bots/settings.ts and bots/limits.ts.
    this.#table.grant(worker.function, ...ITEM_ACTIONS);
    state.idempotency.grant(worker.function, ...ITEM_ACTIONS);
    if (this.#slackSecret) {
      grantSecret(worker.function, this.#slackSecret);
      // To find the settings of a workspace that has removed the app.
      this.#table.grant(worker.function, 'dynamodb:Scan');
    }
    // To read them, to store tokens that were renewed, and to delete them.
    this.#installations?.grant(
      worker.function,
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:DeleteItem',
    );
    return worker;
  }
}

/**
 * How long a channel waits after the worker was killed or timed out; after any other failure the worker
 * itself makes the question visible again (CHAT_RETRY_DELAYS). AWS requires at least the timeout of the
 * function and recommends six times that, which would be 12 of the 15 minutes for which Discord takes
 * an answer. One minute more leaves time for throttled invocations, and all tries are over after nine
 * minutes, even if each is killed.
 */
const VISIBILITY = Duration.seconds(CHAT.timeoutSeconds + 60);

/**
 * Questions from Discord and Slack, in order for each channel, and a dead-letter queue. They contain
 * ids of people and addresses of recordings, so neither queue keeps them for long.
 */
class ChatQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const common: QueueProps = {
      fifo: true,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    };
    this.deadLetters = new Queue(this, 'DeadLetters', {
      ...common,
      retentionPeriod: Duration.days(4),
    });
    this.queue = new Queue(this, 'Jobs', {
      ...common,
      retentionPeriod: Duration.days(1),
      visibilityTimeout: VISIBILITY,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: CHAT.tries },
    });
  }
}

import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Config } from '../../config.ts';
import { acknowledge } from '../acknowledge.ts';
import type { Api } from '../api.ts';
import type { Handler } from '../handler.ts';
import { Proof } from '../proof.ts';
import type { State } from '../state.ts';
import { chatDoors } from './doors.ts';
import { Gateway } from './gateway.ts';
import { ChatQueue } from './queue.ts';
import { chatWorker } from './worker.ts';

export interface ChatProps {
  readonly config: Config;
  readonly api: Api;
  readonly state: State;
}

/** What the parts of the chat side share. */
export interface ChatParts extends ChatProps {
  readonly jobs: ChatQueue;
  /** Rows `{ key, …, expire }`: what moderators have set, who has been told, who asked how often. */
  readonly table: Table;
  /** Its value is the API key of the bots, too, where keys are asked for. */
  readonly proof: Proof;
  readonly slackSecret: ISecret | undefined;
}

/**
 * The bots: a function for each platform that verifies and puts into a queue, a worker that answers,
 * and a task that listens to Discord where that is asked for.
 */
export class Chat extends Construct {
  readonly proof: Proof;
  readonly jobs: ChatQueue;
  readonly worker: Handler;
  readonly doors: readonly Handler[];
  readonly gateway: Gateway | undefined;

  constructor(scope: Construct, id: string, props: ChatProps) {
    super(scope, id);
    const { config, api } = props;
    this.proof = new Proof(this, 'Key', {
      header: 'x-api-key',
      description: 'Undertone: the key with which its bots ask its API.',
    });
    this.jobs = new ChatQueue(this, 'Queue');
    const parts: ChatParts = {
      ...props,
      jobs: this.jobs,
      table: this.#table(config),
      proof: this.proof,
      slackSecret:
        config.slackSecret === undefined
          ? undefined
          : Secret.fromSecretNameV2(this, 'Slack', config.slackSecret),
    };
    api.allowKey('Key-chat', { description: 'Undertone: its bots', value: this.proof.value });
    this.doors = chatDoors(this, parts);
    this.worker = chatWorker(this, parts);
    const { discordGateway, discordSecret } = config;
    if (discordGateway && discordSecret) {
      this.gateway = new Gateway(this, 'Gateway', { ...parts, discordSecret });
    }
  }

  #table({ removal }: Config): Table {
    const table = new Table(this, 'Table', {
      partitionKey: { name: 'key', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'expire',
      removalPolicy: removal === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
    acknowledge(
      table,
      'DDB3',
      'A backup would bring back what a moderator has switched off since; to switch it on again takes one command.',
    );
    return table;
  }
}

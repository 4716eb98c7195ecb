import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { PerVariable } from '../functions/infrastructure.ts';
import { INSTALL_ROUTES } from '../functions/routes.ts';
import type { Config } from './config.ts';
import { Api } from './constructs/api.ts';
import { Callbacks } from './constructs/callbacks.ts';
import { Catalogue } from './constructs/catalogue.ts';
import { Chat, chatWebhooks } from './constructs/chat.ts';
import { Firewall } from './constructs/firewall.ts';
import { Ffmpeg } from './constructs/handler.ts';
import { Labelling, Uploads } from './constructs/labelling.ts';
import { Observability } from './constructs/observability.ts';
import { State, Storage } from './constructs/storage.ts';
import { Website } from './constructs/website.ts';

export interface UndertoneStackProps extends StackProps {
  readonly config: Config;
}

/** All of Undertone on AWS: the bucket whose recordings are labelled, the HTTP API, the page and the bots. */
export class UndertoneStack extends Stack {
  constructor(scope: Construct, id: string, props: UndertoneStackProps) {
    super(scope, id, props);
    const { config } = props;
    const storage = new Storage(this, 'Storage', { config });
    const state = new State(this, 'State');
    const ffmpeg = new Ffmpeg(this, 'Ffmpeg', { config });
    const forLabelling = {
      UNDERTONE_INBOX_BUCKET: storage.inbox.bucketName,
      UNDERTONE_RESULTS_BUCKET: storage.results.bucketName,
      UNDERTONE_IDEMPOTENCY_TABLE: state.idempotency.tableName,
      UNDERTONE_LATE_LABELS: 'true',
    } satisfies PerVariable<string>;
    const callbacks = new Callbacks(this, 'Callbacks', { config, state });
    const forUploads = {
      UNDERTONE_UPLOADS_BUCKET: storage.uploads.bucketName,
      UNDERTONE_RESULTS_TABLE: state.results.tableName,
    } satisfies PerVariable<string>;
    const forApi = {
      ...forUploads,
      UNDERTONE_BATCHES_TABLE: state.batches.tableName,
      UNDERTONE_CALLBACKS_TABLE: state.callbacks.tableName,
    } satisfies PerVariable<string>;
    const common = { config, storage, state, ffmpeg };
    const labelling = new Labelling(this, 'Labelling', { ...common, environment: forLabelling });
    const uploads = new Uploads(this, 'Uploads', {
      ...common,
      callbacks: callbacks.queue,
      environment: { ...forUploads, UNDERTONE_CALLBACKS_QUEUE_URL: callbacks.queue.queueUrl },
    });
    const webhooks = chatWebhooks(config);
    const api = new Api(this, 'Api', { ...common, environment: forApi, webhooks });
    const website = config.page
      ? new Website(this, 'Website', { config, api: api.api, uploads: storage.uploads })
      : undefined;
    const chat =
      webhooks.length > 0 || config.discordGateway
        ? new Chat(this, 'Chat', { config, api, state })
        : undefined;
    // A child of the API: elsewhere its logical id would change and replace the firewall.
    new Firewall(api, 'Firewall', {
      stage: api.api.deploymentStage,
      requestsPerAddress: config.requestsPerAddress,
      page: website?.secretHeader,
      chat: chat?.key,
      webhooks,
    });
    const catalogue = new Catalogue(this, 'Catalogue', { config, storage });
    const { alarms, dashboard } = new Observability(this, 'Observability', {
      config,
      api,
      labelling,
      compaction: catalogue.compaction,
      uploads,
      callbacks,
      chat,
    });

    const output = (name: string, value: string, description: string) => {
      new CfnOutput(this, name, { value, description });
    };
    const endpoint = api.url;
    if (website) output('PageUrl', website.url, 'URL of the page.');
    output('Endpoint', endpoint, 'Base URL of the HTTP API.');
    if (api.api.domainName) {
      output(
        'ApiDomainTarget',
        api.api.domainName.domainNameAliasDomainName,
        `Point the DNS entry of ${config.apiDomain} at this name (CNAME, or alias in Route 53).`,
      );
    }
    output(
      'TryIt',
      `curl --data-binary @samples/plain.ogg ${endpoint}v1/emotion`,
      'Classifies a sample through the API.',
    );
    output(
      'DropHere',
      `aws s3 cp samples/ s3://${storage.inbox.bucketName}/ --recursive`,
      'Copies the samples to the inbox bucket, where they are labelled.',
    );
    output(
      'ReadLabels',
      `aws s3 cp s3://${storage.results.bucketName}/labels/ labels/ --recursive`,
      'Downloads the labels, one line of JSON for each recording.',
    );
    output(
      'InboxBucket',
      storage.inbox.bucketName,
      'Bucket for recordings (UNDERTONE_INBOX_BUCKET).',
    );
    output('ResultsBucket', storage.results.bucketName, 'Bucket with the labels.');
    output('QueueUrl', labelling.queue.queueUrl, 'Labelling queue (UNDERTONE_QUEUE_URL).');
    output(
      'DeadLetterArn',
      labelling.deadLetters.queueArn,
      'Queue of recordings that could not be labelled.',
    );
    output(
      'CompactLabels',
      `aws stepfunctions start-execution --state-machine-arn ${catalogue.compaction.stateMachineArn}`,
      'Compacts the labels now, rather than at 01:30 UTC.',
    );
    output(
      'CallbackDeadLetterArn',
      callbacks.deadLetters.queueArn,
      'Queue of results that no callback took.',
    );
    output('LabelFunction', labelling.handler.function.functionName, 'Name of the label function.');
    for (const { platform, path } of webhooks) {
      const name = { discord: 'DiscordInteractionsUrl', slack: 'SlackRequestUrl' }[platform];
      output(name, endpoint + path.slice(1), `Webhook of the bot, to be entered at ${platform}.`);
    }
    if (config.slackDistribution) {
      const [{ path }] = INSTALL_ROUTES;
      output('SlackInstallUrl', endpoint + path.slice(1), 'Page where workspaces install the app.');
    }
    if (chat) {
      output(
        'ChatDeadLetterArn',
        chat.jobs.deadLetters.queueArn,
        'Queue of chat questions that could not be answered.',
      );
    }
    output(
      'AskAthena',
      `${catalogue.database}.labels in the workgroup ${this.stackName}`,
      'The Athena table of labels; its workgroup has the saved query "angry notes per day".',
    );
    output('AlarmTopic', alarms.topicArn, 'Subscribe to this topic for alarms.');
    output('Dashboard', dashboard.dashboardName, 'Name of the CloudWatch dashboard.');
  }
}

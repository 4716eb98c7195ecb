import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Config } from './config.ts';
import { Api } from './constructs/api.ts';
import { Catalogue } from './constructs/catalogue.ts';
import { Chat } from './constructs/chat/chat.ts';
import { chatRoutes } from './constructs/chat/platforms.ts';
import { Ffmpeg } from './constructs/ffmpeg.ts';
import { Firewall } from './constructs/firewall.ts';
import { Labelling } from './constructs/labelling.ts';
import { Observability } from './constructs/observability.ts';
import { State } from './constructs/state.ts';
import { Storage } from './constructs/storage.ts';
import { Website } from './constructs/website/website.ts';

export interface UndertoneStackProps extends StackProps {
  readonly config: Config;
}

/** All of Undertone on AWS: a bucket that labels what is dropped into it, the HTTP API, the page, the bots. */
export class UndertoneStack extends Stack {
  constructor(scope: Construct, id: string, props: UndertoneStackProps) {
    super(scope, id, props);
    const { config } = props;
    const storage = new Storage(this, 'Storage', { config });
    const state = new State(this, 'State');
    const ffmpeg = new Ffmpeg(this, 'Ffmpeg', { config });
    const environment = {
      UNDERTONE_INBOX_BUCKET: storage.inbox.bucketName,
      UNDERTONE_RESULTS_BUCKET: storage.results.bucketName,
      UNDERTONE_RESULTS_TABLE: state.results.tableName,
      UNDERTONE_IDEMPOTENCY_TABLE: state.idempotency.tableName,
    };
    const common = { config, storage, state, ffmpeg, environment };
    const labelling = new Labelling(this, 'Labelling', common);
    const api = new Api(this, 'Api', common);
    const website = config.page
      ? new Website(this, 'Website', { config, api: api.api, inbox: storage.inbox })
      : undefined;
    const routes = chatRoutes(config);
    const chat =
      routes.length > 0 || config.discordGateway
        ? new Chat(this, 'Chat', { config, api, state })
        : undefined;
    // Below the API, where it has always been: its name must not change under what it protects.
    new Firewall(api, 'Firewall', {
      stage: api.api.deploymentStage,
      requestsPerAddress: config.requestsPerAddress,
      page: website?.proof,
      chat: chat?.proof,
      signedPaths: routes.map(({ path }) => path),
    });
    const catalogue = new Catalogue(this, 'Catalogue', { storage });
    const { alarms, dashboard } = new Observability(this, 'Observability', {
      config,
      api,
      labelling,
      chat,
    });

    const output = (name: string, value: string, description: string) => {
      new CfnOutput(this, name, { value, description });
    };
    const endpoint = api.api.url;
    if (website) output('PageUrl', website.url, 'Address of the page: open it.');
    output('Endpoint', endpoint, 'Address of the HTTP API.');
    output(
      'TryIt',
      `curl --data-binary @samples/plain.ogg ${endpoint}v1/emotion`,
      'Asks for the emotion in a note.',
    );
    output(
      'DropHere',
      `aws s3 cp samples/ s3://${storage.inbox.bucketName}/ --recursive`,
      'Labels whatever is dropped into the inbox bucket.',
    );
    output(
      'ReadLabels',
      `aws s3 cp s3://${storage.results.bucketName}/labels/ labels/ --recursive`,
      'Fetches the labels, one line of JSON a recording.',
    );
    output('InboxBucket', storage.inbox.bucketName, 'Recordings go here: UNDERTONE_INBOX_BUCKET.');
    output('ResultsBucket', storage.results.bucketName, 'Labels appear here.');
    output('QueueUrl', labelling.queue.queueUrl, 'Recordings to label: UNDERTONE_QUEUE_URL.');
    output('DeadLetterArn', labelling.deadLetters.queueArn, 'What could not be labelled.');
    output('LabelFunction', labelling.handler.function.functionName, 'The function that labels.');
    for (const { platform, path } of routes) {
      const name = { discord: 'DiscordInteractionsUrl', slack: 'SlackRequestUrl' }[platform];
      output(name, api.api.urlForPath(path), `Enter it at ${platform}: what the bot is asked.`);
    }
    if (chat) {
      output('ChatDeadLetterArn', chat.jobs.deadLetters.queueArn, 'What could not be answered.');
    }
    output(
      'AskAthena',
      `${catalogue.database}.labels in the workgroup ${this.stackName}`,
      'The table of labels; the saved query "angry notes per day" is in that workgroup.',
    );
    output('AlarmTopic', alarms.topicArn, 'Subscribe here to hear of alarms.');
    output('Dashboard', dashboard.dashboardName, 'Name of the dashboard in CloudWatch.');
  }
}

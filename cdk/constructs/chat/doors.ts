import { Duration } from 'aws-cdk-lib';
import { LambdaIntegration } from 'aws-cdk-lib/aws-apigateway';
import type { Construct } from 'constructs';
import type { ChatRoute } from '../../../functions/routes.ts';
import { Handler } from '../handler.ts';
import type { ChatParts } from './chat.ts';
import { chatRoutes, grantSecret } from './platforms.ts';

/** Both platforms give up after three seconds, */
const TIMEOUT = Duration.seconds(5);
/** and a first call, with its connections to AWS, has to fit into them. MB; more is more processor. */
const MEMORY = 1024;

/** Makes the functions that the platforms call: they verify, and put into the queue what needs work. */
export function chatDoors(scope: Construct, parts: ChatParts): Handler[] {
  return chatRoutes(parts.config).map((route) => {
    const handler = new Handler(scope, route.handler, {
      config: parts.config,
      name: route.handler,
      description: `Answers ${route.method} ${route.path}.`,
      memory: MEMORY,
      timeout: TIMEOUT,
      environment: {
        UNDERTONE_CHAT_QUEUE_URL: parts.jobs.queue.queueUrl,
        ...settingsOf(route, parts),
      },
    });
    parts.jobs.queue.grant(handler.function, 'sqs:SendMessage');
    if (route.platform === 'slack' && parts.slackSecret) {
      grantSecret(handler.function, parts.slackSecret);
    }
    const integration = new LambdaIntegration(handler.function, { allowTestInvoke: false });
    // Neither platform can send a key; its signature is checked instead.
    parts.api.api.root
      .resourceForPath(route.path)
      .addMethod(route.method, integration, { apiKeyRequired: false });
    return handler;
  });
}

function settingsOf({ platform }: ChatRoute, { config }: ChatParts): Record<string, string> {
  const { discordPublicKey, slackSecret } = config;
  if (platform === 'discord' && discordPublicKey) {
    return { UNDERTONE_DISCORD_PUBLIC_KEY: discordPublicKey };
  }
  return slackSecret ? { UNDERTONE_SLACK_SECRET: slackSecret } : {};
}

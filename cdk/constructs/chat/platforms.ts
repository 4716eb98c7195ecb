import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { CHAT_ROUTES, type ChatRoute } from '../../../functions/routes.ts';
import type { Config } from '../../config.ts';

/** Returns the routes of the chat platforms that have been set up. */
export function chatRoutes({ discordPublicKey, slackSecret }: Config): ChatRoute[] {
  const isSetUp = { discord: discordPublicKey !== undefined, slack: slackSecret !== undefined };
  return CHAT_ROUTES.filter(({ platform }) => isSetUp[platform]);
}

/** Lets somebody read a secret that has been put into Secrets Manager under a name. */
export function grantSecret(grantee: IGrantable, secret: ISecret): void {
  Grant.addToPrincipal({
    grantee,
    actions: ['secretsmanager:GetSecretValue'],
    // Secrets Manager puts six characters of its own behind each name.
    resourceArns: [`${secret.secretArn}-??????`],
  }).assertSuccess();
}

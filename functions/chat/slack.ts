import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { encryptionWith } from '../../bots/encryption.ts';
import { tableClient } from '../../bots/services.ts';
import { dynamoInstallations } from '../../bots/slack/installations.ts';
import {
  type DistributedApp,
  installedWorkspaces,
  oneWorkspace,
  type Workspaces,
} from '../../bots/slack/workspaces.ts';
import { chatEnvironment } from './environment.ts';
import { type DistributionSecrets, slackSecrets } from './secrets.ts';

/**
 * Returns the app that any workspace can install.
 *
 * @throws UndertoneError `configuration-invalid`
 */
export function distributedApp(
  { clientId, clientSecret, encryptionKeys }: DistributionSecrets,
  client: DynamoDBClient = tableClient(),
): DistributedApp {
  const { UNDERTONE_SLACK_INSTALLATIONS_TABLE: table, UNDERTONE_SLACK_API: apiUrl } =
    chatEnvironment('installations');
  const encryption = encryptionWith(encryptionKeys);
  const documents = DynamoDBDocumentClient.from(client);
  const installations = dynamoInstallations(table, documents, encryption);
  return { clientId, clientSecret, encryption, installations, apiUrl };
}

let known: { readonly secrets: string; readonly workspaces: Workspaces } | undefined;

/**
 * Returns where the chat worker gets its tokens for Slack.
 *
 * @throws UndertoneError `configuration-invalid`, `unavailable`
 */
export async function slackWorkspaces(client: DynamoDBClient): Promise<Workspaces> {
  const secrets = await slackSecrets();
  const text = JSON.stringify(secrets);
  if (known?.secrets !== text) {
    const { UNDERTONE_SLACK_API: apiUrl } = chatEnvironment('worker');
    const workspaces =
      'botToken' in secrets
        ? oneWorkspace(secrets.botToken, apiUrl)
        : installedWorkspaces(distributedApp(secrets, client));
    known = { secrets: text, workspaces };
  }
  return known.workspaces;
}

import type { Services } from '../answer.ts';
import { ApiClient } from '../api-client.ts';
import { memoryLimits } from '../limits.ts';
import { fileSettings } from '../settings/file.ts';
import type { BotEnvironment } from './environment.ts';
import { discordHosts } from './rest.ts';

/**
 * Returns what answering needs, as the environment says: settings and limits in a table that several
 * processes share, or else in a file and in this process.
 */
export async function servicesFrom(environment: BotEnvironment): Promise<Services> {
  const { UNDERTONE_API_ENDPOINT: endpoint, UNDERTONE_API_KEY: apiKey } = environment;
  return {
    api: new ApiClient({ endpoint, apiKey }),
    hosts: discordHosts(environment.UNDERTONE_FILE_HOSTS),
    ...(await memoryOf(environment)),
  };
}

async function memoryOf({
  UNDERTONE_CHAT_TABLE: table,
  UNDERTONE_SETTINGS_FILE: file,
}: BotEnvironment): Promise<Pick<Services, 'settings' | 'limits'>> {
  if (!table) return { settings: await fileSettings(file), limits: memoryLimits() };
  // Who keeps the settings in a file does not wait for the AWS SDK.
  const [{ DynamoDBClient }, { DynamoDBDocumentClient }, { dynamoSettings }, { dynamoLimits }] =
    await Promise.all([
      import('@aws-sdk/client-dynamodb'),
      import('@aws-sdk/lib-dynamodb'),
      import('../settings/dynamodb.ts'),
      import('../limits.ts'),
    ]);
  const client = new DynamoDBClient();
  return {
    settings: dynamoSettings(table, DynamoDBDocumentClient.from(client)),
    limits: dynamoLimits(table, client),
  };
}

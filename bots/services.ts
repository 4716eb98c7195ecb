import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { answeringWithin } from '../lib/backoff.ts';
import type { Services } from './answer.ts';
import { ApiClient } from './api-client.ts';
import type { FileHosts } from './download.ts';
import type { BotVariables } from './environment.ts';
import { dynamoLimits, memoryLimits } from './limits.ts';
import { fileSettings } from './settings.ts';
import { dynamoSettings } from './settings-table.ts';

/**
 * Returns the services of a bot that runs as a process of its own.
 *
 * @throws UndertoneError `configuration-invalid` if its settings file cannot be used
 */
export async function botServices(variables: BotVariables, hosts: FileHosts): Promise<Services> {
  const { UNDERTONE_API_ENDPOINT: endpoint, UNDERTONE_API_KEY: apiKey } = variables;
  const { UNDERTONE_CHAT_TABLE: table, UNDERTONE_SETTINGS_FILE: file } = variables;
  const api = new ApiClient({ endpoint, apiKey });
  if (table) return { api, hosts, ...tableMemory(table) };
  return { api, hosts, settings: await fileSettings(file), limits: memoryLimits() };
}

/** Milliseconds after which a table that is silent counts as failed. */
const PATIENCE = 5000;

/** Returns a client of DynamoDB that does not wait for ever. */
export function tableClient(): DynamoDBClient {
  return new DynamoDBClient({ requestHandler: answeringWithin(PATIENCE) });
}

/** Returns settings and limits that several processes share: a table with the partition key `key`. */
export function tableMemory(
  table: string,
  client = tableClient(),
): Pick<Services, 'settings' | 'limits'> {
  return {
    settings: dynamoSettings(table, DynamoDBDocumentClient.from(client)),
    limits: dynamoLimits(table, client),
  };
}

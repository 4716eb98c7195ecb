import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Services } from './answer.ts';
import { dynamoLimits, memoryLimits } from './limits.ts';
import { dynamoSettings } from './settings/dynamodb.ts';
import { fileSettings } from './settings/file.ts';

/** What a bot remembers: the settings of channels, and how much was asked. */
export type Memory = Pick<Services, 'settings' | 'limits'>;

/** Returns a memory that several processes share: a table whose partition key is `key`. */
export function tableMemory(table: string, client = new DynamoDBClient()): Memory {
  return {
    settings: dynamoSettings(table, DynamoDBDocumentClient.from(client)),
    limits: dynamoLimits(table, client),
  };
}

/**
 * Returns the memory of one process, with its settings in a file.
 *
 * @throws UndertoneError `configuration-invalid` when there is a file that cannot be used
 */
export async function fileMemory(path: string): Promise<Memory> {
  return { settings: await fileSettings(path), limits: memoryLimits() };
}

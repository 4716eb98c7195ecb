import type { Services } from './answer.ts';
import { ApiClient } from './api-client.ts';
import type { FileHosts } from './download.ts';
import type { BotVariables } from './environment.ts';
import { fileMemory, tableMemory } from './memory.ts';

/**
 * Returns what a bot answers with.
 *
 * @throws UndertoneError `configuration-invalid` when its file of settings cannot be used
 */
export async function botServices(variables: BotVariables, hosts: FileHosts): Promise<Services> {
  const { UNDERTONE_API_ENDPOINT: endpoint, UNDERTONE_API_KEY: apiKey } = variables;
  const { UNDERTONE_CHAT_TABLE: table, UNDERTONE_SETTINGS_FILE: file } = variables;
  return {
    api: new ApiClient({ endpoint, apiKey }),
    hosts,
    ...(table ? tableMemory(table) : await fileMemory(file)),
  };
}

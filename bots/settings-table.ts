import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateScan,
} from '@aws-sdk/lib-dynamodb';
import { UndertoneError } from '../core/index.ts';
import { type ChannelSettings, channelName, hashedName, scopeOf } from './settings.ts';

/** Seconds for which an audience counts as informed, and a language is remembered: half a year. */
const NOTICE_SECONDS = 180 * 24 * 60 * 60;

const AUTOMATIC = 'automatic:';
const NOTICED = 'noticed:';
const LANGUAGE = 'language:';
const ANSWERED_UNTIL = 'answered-until:';

/**
 * Keeps the settings in a DynamoDB table with the partition key `key`. Rows expire at `expire` (seconds
 * since 1970), where they have it. All methods throw UndertoneError `unavailable` when the table does
 * not respond.
 *
 * @example
 * const settings = dynamoSettings('undertone-chat', DynamoDBDocumentClient.from(new DynamoDBClient()));
 */
export function dynamoSettings(table: string, client: DynamoDBDocumentClient): ChannelSettings {
  /** Scans the whole table, which is small; only for what happens rarely. */
  async function keysWith(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    const pages = paginateScan(
      { client },
      {
        TableName: table,
        ConsistentRead: true,
        FilterExpression: 'begins_with(#key, :prefix)',
        ProjectionExpression: '#key',
        ExpressionAttributeNames: { '#key': 'key' },
        ExpressionAttributeValues: { ':prefix': prefix },
      },
    );
    try {
      for await (const { Items = [] } of pages) keys.push(...Items.map(({ key }) => String(key)));
    } catch (cause) {
      failed(cause);
    }
    return keys;
  }
  return {
    async isAutomatic(place) {
      const key = AUTOMATIC + channelName(place);
      const get = new GetCommand({ TableName: table, Key: { key }, ConsistentRead: true });
      const { Item } = await client.send(get).catch(failed);
      return Item !== undefined;
    },
    async setAutomatic(place, isOn) {
      const key = AUTOMATIC + channelName(place);
      if (isOn) {
        await client.send(new PutCommand({ TableName: table, Item: { key } })).catch(failed);
      } else {
        await client.send(new DeleteCommand({ TableName: table, Key: { key } })).catch(failed);
      }
    },
    async automaticChannels(workspace) {
      const prefix = AUTOMATIC + scopeOf(workspace);
      return (await keysWith(prefix)).map((key) => key.slice(prefix.length));
    },
    async isFirstUse(workspace, audience) {
      const now = Math.floor(Date.now() / 1000);
      const put = new PutCommand({
        TableName: table,
        Item: { key: NOTICED + hashedName(workspace, audience), expire: now + NOTICE_SECONDS },
        // DynamoDB may take days to remove expired rows.
        ConditionExpression: 'attribute_not_exists(#key) OR #expire < :now',
        ExpressionAttributeNames: { '#key': 'key', '#expire': 'expire' },
        ExpressionAttributeValues: { ':now': now },
      });
      try {
        await client.send(put);
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        return failed(error);
      }
    },
    async language(workspace, person) {
      const key = LANGUAGE + hashedName(workspace, person);
      const { Item } = await client
        .send(new GetCommand({ TableName: table, Key: { key } }))
        .catch(failed);
      return Item ? String(Item.locale) : null;
    },
    async setLanguage(workspace, person, locale) {
      const expire = Math.floor(Date.now() / 1000) + NOTICE_SECONDS;
      const Item = { key: LANGUAGE + hashedName(workspace, person), locale, expire };
      await client.send(new PutCommand({ TableName: table, Item })).catch(failed);
    },
    async forget(workspace) {
      for (const kind of [AUTOMATIC, NOTICED, LANGUAGE]) {
        for (const key of await keysWith(kind + scopeOf(workspace))) {
          await client.send(new DeleteCommand({ TableName: table, Key: { key } })).catch(failed);
        }
      }
    },
    async answeredUntil(platform) {
      const get = new GetCommand({ TableName: table, Key: { key: ANSWERED_UNTIL + platform } });
      const { Item } = await client.send(get).catch(failed);
      return Item ? Number(Item.time) : null;
    },
    async setAnsweredUntil(platform, time) {
      const Item = { key: ANSWERED_UNTIL + platform, time };
      await client.send(new PutCommand({ TableName: table, Item })).catch(failed);
    },
  };
}

function failed(cause: unknown): never {
  throw new UndertoneError(
    'unavailable',
    'The settings of this bot are not available right now. Try again in a few seconds.',
    { cause },
  );
}

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateScan,
} from '@aws-sdk/lib-dynamodb';
import { UndertoneError } from '../../core/index.ts';
import { anonymous, type ChannelSettings, channelName } from './settings.ts';

/** Seconds for which somebody counts as told: half a year. */
const NOTICE_SECONDS = 180 * 24 * 60 * 60;

const AUTOMATIC = 'automatic:';
const NOTICED = 'noticed:';
const ANSWERED_UNTIL = 'answered-until:';

/**
 * Keeps the settings in a table of DynamoDB whose partition key is `key` and whose rows end at `expire`
 * (seconds since 1970), where they have it.
 *
 * All methods throw UndertoneError `unavailable` when the table does not answer.
 *
 * @example
 * const settings = dynamoSettings('undertone-chat', DynamoDBDocumentClient.from(new DynamoDBClient()));
 */
export function dynamoSettings(table: string, client: DynamoDBDocumentClient): ChannelSettings {
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
    // Reads the whole table, which is small; asked only when a session with the platform begins anew.
    async automaticChannels(platform) {
      const prefix = AUTOMATIC + channelName({ platform, channel: '' });
      const channels: string[] = [];
      const pages = paginateScan(
        { client },
        {
          TableName: table,
          FilterExpression: 'begins_with(#key, :prefix)',
          ExpressionAttributeNames: { '#key': 'key' },
          ExpressionAttributeValues: { ':prefix': prefix },
        },
      );
      try {
        for await (const { Items = [] } of pages) {
          channels.push(...Items.map(({ key }) => String(key).slice(prefix.length)));
        }
      } catch (cause) {
        failed(cause);
      }
      return channels;
    },
    async isFirstUse(audience) {
      const now = Math.floor(Date.now() / 1000);
      const put = new PutCommand({
        TableName: table,
        Item: { key: NOTICED + anonymous(audience), expire: now + NOTICE_SECONDS },
        // DynamoDB may take days to remove what has expired.
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
    'The settings of this bot cannot be reached right now. Try again in a few seconds.',
    { cause },
  );
}

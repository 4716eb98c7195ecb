import { type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import {
  type RateLimiterAbstract,
  RateLimiterDynamo,
  RateLimiterMemory,
} from 'rate-limiter-flexible';
import { anonymous, type Place, scopeOf } from './settings.ts';

/** How many notes are answered in each time window. */
export interface LimitOptions {
  readonly perUser: number;
  readonly perChannel: number;
  readonly windowSeconds: number;
}

const DEFAULTS: LimitOptions = { perUser: 15, perChannel: 60, windowSeconds: 60 };

/** How long someone has to wait. */
export interface Wait {
  readonly seconds: number;
  /** Whether this is the first note over the limit: people are told once, not each time. */
  readonly isFirst: boolean;
}

/** What is left of one limit. */
export interface Quota {
  readonly left: number;
  readonly limit: number;
  /** Seconds until all of it is available again; 0 if none of it is used. */
  readonly seconds: number;
}

/** What is left for one person, and for everyone in a channel; direct messages have no such limit. */
export interface Quotas {
  readonly person: Quota;
  readonly channel: Quota | null;
}

/** Limits how many notes one person and one channel can ask about. */
export interface Limits {
  /** Counts one note; returns null if it is within the limits. */
  take(place: Place, user: string): Promise<Wait | null>;
  /** Returns what is left, and counts nothing. */
  left(place: Place, user: string): Promise<Quotas>;
}

/**
 * Counts within this process.
 *
 * @example
 * const wait = await memoryLimits().take(place, 'U1');
 */
export function memoryLimits(options: Partial<LimitOptions> = {}): Limits {
  const { perUser, perChannel, windowSeconds: duration } = { ...DEFAULTS, ...options };
  return countIn(
    new RateLimiterMemory({ keyPrefix: 'limit:user', points: perUser, duration }),
    new RateLimiterMemory({ keyPrefix: 'limit:channel', points: perChannel, duration }),
  );
}

/** Counts in a table (partition key `key`, rows expire at `expire`) for all processes that use it. */
export function dynamoLimits(
  tableName: string,
  client: DynamoDBClient,
  options: Partial<LimitOptions> = {},
): Limits {
  const { perUser, perChannel, windowSeconds: duration } = { ...DEFAULTS, ...options };
  const counter = (keyPrefix: string, points: number) =>
    new RateLimiterDynamo({
      keyPrefix,
      points,
      duration,
      tableName,
      // The methods it calls. The stack creates the table and its time to live.
      storeClient: {
        updateItem: (input: ConstructorParameters<typeof UpdateItemCommand>[0]) =>
          client.send(new UpdateItemCommand(input)),
        getItem: (input: ConstructorParameters<typeof GetItemCommand>[0]) =>
          client.send(new GetItemCommand(input)),
      },
      tableCreated: true,
      ttlSet: true,
      // If the table does not respond, people still get their answers.
      insuranceLimiter: new RateLimiterMemory({ keyPrefix, points, duration }),
    });
  return countIn(counter('limit:user', perUser), counter('limit:channel', perChannel));
}

function countIn(users: RateLimiterAbstract, channels: RateLimiterAbstract): Limits {
  return {
    async take(place, user) {
      const scope = scopeOf(place);
      const own = await count(users, scope + user);
      // In a direct message both would count the same thing.
      return own ?? (place.isDirect ? null : count(channels, scope + place.channel));
    },
    async left(place, user) {
      const scope = scopeOf(place);
      return {
        person: await remaining(users, scope + user),
        channel: place.isDirect ? null : await remaining(channels, scope + place.channel),
      };
    },
  };
}

async function count(limiter: RateLimiterAbstract, name: string): Promise<Wait | null> {
  const key = anonymous(name);
  const { consumedPoints, msBeforeNext } = await limiter.penalty(key, 1);
  // The clock was set back: the window would last until it is again where it was.
  if (msBeforeNext > 2000 * limiter.duration) {
    await limiter.set(key, 1, limiter.duration);
    return null;
  }
  if (consumedPoints <= limiter.points) return null;
  return {
    seconds: Math.max(1, Math.ceil(msBeforeNext / 1000)),
    isFirst: consumedPoints === limiter.points + 1,
  };
}

async function remaining(limiter: RateLimiterAbstract, name: string): Promise<Quota> {
  const { points: limit } = limiter;
  const { consumedPoints = 0, msBeforeNext = 0 } = (await limiter.get(anonymous(name))) ?? {};
  return {
    left: Math.max(0, limit - consumedPoints),
    limit,
    seconds: Math.ceil(msBeforeNext / 1000),
  };
}

/**
 * What the stack (cdk/), the functions and the local cloud (local-cloud/) have to agree on: key prefixes,
 * tables, queues and environment variables. Plain data, so that any of them can import it.
 */

/** Keys of labels, in the results bucket. */
export const LABELS_PREFIX = 'labels/';

/**
 * CORS of the bucket of uploads. CORS protects what a browser knows about its user, which here is nothing:
 * whoever has the presigned form may post one file to one key, and learns nothing from the answer. Any
 * origin can get a form from the API, so any origin may use it.
 */
export const UPLOADS_CORS = { methods: ['POST'], origins: ['*'], headers: ['*'] } as const;

/** The DynamoDB tables: partition key, and the attribute (in seconds since 1970) at which rows expire. */
export const TABLES = {
  /** Results of uploads: `{ id, outcome, expires }`. */
  results: { partitionKey: 'id', timeToLive: 'expires' },
  /** Written by Powertools: `{ id, status, data, expiration }`. */
  idempotency: { partitionKey: 'id', timeToLive: 'expiration' },
  /** Channel settings, notices and rate limits of the bots: `{ key, …, expire }`. */
  chat: { partitionKey: 'key', timeToLive: 'expire' },
  /** Workspaces that have installed the Slack app: `{ id, sealed, installedAt }`. They do not expire. */
  slackInstallations: { partitionKey: 'id' },
} as const;

/** Recordings of the inbox bucket, on their way to the function `label`. */
export const LABELLING = {
  /** Recordings of one invocation. Small, because an invocation that times out is repeated whole. */
  batchSize: 5,
  /** Enough for a batch in which every recording runs into the time limit of the decoder (15 s). */
  timeoutSeconds: 120,
  /** Deliveries of a message before it goes to the dead-letter queue. */
  tries: 5,
} as const;

/** Uploads through the API, on their way to the function `classify-upload`. Somebody waits for each. */
export const UPLOADS = {
  /** No upload waits for another one to be decoded. */
  batchSize: 1,
  timeoutSeconds: 45,
  /** After these the function `fail-upload` answers the upload with an error. */
  tries: 3,
} as const;

/**
 * Seconds after which a failed question is tried again, one for each further try. The channel waits
 * meanwhile, and Discord takes no answer after 15 minutes. So the first try is soon enough for a brief
 * failure, and the second leaves a minute for a restart or a repair.
 */
export const CHAT_RETRY_DELAYS: readonly number[] = [10, 60];

/** Questions from Discord and Slack, on their way to the function `chat`. */
export const CHAT = {
  /** Each question has the whole time of an invocation to itself, and none waits for the next. */
  batchSize: 1,
  /** For fetching and classifying the notes of a question, and for `answerSeconds`. */
  timeoutSeconds: 120,
  /** What is kept of `timeoutSeconds` for posting the answer, with retries when the platform fails. */
  answerSeconds: 40,
  tries: CHAT_RETRY_DELAYS.length + 1,
} as const;

/** Port on the loopback address at which the task that listens to Discord says whether it is connected. */
export const GATEWAY_HEALTH_PORT = 8080;

/** An environment variable that the functions read and the stack or the local cloud sets. */
export type FunctionVariable =
  | 'FFMPEG_BIN'
  | 'UNDERTONE_INBOX_BUCKET'
  | 'UNDERTONE_UPLOADS_BUCKET'
  | 'UNDERTONE_RESULTS_BUCKET'
  | 'UNDERTONE_RESULTS_TABLE'
  | 'UNDERTONE_IDEMPOTENCY_TABLE'
  | 'UNDERTONE_CHAT_TABLE'
  | 'UNDERTONE_CHAT_QUEUE_URL'
  | 'UNDERTONE_API_ENDPOINT'
  | 'UNDERTONE_API_KEY'
  | 'UNDERTONE_DISCORD_GATEWAY'
  | 'UNDERTONE_DISCORD_PUBLIC_KEY'
  | 'UNDERTONE_HEALTH_PORT'
  | 'UNDERTONE_SLACK_SECRET'
  | 'UNDERTONE_SLACK_INSTALLATIONS_TABLE'
  // Where the platforms are, when tests run against local counterparts.
  | 'UNDERTONE_DISCORD_API'
  | 'UNDERTONE_SLACK_API'
  | 'UNDERTONE_FILE_HOSTS';

/** Something for some of these variables, such as their values. A misspelt name does not compile. */
export type PerVariable<Value> = { readonly [Name in FunctionVariable]?: Value };

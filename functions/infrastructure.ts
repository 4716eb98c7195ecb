/**
 * What the stack (cdk/), the functions and the local cloud (local-cloud/) have to agree on: key prefixes,
 * tables, queues and environment variables. Plain data, so that any of them can import it.
 */

/** Keys of labels, in the results bucket. */
export const LABELS_PREFIX = 'labels/';
/** Keys of copies of labels that were written later than on the day on which their recording came. */
export const LATE_LABELS_PREFIX = 'late/';

const PROBABILITIES = 'map<string,double>';
const SEGMENT = `struct<start:double,\`end\`:double,emotion:string,confidence:double,probabilities:${PROBABILITIES}>`;

/** A field of a label and its type in Athena. */
export interface LabelColumn {
  /** As in the JSON. Columns have it in lower case, as Glue wants them. */
  readonly name: string;
  readonly type: string;
  readonly comment?: string;
}

/** The fields of a label, which is the line of JSON that the label function writes. */
export const LABEL_COLUMNS: readonly LabelColumn[] = [
  { name: 'key', type: 'string', comment: 'key of the recording in the inbox bucket' },
  { name: 'versionId', type: 'string' },
  { name: 'etag', type: 'string' },
  { name: 'size', type: 'bigint', comment: 'bytes' },
  { name: 'uploadedAt', type: 'string', comment: 'ISO 8601' },
  { name: 'labelledAt', type: 'string', comment: 'ISO 8601' },
  {
    name: 'emotion',
    type: 'string',
    comment: 'one of eight, uncertain or no-speech; null for errors',
  },
  { name: 'confidence', type: 'double' },
  { name: 'probabilities', type: PROBABILITIES },
  { name: 'duration', type: 'double', comment: 'seconds' },
  { name: 'speech', type: 'struct<start:double,`end`:double>' },
  { name: 'sequence', type: 'array<string>', comment: 'emotions of a note that changes' },
  { name: 'timeline', type: `array<${SEGMENT}>` },
  { name: 'summary', type: PROBABILITIES, comment: 'share of speech time' },
  { name: 'model', type: 'struct<name:string,version:string,sha256:string>' },
  { name: 'error', type: 'struct<code:string,message:string>' },
];

/** How many notes sounded angry on each of the last thirty days, in SQL of Athena and of DuckDB. */
export const ANGRY_NOTES_PER_DAY = `SELECT "date",
       count(*) AS notes,
       count_if(emotion = 'angry') AS angry,
       count_if(emotion = 'uncertain') AS uncertain,
       count_if(error IS NOT NULL) AS unreadable
FROM labels
WHERE "date" >= date_format(current_date - interval '30' day, '%Y-%m-%d')
GROUP BY "date"
ORDER BY "date"`;

/**
 * CORS of the bucket of uploads. CORS protects what a browser knows about its user, which here is nothing:
 * whoever has the presigned form may post one file to one key, and learns nothing from the answer. Any
 * origin can get a form from the API, so any origin may use it.
 */
export const UPLOADS_CORS = { methods: ['POST'], origins: ['*'], headers: ['*'] } as const;

/** The keys of a DynamoDB table, all of them texts. */
export interface TableKeys {
  readonly partitionKey: string;
  readonly sortKey?: string;
}

/** The DynamoDB tables: their keys, and the attribute (in seconds since 1970) at which rows expire. */
export const TABLES = {
  /** Results of uploads: `{ id, expires, outcome, … }`. */
  results: { partitionKey: 'id', timeToLive: 'expires' },
  /** Batches, and which results are in each: `{ batch, member, expires }`. */
  batches: { partitionKey: 'batch', sortKey: 'member', timeToLive: 'expires' },
  /** Where results are to be posted, until they are: `{ id, url, secret, expires }`. */
  callbacks: { partitionKey: 'id', timeToLive: 'expires' },
  /** Written by Powertools: `{ id, status, data, expiration }`. */
  idempotency: { partitionKey: 'id', timeToLive: 'expiration' },
  /** Channel settings, notices and rate limits of the bots: `{ key, …, expire }`. */
  chat: { partitionKey: 'key', timeToLive: 'expire' },
  /** Workspaces that have installed the Slack app: `{ id, sealed, installedAt }`. They do not expire. */
  slackInstallations: { partitionKey: 'id' },
} as const satisfies Record<string, TableKeys & { readonly timeToLive?: string }>;

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
 * Seconds after which a callback that failed is tried again, one for each further try, and a quarter more or
 * less. The last try comes five and a half hours after the first: while the result, which is kept for a day,
 * is still there. SQS lets 120,000 messages wait like that. If every upload at the default throttle (five a
 * second) failed, it would be 101,000.
 */
export const CALLBACK_RETRY_DELAYS: readonly number[] = [5, 60, 300, 1800, 7200, 10_800];

/** Results on their way to the callbacks of clients, through the function `deliver-callback`. */
export const CALLBACKS = {
  /** Posted at the same time: most of an invocation is waiting for the slowest receiver. */
  batchSize: 10,
  timeoutSeconds: 30,
  tries: CALLBACK_RETRY_DELAYS.length + 1,
} as const;

/**
 * What one host of callbacks gets in a minute. It is twice what POST /v1/uploads lets through by default, so
 * that a receiver that takes its results never has it, and a tenth of that for one that takes none: it may not
 * have been asked, or it hangs and keeps others waiting.
 */
export const CALLBACKS_PER_HOST = {
  tries: 600,
  /** As many tries does one count that fails. */
  perFailure: 10,
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
  | 'UNDERTONE_LATE_LABELS'
  | 'UNDERTONE_RESULTS_TABLE'
  | 'UNDERTONE_IDEMPOTENCY_TABLE'
  | 'UNDERTONE_BATCHES_TABLE'
  | 'UNDERTONE_CALLBACKS_TABLE'
  | 'UNDERTONE_CALLBACKS_QUEUE_URL'
  | 'UNDERTONE_CALLBACKS_PER_HOST'
  // Only where the local server is told so: callbacks to programs on the same machine.
  | 'UNDERTONE_LOCAL_CALLBACKS'
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

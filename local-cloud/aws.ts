import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  CreateTableCommand,
  DynamoDBClient,
  ResourceInUseException,
} from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, PutBucketCorsCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3Event } from 'aws-lambda';
import dynalite from 'dynalite';
import {
  type PerVariable,
  TABLES,
  type TableKeys,
  UPLOADS_CORS,
} from '../functions/infrastructure.ts';
import { lockFolder } from '../lib/files.ts';
import { type Endpoint, isFromProgram, listen } from './http.ts';
import { ACCOUNT, type LocalS3, startS3 } from './s3.ts';

export interface LocalAwsOptions {
  /** Where objects and tables are kept; null keeps them only until `close`. */
  readonly folder: string | null;
  /** Port of S3; any free one by default. */
  readonly port?: number;
}

export interface LocalAws {
  readonly endpoints: { readonly s3: string; readonly dynamodb: string };
  /** Environment variables for the functions and for any AWS client. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * Calls `listener` with the S3 notification of every new recording: in the inbox, or uploaded.
   *
   * @returns a function that removes the listener
   */
  onObjectCreated(listener: (event: S3Event) => void): () => void;
  /** Stops both services and releases the folder. */
  close(): Promise<void>;
}

const NAMES = {
  UNDERTONE_INBOX_BUCKET: 'undertone-inbox',
  UNDERTONE_UPLOADS_BUCKET: 'undertone-uploads',
  UNDERTONE_RESULTS_BUCKET: 'undertone-results',
  UNDERTONE_RESULTS_TABLE: 'undertone-results',
  UNDERTONE_BATCHES_TABLE: 'undertone-batches',
  UNDERTONE_CALLBACKS_TABLE: 'undertone-callbacks',
  UNDERTONE_IDEMPOTENCY_TABLE: 'undertone-idempotency',
  UNDERTONE_CHAT_TABLE: 'undertone-chat',
  UNDERTONE_SLACK_INSTALLATIONS_TABLE: 'undertone-slack-installations',
} as const satisfies PerVariable<string>;
/** Each table with its keys. */
const KEYS: readonly (readonly [table: string, keys: TableKeys])[] = [
  [NAMES.UNDERTONE_RESULTS_TABLE, TABLES.results],
  [NAMES.UNDERTONE_BATCHES_TABLE, TABLES.batches],
  [NAMES.UNDERTONE_CALLBACKS_TABLE, TABLES.callbacks],
  [NAMES.UNDERTONE_IDEMPOTENCY_TABLE, TABLES.idempotency],
  [NAMES.UNDERTONE_CHAT_TABLE, TABLES.chat],
  [NAMES.UNDERTONE_SLACK_INSTALLATIONS_TABLE, TABLES.slackInstallations],
];
const REGION = 'us-east-1';

/**
 * Starts S3 and DynamoDB at 127.0.0.1, with the buckets and tables that the functions use.
 *
 * @throws UndertoneError `folder-locked` when another process uses the folder
 * @example
 * const aws = await startLocalAws({ folder: null });
 * Object.assign(process.env, aws.env);
 * aws.onObjectCreated((event) => console.log(event.Records[0].s3.object.key));
 * await aws.close();
 */
export async function startLocalAws({ folder, port = 0 }: LocalAwsOptions): Promise<LocalAws> {
  const root = folder ?? (await mkdtemp(join(tmpdir(), 'undertone-aws-')));
  await mkdir(join(root, 's3'), { recursive: true });
  // How to stop what is running, in the order in which it started.
  const ends: (() => Promise<void>)[] = [await lockFolder(root, '--cloud')];
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end();
    if (folder === null) await rm(root, { recursive: true, force: true });
  };
  try {
    const s3 = await startS3(join(root, 's3'), port);
    ends.push(s3.close);
    const dynamodb = await startDynamoDB(folder && join(root, 'dynamodb'), 0);
    ends.push(dynamodb.close);
    await Promise.all([createBuckets(s3.endpoint), createTables(dynamodb.endpoint)]);
    return { ...connection(s3, dynamodb), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function connection(s3: LocalS3, dynamodb: Endpoint): Omit<LocalAws, 'close'> {
  const endpoints = { s3: s3.endpoint, dynamodb: dynamodb.endpoint };
  return {
    endpoints,
    env: {
      ...NAMES,
      AWS_ENDPOINT_URL_S3: endpoints.s3,
      AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_ACCESS_KEY_ID: ACCOUNT.accessKeyId,
      AWS_SECRET_ACCESS_KEY: ACCOUNT.secretAccessKey,
    },
    onObjectCreated: (listener) =>
      s3.onObjectCreated((event) => {
        const { name } = event.Records[0].s3.bucket;
        if (name !== NAMES.UNDERTONE_RESULTS_BUCKET) listener(event);
      }),
  };
}

async function createBuckets(endpoint: string): Promise<void> {
  const client = new S3Client({
    endpoint,
    region: REGION,
    credentials: ACCOUNT,
    forcePathStyle: true,
  });
  const { UNDERTONE_UPLOADS_BUCKET: uploads } = NAMES;
  for (const Bucket of [NAMES.UNDERTONE_INBOX_BUCKET, uploads, NAMES.UNDERTONE_RESULTS_BUCKET]) {
    await client.send(new CreateBucketCommand({ Bucket })).catch((error: Error) => {
      // From an earlier start. Asking first would take any trouble on the way for "not there".
      if (!['BucketAlreadyExists', 'BucketAlreadyOwnedByYou'].includes(error.name)) throw error;
    });
  }
  const rule = {
    AllowedMethods: [...UPLOADS_CORS.methods],
    AllowedOrigins: [...UPLOADS_CORS.origins],
    AllowedHeaders: [...UPLOADS_CORS.headers],
  };
  await client.send(
    new PutBucketCorsCommand({
      Bucket: uploads,
      CORSConfiguration: { CORSRules: [rule] },
    }),
  );
  client.destroy();
}

async function createTables(endpoint: string): Promise<void> {
  const client = new DynamoDBClient({ endpoint, region: REGION, credentials: ACCOUNT });
  for (const [TableName, { partitionKey, sortKey }] of KEYS) {
    const names = sortKey ? [partitionKey, sortKey] : [partitionKey];
    const table = new CreateTableCommand({
      TableName,
      AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: names.map((AttributeName, i) => ({
        AttributeName,
        KeyType: i === 0 ? 'HASH' : 'RANGE',
      })),
      BillingMode: 'PAY_PER_REQUEST',
    });
    await client.send(table).catch((error) => {
      if (!(error instanceof ResourceInUseException)) throw error;
    });
  }
  client.destroy();
}

/**
 * Starts DynamoDB (dynalite) at 127.0.0.1.
 *
 * @param folder where it keeps its tables, for one process at a time; in memory when null
 */
export async function startDynamoDB(folder: string | null, port: number): Promise<Endpoint> {
  const server = dynalite({ ...(folder && { path: folder }), createTableMs: 0 });
  const [answer] = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request').on('request', whenComplete(answer));
  return listen(server, port);
}

/**
 * Passes on complete requests of programs. dynalite ends the process when a client disconnects halfway;
 * it also allows every origin and checks no signature, so any web page could use it.
 */
function whenComplete(answer: RequestListener): RequestListener {
  return async (request, response) => {
    if (!isFromProgram(request)) {
      response.writeHead(403).end();
      return;
    }
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return;
    }
    const { method, headers, url } = request;
    const body = Readable.from(chunks);
    answer(Object.assign(body, { method, headers, url }) as IncomingMessage, response);
  };
}

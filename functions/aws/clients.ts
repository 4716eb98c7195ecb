import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { UndertoneError } from '../../core/index.ts';
import { answeringWithin } from '../../lib/backoff.ts';
import { readEnvironment } from '../../lib/environment.ts';
import { CALLBACKS_PER_HOST, type PerVariable } from '../infrastructure.ts';

/** Milliseconds after which a silent service counts as failed: with two retries before a route's ten seconds. */
const PATIENCE = 2500;

const bucket = z.string('the name of a bucket').min(3, 'the name of a bucket');
const table = z.string('the name of a table').min(3, 'the name of a table');

const schemas = {
  /** Recordings of the inbox bucket. */
  labelling: z.object({
    UNDERTONE_INBOX_BUCKET: bucket,
    UNDERTONE_RESULTS_BUCKET: bucket,
    UNDERTONE_IDEMPOTENCY_TABLE: table,
    /** Whether there is a catalogue, which reads labels of earlier days from copies. */
    UNDERTONE_LATE_LABELS: z.literal('true', 'true or nothing').optional(),
  } satisfies PerVariable<z.ZodType>),
  /** Recordings that are uploaded through the API, what comes of them, and where it goes. */
  uploads: z.object({ UNDERTONE_UPLOADS_BUCKET: bucket } satisfies PerVariable<z.ZodType>),
  results: z.object({ UNDERTONE_RESULTS_TABLE: table } satisfies PerVariable<z.ZodType>),
  batches: z.object({ UNDERTONE_BATCHES_TABLE: table } satisfies PerVariable<z.ZodType>),
  callbacks: z.object({
    UNDERTONE_CALLBACKS_TABLE: table,
    /** Tries a minute; one that a host does not take counts as several. */
    UNDERTONE_CALLBACKS_PER_HOST: z
      .string()
      .regex(/^[1-9]\d*$/, 'a whole number')
      .default(String(CALLBACKS_PER_HOST.tries)),
  } satisfies PerVariable<z.ZodType>),
  callbackQueue: z.object({
    UNDERTONE_CALLBACKS_QUEUE_URL: z.url('the URL of the queue of callbacks'),
  } satisfies PerVariable<z.ZodType>),
} as const;

type Names<Purpose extends keyof typeof schemas> = Readonly<z.infer<(typeof schemas)[Purpose]>>;

/**
 * Returns the names of the buckets and tables that serve a purpose, by environment variable. A function is
 * told no others.
 *
 * @throws UndertoneError `configuration-invalid` that names the variables that are missing
 * @example
 * const { UNDERTONE_UPLOADS_BUCKET: Bucket } = namesFor('uploads');
 */
export function namesFor<Purpose extends keyof typeof schemas>(purpose: Purpose): Names<Purpose> {
  return readEnvironment(schemas[purpose], 'docs/deployment.md') as Names<Purpose>;
}

/** What the functions use of AWS. */
export interface Aws {
  readonly s3: S3Client;
  readonly dynamodb: DynamoDBClient;
  readonly documents: DynamoDBDocumentClient;
}

let shared: Aws | undefined;

/**
 * Returns the clients that all calls of this process share. The SDK finds endpoints, region and
 * credentials in its own environment variables.
 */
export function aws(): Aws {
  shared ??= createClients();
  return shared;
}

function createClients(): Aws {
  const s3 = new S3Client({
    // The local S3 knows buckets by path only.
    forcePathStyle: process.env.AWS_ENDPOINT_URL_S3 !== undefined,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    requestHandler: answeringWithin(PATIENCE),
  });
  const dynamodb = new DynamoDBClient({ requestHandler: answeringWithin(PATIENCE) });
  return { s3, dynamodb, documents: DynamoDBDocumentClient.from(dynamodb) };
}

/** Returns seconds since 1970, as the tables keep times. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** The fields of an error of the AWS SDK, apart from its message, which may name objects. */
interface ServiceFailure {
  readonly name?: string;
  /** Of a connection that failed. */
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

/**
 * Returns the failure of an AWS call as `unavailable`, as another try makes sense. The client has tried
 * three times by itself.
 *
 * The messages of AWS name objects, which must not be logged: the cause keeps everything else.
 */
export function unavailable(thrown: unknown): UndertoneError {
  const { name = 'Error', code = name, $metadata = {} } = (thrown ?? {}) as ServiceFailure;
  const { httpStatusCode: status, requestId } = $metadata;
  return new UndertoneError(
    'unavailable',
    'A service that this needs does not answer right now. Try again in a few seconds.',
    { cause: Object.assign(new Error(`AWS failed with ${code}`), { code, status, requestId }) },
  );
}

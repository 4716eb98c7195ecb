import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { UndertoneError } from '../../core/index.ts';
import { readEnvironment } from '../../lib/environment.ts';
import type { PerVariable } from '../infrastructure.ts';

/** Milliseconds after which a silent service counts as failed; SQS or the client tries again. */
const TIMEOUTS = { connectionTimeout: 2000, requestTimeout: 10_000 };

const bucket = z.string('the name of a bucket').min(3, 'the name of a bucket');
const table = z.string('the name of a table').min(3, 'the name of a table');

const environmentSchema = z
  .object({
    UNDERTONE_INBOX_BUCKET: bucket,
    UNDERTONE_RESULTS_BUCKET: bucket,
    UNDERTONE_RESULTS_TABLE: table,
    UNDERTONE_IDEMPOTENCY_TABLE: table,
    AWS_ENDPOINT_URL_S3: z.url('the address of an S3 endpoint').optional(),
  } satisfies PerVariable<z.ZodType> & { AWS_ENDPOINT_URL_S3: z.ZodType })
  .transform((variables) => ({
    inboxBucket: variables.UNDERTONE_INBOX_BUCKET,
    resultsBucket: variables.UNDERTONE_RESULTS_BUCKET,
    resultsTable: variables.UNDERTONE_RESULTS_TABLE,
    idempotencyTable: variables.UNDERTONE_IDEMPOTENCY_TABLE,
    /** Whether S3 is the local one, which knows buckets by path only. */
    hasLocalS3: variables.AWS_ENDPOINT_URL_S3 !== undefined,
  }));

type Environment = Readonly<z.infer<typeof environmentSchema>>;

/** What the functions use of AWS. */
export interface Aws {
  readonly environment: Environment;
  readonly s3: S3Client;
  readonly dynamodb: DynamoDBClient;
  readonly documents: DynamoDBDocumentClient;
}

let shared: Aws | undefined;

/**
 * Returns the clients that all calls of this process share. The SDK finds endpoints, region and
 * credentials in its own environment variables; the stack in cdk/ or the local cloud sets the others.
 *
 * @throws UndertoneError `configuration-invalid` that names the variables that are missing
 */
export function aws(): Aws {
  shared ??= createClients(readEnvironment(environmentSchema, 'docs/deployment.md'));
  return shared;
}

function createClients(environment: Environment): Aws {
  const s3 = new S3Client({
    forcePathStyle: environment.hasLocalS3,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    requestHandler: TIMEOUTS,
  });
  const dynamodb = new DynamoDBClient({ requestHandler: TIMEOUTS });
  return { environment, s3, dynamodb, documents: DynamoDBDocumentClient.from(dynamodb) };
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

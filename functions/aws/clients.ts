import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type Environment, readEnvironment } from '../environment.ts';

/** Milliseconds after which a silent service counts as failed; SQS or the client tries again. */
const TIMEOUTS = { connectionTimeout: 2000, requestTimeout: 10_000 };

/** What the functions use of AWS. */
export interface Aws {
  readonly environment: Environment;
  readonly s3: S3Client;
  readonly dynamodb: DynamoDBClient;
  readonly documents: DynamoDBDocumentClient;
}

let shared: Aws | undefined;

/**
 * Returns the clients that all calls of this process share. Endpoints, region and credentials are
 * those that the SDK finds in its own environment variables.
 *
 * @throws UndertoneError `configuration-invalid`
 */
export function aws(): Aws {
  shared ??= createClients(readEnvironment());
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

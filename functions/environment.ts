import * as z from 'zod';
import { readEnvironment as read } from '../lib/environment.ts';
import type { PerVariable } from './infrastructure.ts';

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

export type Environment = Readonly<z.infer<typeof environmentSchema>>;

/**
 * Returns the names of the buckets and tables that the functions use. The stack in cdk/ and the local
 * cloud set them.
 *
 * @throws UndertoneError `configuration-invalid` that names the variables that are missing
 */
export function readEnvironment(variables?: NodeJS.ProcessEnv): Environment {
  return read(environmentSchema, 'docs/deployment.md', variables);
}

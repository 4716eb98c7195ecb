import * as z from 'zod';
import { UndertoneError } from '../core/errors.ts';
import type { PerVariable } from './infrastructure.ts';

const environmentSchema = z
  .object({
    UNDERTONE_INBOX_BUCKET: z.string().min(3),
    UNDERTONE_RESULTS_BUCKET: z.string().min(3),
    UNDERTONE_RESULTS_TABLE: z.string().min(3),
    UNDERTONE_IDEMPOTENCY_TABLE: z.string().min(3),
    AWS_ENDPOINT_URL_S3: z.url().optional(),
  } satisfies PerVariable<z.ZodType> & { AWS_ENDPOINT_URL_S3: z.ZodType })
  .transform((variables) => ({
    inboxBucket: variables.UNDERTONE_INBOX_BUCKET,
    resultsBucket: variables.UNDERTONE_RESULTS_BUCKET,
    resultsTable: variables.UNDERTONE_RESULTS_TABLE,
    idempotencyTable: variables.UNDERTONE_IDEMPOTENCY_TABLE,
    /** Whether S3 is a local counterpart of it, which knows buckets by path only. */
    hasLocalS3: variables.AWS_ENDPOINT_URL_S3 !== undefined,
  }));

export type Environment = Readonly<z.infer<typeof environmentSchema>>;

/**
 * Returns the names of the buckets and tables that the functions use.
 *
 * @throws UndertoneError `configuration-invalid` with the variables that are missing
 */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const parsed = environmentSchema.safeParse(variables);
  if (parsed.success) return parsed.data;
  const names = [...new Set(parsed.error.issues.map(({ path }) => path.join('.')))];
  throw new UndertoneError(
    'configuration-invalid',
    `The environment lacks ${names.join(', ')}. The stack in cdk/ and "npm start" set them.`,
    { cause: parsed.error },
  );
}

import * as z from 'zod';
import { fileHostsSchema } from '../../bots/environment.ts';
import { UndertoneError } from '../../core/errors.ts';
import type { PerVariable } from '../infrastructure.ts';

type Variables = PerVariable<z.ZodType>;

/** What the functions that talk with chat platforms read from their environment. */
const schemas = {
  queue: z.object({ UNDERTONE_CHAT_QUEUE_URL: z.url() } satisfies Variables),
  discord: z.object({
    /** 32 bytes in hexadecimal, from the application's page; not a secret. */
    UNDERTONE_DISCORD_PUBLIC_KEY: z.string().regex(/^[0-9a-f]{64}$/i),
  } satisfies Variables),
  worker: z.object({
    UNDERTONE_CHAT_TABLE: z.string().min(3),
    UNDERTONE_IDEMPOTENCY_TABLE: z.string().min(3),
    UNDERTONE_API_ENDPOINT: z.url(),
    UNDERTONE_API_KEY: z.string().optional(),
    /** Counterparts of the platforms on this machine, for tests. */
    UNDERTONE_DISCORD_API: z.url().optional(),
    UNDERTONE_SLACK_API: z.url().optional(),
    UNDERTONE_FILE_HOSTS: fileHostsSchema,
  } satisfies Variables),
} as const;

/**
 * Returns one part of the environment.
 *
 * @throws UndertoneError `configuration-invalid` with the variables that are missing or wrong
 * @example
 * const { UNDERTONE_CHAT_QUEUE_URL } = chatEnvironment('queue');
 */
export function chatEnvironment<Part extends keyof typeof schemas>(
  part: Part,
  variables: NodeJS.ProcessEnv = process.env,
): z.infer<(typeof schemas)[Part]> {
  const parsed = schemas[part].safeParse(variables);
  if (parsed.success) return parsed.data as z.infer<(typeof schemas)[Part]>;
  const names = [...new Set(parsed.error.issues.map(({ path }) => path.join('.')))];
  throw new UndertoneError(
    'configuration-invalid',
    `The environment lacks ${names.join(', ')}, or has it wrong. docs/deployment.md tells how a bot is set up.`,
    { cause: parsed.error },
  );
}

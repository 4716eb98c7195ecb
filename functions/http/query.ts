import type { APIGatewayProxyEvent } from 'aws-lambda';
import * as z from 'zod';
import { UndertoneError } from '../../core/errors.ts';

/** The parameters of the routes that answer a Verdict. */
export const querySchema = z.object({
  timeline: z
    .enum(['true', 'false'])
    .default('true')
    .transform((value) => value === 'true'),
});

/**
 * Returns the parameters of a request that a Verdict answers. Parameters that we do not know are ignored.
 *
 * @throws UndertoneError `parameter-invalid`
 */
export function readQuery(event: Pick<APIGatewayProxyEvent, 'queryStringParameters'>): {
  readonly timeline: boolean;
} {
  const parsed = querySchema.safeParse(event.queryStringParameters ?? {});
  if (parsed.success) return parsed.data;
  throw new UndertoneError(
    'parameter-invalid',
    'The parameter "timeline" takes true or false. Leave it away to get the timeline.',
    { cause: parsed.error },
  );
}

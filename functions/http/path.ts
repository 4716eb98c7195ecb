import type { APIGatewayProxyEvent } from 'aws-lambda';
import { UndertoneError } from '../../core/errors.ts';
import { resultIdSchema } from '../aws/result-id.ts';

/**
 * Returns the result id that the path of a request names.
 *
 * @throws UndertoneError `not-found` when it is no id: such a result cannot exist
 */
export function readResultId({
  pathParameters,
}: Pick<APIGatewayProxyEvent, 'pathParameters'>): string {
  const parsed = resultIdSchema.safeParse(pathParameters?.id);
  if (!parsed.success) throw noResult();
  return parsed.data;
}

/** The error for a result that is not there, for whatever reason. */
export function noResult(): UndertoneError {
  return new UndertoneError(
    'not-found',
    'There is no result under this id: it was never made, was deleted or has expired. Ask for a new upload with POST /v1/uploads.',
  );
}

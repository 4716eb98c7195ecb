import type { APIGatewayProxyEvent } from 'aws-lambda';

/** Returns a header of the request, whatever the case in which the client wrote its name. */
export function headerOf(
  { headers }: Pick<APIGatewayProxyEvent, 'headers'>,
  name: string,
): string | undefined {
  const wanted = name.toLowerCase();
  // API Gateway gives null, not {}, when a console test sends no headers at all.
  const found = Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === wanted);
  return found?.[1];
}

import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { Answer } from './handle.ts';

/** A Lambda handler behind an API Gateway REST API (payload format 1.0). */
export type LambdaHandler = (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>;

/**
 * Returns the Lambda handler for what answers a route.
 *
 * Not `hono/aws-lambda`: that is deprecated, goes away in Hono 5, and its successor is not published.
 *
 * @example
 * export const handler = lambda(answer);
 */
export function lambda(answer: Answer): LambdaHandler {
  return async (event) => {
    const response = await answer(requestOf(event), event.requestContext.requestId);
    return {
      statusCode: response.status,
      headers: Object.fromEntries(response.headers),
      // Every answer of this API is text.
      body: await response.text(),
    };
  };
}

/** Returns the request that the client sent, its path with the stage or base path of the API. */
function requestOf(event: APIGatewayProxyEvent): Request {
  const { httpMethod: method, requestContext, body, isBase64Encoded } = event;
  const url = new URL(`https://${requestContext.domainName ?? 'localhost'}`);
  url.pathname = requestContext.path;
  const repeated = event.multiValueQueryStringParameters ?? {};
  const query = { ...event.queryStringParameters, ...repeated };
  for (const [name, values] of Object.entries(query)) {
    for (const value of [values ?? []].flat()) url.searchParams.append(name, value);
  }
  const hasBody = body !== null && method !== 'GET' && method !== 'HEAD';
  return new Request(url, {
    method,
    headers: headersOf(event),
    body: hasBody ? Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8') : null,
  });
}

/** API Gateway gives null, not {}, when a console test sends no headers at all. */
function headersOf({ headers }: APIGatewayProxyEvent): Headers {
  const valid = new Headers();
  for (const [name, value] of Object.entries(headers ?? {})) {
    try {
      valid.append(name, value ?? '');
    } catch {
      // HTTP does not know such a header, and no handler asks for it.
    }
  }
  return valid;
}

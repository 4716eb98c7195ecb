import type { APIGatewayProxyEvent } from 'aws-lambda';

/** What the local server knows of one request. */
export interface LocalRequest {
  readonly request: Request;
  readonly body: Uint8Array;
  readonly requestId: string;
  /** Path of the route that matched, as it stands in the route table. */
  readonly resource: string;
  /** What the path puts into the braces of the route. */
  readonly pathParameters: Readonly<Record<string, string>> | null;
  readonly sourceIp: string;
}

/**
 * Returns the event that an API Gateway REST API sends to Lambda for a request (payload format 1.0),
 * with all media types set to binary: a body is always base64.
 */
export function gatewayEvent(local: LocalRequest): APIGatewayProxyEvent {
  const { request, body, requestId, resource, pathParameters, sourceIp } = local;
  const { pathname, searchParams } = new URL(request.url);
  const headers = Object.fromEntries(request.headers);
  const names = [...new Set(searchParams.keys())];
  return {
    resource,
    path: pathname,
    httpMethod: request.method,
    headers,
    multiValueHeaders: mapValues(headers, (value) => [value]),
    // The last of repeated parameters counts; all of them are in the second field.
    queryStringParameters: names.length ? Object.fromEntries(searchParams) : null,
    multiValueQueryStringParameters: names.length
      ? Object.fromEntries(names.map((name) => [name, searchParams.getAll(name)]))
      : null,
    pathParameters: pathParameters && { ...pathParameters },
    stageVariables: null,
    body: body.length
      ? Buffer.from(body.buffer, body.byteOffset, body.length).toString('base64')
      : null,
    isBase64Encoded: body.length > 0,
    requestContext: {
      accountId: 'local',
      apiId: 'local',
      authorizer: null,
      httpMethod: request.method,
      identity: { ...NOBODY, sourceIp, userAgent: headers['user-agent'] ?? null },
      path: pathname,
      protocol: 'HTTP/1.1',
      requestId,
      requestTimeEpoch: Date.now(),
      resourceId: resource,
      resourcePath: resource,
      stage: 'local',
    },
  };
}

/** The caller's identity for a request without AWS credentials. */
const NOBODY = {
  accessKey: null,
  accountId: null,
  apiKey: null,
  apiKeyId: null,
  caller: null,
  clientCert: null,
  cognitoAuthenticationProvider: null,
  cognitoAuthenticationType: null,
  cognitoIdentityId: null,
  cognitoIdentityPoolId: null,
  principalOrgId: null,
  user: null,
  userArn: null,
} as const;

function mapValues<T, U>(record: Record<string, T>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

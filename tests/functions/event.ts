import type { APIGatewayProxyEvent } from 'aws-lambda';

export interface EventOptions {
  readonly body?: Uint8Array | string;
  readonly headers?: Record<string, string>;
  readonly query?: Record<string, string>;
  /** The body as text instead of base64. */
  readonly isText?: boolean;
  readonly requestId?: string;
}

/** The event that an API Gateway REST API sends for `POST /v1/emotion`, as its documentation has it. */
export function emotionEvent(options: EventOptions = {}): APIGatewayProxyEvent {
  return proxyEvent('POST', '/v1/emotion', options);
}

/** The event for `GET /v1/model`. */
export function modelEvent(options: EventOptions = {}): APIGatewayProxyEvent {
  return proxyEvent('GET', '/v1/model', options);
}

/** The event for `GET /openapi.json`. */
export function openApiEvent(options: EventOptions = {}): APIGatewayProxyEvent {
  return proxyEvent('GET', '/openapi.json', options);
}

/** The event for `POST /v1/uploads`. */
export function uploadsEvent(options: EventOptions = {}): APIGatewayProxyEvent {
  return proxyEvent('POST', '/v1/uploads', options);
}

/** The event for `GET /v1/results/{id}` or `DELETE`. */
export function resultEvent(
  method: 'GET' | 'DELETE',
  id: string,
  options: EventOptions = {},
): APIGatewayProxyEvent {
  return proxyEvent(method, '/v1/results/{id}', options, { id });
}

/** The event for `POST /v1/batches`. */
export function batchesEvent(options: EventOptions = {}): APIGatewayProxyEvent {
  return proxyEvent('POST', '/v1/batches', options);
}

/** The event for `GET /v1/batches/{id}/results`. */
export function batchResultsEvent(id: string, options: EventOptions = {}): APIGatewayProxyEvent {
  return proxyEvent('GET', '/v1/batches/{id}/results', options, { id });
}

/** The event that an API Gateway REST API sends to the function behind a route. */
export function proxyEvent(
  method: string,
  resource: string,
  options: EventOptions,
  pathParameters: Readonly<Record<string, string>> | null = null,
): APIGatewayProxyEvent {
  const { body, headers = {}, query, isText = false, requestId = REQUEST_ID } = options;
  const hasBody = body !== undefined && body.length > 0;
  const path = resource.replace(/\{(\w+)\}/g, (_, name) =>
    encodeURIComponent(pathParameters?.[name] ?? ''),
  );
  return {
    resource,
    path,
    httpMethod: method,
    headers: { Host: 'abcdef1234.execute-api.eu-central-1.amazonaws.com', ...headers },
    multiValueHeaders: {},
    queryStringParameters: query ?? null,
    multiValueQueryStringParameters: null,
    pathParameters: pathParameters && { ...pathParameters },
    stageVariables: null,
    body: hasBody ? Buffer.from(body).toString(isText ? 'utf8' : 'base64') : null,
    isBase64Encoded: hasBody && !isText,
    requestContext: {
      accountId: '123456789012',
      apiId: 'abcdef1234',
      authorizer: null,
      protocol: 'HTTP/1.1',
      httpMethod: method,
      path: `/prod${path}`,
      stage: 'prod',
      requestId,
      requestTimeEpoch: 1_760_000_000_000,
      resourceId: 'r3s0ur',
      resourcePath: resource,
      identity: {
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
        sourceIp: '192.0.2.1',
        user: null,
        userAgent: 'curl/8.5.0',
        userArn: null,
      },
    },
  };
}

const REQUEST_ID = 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef';

// What API Gateway answers itself, without a function: its own problems, and preflights.

import {
  ContentHandling,
  type Method,
  MockIntegration,
  PassthroughBehavior,
  type Resource,
  ResponseType,
  type RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { ERROR_TABLE, type ErrorCode } from '../../core/index.ts';
import { CORS, ROUTES } from '../../functions/routes.ts';

interface GatewayProblem {
  readonly code: ErrorCode;
  readonly detail: string;
  /** Seconds after which another try makes sense. */
  readonly retryAfter?: number;
}

const NOT_FOUND: GatewayProblem = {
  code: 'not-found',
  detail: 'There is nothing at this address, or not for this method. See /openapi.json.',
};
const UNAUTHORIZED: GatewayProblem = {
  code: 'unauthorized',
  detail: 'This address requires a key: send it in the header x-api-key.',
};
const TOO_LARGE: GatewayProblem = {
  code: 'audio-too-large',
  detail:
    'One request carries about 4.5 MB of audio. Send more with a presigned upload: POST /v1/uploads.',
};
const RATE_LIMITED: GatewayProblem = {
  code: 'rate-limited',
  detail: 'Too many requests arrived at once. Wait a little and send this one again.',
  retryAfter: 5,
};
const BAD_REQUEST: GatewayProblem = {
  code: 'parameter-invalid',
  detail: 'The request cannot be read. See /openapi.json for what is accepted.',
};
const UNAVAILABLE: GatewayProblem = {
  code: 'unavailable',
  detail: 'No function could answer in time. Try again in a few seconds.',
  retryAfter: 5,
};
const INTERNAL: GatewayProblem = {
  code: 'internal',
  detail: 'Something went wrong on our side. Please try again.',
};

/**
 * What API Gateway answers by itself, before or instead of a function. Unless each kind is configured,
 * it uses its own wording, and 403 for addresses that do not exist.
 */
const GATEWAY_PROBLEMS: readonly (readonly [ResponseType, GatewayProblem])[] = [
  [ResponseType.MISSING_AUTHENTICATION_TOKEN, NOT_FOUND],
  [ResponseType.RESOURCE_NOT_FOUND, NOT_FOUND],
  [ResponseType.ACCESS_DENIED, UNAUTHORIZED],
  [ResponseType.UNAUTHORIZED, UNAUTHORIZED],
  [ResponseType.INVALID_API_KEY, UNAUTHORIZED],
  [ResponseType.INVALID_SIGNATURE, UNAUTHORIZED],
  [ResponseType.EXPIRED_TOKEN, UNAUTHORIZED],
  [ResponseType.REQUEST_TOO_LARGE, TOO_LARGE],
  [ResponseType.THROTTLED, RATE_LIMITED],
  [ResponseType.QUOTA_EXCEEDED, RATE_LIMITED],
  // The rules of the firewall that count requests; the other one answers by itself.
  [ResponseType.WAF_FILTERED, RATE_LIMITED],
  [ResponseType.BAD_REQUEST_BODY, BAD_REQUEST],
  [ResponseType.BAD_REQUEST_PARAMETERS, BAD_REQUEST],
  [ResponseType.UNSUPPORTED_MEDIA_TYPE, BAD_REQUEST],
  [ResponseType.DEFAULT_4XX, BAD_REQUEST],
  [ResponseType.INTEGRATION_FAILURE, UNAVAILABLE],
  [ResponseType.INTEGRATION_TIMEOUT, UNAVAILABLE],
  [ResponseType.API_CONFIGURATION_ERROR, INTERNAL],
  [ResponseType.AUTHORIZER_CONFIGURATION_ERROR, INTERNAL],
  [ResponseType.AUTHORIZER_FAILURE, INTERNAL],
  // What remains of 5xx is a function that Lambda throttles.
  [ResponseType.DEFAULT_5XX, UNAVAILABLE],
];

/** Turns API Gateway's own errors into problems (RFC 9457) that pages of any origin can read. */
export function addGatewayProblems(api: RestApi): void {
  for (const [type, problem] of GATEWAY_PROBLEMS) {
    const { code, detail, retryAfter } = problem;
    const { status, title } = ERROR_TABLE[code];
    api.addGatewayResponse(`Problem-${type.responseType}`, {
      type,
      statusCode: String(status),
      // Quoted values are literal; the others name variables of API Gateway.
      responseHeaders: {
        'Content-Type': "'application/problem+json'",
        'Cache-Control': "'no-store'",
        'X-Content-Type-Options': "'nosniff'",
        'X-Request-Id': 'context.requestId',
        'Access-Control-Allow-Origin': `'${CORS.origin}'`,
        'Access-Control-Expose-Headers': `'${CORS.exposeHeaders.join(',')}'`,
        ...(retryAfter && { 'Retry-After': `'${retryAfter}'` }),
      },
      templates: {
        'application/json': JSON.stringify({
          type: `/problems/${code}`,
          title,
          status,
          detail,
          code,
          instance: '$context.requestId',
        }),
      },
    });
  }
}

/** Lets pages of any origin call the API; there are no cookies that they could misuse. */
export function addPreflights(api: RestApi): void {
  const methods = new Map<string, string[]>();
  for (const { path, method } of ROUTES) methods.set(path, [...(methods.get(path) ?? []), method]);
  for (const [path, allowed] of methods) addPreflight(api.root.resourceForPath(path), allowed);
}

/**
 * Answers OPTIONS. The CDK's own preflight does not convert the request to text, and where every
 * media type is binary API Gateway then answers 500.
 */
function addPreflight(resource: Resource, methods: readonly string[]): Method {
  const headers = {
    'Access-Control-Allow-Origin': `'${CORS.origin}'`,
    'Access-Control-Allow-Methods': `'${[...methods, 'OPTIONS'].join(',')}'`,
    'Access-Control-Allow-Headers': `'${CORS.allowHeaders.join(',')}'`,
    'Access-Control-Max-Age': `'${CORS.maxAge}'`,
  };
  const named = Object.entries(headers).map(([name, value]) => [
    `method.response.header.${name}`,
    value,
  ]);
  return resource.addMethod(
    'OPTIONS',
    new MockIntegration({
      contentHandling: ContentHandling.CONVERT_TO_TEXT,
      passthroughBehavior: PassthroughBehavior.NEVER,
      requestTemplates: { 'application/json': '{ "statusCode": 204 }' },
      integrationResponses: [{ statusCode: '204', responseParameters: Object.fromEntries(named) }],
    }),
    {
      apiKeyRequired: false,
      methodResponses: [
        {
          statusCode: '204',
          responseParameters: Object.fromEntries(named.map(([name]) => [name, true])),
        },
      ],
    },
  );
}

import { Duration } from 'aws-cdk-lib';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import {
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  CacheQueryStringBehavior,
  Function as EdgeFunction,
  FunctionCode,
  FunctionEventType,
  OriginRequestHeaderBehavior,
  OriginRequestPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { RestApiOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import type { Construct } from 'constructs';
import { VIEWER_ADDRESS } from '../firewall.ts';
import type { Proof } from '../proof.ts';
import { regionalName } from './regional-name.ts';

/**
 * Says in a header of our own who the visitor is. In X-Forwarded-For the first address is what the
 * visitor says, and that is the one which the firewall reads.
 */
const TELL_ADDRESS = `function handler(event) {
  event.request.headers['${VIEWER_ADDRESS}'] = { value: event.viewer.ip };
  return event.request;
}`;

/** Returns how CloudFront hands requests to the API. */
export function apiBehaviour(scope: Construct, api: RestApi, proof: Proof): BehaviorOptions {
  return {
    // The stage is the folder of the origin: the page need not know its name.
    origin: new RestApiOrigin(api, { customHeaders: { [proof.header]: proof.value } }),
    allowedMethods: AllowedMethods.ALLOW_ALL,
    // What answers say about caching is kept to: verdicts and results are never stored.
    cachePolicy: new CachePolicy(scope, 'AsTheApiSays', {
      cachePolicyName: regionalName(scope, 'AsTheApiSays'),
      comment: 'Nothing is kept but what the API of Undertone says may be.',
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.seconds(0),
      maxTtl: Duration.days(1),
      queryStringBehavior: CacheQueryStringBehavior.all(),
      enableAcceptEncodingGzip: true,
      enableAcceptEncodingBrotli: true,
    }),
    originRequestPolicy: new OriginRequestPolicy(scope, 'ToTheApi', {
      originRequestPolicyName: regionalName(scope, 'ToTheApi'),
      comment: 'What the API of Undertone reads of a request of the page.',
      headerBehavior: OriginRequestHeaderBehavior.allowList('content-type', VIEWER_ADDRESS),
    }),
    functionAssociations: [
      {
        eventType: FunctionEventType.VIEWER_REQUEST,
        function: new EdgeFunction(scope, 'TellAddress', {
          comment: 'Tells the API of Undertone the address of the visitor.',
          code: FunctionCode.fromInline(TELL_ADDRESS),
        }),
      },
    ],
  };
}

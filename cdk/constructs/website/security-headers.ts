import { Duration } from 'aws-cdk-lib';
import { type HeadersReferrerPolicy, ResponseHeadersPolicy } from 'aws-cdk-lib/aws-cloudfront';
import type { Construct } from 'constructs';
import { type PageSources, securityHeaders } from '../../../functions/http/page.ts';
import { regionalName } from './regional-name.ts';

/**
 * Returns what makes CloudFront send the headers that the local server sends, and that this address is
 * never to be had without TLS. CloudFront wants those that it knows in fields of their own.
 */
export function headersPolicy(scope: Construct, sources: PageSources): ResponseHeadersPolicy {
  const {
    'content-security-policy': contentSecurityPolicy,
    'referrer-policy': referrerPolicy,
    'x-content-type-options': _,
    ...others
  } = securityHeaders(sources);
  return new ResponseHeadersPolicy(scope, 'Headers', {
    responseHeadersPolicyName: regionalName(scope, 'Headers'),
    comment: 'What keeps the page of Undertone to itself.',
    securityHeadersBehavior: {
      contentSecurityPolicy: { contentSecurityPolicy, override: true },
      contentTypeOptions: { override: true },
      referrerPolicy: { referrerPolicy: referrerPolicy as HeadersReferrerPolicy, override: true },
      strictTransportSecurity: { accessControlMaxAge: Duration.days(365), override: true },
    },
    customHeadersBehavior: {
      customHeaders: Object.entries(others).map(([header, value]) => ({
        header,
        value,
        override: true,
      })),
    },
  });
}

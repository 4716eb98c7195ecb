import { join } from 'node:path';
import { Duration, Names, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  CacheQueryStringBehavior,
  Distribution,
  type DistributionProps,
  Function as EdgeFunction,
  type ErrorResponse,
  FunctionCode,
  FunctionEventType,
  type HeadersReferrerPolicy,
  HttpVersion,
  OriginRequestHeaderBehavior,
  OriginRequestPolicy,
  PriceClass,
  ResponseHeadersPolicy,
  S3OriginAccessControl,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { RestApiOrigin, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import {
  PAGE,
  type PageSources,
  readPageDocument,
  securityHeaders,
} from '../../functions/http/page.ts';
import { ROOT } from '../../lib/root.ts';
import type { Config } from '../config.ts';
import { acknowledge } from './acknowledge.ts';
import { SecretHeader, VIEWER_ADDRESS } from './firewall.ts';
import { NOT_FOUND_FILE, uploadFiles } from './website-files.ts';

/** Paths that are forwarded to the API; everything else is a file of the page. */
const API_PATHS = ['/v1/*', '/openapi.json'] as const;

const PRICE_CLASSES = {
  '100': PriceClass.PRICE_CLASS_100,
  '200': PriceClass.PRICE_CLASS_200,
  all: PriceClass.PRICE_CLASS_ALL,
} as const satisfies Record<Config['pagePriceClass'], PriceClass>;

/**
 * They apply to files and API alike. S3 answers 403 for a missing file, as listing is not allowed; the
 * API never does. Failures of the API are not cached, as the next request may succeed.
 */
const ERROR_RESPONSES: ErrorResponse[] = [
  { httpStatus: 403, responseHttpStatus: 404, responsePagePath: `/${NOT_FOUND_FILE}` },
  ...[404, 500, 502, 503, 504].map((httpStatus) => ({ httpStatus, ttl: Duration.seconds(0) })),
];

export interface WebsiteProps {
  readonly config: Config;
  readonly api: RestApi;
  /** Receives the page's uploads; the only other origin that the page may connect to. */
  readonly uploads: Bucket;
}

/** The page: a bucket with its files, and CloudFront in front of it and of the API, at one address. */
export class Website extends Construct {
  readonly url: string;
  readonly distribution: Distribution;
  /** Tells the firewall that a request comes from CloudFront. */
  readonly secretHeader: SecretHeader;

  constructor(scope: Construct, id: string, { config, api, uploads }: WebsiteProps) {
    super(scope, id);
    // The id is kept: another one would replace the secret of existing deployments.
    this.secretHeader = new SecretHeader(this, 'Proof', {
      header: 'x-undertone-page',
      description: 'Undertone: tells its firewall that a request comes from CloudFront.',
    });
    // Destroyed with the stack: the files are in this repository, and the upload empties the bucket.
    const files = new Bucket(this, 'Files', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // Bucket is not assignable to IBucket under exactOptionalPropertyTypes.
    const bucket = files as IBucket;
    const page = readPageDocument(join(ROOT, PAGE.folder));
    const common = {
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      responseHeadersPolicy: headersPolicy(this, {
        styleSource: page.styleSource,
        uploadOrigin: `https://${uploads.bucketRegionalDomainName}`,
      }),
      compress: true,
    };
    const toApi = { ...common, ...apiBehavior(this, api, this.secretHeader) };
    this.distribution = new Distribution(this, 'Distribution', {
      comment: `The page of ${config.name}.`,
      defaultRootObject: 'index.html',
      defaultBehavior: {
        ...common,
        origin: S3BucketOrigin.withOriginAccessControl(bucket, {
          originAccessControl: new S3OriginAccessControl(this, 'Access', {
            originAccessControlName: regionalName(this, 'Access'),
          }),
        }),
        cachePolicy: CachePolicy.CACHING_OPTIMIZED,
      },
      additionalBehaviors: Object.fromEntries(API_PATHS.map((path) => [path, toApi])),
      errorResponses: ERROR_RESPONSES,
      httpVersion: HttpVersion.HTTP2_AND_3,
      priceClass: PRICE_CLASSES[config.pagePriceClass],
      ...this.#customDomain(config),
    });
    uploadFiles(this, { config, page, bucket, distribution: this.distribution });
    this.url = `https://${config.pageDomain ?? this.distribution.distributionDomainName}/`;
    this.#acknowledge(bucket, config);
  }

  #customDomain({ pageDomain, pageCertificate }: Config): Partial<DistributionProps> {
    if (!pageDomain || !pageCertificate) return {};
    return {
      domainNames: [pageDomain],
      certificate: Certificate.fromCertificateArn(this, 'Certificate', pageCertificate),
      minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
    };
  }

  #acknowledge(bucket: IBucket, config: Config): void {
    const { distribution } = this;
    const logs = 'would record the addresses of visitors and what they viewed.';
    acknowledge(bucket, 'S1', `Only CloudFront reads it; server access logs ${logs}`);
    acknowledge(distribution, 'CFR3', `Access logs ${logs}`);
    acknowledge(distribution, 'CFR1', 'The page is for visitors from everywhere.');
    acknowledge(
      distribution,
      'CFR2',
      'The firewall protects the API, which costs money, and counts visitors there. One for CloudFront would have to be in us-east-1, and the files need none.',
    );
    if (!config.pageDomain) {
      acknowledge(
        distribution,
        'CFR4',
        'AWS fixes the oldest protocol of its own *.cloudfront.net names; with pageDomain it is TLS 1.2.',
      );
    }
  }
}

/**
 * Copies the visitor's address to a header of our own. The firewall would read the first address of
 * X-Forwarded-For, and that one is whatever the visitor claims. Of an IPv6 address it sends the network
 * (the first 64 bits, written as an address): a visitor may take any other address in it.
 */
const TELL_ADDRESS = `function handler(event) {
  let address = event.viewer.ip;
  if (/^[0-9a-f:]+$/i.test(address)) {
    const [groups, last] = address.split('::').map((half) => half.split(':'));
    while (last && groups.length + last.length < 8) groups.push('0');
    const network = groups.concat(last || []).slice(0, 4);
    address = network.map((group) => group || '0').join(':') + '::';
  }
  event.request.headers['${VIEWER_ADDRESS}'] = { value: address };
  return event.request;
}`;

/** Returns how CloudFront forwards requests to the API. */
function apiBehavior(scope: Construct, api: RestApi, secret: SecretHeader): BehaviorOptions {
  return {
    // The origin includes the stage, so that the page need not know its name.
    origin: new RestApiOrigin(api, { customHeaders: { [secret.header]: secret.value } }),
    allowedMethods: AllowedMethods.ALLOW_ALL,
    // Caches what the API allows, and so never verdicts and results.
    cachePolicy: new CachePolicy(scope, 'AsTheApiSays', {
      cachePolicyName: regionalName(scope, 'AsTheApiSays'),
      comment: 'Caches what the API of Undertone marks as cacheable.',
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.seconds(0),
      maxTtl: Duration.days(1),
      queryStringBehavior: CacheQueryStringBehavior.all(),
      enableAcceptEncodingGzip: true,
      enableAcceptEncodingBrotli: true,
    }),
    originRequestPolicy: new OriginRequestPolicy(scope, 'ToTheApi', {
      originRequestPolicyName: regionalName(scope, 'ToTheApi'),
      comment: 'Headers of the page that the API of Undertone reads.',
      headerBehavior: OriginRequestHeaderBehavior.allowList(
        'accept',
        'content-type',
        VIEWER_ADDRESS,
      ),
    }),
    functionAssociations: [
      {
        eventType: FunctionEventType.VIEWER_REQUEST,
        function: new EdgeFunction(scope, 'TellAddress', {
          comment: "Sends the visitor's address to the API of Undertone.",
          code: FunctionCode.fromInline(TELL_ADDRESS),
        }),
      },
    ],
  };
}

/**
 * Returns the security headers of the local server for CloudFront, with HSTS. CloudFront takes the
 * standard ones in fields of their own.
 */
function headersPolicy(scope: Construct, sources: PageSources): ResponseHeadersPolicy {
  const {
    'content-security-policy': contentSecurityPolicy,
    'referrer-policy': referrerPolicy,
    'x-content-type-options': _,
    ...others
  } = securityHeaders(sources);
  return new ResponseHeadersPolicy(scope, 'Headers', {
    responseHeadersPolicyName: regionalName(scope, 'Headers'),
    comment: 'Security headers of the page of Undertone.',
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

/**
 * Returns a name, of at most 64 characters, for a part of CloudFront. Such names are global, and this
 * stack may be deployed in several regions.
 */
function regionalName(scope: Construct, id: string): string {
  const name = Names.uniqueResourceName(scope, { maxLength: 30 });
  return `${name}-${id}-${Stack.of(scope).region}`;
}

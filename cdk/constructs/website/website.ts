import { join } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  CachePolicy,
  Distribution,
  type DistributionProps,
  type ErrorResponse,
  HttpVersion,
  PriceClass,
  S3OriginAccessControl,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { PAGE, readPageDocument } from '../../../functions/http/page.ts';
import type { Config } from '../../config.ts';
import { ROOT } from '../../root.ts';
import { acknowledge } from '../acknowledge.ts';
import { Proof } from '../proof.ts';
import { apiBehaviour } from './api-behaviour.ts';
import { NOT_FOUND_FILE, upload } from './files.ts';
import { regionalName } from './regional-name.ts';
import { headersPolicy } from './security-headers.ts';

/** What is handed to the API; everything else is a file of the page. */
const API_PATHS = ['/v1/*', '/openapi.json'] as const;

const PRICE_CLASSES = {
  '100': PriceClass.PRICE_CLASS_100,
  '200': PriceClass.PRICE_CLASS_200,
  all: PriceClass.PRICE_CLASS_ALL,
} as const satisfies Record<Config['pagePriceClass'], PriceClass>;

/**
 * These hold for the files and for the API. S3 says 403 for a file that is not there, as nobody may
 * list the bucket; the API never says it. Its own failures are not to be kept: the next try may do.
 */
const ERROR_RESPONSES: ErrorResponse[] = [
  { httpStatus: 403, responseHttpStatus: 404, responsePagePath: `/${NOT_FOUND_FILE}` },
  ...[404, 500, 502, 503, 504].map((httpStatus) => ({ httpStatus, ttl: Duration.seconds(0) })),
];

export interface WebsiteProps {
  readonly config: Config;
  readonly api: RestApi;
  /** Takes the uploads of the page: the one place besides its own address that it may speak to. */
  readonly inbox: Bucket;
}

/** The page: its files in a bucket, and CloudFront before them and before the API, at one address. */
export class Website extends Construct {
  readonly url: string;
  readonly distribution: Distribution;
  /** By which the firewall knows that a request came through CloudFront. */
  readonly proof: Proof;

  constructor(scope: Construct, id: string, { config, api, inbox }: WebsiteProps) {
    super(scope, id);
    this.proof = new Proof(this, 'Proof', {
      header: 'x-undertone-page',
      description: 'Undertone: tells its firewall that CloudFront is asking.',
    });
    // The files are those of this repository, and the upload takes them away with itself.
    const files = new Bucket(this, 'Files', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // The CDK's own types do not go together where what is optional may not be undefined.
    const bucket = files as IBucket;
    const page = readPageDocument(join(ROOT, PAGE.folder));
    const common = {
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      responseHeadersPolicy: headersPolicy(this, {
        styleSource: page.styleSource,
        uploadOrigin: `https://${inbox.bucketRegionalDomainName}`,
      }),
      compress: true,
    };
    const toApi = { ...common, ...apiBehaviour(this, api, this.proof) };
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
      ...this.#ownName(config),
    });
    upload(this, { config, page, bucket, distribution: this.distribution });
    this.url = `https://${config.pageDomain ?? this.distribution.distributionDomainName}/`;
    this.#acknowledge(bucket, config);
  }

  #ownName({ pageDomain, pageCertificate }: Config): Partial<DistributionProps> {
    if (!pageDomain || !pageCertificate) return {};
    return {
      domainNames: [pageDomain],
      certificate: Certificate.fromCertificateArn(this, 'Certificate', pageCertificate),
      minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
    };
  }

  #acknowledge(bucket: IBucket, config: Config): void {
    const logs = 'would write down the addresses of visitors, and what they looked at.';
    acknowledge(bucket, 'S1', `Only CloudFront reads it; server access logs ${logs}`);
    acknowledge(this.distribution, 'CFR3', `Access logs ${logs}`);
    acknowledge(this.distribution, 'CFR1', 'Whoever has a voice note may come, from anywhere.');
    acknowledge(
      this.distribution,
      'CFR2',
      'The firewall stands before the API, which is what costs and counts visitors there; one before CloudFront has to be in us-east-1, and the files need none.',
    );
    if (!config.pageDomain) {
      acknowledge(
        this.distribution,
        'CFR4',
        'AWS fixes the oldest protocol of its own *.cloudfront.net names; with pageDomain it is TLS 1.2.',
      );
    }
  }
}

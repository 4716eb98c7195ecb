import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DefaultStackSynthesizer, RemovalPolicy } from 'aws-cdk-lib';
import type { Distribution } from 'aws-cdk-lib/aws-cloudfront';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { BucketDeployment, CacheControl, Source } from 'aws-cdk-lib/aws-s3-deployment';
import type { Construct, IConstruct } from 'constructs';
import { ERROR_TABLE } from '../../../core/errors.ts';
import type { PageDocument } from '../../../functions/http/page.ts';
import { LAMBDA_CALL_BYTES, PAGE } from '../../../functions/http/page.ts';
import type { Config } from '../../config.ts';
import { ROOT } from '../../root.ts';
import { acknowledge, acknowledgeResources } from '../acknowledge.ts';

/** Answers a path at which there is no file. */
export const NOT_FOUND_FILE = 'not-found.json';

/** A problem document like those of the API; a file cannot know the request's id. */
const NOT_FOUND = {
  type: '/problems/not-found',
  ...ERROR_TABLE['not-found'],
  detail: 'There is nothing at this address. The page is at /, the API in /openapi.json.',
  code: 'not-found',
};

export interface UploadOptions {
  readonly config: Config;
  readonly page: PageDocument;
  readonly bucket: IBucket;
  readonly distribution: Distribution;
}

/** Has the files of the page uploaded at every deployment, and old ones dropped by CloudFront. */
export function upload(
  scope: Construct,
  { config, page, bucket, distribution }: UploadOptions,
): void {
  const { handlerRole } = new BucketDeployment(scope, 'Upload', {
    sources: [
      Source.asset(join(ROOT, PAGE.folder), { exclude: ['index.html'] }),
      Source.data('index.html', page.html),
      ...Object.entries(PAGE.vendor).map(([path, file]) => Source.data(path, readPackaged(file))),
      Source.jsonData(NOT_FOUND_FILE, NOT_FOUND),
      Source.jsonData(PAGE.limits, { maxCallBytes: LAMBDA_CALL_BYTES }),
    ],
    destinationBucket: bucket,
    distribution,
    // CloudFront is told of a new deployment; browsers ask each time, as they do locally.
    cacheControl: [CacheControl.fromString('public, max-age=0, s-maxage=86400, must-revalidate')],
    // Takes the files away when it goes itself, so that the bucket can go too.
    retainOnDelete: false,
    logGroup: new LogGroup(scope, 'UploadLog', {
      retention: config.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    }),
  });
  const uploader = handlerRole.node.scope;
  if (uploader) acknowledgeUploader(uploader, bucket);
}

/** The CDK's own function, which runs while somebody deploys: its runtime and its rights are the CDK's. */
function acknowledgeUploader(uploader: IConstruct, bucket: IBucket): void {
  const reason =
    'It reads the assets of this deployment and writes the bucket of the page, as the CDK has set it up.';
  acknowledge(uploader, 'L1', 'The CDK chooses the runtime of its own function.');
  acknowledge(
    uploader,
    'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
    'The CDK lets its own function log in this way.',
  );
  for (const action of ['GetBucket*', 'GetObject*', 'List*', 'Abort*', 'DeleteObject*']) {
    acknowledge(uploader, `IAM5[Action::s3:${action}]`, reason);
  }
  acknowledgeResources(uploader, bucket, '/*', reason);
  const assets = `cdk-${DefaultStackSynthesizer.DEFAULT_QUALIFIER}-assets-<AWS::AccountId>-<AWS::Region>`;
  acknowledge(uploader, `IAM5[Resource::arn:<AWS::Partition>:s3:::${assets}/*]`, reason);
  acknowledge(
    uploader,
    'IAM5[Resource::*]',
    'It tells CloudFront to drop old files; the CDK cannot name the distribution, which comes after it.',
  );
}

function readPackaged(file: string): string {
  return readFileSync(createRequire(join(ROOT, 'package.json')).resolve(file), 'utf8');
}

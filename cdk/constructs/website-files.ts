import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { DefaultStackSynthesizer, RemovalPolicy } from 'aws-cdk-lib';
import type { Distribution } from 'aws-cdk-lib/aws-cloudfront';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import {
  BucketDeployment,
  type BucketDeploymentProps,
  CacheControl,
  type ISource,
  Source,
} from 'aws-cdk-lib/aws-s3-deployment';
import type { Construct, IConstruct } from 'constructs';
import { ERROR_TABLE } from '../../core/index.ts';
import {
  DEVICE,
  DEVICE_LIST,
  type DeviceFile,
  deviceFiles,
  FOREVER,
} from '../../functions/http/device.ts';
import { LAMBDA_CALL_BYTES, PAGE, type PageDocument } from '../../functions/http/page.ts';
import { ROOT } from '../../lib/root.ts';
import type { Config } from '../config.ts';
import { acknowledge, acknowledgeResources } from './acknowledge.ts';
import { locallyBundled } from './handler.ts';

/** The response for paths without a file. */
export const NOT_FOUND_FILE = 'not-found.json';

/** A problem document like those of the API, without the id of the request. */
const NOT_FOUND = {
  type: '/problems/not-found',
  ...ERROR_TABLE['not-found'],
  detail:
    'There is nothing at this address. The page is at /, and /openapi.json describes the API.',
  code: 'not-found',
};

export interface FilesOptions {
  readonly config: Config;
  readonly page: PageDocument;
  readonly bucket: IBucket;
  readonly distribution: Distribution;
}

/** Uploads the files of the page at every deployment and invalidates the cache of CloudFront. */
export function uploadFiles(
  scope: Construct,
  { config, page, bucket, distribution }: FilesOptions,
): void {
  const logGroup = new LogGroup(scope, 'UploadLog', {
    retention: config.logDays,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  // Deletes the files with the stack, so that the bucket can be deleted, too.
  const common = { destinationBucket: bucket, retainOnDelete: false, logGroup };
  const device = deviceFiles(config.model ?? join(ROOT, 'model'));
  const onDemand = uploadDevice(scope, device.files, common);
  const upload = new BucketDeployment(scope, 'Upload', {
    ...common,
    sources: [
      Source.asset(join(ROOT, PAGE.folder), { exclude: ['index.html'] }),
      Source.data('index.html', page.html),
      ...Object.entries(PAGE.vendor).map(([path, file]) => Source.data(path, readPackaged(file))),
      Source.jsonData(NOT_FOUND_FILE, NOT_FOUND),
      Source.jsonData(PAGE.limits, { maxCallBytes: LAMBDA_CALL_BYTES }),
      Source.jsonData(DEVICE_LIST, device.list),
    ],
    // What is uploaded below is neither replaced nor deleted.
    exclude: [`${DEVICE}/*`],
    include: [DEVICE_LIST],
    distribution,
    // It may take minutes, and the deployment would fail with it. Browsers ask again at the next visit.
    waitForDistributionInvalidation: false,
    // A deployment invalidates the cache of CloudFront. Browsers always revalidate, as they do locally.
    cacheControl: [CacheControl.fromString('public, max-age=0, s-maxage=86400, must-revalidate')],
  });
  // The list names them.
  upload.node.addDependency(...onDemand);
  const uploader = upload.handlerRole.node.scope;
  if (uploader) acknowledgeUploader(uploader, bucket);
}

/**
 * Uploads what classifies on the visitor's device. Files of earlier versions stay for pages that are open.
 * CloudFront compresses nothing above 10 MB: a file that has been compressed is uploaded in that form
 * alone, which every browser understands that can run it.
 */
function uploadDevice(
  scope: Construct,
  files: readonly DeviceFile[],
  common: Pick<BucketDeploymentProps, 'destinationBucket' | 'retainOnDelete' | 'logGroup'>,
): BucketDeployment[] {
  const options = {
    ...common,
    destinationKeyPrefix: DEVICE,
    prune: false,
    cacheControl: [CacheControl.fromString(FOREVER)],
  };
  const plain = files.filter(({ brotli }) => !brotli);
  const compressed = files.filter(({ brotli }) => brotli);
  return [
    new BucketDeployment(scope, 'DeviceUpload', { ...options, sources: [staged(plain)] }),
    ...compressed.map(
      (file, i) =>
        new BucketDeployment(scope, `DeviceUpload${i + 1}`, {
          ...options,
          sources: [staged([file])],
          contentEncoding: 'br',
          contentType: file.type,
        }),
    ),
  ];
}

/** Returns files under the names by which the page asks for them. */
function staged(files: readonly DeviceFile[]): ISource {
  const names = files.map(({ path }) => basename(path));
  return Source.asset(
    join(ROOT, PAGE.folder),
    locallyBundled(names, (folder) => {
      mkdirSync(folder, { recursive: true });
      for (const { path, source, brotli } of files) {
        cpSync(brotli ?? source, join(folder, basename(path)));
      }
    }),
  );
}

/** The CDK's function that runs during deployments: the CDK chooses its runtime and permissions. */
function acknowledgeUploader(uploader: IConstruct, bucket: IBucket): void {
  const reason =
    'It copies the assets of this deployment to the bucket of the page, as set up by the CDK.';
  acknowledge(uploader, 'L1', 'The CDK chooses the runtime of this function.');
  acknowledge(
    uploader,
    'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
    'The CDK attaches this policy to let the function log.',
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
    'It invalidates the cache of CloudFront; the CDK cannot name the distribution, which is created later.',
  );
}

function readPackaged(file: string): string {
  return readFileSync(createRequire(join(ROOT, 'package.json')).resolve(file), 'utf8');
}

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  HttpMethods,
  type LifecycleRule,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { acknowledge } from './acknowledge.ts';

/** Keys of the inbox bucket that presigned posts write. */
export const UPLOADS_PREFIX = 'uploads/';
/** Keys of the results bucket: labels, and what Athena answers. */
export const LABELS_PREFIX = 'labels/';
export const QUERIES_PREFIX = 'athena/';

/** Recordings come into one bucket, labels go to another: never to the same, which would loop. */
export class Storage extends Construct {
  readonly inbox: Bucket;
  readonly results: Bucket;

  constructor(scope: Construct, id: string, { config }: { readonly config: Config }) {
    super(scope, id);
    const common = commonProps(config);
    // Not versioned: a recording that is deleted has to be gone, not hidden below a marker.
    this.inbox = new Bucket(this, 'Inbox', {
      ...common,
      lifecycleRules: [
        expireAfter('uploads', 1, UPLOADS_PREFIX),
        { ...expireAfter('recordings', config.inboxDays), ...STALE_PARTS },
      ],
      // CORS keeps pages from using what a browser knows of its visitor, and here that is nothing: who
      // has the presigned form may post, one file to one key, and learns nothing from the answer. Pages
      // of any origin may ask the API for a form, so they may use it. The page's own origin alone would
      // also go round in a circle: its policy names this bucket.
      cors: [
        {
          allowedMethods: [HttpMethods.POST],
          allowedOrigins: ['*'],
          allowedHeaders: ['*'],
          maxAge: 3600,
        },
      ],
    });
    // Versioned: a label written over or deleted by mistake can be had back for a week.
    this.results = new Bucket(this, 'Results', {
      ...common,
      versioned: true,
      lifecycleRules: [
        ...(config.labelDays > 0 ? [expireAfter('labels', config.labelDays, LABELS_PREFIX)] : []),
        expireAfter('queries', 7, QUERIES_PREFIX),
        { id: 'versions', noncurrentVersionExpiration: Duration.days(7), ...STALE_PARTS },
      ],
    });
    for (const bucket of [this.inbox, this.results]) {
      acknowledge(
        bucket,
        'S1',
        'Server access logs would write down every key, and keys are the names of people’s files; CloudTrail data events serve who has to audit.',
      );
    }
  }
}

const STALE_PARTS = { abortIncompleteMultipartUploadAfter: Duration.days(1) } as const;

function commonProps({ removal }: Config): BucketProps {
  const isDestroyed = removal === 'destroy';
  return {
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    removalPolicy: isDestroyed ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    autoDeleteObjects: isDestroyed,
  };
}

function expireAfter(id: string, days: number, prefix?: string): LifecycleRule {
  return { id, expiration: Duration.days(days), ...(prefix && { prefix }) };
}

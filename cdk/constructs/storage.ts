import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
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
import {
  LABELS_PREFIX,
  LATE_LABELS_PREFIX,
  TABLES,
  type TableKeys,
  UPLOADS_CORS,
} from '../../functions/infrastructure.ts';
import type { Config } from '../config.ts';
import { acknowledge } from './acknowledge.ts';

/** Keys of the results bucket at which Athena stores the results of queries. */
export const QUERIES_PREFIX = 'athena/';
/** Keys of the table of compacted labels. It expires by itself: to take a file from it would break it. */
export const COMPACTED_PREFIX = 'compacted/';

/**
 * The buckets. Recordings and labels have separate ones: with a single one, labels would be labelled. What
 * strangers upload has one of its own: it is decoded by a function that can reach no other recording.
 */
export class Storage extends Construct {
  readonly inbox: Bucket;
  readonly uploads: Bucket;
  readonly results: Bucket;

  constructor(scope: Construct, id: string, { config }: { readonly config: Config }) {
    super(scope, id);
    const common = commonProps(config);
    // Not versioned: a deleted recording must be gone, not hidden behind a delete marker.
    this.inbox = new Bucket(this, 'Inbox', {
      ...common,
      lifecycleRules: [{ ...expireAfter('recordings', config.inboxDays), ...STALE_PARTS }],
    });
    this.uploads = new Bucket(this, 'Uploads', {
      ...common,
      lifecycleRules: [{ ...expireAfter('uploads', 1), ...STALE_PARTS }],
      cors: [
        {
          allowedMethods: UPLOADS_CORS.methods.map((method) => HttpMethods[method]),
          allowedOrigins: [...UPLOADS_CORS.origins],
          allowedHeaders: [...UPLOADS_CORS.headers],
          maxAge: 3600,
        },
      ],
    });
    // Versioned: a label overwritten or deleted by mistake can be restored for a week.
    this.results = new Bucket(this, 'Results', {
      ...common,
      versioned: true,
      lifecycleRules: [
        ...(config.labelDays > 0
          ? [
              expireAfter('labels', config.labelDays, LABELS_PREFIX),
              expireAfter('late', config.labelDays, LATE_LABELS_PREFIX),
            ]
          : []),
        expireAfter('queries', 7, QUERIES_PREFIX),
        {
          id: 'versions',
          noncurrentVersionExpiration: Duration.days(7),
          expiredObjectDeleteMarker: true,
          ...STALE_PARTS,
        },
      ],
    });
    for (const bucket of [this.inbox, this.uploads, this.results]) {
      acknowledge(
        bucket,
        'S1',
        'Server access logs would record every key, and keys are names of people’s files. CloudTrail data events serve audits.',
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

/**
 * The tables of short-lived rows: results of uploads, their batches and callbacks, and which objects and
 * questions are done.
 */
export class State extends Construct {
  readonly results: Table;
  readonly batches: Table;
  readonly callbacks: Table;
  readonly idempotency: Table;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const options = {
      removalPolicy: RemovalPolicy.DESTROY,
      noBackup:
        'Rows live for hours, and a deleted result must not come back: a backup would keep it for 35 days.',
    };
    this.results = expiringTable(this, 'Results', { ...TABLES.results, ...options });
    this.batches = expiringTable(this, 'Batches', { ...TABLES.batches, ...options });
    this.callbacks = expiringTable(this, 'Callbacks', { ...TABLES.callbacks, ...options });
    this.idempotency = expiringTable(this, 'Idempotency', { ...TABLES.idempotency, ...options });
  }
}

export interface ExpiringTableOptions extends TableKeys {
  /** Attribute that holds when a row expires. */
  readonly timeToLive: string;
  readonly removalPolicy: RemovalPolicy;
  /** Why the table has no point-in-time recovery. */
  readonly noBackup: string;
}

/** Makes a table that is billed by request and forgets expired rows. */
export function expiringTable(
  scope: Construct,
  id: string,
  { partitionKey, sortKey, timeToLive, removalPolicy, noBackup }: ExpiringTableOptions,
): Table {
  const table = new Table(scope, id, {
    partitionKey: { name: partitionKey, type: AttributeType.STRING },
    ...(sortKey && { sortKey: { name: sortKey, type: AttributeType.STRING } }),
    billingMode: BillingMode.PAY_PER_REQUEST,
    timeToLiveAttribute: timeToLive,
    removalPolicy,
  });
  acknowledge(table, 'DDB3', noBackup);
  return table;
}

/** Types of the parts of s3rver that we use; it has none. */
declare module '@20minutes/s3rver' {
  import type { EventEmitter } from 'node:events';
  import type { RequestListener } from 'node:http';
  import type { S3Event } from 'aws-lambda';

  export interface KoaContext {
    req: import('node:stream').Readable;
    body: unknown;
    readonly query: Readonly<Record<string, string | undefined>>;
    readonly request: { readonly req: import('node:http').IncomingMessage };
    readonly headers: import('node:http').IncomingHttpHeaders;
    readonly method: string;
    readonly path: string;
    readonly hostname: string;
    readonly store: import('@20minutes/s3rver/lib/stores/filesystem.js').default;
    is(type: string): string | false | null;
    set(name: string, value: string): void;
  }

  export type Middleware = (context: KoaContext, next: () => Promise<unknown>) => Promise<unknown>;

  export default class S3rver extends EventEmitter<{ event: [S3Event] }> {
    constructor(options: {
      directory: string;
      silent: boolean;
      vhostBuckets: boolean;
      allowMismatchedSignatures: boolean;
    });
    readonly middleware: Middleware[];
    readonly context: { store: object };
    readonly logger: { close(): void };
    store: object;
    callback(): RequestListener;
  }
}

declare module '@20minutes/s3rver/lib/stores/filesystem.js' {
  import type { Readable } from 'node:stream';

  export interface StoredMetadata {
    readonly [name: string]: string | number | undefined;
  }

  export interface NewObject {
    readonly bucket: string;
    readonly key: string;
    readonly content: Readable | Buffer;
    readonly metadata: Record<string, string>;
  }

  export interface StoredObject {
    readonly key: string;
    readonly size: number;
    readonly lastModifiedDate: Date;
    readonly metadata: StoredMetadata;
  }

  export interface ListOptions {
    readonly delimiter?: string | undefined;
    readonly startAfter?: string | undefined;
    readonly prefix?: string | undefined;
    readonly maxKeys?: number;
  }

  export interface Listing {
    readonly objects: StoredObject[];
    readonly commonPrefixes: string[];
    readonly isTruncated: boolean;
  }

  export default class FilesystemStore {
    constructor(rootDirectory: string);
    readonly rootDirectory: string;
    getBucketPath(bucket: string): string;
    getResourcePath(bucket: string, key: string | undefined, resource: string): string;
    getBucket(bucket: string): Promise<object | null>;
    getMetadata(bucket: string, key: string): Promise<StoredMetadata>;
    putContent(path: string, content: Readable): Promise<[size: number, md5: string]>;
    putMetadata(
      bucket: string,
      key: string,
      metadata: Record<string, string>,
      md5: string,
    ): Promise<void>;
    putObject(object: NewObject): Promise<{ size: number; md5: string }>;
    listObjects(bucket: string, options: ListOptions): Promise<Listing>;
    deleteObject(bucket: string, key: string): Promise<void>;
    initiateUpload(
      bucket: string,
      key: string,
      uploadId: string,
      metadata: Record<string, string>,
    ): Promise<void>;
  }
}

declare module '@20minutes/s3rver/lib/models/object.js' {
  import type { StoredMetadata, StoredObject } from '@20minutes/s3rver/lib/stores/filesystem.js';

  const S3Object: new (
    bucket: string,
    key: string,
    content: null,
    metadata: StoredMetadata,
  ) => StoredObject;
  export default S3Object;
}

declare module '@20minutes/s3rver/lib/models/error.js' {
  export default class S3Error extends Error {
    constructor(code: string, message: string, detail?: Record<string, string | number>);
    status: number;
  }
}

/** Types of the part of dynalite that we use; it has none. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** @returns a server that does not listen yet; closing it closes the database too */
  export default function dynalite(options: { path?: string; createTableMs?: number }): Server;
}

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import S3rver from '@20minutes/s3rver';
import type { S3Event, S3EventRecord } from 'aws-lambda';
import { encodeKey } from '../../../functions/aws/notification.ts';
import { ObjectStore } from './object-store.ts';
import { prepareRequests } from './requests.ts';

/** The only key pair that the embedded S3 knows. */
export const ACCOUNT = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' } as const;

export interface LocalS3 {
  readonly endpoint: string;
  /** Calls `listener` with the notification of every object that is created, as S3 writes it. */
  onObjectCreated(listener: (event: S3Event) => void): () => void;
  close(): Promise<void>;
}

/**
 * Starts an S3 at 127.0.0.1 that keeps its objects in `folder`. Any S3 client can use it, with path
 * style addresses.
 */
export async function startS3(folder: string, port: number): Promise<LocalS3> {
  const server = new S3rver({
    directory: folder,
    silent: true,
    vhostBuckets: false,
    // Checked before: it compares with a path that is not the one which clients sign today.
    allowMismatchedSignatures: true,
  });
  const store = new ObjectStore(folder);
  server.store = server.context.store = store;
  // The last one is its router.
  server.middleware.splice(-1, 0, prepareRequests(ACCOUNT));
  // Its own way to listen ends the process when the port is taken.
  const http = createServer(server.callback()).listen(port, '127.0.0.1');
  await once(http, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    onObjectCreated(listener) {
      // Called before the client has its answer: what the listener keeps is not lost after it.
      const heard = ({ Records }: S3Event) => {
        if (!Records[0].eventName.startsWith('ObjectCreated:')) return;
        listener({ Records: Records.map((record) => asS3Writes(record, store)) });
      };
      server.on('event', heard);
      return () => server.off('event', heard);
    },
    async close() {
      await closeServer(http);
      server.logger.close();
    },
  };
}

/** Keys in notifications are URL-encoded, and copies have a tag too. */
function asS3Writes(record: S3EventRecord, store: ObjectStore): S3EventRecord {
  const { bucket, object } = record.s3;
  const eTag = object.eTag ?? store.etagOf(bucket.name, object.key);
  return {
    ...record,
    s3: { ...record.s3, object: { ...object, key: encodeKey(object.key), eTag } },
  };
}

/** Resolves when no connection is left: idle ones are closed, answers in flight are finished. */
export async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 2000).unref();
  });
}

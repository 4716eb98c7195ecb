import * as z from 'zod';

/**
 * Returns a key as S3 writes it into its notifications: URL-encoded, with `+` for a space.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 *
 * @example
 * encodeKey('voice notes/grüße.ogg'); // 'voice+notes/gr%C3%BC%C3%9Fe.ogg'
 */
export function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/');
}

/**
 * Returns the key that a notification means.
 *
 * @throws URIError when it is not URL-encoded UTF-8
 */
export function decodeKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '));
}

const recordSchema = z.object({
  eventName: z.string(),
  eventTime: z.iso.datetime({ offset: true }),
  s3: z.object({
    bucket: z.object({ name: z.string().min(1) }),
    object: z.object({
      key: z.string().min(1),
      size: z.number().int().min(0),
      eTag: z.string().default(''),
      versionId: z.string().optional(),
    }),
  }),
});

const notificationSchema = z.union([
  z.object({ Records: z.array(recordSchema) }),
  // What S3 sends once, when notifications are set up.
  z.object({ Event: z.literal('s3:TestEvent') }).transform(() => ({ Records: [] })),
]);

/** An object that came into a bucket. */
export interface CreatedObject {
  readonly bucket: string;
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly versionId?: string;
  /** When it came, in ISO 8601. */
  readonly uploadedAt: string;
}

/**
 * Returns the objects that a notification of S3 announces; none for its test event and for events
 * of another kind.
 *
 * @param body JSON, as it stands in the message of the queue
 * @throws Error when it is not a notification of S3
 */
export function createdObjects(body: string): CreatedObject[] {
  return notificationSchema
    .parse(parsed(body))
    .Records.filter(({ eventName }) => /^(s3:)?ObjectCreated:/.test(eventName))
    .map(({ eventTime, s3: { bucket, object } }) => ({
      bucket: bucket.name,
      key: decodeKey(object.key),
      size: object.size,
      etag: object.eTag,
      ...(object.versionId !== undefined && { versionId: object.versionId }),
      uploadedAt: new Date(eventTime).toISOString(),
    }));
}

/** The message of JSON's own error would quote the body, and with it the key, in a log. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Error('The message is not JSON.');
  }
}

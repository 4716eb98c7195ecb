import { InvalidArgumentError } from 'commander';

/** A bucket and the beginning of the keys that are meant in it. */
export interface S3Location {
  readonly bucket: string;
  /** May be empty: the whole bucket. */
  readonly prefix: string;
}

/**
 * Reads `s3://bucket/prefix`. The prefix counts as it stands: `s3://b/notes` means `notes/a.ogg` and
 * `notes.ogg`, as it does for S3.
 *
 * @throws InvalidArgumentError
 */
export function parseS3Url(text: string): S3Location {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/s.exec(text);
  if (!match) {
    throw new InvalidArgumentError('Give an address such as s3://bucket or s3://bucket/prefix/.');
  }
  return { bucket: match[1], prefix: match[2] ?? '' };
}

export function formatS3Url({ bucket, prefix }: S3Location): string {
  return `s3://${bucket}/${prefix}`;
}

/** Where labels are: in a bucket, or in a folder or a file of this machine. */
export type LabelSource = S3Location | { readonly path: string };

/**
 * Reads `s3://bucket/prefix`, or the path of a folder or file.
 *
 * @throws InvalidArgumentError
 */
export function parseLabelSource(text: string): LabelSource {
  return text.startsWith('s3:') ? parseS3Url(text) : { path: text };
}

export function formatLabelSource(source: LabelSource): string {
  return 'path' in source ? source.path : formatS3Url(source);
}

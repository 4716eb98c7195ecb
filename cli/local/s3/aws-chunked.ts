import { Transform, type TransformCallback } from 'node:stream';
import S3Error from '@20minutes/s3rver/lib/models/error.js';

/** Longest line of a size, a signature or a trailer; more is not this format. */
const MAX_LINE = 8192;

/**
 * Returns a stream that takes a body in S3's `aws-chunked` coding and gives the bytes inside: sized
 * chunks, each perhaps signed, then trailing checksums, which are read away.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 *
 * @param length the length that `x-amz-decoded-content-length` announced
 */
export function awsChunkedDecoder(length: number): Transform {
  return new AwsChunkedDecoder(length);
}

class AwsChunkedDecoder extends Transform {
  readonly #length: number;
  #state: 'size' | 'data' | 'trailer' = 'size';
  #line: Buffer = Buffer.alloc(0);
  /** Bytes of this chunk that are still to come, the line end after it included. */
  #left = 0;
  #count = 0;

  constructor(length: number) {
    super();
    this.#length = length;
  }

  override _transform(bytes: Buffer, _: BufferEncoding, done: TransformCallback): void {
    try {
      let rest = bytes;
      while (rest.length > 0) rest = this.#state === 'data' ? this.#data(rest) : this.#text(rest);
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  override _flush(done: TransformCallback): void {
    done(this.#state === 'trailer' && this.#count === this.#length ? null : incomplete());
  }

  #data(bytes: Buffer): Buffer {
    const payload = bytes.subarray(0, Math.max(0, this.#left - 2));
    if (payload.length > 0) this.push(payload);
    this.#count += payload.length;
    const taken = Math.min(bytes.length, this.#left);
    this.#left -= taken;
    if (this.#left === 0) this.#state = 'size';
    return bytes.subarray(taken);
  }

  #text(bytes: Buffer): Buffer {
    const end = bytes.indexOf('\n');
    this.#line = Buffer.concat([this.#line, end < 0 ? bytes : bytes.subarray(0, end + 1)]);
    if (this.#line.length > MAX_LINE) throw incomplete();
    if (end < 0) return bytes.subarray(bytes.length);
    const line = this.#line.toString('latin1').trimEnd();
    this.#line = Buffer.alloc(0);
    if (this.#state === 'size') this.#begin(line);
    return bytes.subarray(end + 1);
  }

  #begin(line: string): void {
    const [, hex] = /^([0-9a-f]{1,8})(?:;|$)/i.exec(line) ?? [];
    if (!hex) throw incomplete();
    const size = Number.parseInt(hex, 16);
    this.#state = size === 0 ? 'trailer' : 'data';
    this.#left = size + 2;
  }
}

function incomplete(): S3Error {
  return new S3Error('IncompleteBody', 'The request body terminated unexpectedly');
}

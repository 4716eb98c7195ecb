import { createReadStream, existsSync } from 'node:fs';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { FEATURE_CONFIG } from '../../core/features/config.ts';
import { FUNCTIONAL_NAMES } from '../../core/features/functionals.ts';
import { type Extraction, sha256 } from './extract.ts';

/**
 * Extractions on disk, one line of JSON each, in a file named after the feature configuration:
 * another configuration reads another file. Lines are whole or ignored, so a run that was stopped
 * in the middle of one costs that one recording.
 */
export class ExtractionCache {
  readonly #path: string;
  readonly #known = new Map<string, Extraction>();

  private constructor(path: string) {
    this.#path = path;
  }

  /** Opens the cache in a folder, which is created when it is missing. */
  static async open(folder: string): Promise<ExtractionCache> {
    await mkdir(folder, { recursive: true });
    const configuration = sha256(JSON.stringify([FEATURE_CONFIG, FUNCTIONAL_NAMES])).slice(0, 12);
    const cache = new ExtractionCache(join(folder, `features-${configuration}.jsonl`));
    await cache.#read();
    return cache;
  }

  /** Returns what the file with this hash gave, if it is known. */
  get(fileHash: string): Extraction | undefined {
    return this.#known.get(fileHash);
  }

  /**
   * Keeps an extraction, unless it is known. One with a problem is not kept: a later version may read the
   * recording.
   */
  async add(extraction: Extraction): Promise<void> {
    const { vector, ...rest } = extraction;
    if (!vector || this.#known.has(extraction.fileHash)) return;
    this.#known.set(extraction.fileHash, extraction);
    const encoded = Buffer.from(vector.buffer).toString('base64');
    // The leading line break ends a line that an interrupted run left unfinished.
    await appendFile(this.#path, `\n${JSON.stringify({ ...rest, vector: encoded })}`);
  }

  async #read(): Promise<void> {
    if (!existsSync(this.#path)) return;
    for await (const line of createInterface({ input: createReadStream(this.#path) })) {
      const extraction = parseLine(line);
      if (extraction) this.#known.set(extraction.fileHash, extraction);
    }
  }
}

function parseLine(line: string): Extraction | null {
  try {
    const { vector, ...rest } = JSON.parse(line);
    const bytes = Uint8Array.from(Buffer.from(vector, 'base64'));
    return { ...rest, vector: new Float32Array(bytes.buffer) };
  } catch {
    return null;
  }
}

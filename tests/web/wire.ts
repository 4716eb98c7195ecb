import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll } from 'vitest';

/** A wire to a server, for all tests of a file, that can be cut. */
export class Wire {
  /** Address of the end that is not at the server. */
  url = '';
  readonly #ends = new Set<Socket>();
  #isCut = false;
  #server = createServer();

  async lay(to: string): Promise<void> {
    const { hostname, port } = new URL(to);
    this.#server.on('connection', (near) => {
      if (this.#isCut) return near.resetAndDestroy();
      const far = connect(Number(port), hostname);
      near.pipe(far).pipe(near);
      for (const [end, other] of [
        [near, far],
        [far, near],
      ]) {
        this.#ends.add(end);
        end.on('error', () => {});
        end.once('close', () => {
          this.#ends.delete(end);
          other.destroy();
        });
      }
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resets every connection, in whatever it is, and new ones too: browsers try once more by themselves. */
  cut(): void {
    this.#isCut = true;
    for (const end of this.#ends) end.resetAndDestroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  remove(): void {
    this.#server.close();
    this.cut();
  }
}

/**
 * Lays a wire to the server whose address `to` returns.
 *
 * @example
 * const wire = useWire(() => cloud.aws.endpoints.s3);
 * test('…', () => wire.cut());
 */
export function useWire(to: () => string): Wire {
  const wire = new Wire();
  beforeAll(() => wire.lay(to()));
  afterAll(() => wire.remove());
  return wire;
}

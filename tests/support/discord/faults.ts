/** What goes wrong with the next requests that match. */
export interface Fault {
  readonly method?: string;
  /** Matched against the path below /api/v10. */
  readonly path?: RegExp;
  /** Requests that it happens to; 1 by default. */
  readonly times?: number;
  readonly how:
    | { readonly status: number }
    /** The connection ends without an answer: before the work was done, or after it. */
    | { readonly drop: 'before' | 'after' }
    | { readonly retryAfter: number; readonly isGlobal?: boolean };
}

/** The faults that are still to happen. */
export class Faults {
  readonly #waiting: { fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.#waiting.push({ fault, left: fault.times ?? 1 });
  }

  /** Returns what happens to a request, once. */
  take(method: string, path: string): Fault['how'] | undefined {
    const found = this.#waiting.find(
      ({ fault, left }) =>
        left > 0 && (fault.method ?? method) === method && (fault.path?.test(path) ?? true),
    );
    if (!found) return undefined;
    found.left--;
    return found.fault.how;
  }
}

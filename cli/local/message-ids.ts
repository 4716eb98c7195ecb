import { randomUUID } from 'node:crypto';

/**
 * Makes ids of messages that sort in the order in which they were made, also when many are made in one
 * millisecond, and when the clock was set back between two processes.
 */
export class MessageIds {
  #time = 0;
  #count = 0;

  /** Tells of an id from an earlier process: all that are made from now on come after it. */
  follow(id: string): void {
    const time = Number.parseInt(id.split('-')[0], 36);
    // Files that a person has put there may have any name.
    if (Number.isSafeInteger(time) && time >= this.#time && time <= Date.now() + LONGEST_LEAD) {
      this.#time = time + 1;
      this.#count = 0;
    }
  }

  next(): string {
    const time = Math.max(Date.now(), this.#time);
    this.#count = time === this.#time ? this.#count + 1 : 0;
    this.#time = time;
    return `${base36(time, 9)}-${base36(this.#count, 4)}-${randomUUID()}`;
  }
}

/** Milliseconds that a clock may have been ahead: a year. */
const LONGEST_LEAD = 365 * 24 * 60 * 60 * 1000;

function base36(value: number, length: number): string {
  return value.toString(36).padStart(length, '0');
}

/** Milliseconds of the first second of 2015, from which Discord counts. */
const EPOCH = 1_420_070_400_000;
const TIME_SHIFT = 22n;

/** Returns when an id was given out, in milliseconds since 1970. */
export function snowflakeTime(id: string): number {
  return Number(BigInt(id) >> TIME_SHIFT) + EPOCH;
}

/** Returns an id that is larger than all those given out before a moment. */
export function snowflakeAt(milliseconds: number): string {
  return String(BigInt(milliseconds - EPOCH) << TIME_SHIFT);
}

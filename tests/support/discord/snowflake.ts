/** Milliseconds of the first second of 2015, from which Discord counts (its docs: "Snowflakes"). */
const EPOCH = 1_420_070_400_000n;

let last = 0n;

/** Returns the next id: larger than every one before, with the time in its upper bits. */
export function snowflake(at: number = Date.now()): string {
  const id = (BigInt(at) - EPOCH) << 22n;
  last = id > last ? id : last + 1n;
  return String(last);
}

/** Returns an id of some moment that says nothing about the order of those given out. */
export function snowflakeOf(at: number): string {
  return String((BigInt(at) - EPOCH) << 22n);
}

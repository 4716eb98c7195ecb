/** What live streams may use. Times are in milliseconds. */
export interface LiveLimits {
  /** Streams at a time. */
  readonly streams: number;
  /** Without a message for so long, a stream is ended. */
  readonly idle: number;
  /** How often a client is asked whether it is still there; it has as long to answer. */
  readonly ping: number;
  /** A verdict that comes so much later than its sound is left out when others wait already. */
  readonly late: number;
  /** How long a client is given to close its side at the end. */
  readonly farewell: number;
}

export const LIVE_LIMITS: LiveLimits = {
  streams: 8,
  idle: 30_000,
  ping: 15_000,
  late: 1_000,
  farewell: 2_000,
};

/** Seconds of audio that a message holds at most. */
export const MAX_MESSAGE_SECONDS = 1;

/** Bytes of a message from which on not even its beginning is read. */
export const MAX_MESSAGE_BYTES = 2 ** 20;

/** Seconds of audio that wait for the listener before no more is read from the connection. */
export const MAX_WAITING_SECONDS = 2;

/** Bytes of verdicts that a client has not read before it counts as gone. */
export const MAX_UNREAD_BYTES = 2 ** 20;

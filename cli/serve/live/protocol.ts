import * as z from 'zod';
import {
  liveSummarySchema,
  liveVerdictSchema,
  UndertoneError,
  verdictSchema,
} from '../../../core/index.ts';
import { problemSchema } from '../../../functions/http/schemas.ts';

/** Where the WebSocket is. */
export const LIVE_PATH = '/v1/live';

/** What live streams may use. Times are in milliseconds. */
export interface LiveLimits {
  /** Streams at a time. */
  readonly streams: number;
  /** A stream without a message for so long is ended. */
  readonly idle: number;
  /** How often a client is pinged; it has as long to answer. */
  readonly ping: number;
  /** A verdict that is this far behind its sound is skipped when others are waiting. */
  readonly late: number;
  /** How long a client has to close its side at the end. */
  readonly farewell: number;
}

export const LIVE_LIMITS: LiveLimits = {
  streams: 8,
  idle: 30_000,
  ping: 15_000,
  late: 1_000,
  farewell: 2_000,
};

/** Most seconds of audio in a message. */
export const MAX_MESSAGE_SECONDS = 1;

/** Largest message in bytes; a larger one is not read at all. */
export const MAX_MESSAGE_BYTES = 2 ** 20;

/** Seconds of audio that may wait for the listener before the connection is paused. */
export const MAX_WAITING_SECONDS = 2;

/** Bytes of unread verdicts from which a client counts as gone. */
export const MAX_UNREAD_BYTES = 2 ** 20;

/** Sample rates in Hz that a stream may have. */
export const SAMPLE_RATES = { least: 8_000, most: 96_000 } as const;

const rateSentence = `sampleRate takes a whole number of Hz from ${SAMPLE_RATES.least} to ${SAMPLE_RATES.most}, such as {"type":"start","sampleRate":48000}.`;

const startSchema = z.object({
  type: z.literal('start'),
  sampleRate: z
    .number(rateSentence)
    .int(rateSentence)
    .min(SAMPLE_RATES.least, rateSentence)
    .max(SAMPLE_RATES.most, rateSentence),
});
const stopSchema = z.object({ type: z.literal('stop') });

/** The text messages of a client. Audio comes as binary messages: mono, 16 bits, little-endian. */
export const clientMessageSchema = z.discriminatedUnion('type', [startSchema, stopSchema], {
  error: 'The type of a message is "start" or "stop". Audio is sent as binary messages.',
});

const { code, title, status, detail } = problemSchema.shape;

/** The messages of the server, each one text message of JSON. */
export const serverMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('ready'),
    hop: z.number().describe('seconds of audio from one verdict to the next'),
    window: z.number().describe('seconds that a verdict is about'),
    model: verdictSchema.shape.model,
  }),
  liveVerdictSchema.extend({ type: z.literal('verdict') }),
  liveSummarySchema.extend({ type: z.literal('summary') }),
  z.strictObject({ type: z.literal('error'), code, title, status, detail }),
]);

export type ClientMessage = z.infer<typeof clientMessageSchema>;
export type ServerMessage = z.infer<typeof serverMessageSchema>;

/**
 * Reads a text message of a client.
 *
 * @throws UndertoneError `parameter-invalid` with a sentence that says what is accepted
 */
export function parseClientMessage(text: string): ClientMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UndertoneError(
      'parameter-invalid',
      'A text message must be JSON, such as {"type":"stop"}. Audio is sent as binary messages.',
      { cause },
    );
  }
  const { success, data, error } = clientMessageSchema.safeParse(value);
  if (success) return data;
  throw new UndertoneError('parameter-invalid', error.issues[0].message, { cause: error });
}

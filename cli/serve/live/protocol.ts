import * as z from 'zod';
import { UndertoneError } from '../../../core/errors.ts';
import { liveSummarySchema, liveVerdictSchema } from '../../../core/live.ts';
import { verdictSchema } from '../../../core/verdict.ts';
import { problemSchema } from '../../../functions/http/schemas.ts';

/** Where the WebSocket is. */
export const LIVE_PATH = '/v1/live';

/** Rates in Hz that a stream may have. */
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

/** What a client says in text. Audio comes as binary messages: mono, 16 bits, little-endian. */
export const clientMessageSchema = z.discriminatedUnion('type', [startSchema, stopSchema], {
  error: 'The type of a message is "start" or "stop". Audio is sent as binary messages.',
});

const { code, title, status, detail } = problemSchema.shape;

/** What the server says, each as one text message of JSON. */
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
 * @throws UndertoneError `parameter-invalid` with a sentence that says what is taken
 */
export function parseClientMessage(text: string): ClientMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UndertoneError(
      'parameter-invalid',
      'A text message has to be JSON, such as {"type":"stop"}. Audio is sent as binary messages.',
      { cause },
    );
  }
  const { success, data, error } = clientMessageSchema.safeParse(value);
  if (success) return data;
  throw new UndertoneError('parameter-invalid', error.issues[0].message, { cause: error });
}

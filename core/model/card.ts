import * as z from 'zod';
import { UndertoneError } from '../errors.ts';
import { FEATURE_CONFIG } from '../features/config.ts';
import { emotionSchema } from '../verdict.ts';
import { EMOTIONS } from './emotions.ts';

/**
 * What a model can be fed:
 *
 * - `functionals`: those of each window, [windows, functionals];
 * - `mel`: the spectrogram of a stretch in which windows overlap, [rows, bands];
 * - `starts`: the row of that spectrogram at which each window starts, [windows].
 */
export const INPUT_KINDS = ['functionals', 'mel', 'starts'] as const;
export type InputKind = (typeof INPUT_KINDS)[number];

/** The settings that only inputs of one kind depend on; all others concern every model. */
const SETTINGS_OF_KIND: Readonly<Record<InputKind, readonly (keyof typeof FEATURE_CONFIG)[]>> = {
  functionals: ['melBands', 'mfccs', 'noiseFloorDb', 'functionalsWindow', 'functionals'],
  mel: ['mel', 'melFloorDb', 'networkWindow'],
  starts: [],
};

/** A figure measured on held-out recordings; `accuracy` and the rest are shares from 0 to 1. */
const figuresSchema = z.object({
  protocol: z.string().describe('how training and test recordings were kept apart, in words'),
  clips: z.number().int(),
  accuracy: z.number(),
  unweightedAverageRecall: z.number(),
  weightedF1: z.number(),
  macroF1: z.number(),
  /** UAR of one network over several seeds, where the figures are those of an average of networks. */
  seeds: z
    .object({
      count: z.number().int().min(2),
      basis: z.string(),
      mean: z.number(),
      standardDeviation: z.number(),
    })
    .optional(),
});

const datasetSchema = z.object({
  name: z.string(),
  clips: z.number().int(),
  licence: z.string(),
  citation: z.string(),
});

/**
 * The model card, `model/emotion.json`: what training writes beside the ONNX graph and what serving
 * checks before it trusts the graph.
 */
export const cardSchema = z.object({
  name: z.string(),
  version: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  created: z.string(),
  family: z.string(),
  classes: z.array(emotionSchema).length(8),
  /** The configuration of the features that the model was trained on. */
  features: z.record(z.string(), z.unknown()),
  /** What the graph is fed: name and kind of each of its inputs, and its shape after the first dimension. */
  inputs: z
    .array(
      z.object({
        name: z.string(),
        kind: z.enum(INPUT_KINDS),
        shape: z.array(z.number().int().positive()),
      }),
    )
    .min(1),
  output: z.object({ name: z.string() }),
  /** The output that tells whether somebody speaks in a window; without one, all sound counts as speech. */
  voice: z.object({ name: z.string(), threshold: z.number().min(0).max(1) }).optional(),
  /** Below this probability of the top emotion the verdict is `uncertain`. */
  threshold: z.number().min(0).max(1),
  calibration: z.object({
    temperature: z.number().positive(),
    /** Added to the logarithm of each class, divided by the temperature; none by default. */
    bias: z.array(z.number()).length(8).optional(),
    /** Share of held-out recordings that are answered, and accuracy on those. */
    coverage: z.number(),
    accuracy: z.number(),
    /** On 15 bins of the confidence. */
    expectedCalibrationError: z.number().optional(),
    method: z.string(),
    /** What `undertone calibrate` fitted it on; absent in a model as it was trained. */
    recordings: z
      .object({
        count: z.number().int(),
        speakers: z.number().int().optional(),
        emotions: z.partialRecord(emotionSchema, z.number().int()),
        /** Before calibration and after it, each fold at the temperature of the others. */
        expectedCalibrationError: z.object({ before: z.number(), after: z.number() }),
      })
      .optional(),
    curve: z.array(z.object({ threshold: z.number(), coverage: z.number(), accuracy: z.number() })),
  }),
  figures: z.record(z.string(), figuresSchema),
  data: z.array(datasetSchema),
  licence: z.string(),
  limits: z.array(z.string()),
});

export type ModelCard = z.infer<typeof cardSchema>;
export type Figures = z.infer<typeof figuresSchema>;

/**
 * Reads a model card and checks that this version can serve its model: its inputs were trained on the
 * features that this code computes, and its classes are in our order.
 *
 * @param json the text of `emotion.json`
 * @param name what to call it in an error message, for example its path
 * @throws UndertoneError `model-invalid`
 */
export function parseCard(json: string, name: string): ModelCard {
  let card: ModelCard;
  try {
    card = cardSchema.parse(JSON.parse(json));
  } catch (cause) {
    throw modelInvalid(`${name} is not a model card.`, cause);
  }
  if (!isEqual(settingsOf(card, card.features), settingsOf(card, FEATURE_CONFIG))) {
    throw modelInvalid(
      `The model of ${name} was trained on features of another configuration than this version computes, so its answers would be wrong.`,
    );
  }
  if (!isEqual(card.classes, EMOTIONS)) {
    throw modelInvalid(`The model of ${name} has its classes in another order.`);
  }
  return card;
}

/** Returns the feature settings without those that none of the model's inputs depends on. */
function settingsOf({ inputs }: ModelCard, features: Readonly<Record<string, unknown>>) {
  const unused = INPUT_KINDS.filter((kind) => inputs.every((input) => input.kind !== kind));
  const settings = new Set<string>(unused.flatMap((kind) => SETTINGS_OF_KIND[kind]));
  return Object.fromEntries(Object.entries(features).filter(([name]) => !settings.has(name)));
}

/** Whether two JSON values are the same, in whatever order their members are. */
function isEqual(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return a === b;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return (
    left.length === right.size &&
    left.every(([key, value]) => right.has(key) && isEqual(value, right.get(key)))
  );
}

/** The error for a model that cannot be served. */
export function modelInvalid(why: string, cause?: unknown): UndertoneError {
  return new UndertoneError(
    'model-invalid',
    `${why} Use the model folder of this version, or train one with "npm run train".`,
    { cause },
  );
}

import type * as z from 'zod';
import { UndertoneError } from '../core/index.ts';

/**
 * Reads environment variables. One that is set to nothing counts as not set.
 *
 * @param schema what each variable must be; its messages complete the sentence "Set NAME to …"
 * @param guide where the reader finds the values, such as `docs/slack.md`
 * @throws UndertoneError `configuration-invalid` that names every variable that is missing or wrong
 * @example
 * const schema = z.object({ UNDERTONE_TOKEN: z.string('the token of the bot') });
 * const { UNDERTONE_TOKEN } = readEnvironment(schema, 'docs/discord.md');
 */
export function readEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  guide: string,
  variables: NodeJS.ProcessEnv = process.env,
): z.output<Schema> {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const needs = parsed.error.issues.map(({ path, message }) => `${path.join('.')} to ${message}`);
  throw new UndertoneError(
    'configuration-invalid',
    `Set ${needs.join(', and ')}. See ${guide} for where to find the values.`,
    { cause: parsed.error },
  );
}

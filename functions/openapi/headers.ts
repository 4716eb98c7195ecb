/** A header whose value is a text. */
export function textHeader(description: string) {
  return { description, schema: { type: 'string' as const } };
}

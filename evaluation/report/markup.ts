/** Text that is HTML (or SVG) already, so that it is not escaped again. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Part = Markup | string | number | null | undefined | false | readonly Part[];

/**
 * Template tag that returns Markup: the template itself is kept, every value in it is escaped unless
 * it is Markup, a list is joined, and nothing stands for null, undefined and false.
 *
 * @example
 * markup`<b>${'a < b'}</b>`.text; // '<b>a &lt; b</b>'
 */
export function markup(template: TemplateStringsArray, ...values: readonly Part[]): Markup {
  const text = template.map((piece, i) => piece + (i < values.length ? textOf(values[i]) : ''));
  return new Markup(text.join(''));
}

function textOf(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (Array.isArray(part)) return part.map(textOf).join('');
  if (part === null || part === undefined || part === false) return '';
  return String(part).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

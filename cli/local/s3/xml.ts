/** A piece of an XML document; made by `element` only. */
type Xml = { readonly xml: string };

/** Returns an XML document in S3's namespace. */
export function document(name: string, children: readonly Xml[]): string {
  const content = children.map(({ xml }) => xml).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${name}>`;
}

/** Returns an element with a text or with elements in it; nothing at all when it has no content. */
export function element(
  name: string,
  content: string | number | boolean | undefined | readonly Xml[],
): Xml {
  if (content === undefined) return { xml: '' };
  const inside =
    typeof content === 'object'
      ? content.map(({ xml }) => xml).join('')
      : // Also what a parser would take for the end of a line.
        String(content).replace(/[<>&"'\p{Cc}]/gu, (character) => `&#${character.codePointAt(0)};`);
  return { xml: `<${name}>${inside}</${name}>` };
}

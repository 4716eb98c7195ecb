import type { APIEmbed, RESTPostAPIChannelMessageJSONBody } from 'discord-api-types/v10';
import { emptyMessage, invalidBody } from './refusal.ts';

/** Characters and numbers that Discord takes (its docs: "Embed Limits"). */
const LIMITS = {
  content: 2000,
  embeds: 10,
  title: 256,
  description: 4096,
  fields: 25,
  fieldName: 256,
  fieldValue: 1024,
  footer: 2048,
  author: 256,
  /** Of all texts of all embeds of a message together. */
  allEmbeds: 6000,
  nonce: 25,
} as const;

type Body = Pick<RESTPostAPIChannelMessageJSONBody, 'content' | 'embeds' | 'nonce'>;

/**
 * Checks a message as Discord does before it posts it.
 *
 * @throws Refusal 50035 or 50006
 */
export function checkMessage(body: Body): void {
  const { content, embeds = [], nonce } = body;
  if (!content && embeds.length === 0) throw emptyMessage();
  longest('content', content, LIMITS.content);
  longest('nonce', nonce === undefined ? undefined : String(nonce), LIMITS.nonce);
  most('embeds', embeds, LIMITS.embeds);
  embeds.forEach((embed, i) => {
    checkEmbed(`embeds.${i}`, embed);
  });
  const total = embeds.flatMap(texts).reduce((sum, text) => sum + text.length, 0);
  if (total > LIMITS.allEmbeds) {
    throw invalidBody(
      'embeds',
      'MAX_EMBED_SIZE_EXCEEDED',
      'Embed size exceeds maximum size of 6000',
    );
  }
}

function checkEmbed(path: string, embed: APIEmbed): void {
  const { title, description, fields = [], footer, author, color } = embed;
  longest(`${path}.title`, title, LIMITS.title);
  longest(`${path}.description`, description, LIMITS.description);
  longest(`${path}.footer.text`, footer?.text, LIMITS.footer);
  longest(`${path}.author.name`, author?.name, LIMITS.author);
  most(`${path}.fields`, fields, LIMITS.fields);
  fields.forEach(({ name, value }, i) => {
    required(`${path}.fields.${i}.name`, name);
    required(`${path}.fields.${i}.value`, value);
    longest(`${path}.fields.${i}.name`, name, LIMITS.fieldName);
    longest(`${path}.fields.${i}.value`, value, LIMITS.fieldValue);
  });
  if (color !== undefined && !(Number.isInteger(color) && color >= 0 && color <= 0xffffff)) {
    throw invalidBody(`${path}.color`, 'NUMBER_TYPE_MAX', 'int value should be at most 16777215.');
  }
  if (texts(embed).length === 0) {
    throw invalidBody(`${path}.description`, 'BASE_TYPE_REQUIRED', 'This field is required');
  }
}

function texts({ title, description, fields = [], footer, author }: APIEmbed): string[] {
  const all = [title, description, footer?.text, author?.name];
  for (const { name, value } of fields) all.push(name, value);
  return all.filter((text): text is string => Boolean(text));
}

function longest(path: string, text: string | null | undefined, max: number): void {
  if (!text || text.length <= max) return;
  const message = `Must be ${max} or fewer in length.`;
  throw invalidBody(path, 'BASE_TYPE_MAX_LENGTH', message);
}

function most(path: string, list: readonly unknown[], max: number): void {
  if (list.length <= max) return;
  throw invalidBody(path, 'BASE_TYPE_MAX_LENGTH', `Must be ${max} or fewer in length.`);
}

function required(path: string, text: string | undefined): void {
  if (!text?.trim()) throw invalidBody(path, 'BASE_TYPE_REQUIRED', 'This field is required');
}

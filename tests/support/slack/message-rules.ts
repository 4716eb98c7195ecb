import * as z from 'zod';

/**
 * What Slack takes as a message, as its reference of blocks tells it; what is not told there is refused.
 * https://docs.slack.dev/reference/block-kit/blocks
 */
const plain = (max: number) =>
  z.strictObject({
    type: z.literal('plain_text'),
    text: z.string().min(1).max(max),
    emoji: z.boolean().optional(),
  });
const markdown = (max: number) =>
  z.strictObject({
    type: z.literal('mrkdwn'),
    text: z.string().min(1).max(max),
    verbatim: z.boolean().optional(),
  });
const eitherText = (max: number) => z.union([plain(max), markdown(max)]);
const blockId = z.string().max(255).optional();

const section = z
  .strictObject({
    type: z.literal('section'),
    text: eitherText(3000).optional(),
    fields: z.array(eitherText(2000)).min(1).max(10).optional(),
    expand: z.boolean().optional(),
    block_id: blockId,
  })
  .refine(({ text, fields }) => text || fields, 'a section has a text or fields');
const header = z.strictObject({
  type: z.literal('header'),
  text: plain(150),
  block_id: blockId,
});
const context = z.strictObject({
  type: z.literal('context'),
  elements: z.array(eitherText(2000)).min(1).max(10),
  block_id: blockId,
});
const divider = z.strictObject({ type: z.literal('divider'), block_id: blockId });

export const blocksSchema = z
  .array(z.discriminatedUnion('type', [section, header, context, divider]))
  .min(1)
  .max(50);

export const TS = /^\d{10}\.\d{6}$/;

/** A payload is flat, but for lists and objects one level deep. */
const scalar = z.union([z.string(), z.number(), z.boolean()]);
export const metadataSchema = z.strictObject({
  event_type: z.string().regex(/^[a-zA-Z][\w.:-]{0,254}$/),
  event_payload: z.record(
    z.string(),
    z.union([scalar, z.array(scalar), z.record(z.string(), scalar)]),
  ),
});

const flag = z.enum(['true', 'false']).optional();

/** Arguments as they come in a form: everything is text, and what is not is JSON. */
const content = {
  token: z.string().optional(),
  team_id: z.string().optional(),
  channel: z.string(),
  text: z.string().optional(),
  blocks: z.string().optional(),
  thread_ts: z.string().optional(),
};

export const ARGUMENTS = {
  'auth.test': z.strictObject({ token: content.token, team_id: content.team_id }),
  'apps.connections.open': z.strictObject({ token: content.token, team_id: content.team_id }),
  // https://docs.slack.dev/reference/methods/oauth.v2.access
  'oauth.v2.access': z.strictObject({
    client_id: z.string(),
    client_secret: z.string(),
    code: z.string().optional(),
    redirect_uri: z.string().optional(),
    grant_type: z.literal('refresh_token').optional(),
    refresh_token: z.string().optional(),
  }),
  'chat.postMessage': z.strictObject({
    ...content,
    metadata: z.string().optional(),
    unfurl_links: flag,
    unfurl_media: flag,
    reply_broadcast: flag,
    mrkdwn: flag,
  }),
  'chat.postEphemeral': z.strictObject({ ...content, user: z.string() }),
  'conversations.replies': z.strictObject({
    token: content.token,
    team_id: content.team_id,
    channel: content.channel,
    ts: z.string(),
    limit: z.string().regex(/^\d+$/).optional(),
    cursor: z.string().optional(),
    inclusive: flag,
    oldest: z.string().optional(),
    latest: z.string().optional(),
    include_all_metadata: flag,
  }),
  'users.info': z.strictObject({
    token: content.token,
    team_id: content.team_id,
    user: z.string(),
    include_locale: flag,
  }),
  'files.info': z.strictObject({
    token: content.token,
    team_id: content.team_id,
    file: z.string(),
  }),
} as const;

export type MethodName = keyof typeof ARGUMENTS;

/** What an address for answers takes. It must say ok in two seconds and is used five times at most. */
export const responseUrlSchema = z.strictObject({
  text: z.string().optional(),
  blocks: blocksSchema.optional(),
  response_type: z.enum(['ephemeral', 'in_channel']).optional(),
  replace_original: z.boolean().optional(),
  delete_original: z.boolean().optional(),
  thread_ts: z.string().optional(),
});

import type { RESTPostAPIChannelMessageJSONBody } from 'discord-api-types/v10';
import { checkCommands } from './command-body.ts';
import { channelPayload, type LocalGateway } from './gateway.ts';
import type { Interactions } from './interactions.ts';
import { missingAccess, missingPermissions, unauthorized, unknownRoute } from './refusal.ts';
import type { NewMessage, World } from './world.ts';

export interface RestRequest {
  readonly method: string;
  /** Below /api/v10, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export interface RestServices {
  readonly world: World;
  readonly gateway: LocalGateway;
  readonly interactions: Interactions;
  readonly typed: (channelId: string) => void;
  readonly registered: (scope: string, commands: unknown) => void;
}

interface Call extends RestRequest {
  readonly services: RestServices;
  readonly ids: readonly string[];
}

interface RestRoute {
  readonly method: string;
  readonly pattern: RegExp;
  /** Interactions carry their own token in the path, count towards no limit and need no bot. */
  readonly isOfInteraction?: boolean;
  readonly answer: (call: Call) => unknown;
}

/** What Discord answers with 204. */
export const NOTHING = Symbol('204');

const ROUTES: readonly RestRoute[] = [
  get(/^\/gateway\/bot$/, ({ services: { gateway } }) => gateway.information),
  get(/^\/users\/@me$/, ({ services: { world } }) => world.bot),
  get(/^\/applications\/@me$/, ({ services: { world } }) => ({
    id: world.applicationId,
    name: 'Undertone',
    bot: world.bot,
  })),
  get(/^\/channels\/(\d+)$/, ({ services: { world }, ids: [channel] }) =>
    channelPayload(world.channelOfBot(channel)),
  ),
  get(/^\/channels\/(\d+)\/messages$/, listMessages),
  get(/^\/channels\/(\d+)\/messages\/(\d+)$/, ({ services: { world }, ids: [channel, id] }) =>
    world.message(world.channelOfBot(channel), id),
  ),
  post(
    /^\/channels\/(\d+)\/messages$/,
    ({ services: { world }, ids: [channel], body }) =>
      world.post(world.channelOfBot(channel), world.bot, messageOf(body)).message,
  ),
  post(/^\/channels\/(\d+)\/typing$/, ({ services: { world, typed }, ids: [id] }) => {
    const channel = world.channelOfBot(id);
    if (!channel.isWritable) throw missingPermissions();
    typed(channel.id);
    return NOTHING;
  }),
  {
    ...post(/^\/interactions\/(\d+)\/([^/]+)\/callback$/, (call) => {
      const [id, token] = call.ids;
      call.services.interactions.answer(id, token, call.body as never);
      return NOTHING;
    }),
    isOfInteraction: true,
  },
  ofWebhook('GET', ({ interactions }, token) => interactions.original(token)),
  ofWebhook('PATCH', ({ interactions }, token, body) => interactions.edit(token, messageOf(body))),
  {
    ...post(/^\/webhooks\/(\d+)\/([^/]+)$/, ({ services, ids: [, token], body }) =>
      services.interactions.followUp(token, messageOf(body)),
    ),
    isOfInteraction: true,
  },
  put(/^\/applications\/(\d+)\/commands$/, register),
  put(/^\/applications\/(\d+)\/guilds\/(\d+)\/commands$/, register),
  get(/^\/guilds\/(\d+)\/threads\/active$/, ({ services: { world }, ids: [guildId] }) => {
    const guild = world.guilds.find(({ id }) => id === guildId);
    if (!guild) throw missingAccess();
    const threads = guild.channels.filter(({ parent }) => parent).map(channelPayload);
    return { threads, members: [] };
  }),
];

/** Returns what answers a request, and the name of its bucket; null for what is not limited. */
export function findRoute({ method, path }: Pick<RestRequest, 'method' | 'path'>): {
  readonly route: RestRoute;
  readonly ids: readonly string[];
} {
  for (const route of ROUTES) {
    const match = route.method === method ? route.pattern.exec(path) : null;
    if (match) return { route, ids: match.slice(1) };
  }
  throw unknownRoute();
}

/** @throws Refusal as Discord's */
export function answerRest(
  request: RestRequest,
  authorization: { readonly given: string | undefined; readonly expected: string },
  services: RestServices,
): unknown {
  const { route, ids } = findRoute(request);
  const isBot = authorization.given === authorization.expected;
  if (!route.isOfInteraction && !isBot) throw unauthorized();
  return route.answer({ ...request, services, ids });
}

function get(pattern: RegExp, answer: RestRoute['answer']): RestRoute {
  return { method: 'GET', pattern, answer };
}

function post(pattern: RegExp, answer: RestRoute['answer']): RestRoute {
  return { method: 'POST', pattern, answer };
}

function put(pattern: RegExp, answer: RestRoute['answer']): RestRoute {
  return { method: 'PUT', pattern, answer };
}

function ofWebhook(
  method: string,
  answer: (services: RestServices, token: string, body: unknown) => unknown,
): RestRoute {
  return {
    method,
    pattern: /^\/webhooks\/(\d+)\/([^/]+)\/messages\/(?:@|%40)original$/,
    isOfInteraction: true,
    answer: ({ services, ids: [, token], body }) => answer(services, token, body),
  };
}

/** The oldest ones after a message, newest first: that is how Discord pages. */
function listMessages({ services: { world }, ids: [id], query }: Call): unknown {
  const channel = world.channelOfBot(id);
  const after = BigInt(query.get('after') ?? 0);
  const limit = Number(query.get('limit') ?? 50);
  const later = [...channel.messages.values()].filter((message) => BigInt(message.id) > after);
  return later.slice(0, limit).reverse();
}

function register({ services: { registered }, ids: [, guild], body }: Call): unknown {
  checkCommands(body as never);
  registered(guild ?? 'global', body);
  return body;
}

function messageOf(body: unknown): NewMessage {
  const message = body as RESTPostAPIChannelMessageJSONBody;
  const reference = message.message_reference;
  return {
    content: message.content,
    embeds: message.embeds,
    nonce: message.nonce,
    enforceNonce: message.enforce_nonce,
    allowedMentions: message.allowed_mentions ?? undefined,
    replyTo: reference && {
      id: String(reference.message_id),
      mustExist: reference.fail_if_not_exists ?? true,
    },
  };
}

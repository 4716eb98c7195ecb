import type { APIGatewayProxyEvent } from 'aws-lambda';
import { InteractionResponseType } from 'discord-api-types/v10';
import { atOnce, firstAnswer } from '../bots/discord/first-answer.ts';
import { essentialsOf, isPing, readInteraction } from '../bots/discord/interaction.ts';
import { verifyDiscord } from '../bots/discord/signature.ts';
import { Recent } from '../bots/recent.ts';
import { EN } from '../bots/wording/en.ts';
import { UndertoneError } from '../core/errors.ts';
import { logEvent } from '../lib/log.ts';
import { chatEnvironment } from './chat/environment.ts';
import { enqueue } from './chat/queue.ts';
import { httpHandler } from './http/handler.ts';
import { headerOf } from './http/headers.ts';
import { json } from './http/respond.ts';

/**
 * Ids of the interactions that this instance has taken: Discord sends each once. More than come to one
 * instance while a signature is fresh.
 */
const taken = new Recent<true>(10_000);

/**
 * `POST /discord/interactions`: what people do with the commands of the Discord bot. Answers at once
 * what needs no work, and hands everything else to the chat worker after a deferred answer.
 */
export const handler = httpHandler(async (event) => {
  const payload = verified(event);
  if (isPing(payload)) return json({ type: InteractionResponseType.Pong });
  const interaction = readInteraction(payload);
  const { id, place } = interaction;
  if (taken.has(id)) throw replayed();
  taken.set(id, true);
  const first = firstAnswer(interaction);
  if (!first.isDeferred) return json(first.response);
  try {
    const job = { platform: 'discord', id, payload: essentialsOf(payload) } as const;
    await enqueue(job, { group: place.channel });
    return json(first.response);
  } catch (thrown) {
    taken.delete(id);
    const error = UndertoneError.from(thrown);
    logEvent('discord: an interaction could not be handed on', error);
    return json(atOnce(EN.errors[error.code]).response);
  }
});

/** Returns the body of a request that Discord signed. */
function verified(event: APIGatewayProxyEvent): unknown {
  const { UNDERTONE_DISCORD_PUBLIC_KEY: publicKey } = chatEnvironment('discord');
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  const signature = headerOf(event, 'x-signature-ed25519');
  const timestamp = headerOf(event, 'x-signature-timestamp');
  verifyDiscord({ signature, timestamp, body }, publicKey);
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new UndertoneError('parameter-invalid', 'The body is not JSON.', { cause });
  }
}

function replayed(): UndertoneError {
  return new UndertoneError('unauthorized', 'This interaction was taken before.');
}

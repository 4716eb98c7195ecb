import { InteractionResponseType } from 'discord-api-types/v10';
import { essentialsOf, isPing, readInteraction } from '../bots/discord/interaction.ts';
import { firstAnswer, immediateAnswer } from '../bots/discord/reply.ts';
import { Recent } from '../bots/recent.ts';
import { verifyDiscord } from '../bots/signatures.ts';
import { stringsFor } from '../bots/wording/languages.ts';
import { UndertoneError } from '../core/index.ts';
import { logEvent } from '../lib/log.ts';
import { chatEnvironment, discordMedium } from './chat/environment.ts';
import { enqueue } from './chat/queue.ts';
import { handle } from './http/handle.ts';
import { lambda } from './http/lambda.ts';
import { discordInteractions } from './routes.ts';

/**
 * Ids of the interactions that this instance has taken: Discord sends each once. There are more than
 * reach one instance while a signature is fresh.
 */
const taken = new Recent<true>(10_000);

/**
 * `POST /discord/interactions`: what people do with the commands of the Discord bot. Answers at once
 * what needs no work; defers the answer to everything else and queues it for the chat worker.
 */
export const answer = handle(discordInteractions, async ({ request, respond }) => {
  const payload = await verified(request);
  if (isPing(payload)) return respond(200, { type: InteractionResponseType.Pong });
  const interaction = readInteraction(payload);
  const { id, place } = interaction;
  if (taken.has(id)) throw replayed();
  taken.set(id, true);
  const strings = stringsFor(interaction.locale, discordMedium());
  const first = firstAnswer(interaction, strings);
  if (!first.isDeferred) return respond(200, first.response);
  try {
    const job = { platform: 'discord', id, payload: essentialsOf(payload) } as const;
    await enqueue(job, { group: place.channel });
    return respond(200, first.response);
  } catch (thrown) {
    taken.delete(id);
    const error = UndertoneError.from(thrown);
    logEvent('discord: an interaction could not be queued', error);
    return respond(200, immediateAnswer(strings.errors[error.code]).response);
  }
});

export const handler = lambda(answer);

/** Returns the body of a request that Discord signed. */
async function verified(request: Request): Promise<unknown> {
  const { UNDERTONE_DISCORD_PUBLIC_KEY: publicKey } = chatEnvironment('discord');
  const body = Buffer.from(await request.arrayBuffer());
  const [signature, timestamp] = discordInteractions.signatureHeaders.map(
    (name) => request.headers.get(name) ?? undefined,
  );
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

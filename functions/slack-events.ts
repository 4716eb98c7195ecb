import * as z from 'zod';
import { Recent } from '../bots/recent.ts';
import { verifySlack } from '../bots/signatures.ts';
import { commandBodySchema, intake } from '../bots/slack/payloads.ts';
import { EN } from '../bots/wording/languages.ts';
import { UndertoneError } from '../core/index.ts';
import { logEvent } from '../lib/log.ts';
import { enqueue } from './chat/queue.ts';
import { slackSecrets } from './chat/secrets.ts';
import { handle } from './http/handle.ts';
import { lambda } from './http/lambda.ts';
import { slackEvents } from './routes.ts';

/** Signatures of requests to this instance, and whether they were taken. Slack signs each attempt anew. */
const taken = new Recent<boolean>(10_000);

const challengeSchema = z.object({ type: z.literal('url_verification'), challenge: z.string() });

/**
 * `POST /slack/events`: events, slash commands and shortcuts of the Slack app. Queues what needs work
 * and acknowledges at once: Slack sends an event again after three seconds.
 */
export const answer = handle(slackEvents, async ({ request, respond }) => {
  const { payload, signature } = await verified(request);
  const challenge = challengeSchema.safeParse(payload);
  if (challenge.success) return respond(200, { challenge: challenge.data.challenge });
  const work = intake(payload);
  if (!work) return respond(200, null);
  try {
    const job = { platform: 'slack', id: work.id, payload: work.payload } as const;
    await enqueue(job, { group: work.group });
    return respond(200, null);
  } catch (thrown) {
    taken.set(signature, false);
    // An event comes again. A command does not, and its answer is shown to its user.
    if (!commandBodySchema.safeParse(payload).success) throw thrown;
    const error = UndertoneError.from(thrown);
    logEvent('slack: a command could not be queued', error);
    // In English: Slack waits three seconds, of which none are left to ask for a language.
    return respond(200, { response_type: 'ephemeral', text: EN.errors[error.code] });
  }
});

export const handler = lambda(answer);

/** Returns the content of a request that Slack signed. */
async function verified(request: Request) {
  const { headers } = request;
  const { signingSecret } = await slackSecrets();
  const body = Buffer.from(await request.arrayBuffer());
  const [signature = '', timestamp] = slackEvents.signatureHeaders.map(
    (name) => headers.get(name) ?? undefined,
  );
  verifySlack({ signature, timestamp, body }, signingSecret);
  if (taken.get(signature)) {
    throw new UndertoneError('unauthorized', 'This request was taken before.');
  }
  taken.set(signature, true);
  return { payload: parse(body.toString('utf8'), headers.get('content-type')), signature };
}

/** Events are JSON. Commands are forms, and shortcuts forms whose one field is JSON. */
function parse(text: string, contentType: string | null): unknown {
  try {
    if (!/^application\/x-www-form-urlencoded\b/i.test(contentType ?? '')) return JSON.parse(text);
    const fields = Object.fromEntries(new URLSearchParams(text));
    return fields.payload === undefined ? fields : JSON.parse(fields.payload);
  } catch (cause) {
    throw new UndertoneError('parameter-invalid', 'The body cannot be read.', { cause });
  }
}

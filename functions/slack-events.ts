import type { APIGatewayProxyEvent } from 'aws-lambda';
import * as z from 'zod';
import { Recent } from '../bots/recent.ts';
import { intake } from '../bots/slack/intake.ts';
import { commandBodySchema } from '../bots/slack/payloads.ts';
import { verifySlack } from '../bots/slack/signature.ts';
import { EN } from '../bots/wording/en.ts';
import { UndertoneError } from '../core/errors.ts';
import { logEvent } from '../lib/log.ts';
import { enqueue } from './chat/queue.ts';
import { slackSecrets } from './chat/secrets.ts';
import { httpHandler } from './http/handler.ts';
import { headerOf } from './http/headers.ts';
import { answer, json } from './http/respond.ts';

/**
 * Signatures of requests that came to this instance, and whether they were taken. Slack signs each attempt
 * anew.
 */
const taken = new Recent<boolean>(10_000);

const challengeSchema = z.object({ type: z.literal('url_verification'), challenge: z.string() });

/**
 * `POST /slack/events`: events, slash commands and shortcuts of the Slack app. Hands on what there is
 * something to do for, and says at once that it came: Slack sends an event again after three seconds.
 */
export const handler = httpHandler(async (event) => {
  const { payload, signature } = await verified(event);
  const challenge = challengeSchema.safeParse(payload);
  if (challenge.success) return json({ challenge: challenge.data.challenge });
  const work = intake(payload);
  if (!work) return taking();
  try {
    const job = { platform: 'slack', id: work.id, payload: work.payload } as const;
    await enqueue(job, { group: work.channel });
    return taking();
  } catch (thrown) {
    taken.set(signature, false);
    // An event comes again. A command does not, and what is answered to it is shown to its user.
    if (!commandBodySchema.safeParse(payload).success) throw thrown;
    const error = UndertoneError.from(thrown);
    logEvent('slack: a command could not be handed on', error);
    return json({ response_type: 'ephemeral', text: EN.errors[error.code] });
  }
});

function taking() {
  return answer(200, '', {});
}

/** Returns what a request says that Slack signed. */
async function verified(event: APIGatewayProxyEvent) {
  const { signingSecret } = await slackSecrets();
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  const signature = headerOf(event, 'x-slack-signature') ?? '';
  const timestamp = headerOf(event, 'x-slack-request-timestamp');
  verifySlack({ signature, timestamp, body }, signingSecret);
  if (taken.get(signature)) {
    throw new UndertoneError('unauthorized', 'This request was taken before.');
  }
  taken.set(signature, true);
  return { payload: parse(body.toString('utf8'), headerOf(event, 'content-type')), signature };
}

/** Events are JSON. Commands are forms, and shortcuts forms whose one field is JSON. */
function parse(text: string, contentType: string | undefined): unknown {
  try {
    if (!/^application\/x-www-form-urlencoded\b/i.test(contentType ?? '')) return JSON.parse(text);
    const fields = Object.fromEntries(new URLSearchParams(text));
    return fields.payload === undefined ? fields : JSON.parse(fields.payload);
  } catch (cause) {
    throw new UndertoneError('parameter-invalid', 'The body cannot be read.', { cause });
  }
}

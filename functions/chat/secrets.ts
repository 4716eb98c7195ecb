import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { UndertoneError } from '../../core/index.ts';
import { answeringWithin } from '../../lib/backoff.ts';

/** Milliseconds of each of two attempts: the function has ten seconds. */
const PATIENCE = 2000;
/** Milliseconds for which a secret is kept: one that was changed is used soon. */
const KEPT_FOR = 5 * 60 * 1000;

const slackSchema = z.object({ signingSecret: z.string().min(1), botToken: z.string().min(1) });

export type SlackSecrets = z.infer<typeof slackSchema>;

let kept: { readonly until: number; readonly secrets: Promise<SlackSecrets> } | undefined;

/**
 * Returns Slack's signing secret and the token of the bot: from the environment where both stand in it,
 * else from the secret of Secrets Manager that UNDERTONE_SLACK_SECRET names, which is JSON:
 * `{"signingSecret":"…","botToken":"xoxb-…"}`.
 *
 * @throws UndertoneError `configuration-invalid`, `unavailable`
 */
export async function slackSecrets(): Promise<SlackSecrets> {
  const given = slackSchema.safeParse({
    signingSecret: process.env.UNDERTONE_SLACK_SIGNING_SECRET,
    botToken: process.env.UNDERTONE_SLACK_BOT_TOKEN,
  });
  if (given.success) return given.data;
  if (!kept || kept.until < Date.now()) {
    const secrets = fetchSecret(process.env.UNDERTONE_SLACK_SECRET);
    kept = { until: Date.now() + KEPT_FOR, secrets };
    secrets.catch(() => {
      kept = undefined;
    });
  }
  return kept.secrets;
}

async function fetchSecret(name: string | undefined): Promise<SlackSecrets> {
  if (!name) throw invalid('UNDERTONE_SLACK_SECRET is not set.');
  const client = new SecretsManagerClient({
    maxAttempts: 2,
    requestHandler: answeringWithin(PATIENCE),
  });
  const { SecretString = '' } = await client
    .send(new GetSecretValueCommand({ SecretId: name }))
    .catch((cause) => {
      throw new UndertoneError(
        'unavailable',
        'The secret of the Slack app cannot be read right now. Try again in a few seconds.',
        { cause },
      );
    });
  try {
    return slackSchema.parse(JSON.parse(SecretString));
  } catch {
    // Its message would quote the secret.
    throw invalid(
      'The secret that UNDERTONE_SLACK_SECRET names is not {"signingSecret","botToken"}.',
    );
  }
}

function invalid(why: string): UndertoneError {
  return new UndertoneError(
    'configuration-invalid',
    `${why} docs/slack.md tells how to set it up.`,
  );
}

import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { UndertoneError } from '../../core/index.ts';
import { answeringWithin } from '../../lib/backoff.ts';

/** Milliseconds of each of two attempts: the function has ten seconds. */
const PATIENCE = 2000;
/** Milliseconds for which a secret is kept: one that was changed is used soon. */
const KEPT_FOR = 5 * 60 * 1000;

const signing = { signingSecret: z.string().min(1) };

/** Of an app in one workspace, whose token its owner has copied. */
const oneWorkspaceSchema = z.object({
  ...signing,
  botToken: z.string().min(1),
  clientId: z.undefined().optional(),
});

/** Of an app that any workspace can install. */
const distributionSchema = z.object({
  ...signing,
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
  /** As `encryptionWith` takes them. */
  encryptionKeys: z.string().min(1),
  botToken: z.undefined().optional(),
});

const slackSchema = z.union([oneWorkspaceSchema, distributionSchema]).transform((secrets) =>
  // Without the key that is undefined, so that `in` tells the two apart.
  secrets.clientId === undefined
    ? { signingSecret: secrets.signingSecret, botToken: secrets.botToken as string }
    : {
        signingSecret: secrets.signingSecret,
        clientId: secrets.clientId,
        clientSecret: secrets.clientSecret,
        encryptionKeys: secrets.encryptionKeys,
      },
);

export type SlackSecrets = z.infer<typeof slackSchema>;
export type DistributionSecrets = Exclude<SlackSecrets, { readonly botToken: string }>;

let kept: { readonly until: number; readonly secrets: Promise<SlackSecrets> } | undefined;

/**
 * Returns the secrets of the Slack app: from the environment where they stand in it, else from the secret
 * of Secrets Manager that UNDERTONE_SLACK_SECRET names, which is JSON:
 * `{"signingSecret":"…","botToken":"xoxb-…"}` for one workspace, and
 * `{"signingSecret":"…","clientId":"…","clientSecret":"…","encryptionKeys":"…"}` for any that install it.
 *
 * @throws UndertoneError `configuration-invalid`, `unavailable`
 */
export async function slackSecrets(): Promise<SlackSecrets> {
  const { env } = process;
  const given = slackSchema.safeParse({
    signingSecret: env.UNDERTONE_SLACK_SIGNING_SECRET,
    botToken: env.UNDERTONE_SLACK_BOT_TOKEN || undefined,
    clientId: env.UNDERTONE_SLACK_CLIENT_ID || undefined,
    clientSecret: env.UNDERTONE_SLACK_CLIENT_SECRET,
    encryptionKeys: env.UNDERTONE_SLACK_ENCRYPTION_KEYS,
  });
  if (given.success) return given.data;
  if (!kept || kept.until < Date.now()) {
    const secrets = fetchSecret(env.UNDERTONE_SLACK_SECRET);
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
      'The secret that UNDERTONE_SLACK_SECRET names is neither {"signingSecret","botToken"} nor {"signingSecret","clientId","clientSecret","encryptionKeys"}.',
    );
  }
}

function invalid(why: string): UndertoneError {
  return new UndertoneError(
    'configuration-invalid',
    `${why} docs/slack.md tells how to set it up.`,
  );
}

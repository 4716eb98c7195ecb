import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Node } from 'constructs';
import * as z from 'zod';

/** A mistake that whoever deploys can correct: the message says how, and a stack trace would not help. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

const LOG_DAYS = Object.values(RetentionDays).filter((days) => typeof days === 'number');

/** A comma-separated list of names. */
const names = z
  .string()
  .transform((text) => text.split(',').map((name) => name.trim()))
  .transform((list) => list.filter(Boolean))
  .pipe(
    z.array(z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,62}$/, 'names of letters, digits and -')),
  );

/** A boolean: text from the command line, or itself from cdk.json. */
const flag = z
  .literal([true, false, 'true', 'false'], 'true or false')
  .transform((value) => String(value) === 'true');

/** Complete ARN of a secret in Secrets Manager. This app never reads its value. */
const SECRET_ARN =
  /^arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]{1,512}-[A-Za-z0-9]{6}$/;
const SECRET_NAME = /^[\w/+=.@-]{1,512}$/;

/** A domain of one's own, for which there is a certificate. */
const domain = z
  .string()
  .regex(/^([a-z0-9-]{1,63}\.)+[a-z]{2,63}$/, 'a domain name in lower case')
  .optional();

const whole = (smallest: number, largest: number) =>
  z.coerce.number().int().min(smallest).max(largest);

/**
 * Every context value of this app (`npx cdk deploy -c memory=2048`, or "context" in cdk.json), with its
 * default.
 */
export const contextSchema = z.object({
  /** Name of the stack. A different name makes a separate deployment. */
  name: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,60}$/, 'letters, digits and -, starting with a letter')
    .default('Undertone'),
  /** Processor architecture of the functions. */
  architecture: z.enum(['arm64', 'x86_64']).default('arm64'),
  /** Major version of Node that runs the functions. */
  node: z.coerce
    .number()
    .pipe(z.literal([22, 24]))
    .default(24),
  /** Memory in MB of the functions that run the model; 1769 gives one vCPU. */
  memory: whole(512, 10_240).default(1769),
  /** Folder of the model for the functions; by default the one that ships. */
  model: z
    .string()
    .refine(
      (folder) => ['emotion.onnx', 'emotion.json'].every((file) => existsSync(join(folder, file))),
      'a folder with emotion.onnx and emotion.json, such as "undertone calibrate" writes',
    )
    .optional(),
  /** Days that recordings are kept in the inbox. */
  inboxDays: whole(1, 365).default(7),
  /** Days that labels are kept in the results bucket; 0 keeps them for good. */
  labelDays: whole(0, 3650).default(365),
  /** Days that logs are kept. */
  logDays: whole(1, 3653)
    .refine((days) => LOG_DAYS.includes(days), `one of ${LOG_DAYS.join(', ')}`)
    .default(30),
  /**
   * Most concurrent label functions, which limits the cost of a flood of files. By default the least that
   * AWS takes, for new accounts have a concurrency of 10 for everything.
   */
  labelConcurrency: whole(2, 1000).default(2),
  /** Most uploads through the API that are classified concurrently. */
  uploadConcurrency: whole(2, 1000).default(2),
  /** Most concurrent functions that post results to callbacks, ten results each. */
  callbackConcurrency: whole(2, 1000).default(2),
  /**
   * Most concurrent calls of `POST /v1/emotion`, which limits the cost of a flood of requests. Reserved
   * where the quota of the account allows it; 0 sets no limit.
   */
  emotionConcurrency: whole(0, 1000).default(20),
  /** Instances of `POST /v1/emotion` that are kept ready, at a cost by the hour; 0 keeps none. */
  provisionedConcurrency: whole(0, 1000).default(0),
  /** Requests a second to `POST /v1/emotion`, and the burst above it. Other routes have a share (api.ts). */
  requestsPerSecond: whole(1, 10_000).default(20),
  burst: whole(1, 5000).default(40),
  /** Requests that one address may send in five minutes; beyond that it gets 429. */
  requestsPerAddress: whole(10, 2_000_000_000).default(1000),
  /** Names of API keys to create. If there are any, all routes but `/v1/model` and `/openapi.json` need one. */
  apiKeys: names.default([]),
  /** Requests a second, and requests a day, of each key. */
  keyRequestsPerSecond: whole(1, 10_000).default(10),
  keyRequestsPerDay: whole(1, 100_000_000).default(100_000),
  /** Whether the page is deployed. By default it is, unless there are API keys, which a page cannot keep. */
  page: flag.optional(),
  /** Price class of CloudFront: more edge locations cost more. */
  pagePriceClass: z.coerce
    .string()
    .pipe(z.enum(['100', '200', 'all']))
    .default('100'),
  /** Custom domain of the page, and the ARN of its certificate in us-east-1. */
  pageDomain: domain,
  pageCertificate: z
    .string()
    .regex(/^arn:[\w-]+:acm:us-east-1:\d{12}:certificate\/[\w-]+$/, 'a certificate in us-east-1')
    .optional(),
  /** Custom domain of the API, and the ARN of its certificate in the region of the stack. */
  apiDomain: domain,
  apiCertificate: z
    .string()
    .regex(
      /^arn:[\w-]+:acm:[\w-]+:\d{12}:certificate\/[\w-]+$/,
      'the ARN of a certificate in the region of the stack',
    )
    .optional(),
  /** Public key of the Discord application; deploys its webhook. */
  discordPublicKey: z
    .string()
    .regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits')
    .optional(),
  /** Whether a small Fargate task listens to Discord, for direct messages and automatic replies. */
  discordGateway: flag.default(false),
  /** Memory in MB of that task: about 50 KB for each server of 40 channels (docs/discord.md). */
  gatewayMemory: z.coerce
    .number()
    .pipe(z.literal([512, 1024, 2048]))
    .default(512),
  /**
   * Secret with the `botToken` of the Discord application, which that task needs. ECS takes complete ARNs
   * only: it finds no secret by its name, and mistakes a name that ends like an ARN for one.
   */
  discordSecret: z
    .string()
    .regex(
      SECRET_ARN,
      'the complete ARN of a secret, as shown by: aws secretsmanager describe-secret --query ARN --secret-id <name>',
    )
    .optional(),
  /**
   * Secret of the Slack app, by name or ARN; deploys its webhook. It has `signingSecret`, and `botToken`
   * or, with slackDistribution, `clientId`, `clientSecret` and `encryptionKeys`.
   */
  slackSecret: z
    .string()
    .refine(
      (text) => SECRET_NAME.test(text) || SECRET_ARN.test(text),
      'the name of a secret, or its complete ARN, which ends in a hyphen and six characters',
    )
    .optional(),
  /** Whether any workspace can install the Slack app: deploys the pages for it, and a table. */
  slackDistribution: flag.default(false),
  /** Most chat questions that are answered concurrently. */
  chatConcurrency: whole(2, 1000).default(2),
  /** Dollars a month that the account may cost before the alarms say so; 0 has no such alarm. */
  monthlyBudget: whole(0, 1_000_000).default(50),
  /** Email address for alarms. AWS first asks it for confirmation. */
  alarmEmail: z.email().optional(),
  /** Path of a static ffmpeg for the functions, or `none` to deploy without one. */
  ffmpeg: z.string().min(1).optional(),
  /** SHA-256 of that file. Without it, only the build of ffmpeg-static is accepted. */
  ffmpegSha256: z
    .string()
    .toLowerCase()
    .regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits')
    .optional(),
  /** What happens to the buckets and their contents when the stack is destroyed. */
  removal: z.enum(['retain', 'destroy']).default('retain'),
});

const configSchema = contextSchema
  .superRefine((values, { addIssue }) => {
    const report = (key: keyof typeof values, message: string) =>
      addIssue({ code: 'custom', path: [key], message });
    for (const [name, certificate] of [
      ['pageDomain', 'pageCertificate'],
      ['apiDomain', 'apiCertificate'],
    ] as const) {
      if ((values[name] === undefined) !== (values[certificate] === undefined)) {
        report(name, `${name} and ${certificate} must be set together`);
      }
    }
    if (values.apiDomain !== undefined && values.apiDomain === values.pageDomain) {
      report('apiDomain', 'the page and the API need a domain each');
    }
    const { emotionConcurrency: reserved, provisionedConcurrency: provisioned } = values;
    if (reserved > 0 && provisioned > reserved) {
      report('provisionedConcurrency', `at most emotionConcurrency, which is ${reserved}`);
    }
    if (values.page && values.apiKeys.length > 0) {
      report('page', 'the page cannot send an API key; omit page or apiKeys');
    }
    if (values.ffmpegSha256 && (values.ffmpeg ?? 'none') === 'none') {
      report('ffmpegSha256', 'needs ffmpeg, the path of the build');
    }
    if (values.discordGateway && values.discordSecret === undefined) {
      report('discordGateway', 'needs discordSecret');
    }
    if (values.slackDistribution && values.slackSecret === undefined) {
      report('slackDistribution', 'needs slackSecret');
    }
  })
  .transform((values) => ({ ...values, page: values.page ?? values.apiKeys.length === 0 }));

export type Config = z.infer<typeof configSchema>;

/**
 * Reads the context values of the app.
 *
 * @throws ConfigurationError with one line for each invalid value, which says what is valid
 * @example
 * const { architecture, memory } = readConfig(app.node);
 */
export function readConfig(node: Node): Config {
  const given = Object.fromEntries(
    Object.keys(contextSchema.shape)
      .map((key) => [key, node.tryGetContext(key)] as const)
      // `-c memory=` resets a value of cdk.json to its default.
      .filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = configSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => {
    const key = String(path[0]);
    return `  ${key}=${JSON.stringify(given[key] ?? '')}: ${message}`;
  });
  throw new ConfigurationError(
    `Invalid context values (docs/deployment.md lists what is valid):\n${problems.join('\n')}`,
  );
}

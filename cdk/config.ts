import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Node } from 'constructs';
import * as z from 'zod';
import { ConfigurationError } from './configuration-error.ts';

const LOG_DAYS = Object.values(RetentionDays).filter((days) => typeof days === 'number');

/** A list as `-c` can give it: names with commas between them. */
const names = z
  .string()
  .transform((text) => text.split(',').map((name) => name.trim()))
  .transform((list) => list.filter(Boolean))
  .pipe(
    z.array(z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,62}$/, 'names of letters, digits and -')),
  );

/** A switch, as text from the command line or as it is from cdk.json. */
const flag = z
  .literal([true, false, 'true', 'false'], 'true or false')
  .transform((value) => String(value) === 'true');

/** Name of a secret in Secrets Manager; what is in it never comes near this app. */
const secretName = z.string().regex(/^[\w/+=.@-]{1,512}$/, 'the name of a secret, not its ARN');

const whole = (smallest: number, largest: number) =>
  z.coerce.number().int().min(smallest).max(largest);

/**
 * Every context value that this app takes (`npx cdk deploy -c memory=2048`, or "context" in
 * cdk.json), with its default.
 */
export const contextSchema = z.object({
  /** Name of the stack: another name is another deployment. */
  name: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,60}$/, 'letters, digits and -, a letter first')
    .default('Undertone'),
  /** Processor of the functions. */
  architecture: z.enum(['arm64', 'x86_64']).default('arm64'),
  /** Major version of Node that runs the functions. */
  node: z.coerce
    .number()
    .pipe(z.literal([22, 24]))
    .default(24),
  /** Memory in MB of the functions that run the model; 1769 is one whole processor. */
  memory: whole(512, 10_240).default(1769),
  /** Days for which recordings stay in the inbox. Presigned uploads never stay longer than one. */
  inboxDays: whole(1, 365).default(7),
  /** Days for which labels stay in the results bucket; 0 keeps them. */
  labelDays: whole(0, 3650).default(365),
  /** Days for which logs stay. */
  logDays: whole(1, 3653)
    .refine((days) => LOG_DAYS.includes(days), `one of ${LOG_DAYS.join(', ')}`)
    .default(30),
  /** Most label functions at a time, which bounds what a flood of files can cost. */
  labelConcurrency: whole(2, 1000).default(5),
  /** Concurrency kept for (and granted at most to) `POST /v1/emotion`; 0 takes it from the account. */
  emotionConcurrency: whole(0, 1000).default(0),
  /** Requests a second that the API takes from everybody together, and the burst above it. */
  requestsPerSecond: whole(1, 10_000).default(20),
  burst: whole(1, 5000).default(40),
  /** Requests in five minutes that one address may send; more are answered with 429. */
  requestsPerAddress: whole(10, 2_000_000_000).default(1000),
  /** Names of API keys to make. With any, every route but the model card and OpenAPI needs one. */
  apiKeys: names.default([]),
  /** What each key may send: requests a second, and a day. */
  keyRequestsPerSecond: whole(1, 10_000).default(10),
  keyRequestsPerDay: whole(1, 100_000_000).default(100_000),
  /** Whether the page is served. With API keys it is not, as a page cannot keep one. */
  page: flag.optional(),
  /** Where on earth the page is kept near its visitors: more places cost more. */
  pagePriceClass: z.coerce
    .string()
    .pipe(z.enum(['100', '200', 'all']))
    .default('100'),
  /** A name of one's own for the page, and the ARN of its certificate, which is in us-east-1. */
  pageDomain: z
    .string()
    .regex(/^([a-z0-9-]{1,63}\.)+[a-z]{2,63}$/, 'a domain name in small letters')
    .optional(),
  pageCertificate: z
    .string()
    .regex(/^arn:[\w-]+:acm:us-east-1:\d{12}:certificate\/[\w-]+$/, 'a certificate in us-east-1')
    .optional(),
  /** Public key of the Discord application; with it its interactions are answered. */
  discordPublicKey: z
    .string()
    .regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits')
    .optional(),
  /** Whether a small Fargate task listens to Discord all the time, for automatic replies. */
  discordGateway: flag.default(false),
  /** The secret with the `botToken` of the Discord application, which that task needs. */
  discordSecret: secretName.optional(),
  /** The secret with `signingSecret` and `botToken` of the Slack app; with it its bot answers. */
  slackSecret: secretName.optional(),
  /** Most chat questions that are worked on at a time. */
  chatConcurrency: whole(2, 1000).default(5),
  /** Where alarms are mailed to; AWS asks that address for a confirmation first. */
  alarmEmail: z.email().optional(),
  /** Path of a static ffmpeg for the functions, or `none` to deploy without one. */
  ffmpeg: z.string().min(1).optional(),
  /** What becomes of the buckets and their content when the stack is destroyed. */
  removal: z.enum(['retain', 'destroy']).default('retain'),
});

const configSchema = contextSchema
  .superRefine((values, { addIssue }) => {
    const complain = (key: keyof typeof values, message: string) =>
      addIssue({ code: 'custom', path: [key], message });
    if ((values.pageDomain === undefined) !== (values.pageCertificate === undefined)) {
      complain('pageDomain', 'goes with pageCertificate, and neither without the other');
    }
    if (values.page && values.apiKeys.length > 0) {
      complain('page', 'the page has no key to send, and apiKeys asks for one');
    }
    if (values.discordGateway && values.discordSecret === undefined) {
      complain('discordGateway', 'needs discordSecret');
    }
  })
  .transform((values) => ({ ...values, page: values.page ?? values.apiKeys.length === 0 }));

export type Config = z.infer<typeof configSchema>;

/**
 * Reads the context values of the app.
 *
 * @throws ConfigurationError one sentence for every value that is not taken, with what would be
 * @example
 * const { architecture, memory } = readConfig(app.node);
 */
export function readConfig(node: Node): Config {
  const given = Object.fromEntries(
    Object.keys(contextSchema.shape)
      .map((key) => [key, node.tryGetContext(key)] as const)
      // `-c memory=` is how a value in cdk.json is put back to its default.
      .filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = configSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const complaints = parsed.error.issues.map(({ path, message }) => {
    const key = String(path[0]);
    return `  ${key}=${JSON.stringify(given[key] ?? '')}: ${message}`;
  });
  throw new ConfigurationError(
    `These context values are not taken (docs/deployment.md lists them):\n${complaints.join('\n')}`,
  );
}

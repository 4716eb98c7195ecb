import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readConfig } from '../../cdk/config.ts';
import { UndertoneStack } from '../../cdk/stack.ts';
import { ROOT } from '../../lib/root.ts';
import { type Finished, run } from '../fixtures/run.ts';
import type { StateMachine } from '../support/state-machine.ts';

/** Context values as `-c` gives them. */
export type Context = Readonly<Record<string, string>>;

/** Both bots, and the task that listens to Discord. */
export const CHAT: Context = {
  discordPublicKey: '0f'.repeat(32),
  discordSecret: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:undertone/discord-a1B2c3',
  discordGateway: 'true',
  slackSecret: 'undertone/slack',
};

/** The feature flags of cdk.json, which the CDK's command line would pass on. */
const FLAGS: Record<string, unknown> = JSON.parse(
  readFileSync(join(ROOT, 'cdk.json'), 'utf8'),
).context;

/** Skips bundling and copying: the layer that uploads the page is 22 MB. */
const NOTHING_BUNDLED = { 'aws:cdk:bundling-stacks': [], 'aws:cdk:disable-asset-staging': true };

/** Returns the stack for some context values, without bundling anything; in any region by default. */
export function stackFor(context: Context = {}, region?: string): UndertoneStack {
  const app = new App({
    context: { ...FLAGS, ffmpeg: 'none', ...context, ...NOTHING_BUNDLED },
    // Takes six seconds to start; the synthesis of the whole app, in asset.test.ts, has it.
    builtinCloudFormationValidation: false,
    treeMetadata: false,
  });
  const config = readConfig(app.node);
  const env = region === undefined ? {} : { env: { region, account: '123456789012' } };
  return new UndertoneStack(app, config.name, { config, ...env });
}

const templates = new Map<string, Template>();

/** Returns the CloudFormation template for some context values. Each is synthesised once. */
export function templateFor(context: Context = {}): Template {
  const key = JSON.stringify(context);
  const template = templates.get(key) ?? Template.fromStack(stackFor(context));
  templates.set(key, template);
  return template;
}

export interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: CloudFormation has no types here, and a wrong guess fails.
export type Properties = Record<string, any>;

/** The properties of the only resource of a type whose logical id matches. */
export function properties(from: Template, type: string, id: RegExp): Properties {
  const found = Object.entries(from.findResources(type)).filter(([key]) => id.test(key));
  if (found.length !== 1) throw new Error(`${found.length} of ${type} match ${id}.`);
  return found[0][1].Properties;
}

/** The text of a template, with references as their names. */
function plainText(value: { 'Fn::Join': [string, unknown[]] } | string): string {
  if (typeof value === 'string') return value;
  const [separator, parts] = value['Fn::Join'];
  return parts
    .map((part) =>
      typeof part === 'string'
        ? part
        : Object.values(part as object)
            .flat()
            .join('.'),
    )
    .join(separator);
}

/** The state machine that compacts labels. */
export function compactionFor(
  context: Context = {},
): StateMachine & { readonly TimeoutSeconds: number } {
  const machine = properties(templateFor(context), 'AWS::StepFunctions::StateMachine', /./);
  return JSON.parse(plainText(machine.DefinitionString));
}

/** What Athena reads in the view that is deployed. */
export function viewOf(text: string): {
  readonly originalSql: string;
  readonly schema: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
} {
  const [, encoded = ''] = /^\/\* Presto View: (\S+) \*\/$/.exec(text) ?? [];
  return JSON.parse(Buffer.from(encoded, 'base64').toString());
}

/** The CDK's function that uploads the page; the CDK sets its permissions. */
export const UPLOADER = /^CustomCDKBucketDeployment/;

/** All statements of the roles' policies, except for the uploader's. */
export function policyStatements(from: Template): Statement[] {
  return Object.entries(from.findResources('AWS::IAM::Policy'))
    .filter(([id]) => !UPLOADER.test(id))
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement as Statement[]);
}

export interface Assembly extends AsyncDisposable {
  readonly finished: Finished;
  readonly folder: string;
  readonly template: () => CloudFormationTemplate;
  /** The asset folder of the function that a file of functions/ becomes. */
  readonly assetOf: (handler: string) => string;
  /** The asset folder of the ffmpeg layer; undefined without one. */
  readonly layer: () => string | undefined;
  /** The folders whose files are uploaded for the page. */
  readonly pageAssets: () => string[];
  /** The folder from which the image of the task is built. */
  readonly imageAsset: () => string;
}

interface CloudFormationTemplate {
  readonly Resources: Readonly<
    Record<
      string,
      {
        readonly Type: string;
        readonly Properties: Record<string, unknown>;
        readonly Metadata?: Record<string, string>;
      }
    >
  >;
}

/** The command line requests these, too: they tell where each asset is. */
const METADATA = {
  'aws:cdk:enable-path-metadata': true,
  'aws:cdk:enable-asset-metadata': true,
};

/** Runs the built app like the CDK's command line, into an empty folder. */
export async function synthesise(context: Context): Promise<Assembly> {
  const folder = await mkdtemp(join(tmpdir(), 'undertone-cdk-'));
  const finished = await run('cdk/app.js', [], {
    env: {
      CDK_OUTDIR: folder,
      CDK_CONTEXT_JSON: JSON.stringify({ ...FLAGS, ...METADATA, ...context }),
    },
  });
  const template = (): CloudFormationTemplate =>
    JSON.parse(readFileSync(join(folder, 'Undertone.template.json'), 'utf8'));
  const assets = (type: string) =>
    Object.entries(template().Resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([id, { Metadata }]) => ({
        id,
        construct: Metadata?.['aws:cdk:path'] ?? '',
        path: join(folder, Metadata?.['aws:asset:path'] ?? ''),
      }));
  return {
    finished,
    folder,
    template,
    assetOf: (handler) => {
      const found = assets('AWS::Lambda::Function').find(({ construct }) =>
        construct
          .toLowerCase()
          .replaceAll('-', '')
          .endsWith(`/${handler.replaceAll('-', '')}/function/resource`),
      );
      if (!found) throw new Error(`There is no function ${handler}.`);
      return found.path;
    },
    // The other layer is the CDK's, for the upload of the page.
    layer: () => assets('AWS::Lambda::LayerVersion').find(({ id }) => /^Ffmpeg/.test(id))?.path,
    pageAssets: () =>
      Object.values(template().Resources)
        .filter(({ Type }) => Type === 'Custom::CDKBucketDeployment')
        .flatMap(({ Properties }) => Properties.SourceObjectKeys as string[])
        .map((key) => join(folder, `asset.${key.replace(/\.zip$/, '')}`)),
    imageAsset: () => {
      const manifest = readFileSync(join(folder, 'Undertone.assets.json'), 'utf8');
      const [image] = Object.values<{ source: { directory: string } }>(
        JSON.parse(manifest).dockerImages,
      );
      return join(folder, image.source.directory);
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

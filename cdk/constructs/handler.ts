import { chmodSync, cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  Annotations,
  AssetHashType,
  type AssetOptions,
  DockerImage,
  type Duration,
  RemovalPolicy,
  Stack,
} from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Alias,
  Architecture,
  Code,
  type IFunction,
  type IVersion,
  Function as LambdaFunction,
  LayerVersion,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import {
  AwsCustomResource,
  AwsCustomResourcePolicy,
  PhysicalResourceId,
} from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import type { PerVariable } from '../../functions/infrastructure.ts';
import { ROOT } from '../../lib/root.ts';
import { bundleHandler } from '../bundle/code.ts';
import { FFMPEG_IN_LAYER, findFfmpegFor } from '../bundle/ffmpeg.ts';
import type { Config } from '../config.ts';
import { acknowledge } from './acknowledge.ts';

const ARCHITECTURES = { arm64: Architecture.ARM_64, x86_64: Architecture.X86_64 } as const;
const RUNTIMES = { 22: Runtime.NODEJS_22_X, 24: Runtime.NODEJS_24_X } as const;

/** Configuration of Powertools. */
export const POWERTOOLS = {
  POWERTOOLS_METRICS_NAMESPACE: 'Undertone',
  POWERTOOLS_LOG_LEVEL: 'INFO',
  // Responses contain a person's emotions; traces record timings only.
  POWERTOOLS_TRACER_CAPTURE_RESPONSE: 'false',
} as const;

export interface HandlerProps {
  readonly config: Config;
  /** Name of the file in functions/ that exports `handler`. */
  readonly name: string;
  readonly description: string;
  /** MB. */
  readonly memory: number;
  readonly timeout: Duration;
  readonly environment?: PerVariable<string>;
  readonly layers?: readonly LayerVersion[];
}

/** A Lambda function: a file of functions/, with its log group and a role that may only write logs. */
export class Handler extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: HandlerProps) {
    super(scope, id);
    const { config, name } = props;
    const logGroup = new LogGroup(this, 'Log', {
      retention: config.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Permissions of the function ${name} of Undertone.`,
    });
    logGroup.grantWrite(role);
    this.function = new LambdaFunction(this, 'Function', {
      description: props.description,
      role,
      logGroup,
      runtime: RUNTIMES[config.node],
      architecture: ARCHITECTURES[config.architecture],
      code: codeOf(name, config),
      handler: 'index.handler',
      memorySize: props.memory,
      timeout: props.timeout,
      tracing: Tracing.ACTIVE,
      loggingFormat: LoggingFormat.JSON,
      // onnxruntime reads the first before the code of a bundle runs.
      environment: {
        ORT_DISABLE_TELEMETRY: '1',
        // A dimension of the metrics, which tells those of two stacks apart.
        POWERTOOLS_SERVICE_NAME: config.name,
        ...POWERTOOLS,
        ...props.environment,
      },
      layers: [...(props.layers ?? [])],
    });
    acknowledge(
      role,
      'IAM5[Resource::*]',
      'The two write actions of X-Ray cannot be restricted to a resource.',
    );
    if (config.node !== 24) {
      acknowledge(this.function, 'L1', `Node ${config.node} was requested with -c node.`);
    }
  }

  /** Returns what to invoke so that a number of instances is always ready: none is the function itself. */
  ready(provisioned: number): IFunction {
    if (provisioned === 0) return this.function;
    const alias = new Alias(this, 'Ready', {
      aliasName: 'ready',
      // Neither is assignable to its interface under exactOptionalPropertyTypes.
      version: this.function.currentVersion as IVersion,
      provisionedConcurrentExecutions: provisioned,
    });
    return alias as IFunction;
  }
}

export interface MaximumConcurrencyProps {
  readonly config: Config;
  readonly handler: Handler;
  readonly maximum: number;
}

/**
 * Reserves concurrency for a function, which is also its maximum, where the quota of the account allows
 * it: AWS keeps a part for functions without any, all of it in new accounts, whose quota is then the
 * maximum. As a property of the function it would fail the deployment there.
 */
export class MaximumConcurrency extends Construct {
  constructor(scope: Construct, id: string, { config, handler, maximum }: MaximumConcurrencyProps) {
    super(scope, id);
    const { functionName, functionArn } = handler.function;
    const logGroup = new LogGroup(this, 'Log', {
      retention: config.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: 'Reserves concurrency for a function of Undertone during deployments.',
    });
    logGroup.grantWrite(role);
    new AwsCustomResource(this, 'Reservation', {
      onUpdate: {
        service: 'Lambda',
        action: 'PutFunctionConcurrency',
        parameters: { FunctionName: functionName, ReservedConcurrentExecutions: maximum },
        physicalResourceId: PhysicalResourceId.of(id),
        ignoreErrorCodesMatching: '^InvalidParameterValueException$',
      },
      onDelete: {
        service: 'Lambda',
        action: 'DeleteFunctionConcurrency',
        parameters: { FunctionName: functionName },
        ignoreErrorCodesMatching: '^ResourceNotFoundException$',
      },
      policy: AwsCustomResourcePolicy.fromStatements([
        new PolicyStatement({
          actions: ['lambda:PutFunctionConcurrency', 'lambda:DeleteFunctionConcurrency'],
          resources: [functionArn],
        }),
      ]),
      role,
      logGroup,
      installLatestAwsSdk: false,
    });
    const caller = `AWS${AwsCustomResource.PROVIDER_FUNCTION_UUID.replaceAll('-', '')}`;
    acknowledge(
      Stack.of(this).node.findChild(caller),
      'L1',
      'The CDK chooses the runtime of this function.',
    );
  }
}

/** ffmpeg in a layer, for the functions that decode audio. Empty if deployed with `-c ffmpeg=none`. */
export class Ffmpeg extends Construct {
  readonly layers: readonly LayerVersion[];
  readonly environment: PerVariable<string>;

  constructor(scope: Construct, id: string, { config }: { readonly config: Config }) {
    super(scope, id);
    const path = findFfmpegFor(config.architecture, config.ffmpeg, config.ffmpegSha256);
    if (path === null && config.slackSecret !== undefined) {
      Annotations.of(this).addWarningV2(
        'undertone:slack-needs-ffmpeg',
        'Slack records clips as M4A, MP4 or WebM, and most of them cannot be decoded with -c ffmpeg=none: the bot will answer that it cannot read them. Give the path of a static ffmpeg (docs/deployment.md).',
      );
    }
    this.layers = path === null ? [] : [this.#layer(path, config)];
    this.environment = path === null ? {} : { FFMPEG_BIN: FFMPEG_IN_LAYER };
  }

  #layer(path: string, { architecture }: Config): LayerVersion {
    return new LayerVersion(this, 'Layer', {
      description: 'ffmpeg, for all formats but WAV, FLAC, MP3, and Opus in Ogg or WebM.',
      compatibleArchitectures: [ARCHITECTURES[architecture]],
      code: Code.fromAsset(
        dirname(path),
        locallyBundled([path], (folder) => {
          const target = join(folder, 'bin', 'ffmpeg');
          cpSync(path, target, { dereference: true });
          // Downloads and copies may have lost the executable bit.
          chmodSync(target, 0o755);
        }),
      ),
    });
  }
}

function codeOf(name: string, { architecture, node, model }: Config): Code {
  const bundled = locallyBundled([name, architecture, String(node), model ?? ''], (folder) =>
    bundleHandler({ name, architecture, node, model }, folder),
  );
  return Code.fromAsset(join(ROOT, 'functions'), bundled);
}

/**
 * Returns the options of an asset that is made on this machine.
 *
 * @param key distinguishes the assets of one source
 * @param bundle writes the files to a folder
 */
export function locallyBundled(key: readonly string[], bundle: (folder: string) => void) {
  return {
    // Hashes the output, so that a new model or package counts as a change, too.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never pulled, because the local bundling below always succeeds.
      image: DockerImage.fromRegistry('none'),
      command: [...key],
      local: {
        tryBundle(folder) {
          bundle(folder);
          return true;
        },
      },
    },
  } satisfies AssetOptions;
}

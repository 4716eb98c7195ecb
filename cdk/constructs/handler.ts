import { join } from 'node:path';
import { AssetHashType, DockerImage, type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  type LayerVersion,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ROOT } from '../../lib/root.ts';
import { bundleHandler } from '../bundle/handler.ts';
import type { Config } from '../config.ts';
import { acknowledge } from './acknowledge.ts';

export interface HandlerProps {
  readonly config: Config;
  /** Name of the file in functions/ that exports `handler`. */
  readonly name: string;
  readonly description: string;
  readonly memory: number;
  readonly timeout: Duration;
  readonly environment?: Readonly<Record<string, string>>;
  readonly layers?: readonly LayerVersion[];
  /** Concurrency kept for it; taken from the account when left out. */
  readonly reservedConcurrency?: number;
}

/** Architectures and runtimes, from the context values to the names of the CDK. */
export const ARCHITECTURES = { arm64: Architecture.ARM_64, x86_64: Architecture.X86_64 } as const;
export const RUNTIMES = { 22: Runtime.NODEJS_22_X, 24: Runtime.NODEJS_24_X } as const;

/** One function: a file of functions/, its log group, and a role that may nothing else than log. */
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
      description: `What ${name} of Undertone may do.`,
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
      environment: { ...POWERTOOLS, ...props.environment },
      layers: [...(props.layers ?? [])],
      ...(props.reservedConcurrency && {
        reservedConcurrentExecutions: props.reservedConcurrency,
      }),
    });
    acknowledge(
      role,
      'IAM5[Resource::*]',
      'X-Ray takes traces for no resource in particular: its two write actions know none.',
    );
    if (config.node !== 24) {
      acknowledge(this.function, 'L1', `Node ${config.node} was asked for by -c node.`);
    }
  }
}

/** What Powertools reads. */
export const POWERTOOLS = {
  POWERTOOLS_SERVICE_NAME: 'undertone',
  POWERTOOLS_METRICS_NAMESPACE: 'Undertone',
  POWERTOOLS_LOG_LEVEL: 'INFO',
  // Answers hold a person's emotions: traces get timings, never what was answered.
  POWERTOOLS_TRACER_CAPTURE_RESPONSE: 'false',
} as const;

function codeOf(name: string, { architecture, node }: Config): Code {
  return Code.fromAsset(join(ROOT, 'functions'), {
    // What was bundled decides whether anything changed: the code, but also model and packages.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never pulled: the local bundling below always does it.
      image: DockerImage.fromRegistry('none'),
      // Tells the bundles of this folder apart.
      command: [name, architecture, String(node)],
      local: {
        tryBundle(folder) {
          bundleHandler({ name, architecture, node }, folder);
          return true;
        },
      },
    },
  });
}

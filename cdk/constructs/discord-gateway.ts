import { join } from 'node:path';
import { AssetStaging, Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { type IVpc, Peer, Port, SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import {
  AvailabilityZoneRebalancing,
  Cluster,
  ContainerImage,
  ContainerInsights,
  CpuArchitecture,
  Secret as EcsSecret,
  FargateService,
  FargateTaskDefinition,
  type HealthCheck,
  type ICluster,
  LogDrivers,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { GATEWAY_HEALTH_PORT, type PerVariable } from '../../functions/infrastructure.ts';
import { ROOT } from '../../lib/root.ts';
import { bundleGateway } from '../bundle/code.ts';
import type { Config } from '../config.ts';
import { acknowledge } from './acknowledge.ts';
import { ITEM_ACTIONS, secretOf } from './grants.ts';
import { locallyBundled } from './handler.ts';

const PROCESSORS = {
  arm64: { cpu: CpuArchitecture.ARM64, platform: Platform.LINUX_ARM64 },
  x86_64: { cpu: CpuArchitecture.X86_64, platform: Platform.LINUX_AMD64 },
} as const;

/** Part of the memory for JavaScript objects: the servers and channels that the bot knows. */
const HEAP_SHARE = 0.7;
/** Time for the bot to finish its current work when it is stopped. */
const STOP_TIMEOUT = Duration.seconds(60);

/**
 * Fails unless the bot says that it is connected (bots/discord/health.ts), and also when it says nothing.
 * The image has no curl; the bot listens on the loopback address of the task only.
 */
const HEALTH_CHECK: HealthCheck = {
  command: [
    'CMD',
    'node',
    '-e',
    `fetch('http://127.0.0.1:${GATEWAY_HEALTH_PORT}').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))`,
  ],
  interval: Duration.minutes(1),
  timeout: Duration.seconds(20),
  retries: 2,
  startPeriod: Duration.minutes(1),
};

export interface DiscordGatewayProps {
  readonly config: Config;
  readonly apiUrl: string;
  readonly apiKey: Secret;
  /** Channel settings, notices and rate limits. */
  readonly table: Table;
  /** Complete ARN of the secret with Discord's `botToken`. */
  readonly discordSecret: string;
}

/**
 * A task that stays connected to Discord's gateway, the only way to receive messages, for automatic
 * replies. There is never more than one of it, as two would both answer.
 */
export class DiscordGateway extends Construct {
  readonly #service: FargateService;

  constructor(scope: Construct, id: string, props: DiscordGatewayProps) {
    super(scope, id);
    const vpc = this.#network();
    const cluster = new Cluster(this, 'Cluster', {
      vpc,
      containerInsightsV2: ContainerInsights.DISABLED,
    }) as ICluster;
    const securityGroup = new SecurityGroup(this, 'Egress', {
      vpc,
      description: 'Undertone: HTTPS out to Discord and AWS, nothing in.',
      allowAllOutbound: false,
    });
    securityGroup.addEgressRule(Peer.anyIpv4(), Port.HTTPS);
    this.#service = new FargateService(this, 'Service', {
      cluster,
      taskDefinition: this.#task(props),
      securityGroups: [securityGroup],
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      assignPublicIp: true,
      desiredCount: 1,
      // The old task ends before the new one starts.
      minHealthyPercent: 0,
      maxHealthyPercent: 100,
      // Rebalancing would start a second task before it ends the first.
      availabilityZoneRebalancing: AvailabilityZoneRebalancing.DISABLED,
      circuitBreaker: { rollback: true },
    });
    acknowledge(
      cluster,
      'ECS4',
      'There is one small task, and the free metrics of ECS show whether it runs.',
    );
  }

  /** Has one sample a minute while the task runs, and none otherwise. */
  metricRunning(): IMetric {
    return this.#service.metricCpuUtilization({ statistic: 'SampleCount' });
  }

  /** Public subnets without inbound access; a NAT gateway would cost three times as much as the task. */
  #network(): IVpc {
    const vpc = new Vpc(this, 'Network', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'public', subnetType: SubnetType.PUBLIC }],
      // The group is unused, and to restrict it the CDK deploys a function with broad permissions.
      restrictDefaultSecurityGroup: false,
    });
    acknowledge(vpc, 'VPC7', 'Flow logs would only show that the task talks to Discord and AWS.');
    // Vpc is not assignable to IVpc under exactOptionalPropertyTypes.
    return vpc as IVpc;
  }

  #task(props: DiscordGatewayProps): FargateTaskDefinition {
    const { config, apiUrl, apiKey, table, discordSecret } = props;
    const { cpu } = PROCESSORS[config.architecture];
    const task = new FargateTaskDefinition(this, 'Task', {
      cpu: 256,
      memoryLimitMiB: config.gatewayMemory,
      runtimePlatform: {
        cpuArchitecture: cpu,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
    });
    const logGroup = new LogGroup(this, 'Log', {
      retention: config.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const discord = secretOf(this, 'Discord', discordSecret);
    task.addContainer('bot', {
      image: this.#image(config),
      logging: LogDrivers.awsLogs({ logGroup, streamPrefix: 'discord' }),
      environment: {
        // By itself Node would use less of the memory of a container.
        NODE_OPTIONS: `--max-old-space-size=${Math.floor(HEAP_SHARE * config.gatewayMemory)}`,
        ...({
          UNDERTONE_API_ENDPOINT: apiUrl,
          UNDERTONE_CHAT_TABLE: table.tableName,
          UNDERTONE_HEALTH_PORT: String(GATEWAY_HEALTH_PORT),
        } satisfies PerVariable<string>),
      },
      secrets: {
        UNDERTONE_API_KEY: EcsSecret.fromSecretsManager(apiKey as ISecret),
        UNDERTONE_DISCORD_TOKEN: EcsSecret.fromSecretsManager(discord, 'botToken'),
      },
      healthCheck: HEALTH_CHECK,
      readonlyRootFilesystem: true,
      user: 'node',
      stopTimeout: STOP_TIMEOUT,
    });
    table.grant(task.taskRole, ...ITEM_ACTIONS, 'dynamodb:Scan');
    acknowledge(
      task,
      'ECS2',
      'The variables hold an address and the name of a table; the secrets come from Secrets Manager.',
    );
    acknowledge(
      task,
      'IAM5[Resource::*]',
      'Logging in to the image registry is not an action on a resource.',
    );
    return task;
  }

  /** The image contains the file that esbuild has made; nothing is installed in it. */
  #image({ architecture, node }: Config): ContainerImage {
    const bundle = new AssetStaging(this, 'Bundle', {
      sourcePath: join(ROOT, 'cdk', 'gateway'),
      ...locallyBundled([String(node)], (folder) => bundleGateway({ node }, folder)),
    });
    return ContainerImage.fromAsset(bundle.absoluteStagedPath, {
      platform: PROCESSORS[architecture].platform,
      buildArgs: { NODE: String(node) },
    });
  }
}

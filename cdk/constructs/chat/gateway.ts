import { join } from 'node:path';
import { AssetHashType, AssetStaging, DockerImage, Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
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
  type ICluster,
  LogDrivers,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { ROOT } from '../../../lib/root.ts';
import { bundleGateway } from '../../bundle/gateway.ts';
import type { Config } from '../../config.ts';
import { acknowledge } from '../acknowledge.ts';
import type { ChatParts } from './chat.ts';
import { SETTINGS_ACTIONS } from './worker.ts';

const PROCESSORS = {
  arm64: { cpu: CpuArchitecture.ARM64, platform: Platform.LINUX_ARM64 },
  x86_64: { cpu: CpuArchitecture.X86_64, platform: Platform.LINUX_AMD64 },
} as const;

/** In which the bot may finish what it is at before it is ended. */
const STOP_TIMEOUT = Duration.seconds(60);

export interface GatewayProps extends ChatParts {
  /** Name of the secret with Discord's `botToken`. */
  readonly discordSecret: string;
}

/**
 * A task that stays connected to Discord's gateway, for automatic replies: messages come that way and
 * no other. There is one of it and never two, which would both answer.
 */
export class Gateway extends Construct {
  readonly #service: FargateService;

  constructor(scope: Construct, id: string, props: GatewayProps) {
    super(scope, id);
    const vpc = this.#network();
    const cluster = new Cluster(this, 'Cluster', {
      vpc,
      containerInsightsV2: ContainerInsights.DISABLED,
    }) as ICluster;
    const securityGroup = new SecurityGroup(this, 'Egress', {
      vpc,
      description: 'Undertone: out to Discord and AWS by HTTPS, and in for nobody.',
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
      // The old one ends before the new one starts.
      minHealthyPercent: 0,
      maxHealthyPercent: 100,
      // Would start a second one elsewhere before it ends the first.
      availabilityZoneRebalancing: AvailabilityZoneRebalancing.DISABLED,
      circuitBreaker: { rollback: true },
    });
    acknowledge(
      cluster,
      'ECS4',
      'There is one small task, and the metrics that ECS has anyway tell whether it runs.',
    );
  }

  /** Reports once a minute while the task runs, and nothing when it does not. */
  metricRunning(): IMetric {
    return this.#service.metricCpuUtilization({ statistic: 'SampleCount' });
  }

  /** Public subnets: nobody is let in, and a NAT gateway would cost three times as much as the task. */
  #network(): IVpc {
    const vpc = new Vpc(this, 'Network', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'public', subnetType: SubnetType.PUBLIC }],
      // Nothing is ever in that group, and to empty it takes a function with rights on all of them.
      restrictDefaultSecurityGroup: false,
    });
    acknowledge(
      vpc,
      'VPC7',
      'Flow logs would hold no more than that one task talks to Discord and AWS.',
    );
    // The CDK's own types do not go together where what is optional may not be undefined.
    return vpc as IVpc;
  }

  #task(props: GatewayProps): FargateTaskDefinition {
    const { config, api, table, proof, discordSecret } = props;
    const { cpu } = PROCESSORS[config.architecture];
    const task = new FargateTaskDefinition(this, 'Task', {
      cpu: 256,
      memoryLimitMiB: 512,
      runtimePlatform: {
        cpuArchitecture: cpu,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
    });
    const logGroup = new LogGroup(this, 'Log', {
      retention: config.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const discord = Secret.fromSecretNameV2(this, 'Discord', discordSecret);
    task.addContainer('bot', {
      image: this.#image(config),
      logging: LogDrivers.awsLogs({ logGroup, streamPrefix: 'discord' }),
      environment: {
        UNDERTONE_API_ENDPOINT: api.api.url,
        UNDERTONE_CHAT_TABLE: table.tableName,
      },
      secrets: {
        UNDERTONE_API_KEY: EcsSecret.fromSecretsManager(proof.secret as ISecret),
        UNDERTONE_DISCORD_TOKEN: EcsSecret.fromSecretsManager(discord, 'botToken'),
      },
      readonlyRootFilesystem: true,
      user: 'node',
      stopTimeout: STOP_TIMEOUT,
    });
    table.grant(task.taskRole, ...SETTINGS_ACTIONS, 'dynamodb:Scan');
    acknowledge(
      task,
      'ECS2',
      'These variables are an address and the name of a table; what is secret comes from Secrets Manager.',
    );
    acknowledge(
      task,
      'IAM5[Resource::*]',
      'To log in to the registry of images is no action on any resource.',
    );
    return task;
  }

  /** The image is built from what esbuild has made: nothing is installed in it. */
  #image({ architecture, node }: Config): ContainerImage {
    const bundle = new AssetStaging(this, 'Bundle', {
      sourcePath: join(ROOT, 'cdk', 'gateway'),
      assetHashType: AssetHashType.OUTPUT,
      bundling: {
        // Never pulled: the local bundling below always does it.
        image: DockerImage.fromRegistry('none'),
        command: [String(node)],
        local: {
          tryBundle(folder) {
            bundleGateway({ node }, folder);
            return true;
          },
        },
      },
    });
    return ContainerImage.fromAsset(bundle.absoluteStagedPath, {
      platform: PROCESSORS[architecture].platform,
      buildArgs: { NODE: String(node) },
    });
  }
}

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { GATEWAY_HEALTH_PORT } from '../../functions/infrastructure.ts';
import { CHAT, properties, type Statement, templateFor } from './synth.ts';

const { discordSecret } = CHAT;
const discord = { discordGateway: 'true', discordSecret };
const template = templateFor(discord);
const task = properties(template, 'AWS::ECS::TaskDefinition', /./);
const [container] = task.ContainerDefinitions;

const statements = (id: RegExp): Statement[] =>
  properties(template, 'AWS::IAM::Policy', id).PolicyDocument.Statement;

test('the task is off by default: no network, no service', () => {
  const bare = templateFor({ discordPublicKey: '0f'.repeat(32) });
  for (const type of ['AWS::EC2::VPC', 'AWS::ECS::Cluster', 'AWS::ECS::Service']) {
    bare.resourceCountIs(type, 0);
  }
});

test('there is never more than one task', () => {
  template.hasResourceProperties('AWS::ECS::Service', {
    DesiredCount: 1,
    DeploymentConfiguration: {
      MinimumHealthyPercent: 0,
      MaximumPercent: 100,
      DeploymentCircuitBreaker: { Enable: true, Rollback: true },
    },
    AvailabilityZoneRebalancing: 'DISABLED',
  });
});

describe('the task', () => {
  test('is small, has the architecture of the functions and a read-only disk', () => {
    expect(task).toMatchObject({
      Cpu: '256',
      Memory: '512',
      RuntimePlatform: { CpuArchitecture: 'ARM64' },
    });
    expect(container).toMatchObject({ ReadonlyRootFilesystem: true, User: 'node' });
    const other = templateFor({ ...discord, architecture: 'x86_64' });
    expect(properties(other, 'AWS::ECS::TaskDefinition', /./).RuntimePlatform).toMatchObject({
      CpuArchitecture: 'X86_64',
    });
  });

  test('has more memory for a bot in more servers, and lets Node use it', () => {
    const large = templateFor({ ...discord, gatewayMemory: '2048' });
    const { Memory, ContainerDefinitions } = properties(large, 'AWS::ECS::TaskDefinition', /./);
    expect(Memory).toBe('2048');
    expect(ContainerDefinitions[0].Environment).toContainEqual({
      Name: 'NODE_OPTIONS',
      Value: '--max-old-space-size=1433',
    });
  });

  test('gets its secrets at start; the template contains none', () => {
    const names = container.Environment.map(({ Name }: { Name: string }) => Name);
    expect(names.sort()).toEqual([
      'NODE_OPTIONS',
      'UNDERTONE_API_ENDPOINT',
      'UNDERTONE_CHAT_TABLE',
      'UNDERTONE_HEALTH_PORT',
    ]);
    const secrets = Object.fromEntries(
      container.Secrets.map(({ Name, ValueFrom }: Record<string, unknown>) => [Name, ValueFrom]),
    );
    // ECS takes complete ARNs only, and so does its role.
    expect(secrets.UNDERTONE_DISCORD_TOKEN).toBe(`${discordSecret}:botToken::`);
    const own = { Ref: expect.stringMatching(/^ChatKeySecret/) };
    expect(secrets.UNDERTONE_API_KEY).toEqual(own);
    const readable = statements(/ExecutionRole/).filter(({ Action }) =>
      [Action].flat().includes('secretsmanager:GetSecretValue'),
    );
    expect(readable.flatMap(({ Resource }) => Resource)).toEqual([discordSecret, own]);
  });

  test('is replaced when its bot says that it lost its connection, or says nothing', async () => {
    const { Command, Retries } = container.HealthCheck;
    expect(Retries).toBeGreaterThan(1);
    expect(container.Environment).toContainEqual({
      Name: 'UNDERTONE_HEALTH_PORT',
      Value: String(GATEWAY_HEALTH_PORT),
    });
    const [kind, program, option, script] = Command;
    expect([kind, program, option]).toEqual(['CMD', 'node', '-e']);
    let status = 200;
    const bot = createServer((_, response) => response.writeHead(status).end());
    await new Promise<void>((resolve) => bot.listen(0, '127.0.0.1', resolve));
    const { port } = bot.address() as AddressInfo;
    const check = () =>
      new Promise((resolve) => {
        const here = script.replace(String(GATEWAY_HEALTH_PORT), String(port));
        execFile(process.execPath, [option, here], (error) => resolve(error?.code ?? 0));
      });
    expect(await check()).toBe(0);
    status = 503;
    expect(await check()).toBe(1);
    await new Promise((resolve) => bot.close(resolve));
    expect(await check()).toBe(1);
  });

  test('runs in an image whose base is pinned by digest, for each version of Node', () => {
    const path = new URL('../../cdk/gateway/Dockerfile', import.meta.url);
    const bases = readFileSync(path, 'utf8').match(/^FROM .*/gm) ?? [];
    expect(bases.map((line) => line.replace(/\d+\.\d+-|[0-9a-f]{64}/g, '…'))).toEqual([
      'FROM node:22.…slim@sha256:… AS node22',
      'FROM node:24.…slim@sha256:… AS node24',
      expect.stringMatching(/^FROM node\$\{NODE\}$/),
    ]);
  });

  test('has access to its table only', () => {
    const allowed = statements(/TaskRole/);
    expect(allowed).toHaveLength(1);
    expect(allowed[0].Resource).toEqual({
      'Fn::GetAtt': [expect.stringMatching(/^ChatTable/), 'Arn'],
    });
    const actions = statements(/ExecutionRole/).filter(({ Resource }) => Resource === '*');
    expect(actions.map(({ Action }) => Action)).toEqual(['ecr:GetAuthorizationToken']);
  });

  test('connects by HTTPS only and accepts no connections', () => {
    const group = properties(template, 'AWS::EC2::SecurityGroup', /./);
    expect(group.SecurityGroupIngress).toBeUndefined();
    expect(group.SecurityGroupEgress).toEqual([
      expect.objectContaining({ IpProtocol: 'tcp', FromPort: 443, ToPort: 443 }),
    ]);
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
  });

  test('raises an alarm when it is not running', () => {
    expect(properties(template, 'AWS::CloudWatch::Alarm', /GatewayDown/)).toMatchObject({
      MetricName: 'CPUUtilization',
      Statistic: 'SampleCount',
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    });
  });
});

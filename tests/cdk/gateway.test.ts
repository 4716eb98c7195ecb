import { describe, expect, test } from 'vitest';
import { properties, type Statement, templateFor } from './synth.ts';

const discord = { discordGateway: 'true', discordSecret: 'undertone/discord' };
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

  test('gets its secrets at start; the template contains none', () => {
    const names = container.Environment.map(({ Name }: { Name: string }) => Name);
    expect(names.sort()).toEqual(['UNDERTONE_API_ENDPOINT', 'UNDERTONE_CHAT_TABLE']);
    const secrets = Object.fromEntries(
      container.Secrets.map(({ Name, ValueFrom }: Record<string, unknown>) => [
        Name,
        JSON.stringify(ValueFrom),
      ]),
    );
    expect(secrets.UNDERTONE_DISCORD_TOKEN).toContain(':secret:undertone/discord:botToken::');
    expect(secrets.UNDERTONE_API_KEY).toMatch(/"Ref":"ChatKeySecret/);
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

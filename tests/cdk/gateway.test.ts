import { describe, expect, test } from 'vitest';
import { properties, type Statement, templateFor } from './synth.ts';

const discord = { discordGateway: 'true', discordSecret: 'undertone/discord' };
const template = templateFor(discord);
const task = properties(template, 'AWS::ECS::TaskDefinition', /./);
const [container] = task.ContainerDefinitions;

const statements = (id: RegExp): Statement[] =>
  properties(template, 'AWS::IAM::Policy', id).PolicyDocument.Statement;

test('is off by default: no network, no task', () => {
  const bare = templateFor({ discordPublicKey: '0f'.repeat(32) });
  for (const type of ['AWS::EC2::VPC', 'AWS::ECS::Cluster', 'AWS::ECS::Service']) {
    bare.resourceCountIs(type, 0);
  }
});

test('there is one, and never two', () => {
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
  test('is small, on the processor of the functions, and may write nowhere', () => {
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

  test('gets its secrets when it starts, and none stands in the template', () => {
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

  test('may use its table and nothing else', () => {
    const allowed = statements(/TaskRole/);
    expect(allowed).toHaveLength(1);
    expect(allowed[0].Resource).toEqual({
      'Fn::GetAtt': [expect.stringMatching(/^ChatTable/), 'Arn'],
    });
    const actions = statements(/ExecutionRole/).filter(({ Resource }) => Resource === '*');
    expect(actions.map(({ Action }) => Action)).toEqual(['ecr:GetAuthorizationToken']);
  });

  test('goes out by HTTPS and lets nobody in', () => {
    const group = properties(template, 'AWS::EC2::SecurityGroup', /./);
    expect(group.SecurityGroupIngress).toBeUndefined();
    expect(group.SecurityGroupEgress).toEqual([
      expect.objectContaining({ IpProtocol: 'tcp', FromPort: 443, ToPort: 443 }),
    ]);
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
  });

  test('raises an alarm when it does not run', () => {
    expect(properties(template, 'AWS::CloudWatch::Alarm', /GatewayDown/)).toMatchObject({
      MetricName: 'CPUUtilization',
      Statistic: 'SampleCount',
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    });
  });
});

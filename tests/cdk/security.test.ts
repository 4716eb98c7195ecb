import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import {
  CHAT,
  policyStatements,
  properties,
  type Statement,
  stackFor,
  templateFor,
  UPLOADER,
} from './synth.ts';

const template = templateFor();
const PAGE_CERTIFICATE = 'arn:aws:acm:us-east-1:123456789012:certificate/abc';

/** The name of a resource without the hash of its logical id, and what follows it in the ARN. */
function nameOf(resource: unknown): string {
  const text = JSON.stringify(resource);
  const [, name = text] = /"Fn::GetAtt":\["(\w+?)[0-9A-F]{8}",/.exec(text) ?? [];
  const [, rest = ''] = /,"(\/[^"]*)"\]/.exec(text) ?? [];
  return name + rest;
}

describe('permissions', () => {
  test('no action has a wildcard, and only X-Ray actions apply to all resources', () => {
    for (const context of [{}, { apiKeys: 'discord,slack' }, CHAT]) {
      for (const { Effect, Action, Resource } of policyStatements(templateFor(context))) {
        expect(Effect).toMatch(/^(Allow|Deny)$/);
        const actions = [Action].flat();
        expect(actions.filter((action) => action.includes('*'))).toEqual([]);
        // Neither does logging in to the image registry.
        if (Resource === '*' && actions[0] !== 'ecr:GetAuthorizationToken') {
          expect(actions).toEqual(['xray:PutTelemetryRecords', 'xray:PutTraceSegments']);
        }
      }
    }
  });

  /** What each function may do, by the resource, without writing its log and its traces. */
  const allowed = (id: RegExp) => {
    const { PolicyDocument } = properties(template, 'AWS::IAM::Policy', id);
    const statements = PolicyDocument.Statement as Statement[];
    return (
      statements
        .filter(
          ({ Effect, Action }) => Effect === 'Allow' && !/^(logs|xray):/.test([Action].flat()[0]),
        )
        // The CDK merges statements of the same actions.
        .flatMap(({ Action, Resource }) =>
          [Resource].flat().map((each) => [nameOf(each), [Action].flat().sort()]),
        )
        .sort()
    );
  };
  const consuming = ['ChangeMessageVisibility', 'DeleteMessage', 'GetQueueAttributes']
    .concat(['GetQueueUrl', 'ReceiveMessage'])
    .map((action) => `sqs:${action}`);
  const items = ['Delete', 'Get', 'Put', 'Update'].map((verb) => `dynamodb:${verb}Item`);

  test.each([
    [/^ApiemotionRole/, []],
    [/^ApimodelRole/, []],
    [/^ApiopenapiRole/, []],
    [
      /^UploadsClassifyUploadRole/,
      [
        ['CallbacksQueue', ['sqs:SendMessage']],
        ['StateResults', ['dynamodb:GetItem', 'dynamodb:UpdateItem']],
        ['StorageUploads/*', ['s3:DeleteObject', 's3:GetObject']],
        ['UploadsQueue', consuming],
      ],
    ],
    [
      /^UploadsFailUploadRole/,
      [
        ['CallbacksQueue', ['sqs:SendMessage']],
        ['StateResults', ['dynamodb:GetItem', 'dynamodb:UpdateItem']],
        ['StorageUploads/*', ['s3:DeleteObject']],
        ['UploadsDeadLetters', consuming],
      ],
    ],
    [
      /^CallbacksDeliverCallbackRole/,
      [
        ['CallbacksQueue', consuming],
        ['StateCallbacks', ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:UpdateItem']],
        ['StateResults', ['dynamodb:GetItem']],
      ],
    ],
    [
      /^ApiuploadsRole/,
      [
        ['StateBatches', ['dynamodb:PutItem', 'dynamodb:UpdateItem']],
        ['StateCallbacks', ['dynamodb:PutItem']],
        ['StateResults', ['dynamodb:PutItem']],
        ['StorageUploads/*', ['s3:PutObject']],
      ],
    ],
    [/^ApiresultRole/, [['StateResults', ['dynamodb:GetItem']]]],
    [
      /^ApideleteresultRole/,
      [
        ['StateCallbacks', ['dynamodb:DeleteItem']],
        ['StateResults', ['dynamodb:DeleteItem']],
        ['StorageUploads/*', ['s3:DeleteObject']],
      ],
    ],
    [/^ApibatchesRole/, [['StateBatches', ['dynamodb:PutItem']]]],
    [
      /^ApibatchresultsRole/,
      [
        ['StateBatches', ['dynamodb:GetItem', 'dynamodb:Query']],
        ['StateResults', ['dynamodb:BatchGetItem']],
      ],
    ],
    [
      /^LabellingLabelRole/,
      [
        ['LabellingQueue', consuming],
        ['StateIdempotency', items],
        ['StorageInbox', ['s3:ListBucket']],
        ['StorageInbox/*', ['s3:GetObject']],
        ['StorageResults/labels/*', ['s3:PutObject']],
        ['StorageResults/late/*', ['s3:PutObject']],
      ],
    ],
  ])('%s names exactly what its function needs', (id, expected) => {
    expect(allowed(id)).toEqual(expected);
  });

  test('whatever has taken over the function that decodes uploads learns of no other upload', () => {
    const { PolicyDocument } = properties(template, 'AWS::IAM::Policy', /^UploadsClassifyUpload/);
    const denied = (PolicyDocument.Statement as Statement[]).filter((s) => s.Effect === 'Deny');
    expect(denied).toEqual([
      {
        Effect: 'Deny',
        Action: 'sqs:ReceiveMessage',
        Resource: { 'Fn::GetAtt': [expect.stringMatching(/^UploadsQueue/), 'Arn'] },
        // Of calls from within a function, not of those with which Lambda receives for it.
        Condition: { Null: { 'lambda:SourceFunctionArn': 'false' } },
      },
    ]);
  });

  test('the function that posts to strangers’ addresses is in no network of the account, and posts to public ones only', () => {
    for (const [id, { Properties }] of Object.entries(
      template.findResources('AWS::Lambda::Function'),
    )) {
      expect(Properties.VpcConfig, id).toBeUndefined();
      expect(Properties.Environment?.Variables ?? {}, id).not.toHaveProperty(
        'UNDERTONE_LOCAL_CALLBACKS',
      );
    }
  });

  test('where results are posted, and what signs them, only those functions know that have to', () => {
    const knowing = policyStatements(template).filter(({ Resource }) =>
      JSON.stringify(Resource).includes('StateCallbacks'),
    );
    expect(knowing.map(({ Action }) => [Action].flat().sort().join()).sort()).toEqual([
      'dynamodb:DeleteItem',
      'dynamodb:DeleteItem,dynamodb:GetItem,dynamodb:UpdateItem',
      'dynamodb:PutItem',
    ]);
  });

  test('the CDK’s function that uploads the page writes to its bucket only', () => {
    const uploader = properties(template, 'AWS::IAM::Policy', UPLOADER);
    for (const { Action, Resource } of uploader.PolicyDocument.Statement as Statement[]) {
      const isWriting = [Action].flat().some((action) => /Put|Delete/.test(action));
      const target = JSON.stringify(Resource);
      if (isWriting) expect(target).toMatch(/^\[.*WebsiteFiles.*WebsiteFiles[^{]*\]$/);
      else if (Resource !== '*') expect(target).toMatch(/-assets-|WebsiteFiles/);
      else expect(Action).toEqual(['cloudfront:CreateInvalidation', 'cloudfront:GetInvalidation']);
    }
  });

  test('the compaction reads labels, and writes its own table and the view', () => {
    const multipart = ['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts', 's3:PutObject'];
    const { PolicyDocument } = properties(template, 'AWS::IAM::Policy', /^CatalogueCompactionRole/);
    const statements = PolicyDocument.Statement as Statement[];
    const inBucket = statements.filter(({ Action }) => [Action].flat()[0].startsWith('s3:'));
    expect(
      inBucket.flatMap(({ Action, Resource }) =>
        [Resource].flat().map((each) => [nameOf(each), [Action].flat().sort()]),
      ),
    ).toEqual([
      ['StorageResults', ['s3:GetBucketLocation', 's3:ListBucket']],
      ['StorageResults/labels/*', ['s3:GetObject']],
      ['StorageResults/late/*', ['s3:GetObject']],
      ['StorageResults/compacted/*', ['s3:DeleteObject', 's3:GetObject', ...multipart].sort()],
      ['StorageResults/athena/*', ['s3:GetObject', ...multipart].sort()],
    ]);
    const [{ Resource: changed }] = statements.filter(
      ({ Action }) => [Action].flat()[0] === 'glue:CreateTable',
    );
    const names = (changed as unknown[]).map(
      (arn) => /:([a-z]+[\w/]*)"/.exec(JSON.stringify(arn))?.[1],
    );
    expect(names).toEqual([
      'catalog',
      'database/undertone',
      'table/undertone/labels',
      'table/undertone/labels_compacted',
    ]);
  });

  test('labels are written to their own prefixes only', () => {
    const puts = policyStatements(template).filter(({ Action }) => Action === 's3:PutObject');
    expect(puts.flatMap(({ Resource }) => [Resource].flat().map(nameOf)).sort()).toEqual([
      'StorageResults/labels/*',
      'StorageResults/late/*',
      'StorageUploads/*',
    ]);
  });

  test('CloudWatch and Budgets of this account may publish to the topic of alarms, and nobody else', () => {
    const { PolicyDocument } = properties(template, 'AWS::SNS::TopicPolicy', /./);
    const [, ...allowed] = PolicyDocument.Statement;
    expect(allowed).toEqual([
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: ['budgets.amazonaws.com', 'cloudwatch.amazonaws.com'] },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    ]);
  });
});

describe('cdk-nag, AwsSolutions', () => {
  const rulesBrokenBy = (stack: Stack) =>
    new AwsSolutionsChecks().validateScope(stack).violations.map(({ ruleName }) => ruleName);

  test.each([
    [{}],
    [{ apiKeys: 'discord,slack', alarmEmail: 'ops@example.org', emotionConcurrency: '50' }],
    [{ node: '22', architecture: 'x86_64', labelDays: '0' }],
    [{ removal: 'destroy' }],
    [CHAT],
    [{ ...CHAT, slackDistribution: 'true' }],
    [{ ...CHAT, apiKeys: 'somebody', architecture: 'x86_64', node: '22' }],
    [{ pageDomain: 'undertone.example', pageCertificate: PAGE_CERTIFICATE }],
    [{ apiDomain: 'api.undertone.example', apiCertificate: PAGE_CERTIFICATE }],
    [{ ...CHAT, slackSecret: CHAT.discordSecret, provisionedConcurrency: '2' }],
  ])('reports nothing with %o', (context) => {
    const stack = stackFor(context);
    Template.fromStack(stack);
    expect(rulesBrokenBy(stack)).toEqual([]);
  });

  test('reports what is not justified', () => {
    const stack = new Stack(new App(), 'Bare');
    new Bucket(stack, 'Bucket');
    expect(rulesBrokenBy(stack)).toEqual(expect.arrayContaining(['AwsSolutions-S10']));
  });
});

import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { contextSchema, readConfig } from '../../cdk/config.ts';

const read = (context: Record<string, unknown>) => readConfig(new App({ context }).node);

test('every value has a default', () => {
  expect(read({})).toMatchObject({ architecture: 'arm64', node: 24, memory: 1769 });
});

test('values are text from the command line and typed from cdk.json', () => {
  expect(read({ memory: '2048', apiKeys: ' discord,slack ' })).toMatchObject({
    memory: 2048,
    apiKeys: ['discord', 'slack'],
  });
  expect(read({ memory: 2048, node: 22 })).toMatchObject({ memory: 2048, node: 22 });
  expect(read({ memory: '' }).memory).toBe(1769);
  expect(read({ page: 'false' }).page).toBe(false);
  expect(read({ page: false, pagePriceClass: 200 })).toMatchObject({
    page: false,
    pagePriceClass: '200',
  });
});

describe('an invalid value is reported with what is valid', () => {
  test.each([
    ['architecture', 'amd64', /x86_64/],
    ['node', '20', /22|24/],
    ['memory', '100', /512/],
    ['memory', 'much', /number/],
    ['model', 'no/folder', /a folder with emotion\.onnx and emotion\.json/],
    ['inboxDays', '0', /1/],
    ['inboxDays', '1.5', /int/],
    ['logDays', '31', /30/],
    ['labelConcurrency', '1', />=2/],
    ['requestsPerAddress', '5', />=10/],
    ['apiKeys', 'a b', /letters/],
    ['monthlyBudget', '-1', />=0/],
    ['alarmEmail', 'nobody', /email/],
    ['removal', 'keep', /retain/],
    ['name', '1st', /starting with a letter/],
    ['page', 'yes', /true/],
    ['pagePriceClass', '300', /200/],
    ['pageDomain', 'https://undertone.example', /domain name/],
    ['pageDomain', 'undertone.example', /pageCertificate/],
    ['pageCertificate', 'arn:aws:acm:eu-west-1:1:certificate/a', /us-east-1/],
    ['discordPublicKey', 'abc', /64 hexadecimal digits/],
    ['discordGateway', 'true', /needs discordSecret/],
    ['apiDomain', 'api.undertone.example/', /domain name/],
    ['apiDomain', 'api.undertone.example', /apiCertificate/],
    ['apiCertificate', 'arn:aws:iam::123456789012:server-certificate/a', /certificate/],
    ['provisionedConcurrency', '-1', />=0/],
    ['discordSecret', 'undertone/discord', /describe-secret --query ARN/],
    ['discordSecret', 'undertone/discord-abc123', /complete ARN/],
    ['discordSecret', 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:a', /complete ARN/],
    ['slackSecret', 'a secret', /name of a secret/],
    ['gatewayMemory', '600', /512/],
    ['slackDistribution', 'true', /needs slackSecret/],
    ['slackSecret', 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:a', /six characters/],
    ['chatConcurrency', '1', />=2/],
    ['ffmpegSha256', 'b6.1.1', /64 hexadecimal digits/],
    ['ffmpegSha256', '0f'.repeat(32), /needs ffmpeg, the path/],
  ])('%s=%s', (key, value, hint) => {
    const reading = () => read({ [key]: value });
    expect(reading).toThrow(`${key}="${value}"`);
    expect(reading).toThrow(hint);
  });

  test('and so are values that contradict each other', () => {
    const apiCertificate = 'arn:aws:acm:eu-west-1:123456789012:certificate/a';
    const pageCertificate = 'arn:aws:acm:us-east-1:123456789012:certificate/a';
    const name = 'undertone.example';
    expect(() =>
      read({ apiDomain: name, apiCertificate, pageDomain: name, pageCertificate }),
    ).toThrow(/apiDomain=.*a domain each/);
    expect(() => read({ emotionConcurrency: '5', provisionedConcurrency: '6' })).toThrow(
      /provisionedConcurrency=.*at most emotionConcurrency, which is 5/,
    );
  });

  test('all invalid values are reported at once', () => {
    expect(() => read({ memory: '1', node: '18' })).toThrow(/node=.*\n.*memory=/);
  });
});

test('docs/deployment.md lists every context value with its default', () => {
  const page = readFileSync(new URL('../../docs/deployment.md', import.meta.url), 'utf8');
  const defaults: Record<string, unknown> = read({});
  for (const key of Object.keys(contextSchema.shape)) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${key}\` |`));
    expect(row, key).toBeDefined();
    const value = defaults[key];
    if (['number', 'string', 'boolean'].includes(typeof value)) {
      expect(row).toContain(`| ${value} |`);
    }
  }
});

test('docs/deployment.md says what the defaults can cost in a day', () => {
  const page = readFileSync(new URL('../../docs/deployment.md', import.meta.url), 'utf8');
  const { memory, emotionConcurrency, labelConcurrency, requestsPerSecond } = read({});
  const worst = page.slice(page.indexOf('## The worst day'));
  const gigabytes = Number((memory / 1024).toFixed(3));
  const functions = (count: number) => (count * 86_400 * gigabytes * 0.000_013_333_4).toFixed(2);
  expect(worst).toContain(`| ${functions(emotionConcurrency)} |`);
  expect(worst).toContain(`at most ${functions(labelConcurrency)} a day`);
  const requests = requestsPerSecond * 86_400;
  expect(worst).toContain(
    `${requestsPerSecond} a second = ${(requests / 1e6).toFixed(2)}M × 5.32 / M`,
  );
  const [table] = worst.split('| **total** |');
  const costs = [...table.matchAll(/\| (\d+\.\d\d) \|$/gm)].map(([, dollars]) => Number(dollars));
  const total = costs.reduce((sum, each) => sum + each, 0);
  expect(worst).toContain(`| **total** | | **${total.toFixed(2)}** |`);
});

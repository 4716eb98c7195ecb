import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { useServer } from '../bots/server.ts';

const secretsManager = useServer();
let secret = '';

beforeEach(() => {
  vi.resetModules();
  for (const name of ['SIGNING_SECRET', 'BOT_TOKEN', 'CLIENT_ID', 'CLIENT_SECRET']) {
    vi.stubEnv(`UNDERTONE_SLACK_${name}`, '');
  }
  vi.stubEnv('UNDERTONE_SLACK_SECRET', 'undertone/slack');
  vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', secretsManager.origin);
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  secretsManager.handle = (_, response) =>
    response
      .writeHead(200, { 'content-type': 'application/x-amz-json-1.1' })
      .end(JSON.stringify({ Name: 'undertone/slack', SecretString: secret }));
});
afterEach(() => {
  vi.unstubAllEnvs();
});

async function secrets() {
  // What it keeps for five minutes is forgotten for each test.
  const { slackSecrets } = await import('../../functions/chat/secrets.ts');
  return slackSecrets();
}

const ONE = { signingSecret: 's', botToken: 'xoxb-1' };
const MANY = { signingSecret: 's', clientId: '1.2', clientSecret: 'c', encryptionKeys: 'k' };

test.each([ONE, MANY])('the secret of Secrets Manager is %o', async (given) => {
  secret = JSON.stringify(given);
  expect(await secrets()).toEqual(given);
});

test.each([
  '{}',
  'text',
  JSON.stringify({ ...ONE, botToken: '' }),
  JSON.stringify({ ...MANY, encryptionKeys: undefined }),
  JSON.stringify({ ...ONE, ...MANY }),
])('a secret that is %s is told, and not quoted', async (text) => {
  secret = text;
  const failure = await secrets().catch((thrown) => thrown);
  expect(failure.code).toBe('configuration-invalid');
  expect(failure.message).toMatch(/neither .*botToken.* nor .*encryptionKeys/);
  expect(failure.message).not.toContain('xoxb-1');
});

test('Secrets Manager that does not answer is told as such', async () => {
  vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', 'http://127.0.0.1:9');
  await expect(secrets()).rejects.toMatchObject({ code: 'unavailable' });
});

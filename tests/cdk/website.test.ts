import { isIP } from 'node:net';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { createApp } from '../../cli/serve/app.ts';
import { ERROR_TABLE } from '../../core/index.ts';
import { securityHeaders } from '../../functions/http/page.ts';
import { ROUTES } from '../../functions/routes.ts';
import { type Properties, properties, templateFor } from './synth.ts';

const template = templateFor();
const distributionOf = (from = template) =>
  properties(from, 'AWS::CloudFront::Distribution', /./).DistributionConfig;
const distribution = distributionOf();
const [{ TargetOriginId: apiOriginId }] = distribution.CacheBehaviors;
const originOf = (id: string) =>
  distribution.Origins.find((origin: Properties) => origin.Id === id) as Properties;

describe('a request', () => {
  test('goes to the API if it has such a route, and to the files otherwise', () => {
    const patterns: RegExp[] = distribution.CacheBehaviors.map(
      ({ PathPattern }: Properties) =>
        new RegExp(`^${PathPattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`),
    );
    for (const { path } of ROUTES) {
      expect(patterns.filter((pattern) => pattern.test(path))).toHaveLength(1);
    }
    for (const path of ['/', '/index.html', '/vendor/meyda.min.js', '/discord/interactions']) {
      expect(patterns.some((pattern) => pattern.test(path))).toBe(false);
    }
    for (const { TargetOriginId, AllowedMethods } of distribution.CacheBehaviors) {
      expect(TargetOriginId).toBe(apiOriginId);
      for (const { method } of ROUTES) expect(AllowedMethods).toContain(method);
    }
  });

  test('reaches the stage of the API with the headers that it reads', () => {
    const { OriginPath, CustomOriginConfig } = originOf(apiOriginId);
    expect(JSON.stringify(OriginPath)).toContain('ApiRestDeploymentStageprod');
    expect(CustomOriginConfig).toEqual({
      OriginProtocolPolicy: 'https-only',
      OriginSSLProtocols: ['TLSv1.2'],
    });
    const { OriginRequestPolicyConfig } = properties(
      template,
      'AWS::CloudFront::OriginRequestPolicy',
      /./,
    );
    expect(OriginRequestPolicyConfig.HeadersConfig.Headers).toEqual([
      'accept',
      'content-type',
      'x-viewer-address',
    ]);
  });

  test('is cached only if the API says so, separately for each query', () => {
    const { CachePolicyConfig } = properties(template, 'AWS::CloudFront::CachePolicy', /./);
    expect(CachePolicyConfig).toMatchObject({ MinTTL: 0, DefaultTTL: 0 });
    expect(CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.QueryStringsConfig).toEqual({
      QueryStringBehavior: 'all',
    });
    for (const { CachePolicyId } of distribution.CacheBehaviors) {
      expect(CachePolicyId).toEqual({ Ref: expect.stringMatching(/AsTheApiSays/) });
    }
  });

  test('for a missing file is answered with 404; errors of the API pass unchanged', () => {
    const [missing, ...failures] = distribution.CustomErrorResponses;
    expect(missing).toEqual({
      ErrorCode: 403,
      ResponseCode: 404,
      ResponsePagePath: '/not-found.json',
    });
    for (const { ErrorCachingMinTTL, ResponsePagePath } of failures) {
      expect({ ErrorCachingMinTTL, ResponsePagePath }).toEqual({ ErrorCachingMinTTL: 0 });
    }
    // The API must not use this status, as its response would be replaced.
    const statuses = Object.values(template.findResources('AWS::ApiGateway::GatewayResponse'));
    expect(statuses.map(({ Properties }) => Properties.StatusCode)).not.toContain('403');
    expect(failures.map(({ ErrorCode }: Properties) => ErrorCode)).toContain(
      ERROR_TABLE.unavailable.status,
    );
  });
});

describe('a response', () => {
  const behaviours = [distribution.DefaultCacheBehavior, ...distribution.CacheBehaviors];

  test('has the security headers of the local server, from files and from the API', async () => {
    const uploads = { above: 1, origin: 'https://uploads.example' };
    const app = createApp({ host: '127.0.0.1', cloud: null, uploads });
    const local = await app.request('http://127.0.0.1/');
    const { ResponseHeadersPolicyConfig: policy } = properties(
      template,
      'AWS::CloudFront::ResponseHeadersPolicy',
      /./,
    );
    const { SecurityHeadersConfig: security, CustomHeadersConfig: custom } = policy;
    const sent = new Map<string, string>([
      ['content-security-policy', withBucket(security.ContentSecurityPolicy.ContentSecurityPolicy)],
      ['referrer-policy', security.ReferrerPolicy.ReferrerPolicy],
      ['x-content-type-options', security.ContentTypeOptions.Override && 'nosniff'],
      ...custom.Items.map(({ Header, Value }: Properties) => [Header, Value]),
    ]);
    for (const name of Object.keys(securityHeaders({ styleSource: '' }))) {
      expect([name, sent.get(name)]).toEqual([name, local.headers.get(name)]);
    }
    expect(security.StrictTransportSecurity.AccessControlMaxAgeSec).toBe(31_536_000);
    for (const { ResponseHeadersPolicyId } of behaviours) {
      expect(ResponseHeadersPolicyId).toEqual({ Ref: expect.stringMatching(/^WebsiteHeaders/) });
    }
  });

  /** Returns a text in which only the name of the bucket of uploads is unresolved. */
  function withBucket(text: Properties): string {
    const bucket = {
      'Fn::GetAtt': [expect.stringMatching(/^StorageUploads/), 'RegionalDomainName'],
    };
    return text['Fn::Join'][1]
      .map((part: unknown) => {
        if (typeof part === 'string') return part;
        expect(part).toEqual(bucket);
        return 'uploads.example';
      })
      .join('');
  }

  test('is compressed and sent over HTTPS, HTTP/2 and HTTP/3', () => {
    expect(distribution.HttpVersion).toBe('http2and3');
    for (const { Compress, ViewerProtocolPolicy } of behaviours) {
      expect({ Compress, ViewerProtocolPolicy }).toEqual({
        Compress: true,
        ViewerProtocolPolicy: 'redirect-to-https',
      });
    }
  });

  test('comes from the custom domain with TLS 1.2 if there is a certificate', () => {
    const pageCertificate = 'arn:aws:acm:us-east-1:123456789012:certificate/abc';
    const named = templateFor({ pageDomain: 'undertone.example', pageCertificate });
    expect(distributionOf(named)).toMatchObject({
      Aliases: ['undertone.example'],
      ViewerCertificate: {
        AcmCertificateArn: pageCertificate,
        MinimumProtocolVersion: 'TLSv1.2_2021',
      },
    });
    expect(named.toJSON().Outputs.PageUrl.Value).toBe('https://undertone.example/');
  });

  test('is cached according to the price class', () => {
    expect(distribution.PriceClass).toBe('PriceClass_100');
    const everywhere = distributionOf(templateFor({ pagePriceClass: 'all' }));
    expect(everywhere.PriceClass).toBe('PriceClass_All');
  });
});

test('the deployment does not wait until CloudFront has emptied its cache', () => {
  const upload = properties(template, 'Custom::CDKBucketDeployment', /^WebsiteUpload/);
  expect(upload.DistributionId).toBeDefined();
  expect(upload.WaitForDistributionInvalidation).toBe(false);
});

describe('what classifies on the visitor’s device', () => {
  const uploads = (id: RegExp) => properties(template, 'Custom::CDKBucketDeployment', id);

  test('is kept by browsers for ever, and stays for pages that are open', () => {
    for (const { SystemMetadata, Prune, DestinationBucketKeyPrefix } of [
      uploads(/^WebsiteDeviceUploadC/),
      uploads(/^WebsiteDeviceUpload1/),
    ]) {
      expect(SystemMetadata['cache-control']).toBe('public, max-age=31536000, immutable');
      expect({ Prune, DestinationBucketKeyPrefix }).toEqual({
        Prune: false,
        DestinationBucketKeyPrefix: 'device',
      });
    }
    expect(uploads(/^WebsiteUpload/)).toMatchObject({
      Exclude: ['device/*'],
      Include: ['device/files.json'],
    });
  });

  test('is WebAssembly in Brotli, and is there before the list that names it', () => {
    expect(uploads(/^WebsiteDeviceUpload1/).SystemMetadata).toMatchObject({
      'content-encoding': 'br',
      'content-type': 'application/wasm',
    });
    const all = template.findResources('Custom::CDKBucketDeployment');
    const [page] = Object.entries(all).filter(([id]) => id.startsWith('WebsiteUpload'));
    const others = Object.keys(all).filter((id) => id.startsWith('WebsiteDeviceUpload'));
    expect(page[1].DependsOn).toEqual(expect.arrayContaining(others));
  });
});

test('only CloudFront can read the files', () => {
  const bucket = properties(template, 'AWS::S3::Bucket', /^WebsiteFiles/);
  expect(bucket.PublicAccessBlockConfiguration.RestrictPublicBuckets).toBe(true);
  const { PolicyDocument } = properties(template, 'AWS::S3::BucketPolicy', /^WebsiteFiles/);
  const allowed = PolicyDocument.Statement.filter(({ Effect }: Properties) => Effect === 'Allow');
  expect(allowed).toHaveLength(1);
  expect(allowed[0]).toMatchObject({
    Action: 's3:GetObject',
    Principal: { Service: 'cloudfront.amazonaws.com' },
  });
  expect(JSON.stringify(allowed[0].Condition)).toMatch(/SourceArn.*WebsiteDistribution/);
});

describe('the firewall', () => {
  const { Rules } = properties(template, 'AWS::WAFv2::WebACL', /./);
  const [byAddress, byVisitor] = Rules.map(
    ({ Statement }: Properties) => Statement.RateBasedStatement,
  );
  const secret = /^WebsiteProofSecret/;

  test('counts each visitor of the page by the address that CloudFront sends', () => {
    const { ByteMatchStatement } = byVisitor.ScopeDownStatement;
    expect(ByteMatchStatement).toMatchObject({
      FieldToMatch: { SingleHeader: { Name: 'x-undertone-page' } },
      PositionalConstraint: 'EXACTLY',
    });
    expect(byVisitor).toMatchObject({
      AggregateKeyType: 'FORWARDED_IP',
      ForwardedIPConfig: { HeaderName: 'x-viewer-address', FallbackBehavior: 'MATCH' },
      Limit: 1000,
    });
    const [header] = originOf(apiOriginId).OriginCustomHeaders;
    expect(header.HeaderName).toBe('x-undertone-page');
    // Both refer to the same secret, which the template does not contain.
    expect(header.HeaderValue).toEqual(ByteMatchStatement.SearchString);
    expect(header.HeaderValue['Fn::Join'][1]).toEqual([
      '{{resolve:secretsmanager:',
      { Ref: expect.stringMatching(secret) },
      ':SecretString:::}}',
    ]);
  });

  test('counts everybody else by address, so no request escapes both', () => {
    expect(byAddress.AggregateKeyType).toBe('IP');
    expect(byAddress.ScopeDownStatement).toEqual({
      NotStatement: { Statement: byVisitor.ScopeDownStatement },
    });
  });

  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
    ['2001:0db8:0001:0002:0000:0000:0000:0006', '2001:0db8:0001:0002::'],
    ['2001:db8::7', '2001:db8:0:0::'],
    ['2001:db8:1:2::', '2001:db8:1:2::'],
    ['2001:db8:1:2:3::6', '2001:db8:1:2::'],
    ['2001::1:2:3:4:5:6', '2001:0:1:2::'],
    ['::1', '0:0:0:0::'],
  ])('of a visitor at %s gets %s, whatever the visitor claims', (ip, sent) => {
    const [{ FunctionAssociations }] = distribution.CacheBehaviors;
    expect(FunctionAssociations).toEqual([
      expect.objectContaining({ EventType: 'viewer-request' }),
    ]);
    const { FunctionCode } = properties(template, 'AWS::CloudFront::Function', /./);
    const event = {
      viewer: { ip },
      request: { uri: '/v1/emotion', headers: { 'x-viewer-address': { value: '192.0.2.1' } } },
    };
    const request = runInNewContext(`${FunctionCode}; handler(event)`, { event });
    expect(request).toEqual({
      uri: '/v1/emotion',
      headers: { 'x-viewer-address': { value: sent } },
    });
    expect(isIP(sent)).toBe(isIP(ip));
  });

  test('meets no IPv6 address at the API itself, of which it would count each', () => {
    const { EndpointConfiguration } = properties(template, 'AWS::ApiGateway::RestApi', /./);
    expect(EndpointConfiguration).toEqual({ Types: ['REGIONAL'], IpAddressType: 'ipv4' });
  });
});

describe('the page is omitted', () => {
  const counts = (context: Record<string, string>) => {
    const without = templateFor(context);
    const types = ['AWS::CloudFront::Distribution', 'Custom::CDKBucketDeployment'];
    return types.map((type) => Object.keys(without.findResources(type)).length);
  };

  test('with page=false', () => {
    expect(counts({})).toEqual([1, 3]);
    expect(counts({ page: 'false' })).toEqual([0, 0]);
  });

  test('with API keys, which a page would expose', () => {
    expect(counts({ apiKeys: 'discord' })).toEqual([0, 0]);
    expect(() => templateFor({ apiKeys: 'discord', page: 'true' })).toThrow(
      /cannot send an API key/,
    );
  });
});

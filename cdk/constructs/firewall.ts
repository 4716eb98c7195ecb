import { Stack } from 'aws-cdk-lib';
import type { Stage } from 'aws-cdk-lib/aws-apigateway';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { ERROR_TABLE } from '../../core/index.ts';
import type { ChatRoute } from '../../functions/routes.ts';
import { acknowledge } from './acknowledge.ts';

/** The header in which CloudFront sends the visitor's address. Trusted only beside the page's secret. */
export const VIEWER_ADDRESS = 'x-viewer-address';

/**
 * How much more one address may send to the bots' endpoints: a platform calls from few. It is half of what
 * their throttle lets through by default, so that one forger leaves the other half to the platform.
 */
const PLATFORM_FACTOR = 3;

export interface SecretHeaderProps {
  /** Name of the header. */
  readonly header: string;
  /** What the secret is for, as shown in Secrets Manager. */
  readonly description: string;
}

/**
 * A request header with a secret value, by which the firewall recognises callers of this stack. Secrets
 * Manager generates the value and CloudFormation reads it at deployment; the template has only a
 * reference.
 */
export class SecretHeader extends Construct {
  readonly header: string;
  readonly secret: Secret;

  constructor(scope: Construct, id: string, { header, description }: SecretHeaderProps) {
    super(scope, id);
    this.header = header;
    this.secret = new Secret(this, 'Secret', {
      description,
      generateSecretString: { passwordLength: 40, excludePunctuation: true },
    });
    acknowledge(
      this.secret,
      'SMG4',
      'It grants no access; it only changes by which address requests are counted. Rotation would need a deployment.',
    );
  }

  /** The value, as a reference that CloudFormation resolves. */
  get value(): string {
    return this.secret.secretValue.unsafeUnwrap();
  }
}

export interface FirewallProps {
  readonly stage: Stage;
  /** Requests in five minutes; three times as many at the bots' endpoints. */
  readonly requestsPerAddress: number;
  /** Sent by CloudFront, whose few addresses stand for many visitors. */
  readonly page: SecretHeader | undefined;
  /** Sent by the chat bots, whose few addresses stand for many people. The bots limit each person. */
  readonly chat: SecretHeader | undefined;
  /** What Discord and Slack call from few addresses, with signed requests. */
  readonly webhooks: readonly Pick<ChatRoute, 'path' | 'signatureHeaders'>[];
}

type Statement = CfnWebACL.StatementProperty;

const UNCHANGED = [{ priority: 0, type: 'NONE' }];

/**
 * Blocks addresses that send too many requests, and what claims to come from a chat platform without a
 * signature. WAF counts whole addresses; for IPv6, in which everybody has 2^64 of them, CloudFront
 * sends the network (website.ts), and the API itself has IPv4 only (api.ts). It does not inspect bodies:
 * such rules mistake compressed audio for attacks and reject everything above 8 KB.
 */
export class Firewall extends Construct {
  readonly webAcl: CfnWebACL;

  constructor(scope: Construct, id: string, props: FirewallProps) {
    super(scope, id);
    const { stage, requestsPerAddress, page, chat, webhooks } = props;
    const countedElsewhere = [
      ...[page, chat].flatMap((header) => (header ? [hasHeader(header)] : [])),
      ...webhooks.map(({ path }) => endsWith(path)),
    ];
    this.webAcl = new CfnWebACL(this, 'WebAcl', {
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      // A dimension of the metrics of all rules, which tells those of two stacks apart.
      visibilityConfig: metrics(`${Stack.of(this).stackName}-Requests`),
      ...(webhooks.length > 0 && { customResponseBodies: { [UNSIGNED]: unsignedProblem() } }),
      rules: [
        limit(0, 'requests-per-address', {
          aggregateKeyType: 'IP',
          limit: requestsPerAddress,
          ...(countedElsewhere.length > 0 && {
            scopeDownStatement: { notStatement: { statement: anyOf(countedElsewhere) } },
          }),
        }),
        ...(page ? [limit(1, 'requests-per-visitor', perVisitor(page, requestsPerAddress))] : []),
        ...(webhooks.length > 0
          ? [
              refuseUnsigned(2, webhooks),
              limit(3, 'requests-per-platform-address', {
                aggregateKeyType: 'IP',
                limit: PLATFORM_FACTOR * requestsPerAddress,
                scopeDownStatement: anyOf(webhooks.map(({ path }) => endsWith(path))),
              }),
            ]
          : []),
      ],
    });
    new CfnWebACLAssociation(this, 'Association', {
      resourceArn: stage.stageArn,
      webAclArn: this.webAcl.attrArn,
    });
  }
}

/** Counts visitors of the page by the address that CloudFront sends. */
function perVisitor(page: SecretHeader, limit: number): CfnWebACL.RateBasedStatementProperty {
  return {
    aggregateKeyType: 'FORWARDED_IP',
    // CloudFront always sends an address; requests without one are blocked.
    forwardedIpConfig: { headerName: VIEWER_ADDRESS, fallbackBehavior: 'MATCH' },
    limit,
    scopeDownStatement: hasHeader(page),
  };
}

const UNSIGNED = 'unsigned';

/** Refuses requests to a webhook without its headers. Whether a signature is right, its function says. */
function refuseUnsigned(
  priority: number,
  webhooks: FirewallProps['webhooks'],
): CfnWebACL.RuleProperty {
  return {
    name: UNSIGNED,
    priority,
    statement: anyOf(
      webhooks.map(({ path, signatureHeaders }) => ({
        andStatement: {
          statements: [
            endsWith(path),
            {
              notStatement: {
                statement: { andStatement: { statements: signatureHeaders.map(isPresent) } },
              },
            },
          ],
        },
      })),
    ),
    action: {
      block: {
        customResponse: {
          responseCode: ERROR_TABLE.unauthorized.status,
          customResponseBodyKey: UNSIGNED,
          responseHeaders: [{ name: 'Cache-Control', value: 'no-store' }],
        },
      },
    },
    visibilityConfig: metrics('Unsigned'),
  };
}

/** A problem (RFC 9457), but for its content type: WAF knows of no other JSON. */
function unsignedProblem(): CfnWebACL.CustomResponseBodyProperty {
  const content = {
    type: '/problems/unauthorized',
    ...ERROR_TABLE.unauthorized,
    detail: 'This address takes signed requests of its chat platform only.',
    code: 'unauthorized',
  };
  return { contentType: 'APPLICATION_JSON', content: JSON.stringify(content) };
}

function limit(
  priority: number,
  name: string,
  statement: CfnWebACL.RateBasedStatementProperty,
): CfnWebACL.RuleProperty {
  const metric = name.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase());
  return {
    name,
    priority,
    statement: { rateBasedStatement: { evaluationWindowSec: 300, ...statement } },
    action: { block: {} },
    visibilityConfig: metrics(metric),
  };
}

function hasHeader({ header, value }: SecretHeader): Statement {
  return matches({ singleHeader: { Name: header } }, 'EXACTLY', value);
}

/** The path begins with the name of the stage, so only its end is compared. */
function endsWith(path: string): Statement {
  return matches({ uriPath: {} }, 'ENDS_WITH', path);
}

function matches(
  fieldToMatch: CfnWebACL.FieldToMatchProperty,
  positionalConstraint: string,
  searchString: string,
): Statement {
  return {
    byteMatchStatement: {
      fieldToMatch,
      positionalConstraint,
      searchString,
      textTransformations: UNCHANGED,
    },
  };
}

/** The header exists and is not empty: a missing one has no size. */
function isPresent(header: string): Statement {
  return {
    sizeConstraintStatement: {
      fieldToMatch: { singleHeader: { Name: header } },
      comparisonOperator: 'GT',
      size: 0,
      textTransformations: UNCHANGED,
    },
  };
}

/** AWS rejects an OR of a single statement. */
function anyOf(statements: readonly Statement[]): Statement {
  return statements.length === 1 ? statements[0] : { orStatement: { statements: [...statements] } };
}

/** Without sampled requests, which would store addresses and headers of callers. */
function metrics(metricName: string): CfnWebACL.VisibilityConfigProperty {
  return { metricName, cloudWatchMetricsEnabled: true, sampledRequestsEnabled: false };
}

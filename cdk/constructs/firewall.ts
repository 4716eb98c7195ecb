import type { Stage } from 'aws-cdk-lib/aws-apigateway';
import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { Proof } from './proof.ts';

/** The header in which CloudFront says who the visitor is. It counts only beside the page's proof. */
export const VIEWER_ADDRESS = 'x-viewer-address';

export interface FirewallProps {
  readonly stage: Stage;
  /** Requests in five minutes. */
  readonly requestsPerAddress: number;
  /** What CloudFront shows: its own addresses stand for many visitors. */
  readonly page: Proof | undefined;
  /** What the chat bots show: few addresses of ours send for many people, who have limits there. */
  readonly chat: Proof | undefined;
  /** Paths that Discord and Slack call, each from few addresses, with signatures. */
  readonly signedPaths: readonly string[];
}

type Statement = CfnWebACL.StatementProperty;

/**
 * Blocks an address that sends too many requests. It looks at addresses only: rules that read bodies
 * see attacks in compressed audio, and refuse whatever is larger than 8 KB.
 */
export class Firewall extends Construct {
  readonly webAcl: CfnWebACL;

  constructor(scope: Construct, id: string, props: FirewallProps) {
    super(scope, id);
    const { stage, requestsPerAddress, page, chat, signedPaths } = props;
    const countedElsewhere = [
      ...[page, chat].flatMap((proof) => (proof ? [shows(proof)] : [])),
      ...signedPaths.map(endsWith),
    ];
    this.webAcl = new CfnWebACL(this, 'WebAcl', {
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: metrics('Requests'),
      rules: [
        limit(0, 'requests-per-address', {
          aggregateKeyType: 'IP',
          limit: requestsPerAddress,
          ...(countedElsewhere.length > 0 && {
            scopeDownStatement: { notStatement: { statement: anyOf(countedElsewhere) } },
          }),
        }),
        ...(page ? [limit(1, 'requests-per-visitor', perVisitor(page, requestsPerAddress))] : []),
      ],
    });
    new CfnWebACLAssociation(this, 'Association', {
      resourceArn: stage.stageArn,
      webAclArn: this.webAcl.attrArn,
    });
  }
}

/** Counts visitors of the page by the address that CloudFront tells, and by no other's word. */
function perVisitor(page: Proof, limit: number): CfnWebACL.RateBasedStatementProperty {
  return {
    aggregateKeyType: 'FORWARDED_IP',
    // CloudFront always sends an address: what has none in that header is blocked.
    forwardedIpConfig: { headerName: VIEWER_ADDRESS, fallbackBehavior: 'MATCH' },
    limit,
    scopeDownStatement: shows(page),
  };
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

function shows({ header, value }: Proof): Statement {
  return matches({ singleHeader: { Name: header } }, 'EXACTLY', value);
}

/** The path begins with the stage, and no route has one of these inside of it. */
function endsWith(path: string): Statement {
  return matches({ uriPath: {} }, 'ENDS_WITH', path);
}

function matches(
  fieldToMatch: CfnWebACL.FieldToMatchProperty,
  positionalConstraint: string,
  searchString: string,
): Statement {
  const textTransformations = [{ priority: 0, type: 'NONE' }];
  return {
    byteMatchStatement: { fieldToMatch, positionalConstraint, searchString, textTransformations },
  };
}

/** AWS takes no OR of one. */
function anyOf(statements: readonly Statement[]): Statement {
  return statements.length === 1 ? statements[0] : { orStatement: { statements: [...statements] } };
}

/** No sampled requests: AWS would keep addresses and headers of the people who send. */
function metrics(metricName: string): CfnWebACL.VisibilityConfigProperty {
  return { metricName, cloudWatchMetricsEnabled: true, sampledRequestsEnabled: false };
}

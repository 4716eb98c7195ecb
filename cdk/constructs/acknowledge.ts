import { type CfnElement, Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Says why one rule of AwsSolutions (cdk-nag) does not hold for a construct and what is below it. */
export function acknowledge(construct: IConstruct, rule: string, reason: string): void {
  Validations.of(construct).acknowledge({ id: `AwsSolutions-${rule}`, reason });
}

/**
 * Says why a policy names many resources of one bucket, table or the like.
 *
 * @param suffix what follows the ARN of `resource` in the policy, such as `/labels/*`
 */
export function acknowledgeResources(
  grantee: IConstruct,
  resource: IConstruct,
  suffix: string,
  reason: string,
): void {
  const element = (resource.node.defaultChild ?? resource) as CfnElement;
  const arn = `<${Stack.of(grantee).getLogicalId(element)}.Arn>`;
  acknowledge(grantee, `IAM5[Resource::${arn}${suffix}]`, reason);
}

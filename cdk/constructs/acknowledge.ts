import { type CfnElement, Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** States why a rule of AwsSolutions (cdk-nag) does not apply to a construct and its children. */
export function acknowledge(construct: IConstruct, rule: string, reason: string): void {
  Validations.of(construct).acknowledge({ id: `AwsSolutions-${rule}`, reason });
}

/**
 * States why a policy covers many objects, items or the like of one resource.
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

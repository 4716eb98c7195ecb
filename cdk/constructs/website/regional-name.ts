import { Names, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * Returns a name for a part of CloudFront, whose names are the same in all regions: this stack may be
 * there in two of them. It has 64 characters at most.
 */
export function regionalName(scope: Construct, id: string): string {
  const name = Names.uniqueResourceName(scope, { maxLength: 30 });
  return `${name}-${id}-${Stack.of(scope).region}`;
}

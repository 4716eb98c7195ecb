import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

export interface ProofProps {
  /** The header that carries it. */
  readonly header: string;
  /** What it is for, as the list of secrets says it. */
  readonly description: string;
}

/**
 * A header by which the firewall knows a caller of ours. Its value is made by Secrets Manager and read
 * by CloudFormation at deployment: the template only says where it lies.
 */
export class Proof extends Construct {
  readonly header: string;
  readonly secret: Secret;

  constructor(scope: Construct, id: string, { header, description }: ProofProps) {
    super(scope, id);
    this.header = header;
    this.secret = new Secret(this, 'Secret', {
      description,
      generateSecretString: { passwordLength: 40, excludePunctuation: true },
    });
    acknowledge(
      this.secret,
      'SMG4',
      'It opens nothing: it says whose addresses are counted in another way. A new value means a new deployment.',
    );
  }

  /** The value, as a reference that CloudFormation resolves where it is used. */
  get value(): string {
    return this.secret.secretValue.unsafeUnwrap();
  }
}

import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

/** What functions remember for a while: the results of uploads, and which objects are labelled. */
export class State extends Construct {
  /** Rows `{ id, status, …, expires }`. */
  readonly results: Table;
  /** Rows of Powertools' idempotency: `{ id, status, data, expiration }`. */
  readonly idempotency: Table;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.results = this.#table('Results', 'expires');
    this.idempotency = this.#table('Idempotency', 'expiration');
  }

  #table(id: string, timeToLiveAttribute: string): Table {
    const table = new Table(this, id, {
      partitionKey: { name: 'id', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acknowledge(
      table,
      'DDB3',
      'Rows live for hours, and a result that somebody deleted must not come back: backups of 35 days would keep it.',
    );
    return table;
  }
}

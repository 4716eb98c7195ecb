import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnNamedQuery, CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import { Construct } from 'constructs';
import { LABELS_PREFIX } from '../../functions/infrastructure.ts';
import { QUERIES_PREFIX, type Storage } from './storage.ts';

const TABLE = 'labels';
/** No label is older, so Athena looks at no earlier day. */
const FIRST_DAY = '2026-01-01';

const PROBABILITIES = 'map<string,double>';
const SEGMENT = `struct<start:double,\`end\`:double,emotion:string,confidence:double,probabilities:${PROBABILITIES}>`;

/** A label: the line of JSON that the label function writes, with its names in lower case, as Glue wants them. */
const COLUMNS: readonly CfnTable.ColumnProperty[] = [
  { name: 'key', type: 'string', comment: 'key of the recording in the inbox bucket' },
  { name: 'versionid', type: 'string' },
  { name: 'etag', type: 'string' },
  { name: 'size', type: 'bigint', comment: 'bytes' },
  { name: 'uploadedat', type: 'string', comment: 'ISO 8601' },
  { name: 'labelledat', type: 'string', comment: 'ISO 8601' },
  {
    name: 'emotion',
    type: 'string',
    comment: 'one of eight, uncertain or no-speech; null for errors',
  },
  { name: 'confidence', type: 'double' },
  { name: 'probabilities', type: PROBABILITIES },
  { name: 'duration', type: 'double', comment: 'seconds' },
  { name: 'speech', type: 'struct<start:double,`end`:double>' },
  { name: 'sequence', type: 'array<string>', comment: 'emotions of a note that changes' },
  { name: 'timeline', type: `array<${SEGMENT}>` },
  { name: 'summary', type: PROBABILITIES, comment: 'share of speech time' },
  { name: 'model', type: 'struct<name:string,version:string,sha256:string>' },
  { name: 'error', type: 'struct<code:string,message:string>' },
];

const ANGRY_NOTES_PER_DAY = `SELECT "date",
       count(*) AS notes,
       count_if(emotion = 'angry') AS angry,
       count_if(emotion = 'uncertain') AS uncertain,
       count_if(error IS NOT NULL) AS unreadable
FROM ${TABLE}
WHERE "date" >= date_format(current_date - interval '30' day, '%Y-%m-%d')
GROUP BY "date"
ORDER BY "date"`;

/** A table over the labels that Athena queries: there is nothing to run and nothing to load. */
export class Catalogue extends Construct {
  readonly database: string;
  readonly workGroup: CfnWorkGroup;

  constructor(scope: Construct, id: string, { storage }: { readonly storage: Storage }) {
    super(scope, id);
    const stack = Stack.of(this);
    this.database = stack.stackName.toLowerCase().replaceAll('-', '_');
    const database = new CfnDatabase(this, 'Database', {
      catalogId: stack.account,
      databaseInput: { name: this.database, description: 'What Undertone classified.' },
    });
    const location = `s3://${storage.results.bucketName}/${LABELS_PREFIX}`;
    const table = new CfnTable(this, 'Table', {
      catalogId: stack.account,
      databaseName: this.database,
      tableInput: {
        name: TABLE,
        description: 'A row for every recording in the inbox bucket.',
        tableType: 'EXTERNAL_TABLE',
        partitionKeys: [{ name: 'date', type: 'string', comment: 'day of upload in UTC' }],
        parameters: {
          classification: 'json',
          // Athena derives the folders by itself: no crawler, no partitions to add every day.
          'projection.enabled': 'true',
          'projection.date.type': 'date',
          'projection.date.format': 'yyyy-MM-dd',
          'projection.date.interval': '1',
          'projection.date.interval.unit': 'DAYS',
          // A day ahead of UTC, so that today is included in every time zone.
          'projection.date.range': `${FIRST_DAY},NOW+1DAYS`,
          'storage.location.template': `${location}date=\${date}/`,
        },
        storageDescriptor: {
          location,
          columns: [...COLUMNS],
          inputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
          outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
          serdeInfo: { serializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' },
        },
      },
    });
    table.addResourceDependency(database);
    this.workGroup = new CfnWorkGroup(this, 'WorkGroup', {
      name: stack.stackName,
      description: 'Queries the labels of Undertone.',
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        // A query by mistake stops at 100 GB: half a dollar, and 27 for reading so many labels from S3.
        bytesScannedCutoffPerQuery: 100 * 1000 ** 3,
        resultConfiguration: {
          outputLocation: `s3://${storage.results.bucketName}/${QUERIES_PREFIX}`,
          encryptionConfiguration: { encryptionOption: 'SSE_S3' },
        },
      },
    });
    this.workGroup.applyRemovalPolicy(RemovalPolicy.DESTROY);
    const query = new CfnNamedQuery(this, 'AngryNotesPerDay', {
      name: 'angry notes per day',
      description: 'How many notes sounded angry on each of the last thirty days.',
      database: this.database,
      workGroup: this.workGroup.name,
      queryString: ANGRY_NOTES_PER_DAY,
    });
    query.addResourceDependency(this.workGroup);
    query.addResourceDependency(database);
  }
}

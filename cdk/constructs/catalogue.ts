import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnNamedQuery, CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import { Construct } from 'constructs';
import {
  ANGRY_NOTES_PER_DAY,
  LABEL_COLUMNS,
  LABELS_PREFIX,
  LATE_LABELS_PREFIX,
} from '../../functions/infrastructure.ts';
import type { Config } from '../config.ts';
import { Compaction } from './compaction.ts';
import { COLUMNS, FIRST_DAY, NOTHING_COMPACTED, prestoType, TABLES } from './labels-sql.ts';
import { QUERIES_PREFIX, type Storage } from './storage.ts';

const DAY = { name: 'date', type: 'string', comment: 'day of upload in UTC' };

/** The labels as a table that Athena queries, and their daily compaction. */
export class Catalogue extends Construct {
  readonly database: string;
  readonly workGroup: CfnWorkGroup;
  readonly compaction: Compaction;
  readonly #database: CfnDatabase;

  constructor(
    scope: Construct,
    id: string,
    { config, storage }: { readonly config: Config; readonly storage: Storage },
  ) {
    super(scope, id);
    const stack = Stack.of(this);
    this.database = stack.stackName.toLowerCase().replaceAll('-', '_');
    this.#database = new CfnDatabase(this, 'Database', {
      catalogId: stack.account,
      databaseInput: { name: this.database, description: 'What Undertone classified.' },
    });
    const bucket = `s3://${storage.results.bucketName}/`;
    this.#table('Json', {
      name: TABLES.json,
      description: 'A label for every recording in the inbox bucket, each in a file of its own.',
      partitionKeys: [DAY],
      ...jsonFiles(`${bucket}${LABELS_PREFIX}`, DAY.name),
    });
    this.#table('Late', {
      name: TABLES.late,
      description: 'Copies of labels that were written on a later day than their recording came.',
      partitionKeys: [{ name: 'labelled', type: 'string', comment: 'day of the label in UTC' }],
      ...jsonFiles(`${bucket}${LATE_LABELS_PREFIX}`, 'labelled'),
    });
    // Named as the table of JSON files was before there was a compaction, which it takes the place of.
    this.#table('Table', this.#view());
    this.workGroup = new CfnWorkGroup(this, 'WorkGroup', {
      name: stack.stackName,
      description: 'Queries the labels of Undertone.',
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        // Half a dollar for a query by mistake, and for one over JSON files 27 for reading them from S3.
        bytesScannedCutoffPerQuery: 100 * 1000 ** 3,
        resultConfiguration: {
          outputLocation: `${bucket}${QUERIES_PREFIX}`,
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
    query.addResourceDependency(this.#database);
    this.compaction = new Compaction(this, 'Compaction', {
      config,
      storage,
      database: this.database,
      workGroup: this.workGroup,
    });
  }

  #table(id: string, tableInput: CfnTable.TableInputProperty): void {
    const table = new CfnTable(this, id, {
      catalogId: Stack.of(this).account,
      databaseName: this.database,
      tableInput,
    });
    table.addResourceDependency(this.#database);
  }

  /** The view before the first compaction, in the form in which Athena keeps its views in Glue. */
  #view(): CfnTable.TableInputProperty {
    const columns = [...COLUMNS, DAY];
    const definition = {
      originalSql: NOTHING_COMPACTED,
      catalog: 'awsdatacatalog',
      schema: this.database,
      columns: columns.map(({ name, type }) => ({ name, type: prestoType(type) })),
    };
    const encoded = Buffer.from(JSON.stringify(definition)).toString('base64');
    return {
      name: TABLES.view,
      description: 'A row for every recording in the inbox bucket.',
      tableType: 'VIRTUAL_VIEW',
      parameters: { presto_view: 'true', comment: 'Presto View' },
      viewOriginalText: `/* Presto View: ${encoded} */`,
      viewExpandedText: '/* Presto View */',
      storageDescriptor: { columns, serdeInfo: {} },
    };
  }
}

/** A table over JSON files, with a partition for each day. */
function jsonFiles(location: string, day: string): Omit<CfnTable.TableInputProperty, 'name'> {
  return {
    tableType: 'EXTERNAL_TABLE',
    parameters: {
      classification: 'json',
      // Athena derives the folders by itself: no crawler, no partitions to add every day.
      'projection.enabled': 'true',
      [`projection.${day}.type`]: 'date',
      [`projection.${day}.format`]: 'yyyy-MM-dd',
      [`projection.${day}.interval`]: '1',
      [`projection.${day}.interval.unit`]: 'DAYS',
      // A day ahead of UTC, so that today is included in every time zone.
      [`projection.${day}.range`]: `${FIRST_DAY},NOW+1DAYS`,
      'storage.location.template': `${location}${day}=\${${day}}/`,
    },
    storageDescriptor: {
      location,
      columns: LABEL_COLUMNS.map((column) => ({ ...column, name: column.name.toLowerCase() })),
      inputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
      outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
      serdeInfo: { serializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' },
    },
  };
}

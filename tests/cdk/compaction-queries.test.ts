import { DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CreatedObject } from '../../functions/aws/notification.ts';
import { labelKey, writeLabel } from '../../functions/labelling/label-file.ts';
import { duckDb } from '../fixtures/duckdb.ts';
import { useLocalAws } from '../functions/local-aws.ts';
import { type Athena, startAthena } from '../support/athena.ts';
import { readDocument } from '../support/docs.ts';
import { runStateMachine } from '../support/state-machine.ts';
import { compactionFor, properties, templateFor, viewOf } from './synth.ts';

const template = templateFor();
/** How many random histories of labels and compactions are tried. */
const HISTORIES = Number(process.env.UNDERTONE_HISTORIES ?? 6);

describe.skipIf(!duckDb)('the queries of the compaction, in DuckDB', () => {
  const cloud = useLocalAws();
  const machine = compactionFor();
  let athena: Athena;
  let time: Date;

  beforeEach(async () => {
    time = new Date('2026-11-01T00:00:00Z');
    vi.stubEnv('UNDERTONE_LATE_LABELS', 'true');
    await empty();
    athena = await prepared();
  });
  afterEach(async () => {
    await athena[Symbol.asyncDispose]();
    vi.unstubAllEnvs();
  });

  async function empty(): Promise<void> {
    const Bucket = 'undertone-results';
    const { Contents = [] } = await cloud.s3.send(new ListObjectsV2Command({ Bucket }));
    for (const { Key } of Contents) await cloud.s3.send(new DeleteObjectCommand({ Bucket, Key }));
  }

  /** Athena over the labels of the bucket, with the view that is deployed. */
  async function prepared(): Promise<Athena> {
    if (!duckDb) throw new Error('There is no DuckDB.');
    const started = await startAthena(duckDb, cloud.s3, 'undertone-results');
    const { TableInput } = properties(template, 'AWS::Glue::Table', /^CatalogueTable/);
    await started.query(`CREATE VIEW labels AS ${viewOf(TableInput.ViewOriginalText).originalSql}`);
    return started;
  }

  /** Writes the label of a recording that came at a time, now. */
  async function label(key: string, uploadedAt: string): Promise<CreatedObject> {
    const object = { bucket: 'undertone-inbox', key, size: 5, etag: 'abc', uploadedAt };
    const error = { code: 'format-unsupported', message: 'This is text.' } as const;
    await writeLabel(object, { error }, now());
    await athena.look();
    return object;
  }

  /** Deletes the file of a label, and its late copies. */
  async function forget({ key, uploadedAt }: CreatedObject): Promise<void> {
    const Bucket = 'undertone-results';
    const file = labelKey({ key, uploadedAt }).slice('labels'.length);
    const { Contents = [] } = await cloud.s3.send(new ListObjectsV2Command({ Bucket }));
    for (const { Key = '' } of Contents) {
      if (Key.endsWith(file)) await cloud.s3.send(new DeleteObjectCommand({ Bucket, Key }));
    }
    await athena.look();
  }

  const shown = (columns = '"date", key, labelledat') =>
    athena.query(`SELECT ${columns} FROM labels ORDER BY ALL`);

  const now = () => time.toISOString();
  const later = (then: string | number) => {
    time = new Date(then);
  };

  /** When the schedule starts the next run. */
  function nextNight(after: Date): number {
    const night = new Date(after);
    night.setUTCHours(1, 30, 0, 0);
    return night.getTime() + (night > after ? 0 : 24 * 3_600_000);
  }

  interface Trouble {
    /** The state whose query fails, and how often. */
    readonly state: string;
    readonly times: number;
    /** Whether it fails before it has done anything, or after. */
    readonly isDone: boolean;
  }

  /** Compacts, as the state machine does it. */
  async function compact(
    trouble?: Trouble,
    after?: (state: string) => Promise<void>,
  ): Promise<void> {
    let rows: unknown[][] = [];
    let failures = trouble?.times ?? 0;
    await runStateMachine(machine, {
      startTime: now(),
      ...(after && { after }),
      async task(resource, argument, state) {
        const { QueryString } = argument as { QueryString?: string };
        const fails = state === trouble?.state && failures-- > 0;
        if (fails && !trouble?.isDone) throw new Error('States.TaskFailed');
        if (QueryString === undefined) {
          expect(resource).toMatch(/:athena:getQueryResults$/);
          const cell = (value: unknown) => (value === null ? {} : { VarCharValue: String(value) });
          const Rows = [[], ...rows].map((row) => ({ Data: row.map(cell) }));
          return { ResultSet: { Rows } };
        }
        rows = await athena.query(QueryString);
        if (fails) throw new Error('States.TaskFailed');
        return { QueryExecution: { QueryExecutionId: 'id' } };
      },
    });
  }

  const compacted = () =>
    athena.query('SELECT uploadday, key, labelledat FROM labels_compacted ORDER BY ALL');

  test('a day is compacted the night after, and shown once all along', async () => {
    await label('a.ogg', now());
    later('2026-11-02T00:20:00Z');
    await label('b.ogg', now());
    const whole = await shown('*');
    await compact();
    // Too early for the day before: a label may still be on its way.
    expect(await compacted()).toEqual([]);
    later('2026-11-02T01:30:00Z');
    await compact(undefined, async () => expect(await shown('*')).toEqual(whole));
    expect(await compacted()).toEqual([['2026-11-01', 'a.ogg', '2026-11-01T00:00:00.000Z']]);
    expect(whole.map((row) => row[0])).toEqual(['a.ogg', 'b.ogg']);
  });

  test('every field of a label passes through', async () => {
    const object = {
      bucket: 'undertone-inbox',
      key: 'a b+ü.ogg',
      size: 5,
      etag: 'abc',
      uploadedAt: now(),
    };
    const segment = {
      start: 0,
      end: 1.5,
      emotion: 'happy',
      confidence: 0.5,
      probabilities: { happy: 0.5 },
    };
    const verdict = {
      ...{ emotion: 'happy', confidence: 0.5, probabilities: { happy: 0.5 }, duration: 2 },
      ...{ speech: { start: 0, end: 1.5 }, sequence: ['sad', 'happy'], timeline: [segment] },
      ...{ summary: { happy: 1 }, model: { name: 'undertone', version: '1', sha256: '0f' } },
    };
    // biome-ignore lint/suspicious/noExplicitAny: of the eight probabilities one is enough here.
    await writeLabel({ ...object, versionId: 'v1' }, { verdict } as any, now());
    await athena.look();
    const before = await shown('*');
    expect(JSON.stringify(before)).toContain('["sad","happy"]');
    expect(before[0]).not.toContain(undefined);
    later('2026-11-02T01:30:00Z');
    await compact();
    expect(await compacted()).toHaveLength(1);
    expect(await shown('*')).toEqual(before);
  });

  test('a late label is shown at once, once, and compacted the night after', async () => {
    const { uploadedAt } = await label('a.ogg', now());
    later('2026-11-02T01:30:00Z');
    await compact();
    later('2026-11-02T15:00:00Z');
    await label('a.ogg', uploadedAt);
    await label('late.ogg', uploadedAt);
    const expected = ['a.ogg', 'late.ogg'].map((key) => ['2026-11-01', key, now()]);
    expect(await shown()).toEqual(expected);
    later('2026-11-03T01:30:00Z');
    await compact(undefined, async () => expect(await shown()).toEqual(expected));
    expect(await compacted()).toEqual(expected);
  });

  test('what expires as a file expires here in the same night', async () => {
    const old = await label('old.ogg', now());
    later('2026-11-02T01:30:00Z');
    await label('new.ogg', old.uploadedAt);
    await compact();
    await forget(old);
    later('2027-11-01T01:30:00Z');
    await compact();
    expect(await compacted()).toHaveLength(2);
    later('2027-11-02T01:30:00Z');
    await compact();
    expect(await compacted()).toEqual([['2026-11-01', 'new.ogg', '2026-11-02T01:30:00.000Z']]);
  });

  test('whatever is dropped is compacted again from the files', async () => {
    await label('a.ogg', now());
    later('2026-11-02T01:30:00Z');
    await compact();
    const before = await shown('*');
    await athena.query('DROP TABLE labels_compacted');
    await compact();
    expect(await shown('*')).toEqual(before);
    expect(await compacted()).toHaveLength(1);
  });

  test('a label that is deleted as docs/batch.md says is gone, and stays so', async () => {
    const { uploadedAt } = await label('calls/monday.ogg', '2026-11-22T09:00:00Z');
    await label('other.ogg', uploadedAt);
    later('2026-11-23T01:30:00Z');
    await compact();
    const object = await label('calls/monday.ogg', uploadedAt);
    const { blocks } = readDocument('batch.md');
    const [deletion] = blocks.filter(({ text }) => /^DELETE/.test(text));
    await forget(object);
    await athena.query(deletion.text);
    for (const night of ['2026-11-23T02:30:00Z', '2026-11-24T01:30:00Z']) {
      expect((await shown('key')).flat()).toEqual(['other.ogg']);
      later(night);
      await compact();
    }
    expect((await shown('key')).flat()).toEqual(['other.ogg']);
  });

  /** The states after which readers could see something else. */
  const CHANGING = new Set(['Compact', 'Show what is compacted', 'Delete what has expired']);
  const trouble = fc.record({
    state: fc.constantFrom(...Object.keys(machine.States)),
    times: fc.constantFrom(1, 99),
    isDone: fc.boolean(),
  });
  /** Something that happens to the labels. */
  const event = fc.oneof(
    fc.record({ kind: fc.constant('arrive' as const), key: fc.nat(2) }),
    fc.record({ kind: fc.constant('again' as const), which: fc.nat() }),
    fc.record({
      kind: fc.constant('compact' as const),
      isAtNight: fc.boolean(),
      trouble: fc.oneof(fc.constant(undefined), trouble),
    }),
    fc.record({ kind: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 40 }) }),
  );

  test(
    'no label is doubled, missing or old, whatever fails, comes late or is repeated',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(event, { minLength: 15, maxLength: 25 }), async (events) => {
          await empty();
          await athena[Symbol.asyncDispose]();
          athena = await prepared();
          const came: CreatedObject[] = [];
          const latest = new Map<string, string[]>();
          const note = async (object: CreatedObject) => {
            const day = object.uploadedAt.slice(0, 10);
            latest.set(`${day} ${object.key}`, [day, object.key, now()]);
          };
          const check = async () => {
            expect(await shown()).toEqual([...latest.values()].sort());
          };
          for (const each of events) {
            later(time.getTime() + 1000);
            if (each.kind === 'arrive') {
              const object = await label(`${each.key}.ogg`, now());
              came.push(object);
              await note(object);
            } else if (each.kind === 'again' && came.length > 0) {
              const { key, uploadedAt } = came[each.which % came.length];
              await note(await label(key, uploadedAt));
            } else if (each.kind === 'compact') {
              if (each.isAtNight) later(nextNight(time));
              const steps = (state: string) => (CHANGING.has(state) ? check() : Promise.resolve());
              await compact(each.trouble, steps).catch((error) => {
                if (error.message !== 'States.TaskFailed') throw error;
              });
            } else if (each.kind === 'wait') {
              later(time.getTime() + each.hours * 3_600_000);
            }
            await check();
          }
        }),
        // To find a shorter history that fails would take minutes.
        { numRuns: HISTORIES, endOnFailure: true },
      );
    },
    120_000 + 5000 * HISTORIES,
  );
});

import { readFile } from 'node:fs/promises';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateScan,
} from '@aws-sdk/lib-dynamodb';
import type { Installation, InstallationQuery, InstallationStore } from '@slack/oauth';
import * as z from 'zod';
import { UndertoneError } from '../../core/index.ts';
import { writeAtomically } from '../../lib/files.ts';
import type { Encryption } from '../encryption.ts';

/** The id of a workspace (`T…`), or of an organization that has installed the app for all of its own (`E…`). */
const idSchema = z.string().regex(/^[A-Z0-9]{2,30}$/);

/** What is stored of an installation: what the bot needs, and not who installed it or what it is called. */
const installationSchema = z.object({
  team: z.object({ id: idSchema }).optional(),
  enterprise: z.object({ id: idSchema }).optional(),
  isEnterpriseInstall: z.boolean(),
  appId: z.string().optional(),
  bot: z.object({
    token: z.string().min(1),
    /** With token rotation: buys the next token, once. */
    refreshToken: z.string().optional(),
    /** Seconds since 1970. */
    expiresAt: z.number().optional(),
    scopes: z.array(z.string()),
    id: z.string(),
    userId: z.string(),
  }),
});

const rowSchema = z.object({
  /** The installation, encrypted. */
  sealed: z.string().min(1),
  /** Seconds since 1970. */
  installedAt: z.number(),
});
type Row = z.infer<typeof rowSchema>;

/** Where encrypted installations are kept, by id. All methods may throw UndertoneError `unavailable`. */
interface Rows {
  get(id: string): Promise<Row | undefined>;
  /**
   * Stores a row.
   *
   * @param before what a field of the stored row has to be, or else nothing happens
   */
  put(id: string, row: Row, before?: Partial<Row>): Promise<void>;
  /** Deletes a row unless it is newer, and returns whether there is none any longer. */
  remove(id: string, notAfter: number): Promise<boolean>;
  ids(): Promise<string[]>;
}

/** The workspaces that have installed the app, with their tokens. */
export interface Installations extends InstallationStore {
  /**
   * Deletes the installation of a workspace, unless it was made after a time.
   *
   * @param notAfter seconds since 1970
   * @returns whether the workspace has no installation now
   */
  remove(id: string, notAfter: number): Promise<boolean>;
  /** Returns the ids of all workspaces and organizations. */
  ids(): Promise<string[]>;
}

/** When an installation that was read was made. InstallProvider copies it when it renews a token. */
const INSTALLED_AT = Symbol('installedAt');
interface Fetched {
  readonly [INSTALLED_AT]?: number;
}

/**
 * Keeps installations in a table with the partition key `id`, encrypted. Rows with an earlier key are
 * encrypted with the current one when they are read.
 *
 * @example
 * const documents = DynamoDBDocumentClient.from(new DynamoDBClient());
 * const installations = dynamoInstallations('undertone-slack', documents, encryptionWith(keys));
 */
export function dynamoInstallations(
  table: string,
  client: DynamoDBDocumentClient,
  encryption: Encryption,
): Installations {
  const send = <T>(call: Promise<T>) => call.catch((cause) => Promise.reject(unavailable(cause)));
  /** Returns whether a conditional call was carried out. */
  const wasDone = (call: Promise<unknown>) =>
    call.then(
      () => true,
      (thrown) => {
        if (thrown instanceof ConditionalCheckFailedException) return false;
        throw unavailable(thrown);
      },
    );
  return installationsIn(
    {
      async get(id) {
        const get = new GetCommand({ TableName: table, Key: { id }, ConsistentRead: true });
        const { Item } = await send(client.send(get));
        return Item && rowSchema.parse(Item);
      },
      async put(id, row, before) {
        const put = new PutCommand({
          TableName: table,
          Item: { id, ...row },
          ...(before && {
            ConditionExpression: Object.keys(before)
              .map((name) => `${name} = :${name}`)
              .join(' AND '),
            ExpressionAttributeValues: Object.fromEntries(
              Object.entries(before).map(([name, value]) => [`:${name}`, value]),
            ),
          }),
        });
        await wasDone(client.send(put));
      },
      async remove(id, notAfter) {
        const remove = new DeleteCommand({
          TableName: table,
          Key: { id },
          ConditionExpression: 'attribute_not_exists(id) OR installedAt <= :notAfter',
          ExpressionAttributeValues: { ':notAfter': notAfter },
        });
        return wasDone(client.send(remove));
      },
      async ids() {
        const ids: string[] = [];
        const pages = paginateScan({ client }, { TableName: table, ProjectionExpression: 'id' });
        try {
          for await (const { Items = [] } of pages) ids.push(...Items.map(({ id }) => String(id)));
        } catch (cause) {
          throw unavailable(cause);
        }
        return ids;
      },
    },
    encryption,
  );
}

const fileSchema = z.object({ installations: z.record(idSchema, rowSchema) });

/**
 * Keeps the installations of one process in a JSON file, encrypted, for its owner alone.
 *
 * @throws UndertoneError `configuration-invalid` if the file exists but cannot be used, or was encrypted
 * with another key
 * @example
 * const installations = await fileInstallations('.undertone/slack-installations.json', encryption);
 */
export async function fileInstallations(
  path: string,
  encryption: Encryption,
): Promise<Installations> {
  const rows = new Map(Object.entries(await readRows(path)));
  for (const { sealed } of rows.values()) encryption.requireKeyOf(sealed);
  let writing = Promise.resolve();
  const save = () => {
    // One write after another, each with the state of that moment.
    writing = writing
      .catch(() => {})
      .then(() => {
        const all = { installations: Object.fromEntries(rows) };
        return writeAtomically(path, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 });
      });
    return writing.catch((cause) => {
      throw unavailable(cause);
    });
  };
  return installationsIn(
    {
      get: async (id) => rows.get(id),
      async put(id, row, before) {
        const stored: Partial<Row> = rows.get(id) ?? {};
        const names = Object.keys(before ?? {}) as (keyof Row)[];
        if (names.some((name) => stored[name] !== before?.[name])) return;
        rows.set(id, row);
        await save();
      },
      async remove(id, notAfter) {
        if ((rows.get(id)?.installedAt ?? 0) > notAfter) return false;
        if (rows.delete(id)) await save();
        return true;
      },
      ids: async () => [...rows.keys()],
    },
    encryption,
  );
}

async function readRows(path: string): Promise<Readonly<Record<string, Row>>> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(path, 'utf8'))).installations;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new UndertoneError(
      'configuration-invalid',
      `The installations in ${path} cannot be read. Restore the file from a backup, or move it away; every workspace then has to install the app again.`,
      { cause },
    );
  }
}

function installationsIn(rows: Rows, encryption: Encryption): Installations {
  return {
    ids: () => rows.ids(),
    remove: (id, notAfter) => rows.remove(id, notAfter),
    async storeInstallation(installation) {
      const stored = installationSchema.safeParse(installation);
      const id = stored.success && idOf(stored.data);
      if (!id) throw incomplete(stored.error);
      const before = (installation as Fetched)[INSTALLED_AT];
      const installedAt = before ?? Math.floor(Date.now() / 1000);
      const sealed = encryption.encrypt(JSON.stringify(stored.data), id);
      const isRenewal = before !== undefined;
      // A token that is renewed while the workspace removes the app must not bring its row back.
      await rows.put(id, { sealed, installedAt }, isRenewal ? { installedAt } : undefined);
    },
    async fetchInstallation(query) {
      const id = idFor(query);
      const row = id === undefined ? undefined : await rows.get(id);
      if (!id || !row) throw notInstalled();
      const text = encryption.decrypt(row.sealed, id);
      if (encryption.isOutdated(row.sealed)) {
        // Unless a new token was stored meanwhile.
        const { sealed } = row;
        await rows.put(id, { ...row, sealed: encryption.encrypt(text, id) }, { sealed });
      }
      const { team, enterprise, bot, ...rest } = installationSchema.parse(JSON.parse(text));
      const installation = {
        ...rest,
        team,
        enterprise,
        bot: bot as NonNullable<Installation['bot']>,
        user: { id: '', token: undefined, scopes: undefined },
        authVersion: 'v2' as const,
        tokenType: 'bot' as const,
        [INSTALLED_AT]: row.installedAt,
      };
      return installation as Installation<'v2', boolean>;
    },
  };
}

function idOf({ isEnterpriseInstall, team, enterprise }: z.infer<typeof installationSchema>) {
  return (isEnterpriseInstall ? enterprise : team)?.id;
}

function idFor({ isEnterpriseInstall, teamId, enterpriseId }: InstallationQuery<boolean>) {
  return isEnterpriseInstall ? enterpriseId : teamId;
}

/** The error for a payload of a workspace whose token is not known. */
export function notInstalled(cause?: unknown): UndertoneError {
  return new UndertoneError(
    'unauthorized',
    'This workspace has not installed the app, or Slack no longer accepts its token. It has to install the app again.',
    { cause },
  );
}

function incomplete(cause: unknown): UndertoneError {
  return new UndertoneError(
    'unavailable',
    'Slack did not give the app what it needs. Install it again, and allow everything that it asks for.',
    { cause },
  );
}

function unavailable(cause: unknown): UndertoneError {
  return new UndertoneError(
    'unavailable',
    'The installations of this app are not available right now. Try again in a few seconds.',
    { cause },
  );
}

import type { webApi } from '@slack/bolt';
import { UndertoneError } from '../../core/index.ts';
import type { Note } from '../answer.ts';
import type { FileHosts } from '../download.ts';
import { mayBeNote } from './notes.ts';
import { fileSchema, type SlackFile } from './payloads.ts';
import { ask, slackError } from './web.ts';

/**
 * Hosts that get the token of the bot. Files lie at files.slack.com; who may not read one is sent to the
 * page of the workspace to sign in, which lies below slack.com too. Nothing else is asked.
 */
const HOSTS = ['*.slack.com'] as const;

/**
 * @param local origins of counterparts on this machine
 */
export function slackHosts(botToken: string, local: readonly string[] = []): FileHosts {
  return { hosts: [...HOSTS, ...local], authorization: `Bearer ${botToken}` };
}

/** Refusals of files.info that mean that the file is there no more. */
const GONE: ReadonlySet<string> = new Set(['file_not_found', 'file_deleted']);

/**
 * Returns where a file can be fetched, after Slack was asked about it where it told no more than an id.
 *
 * @throws UndertoneError `attachment-gone`, `attachment-refused` for a file that only a link leads to,
 * `attachment-forbidden`, `attachment-missing` when it turns out to be something else
 */
export async function noteIn(file: SlackFile, client: webApi.WebClient): Promise<Note & Author> {
  const known = file.file_access === 'check_file_info' ? await lookUp(file.id, client) : file;
  const { mode, is_external, url_private_download, url_private, size, duration_ms } = known;
  if (mode === 'tombstone' || mode === 'hidden_by_limit') throw gone();
  if (is_external || mode === 'external') {
    throw new UndertoneError(
      'attachment-refused',
      'The file lies outside of Slack. Upload the recording itself.',
    );
  }
  if (!mayBeNote(known)) {
    throw new UndertoneError(
      'attachment-missing',
      'The file is no recording. Choose a message with a voice note or an audio file.',
    );
  }
  const url = url_private_download ?? url_private;
  if (!url) throw forbidden();
  return {
    url,
    author: known.user ?? null,
    size,
    ...(duration_ms !== undefined && { durationSeconds: duration_ms / 1000 }),
  };
}

interface Author {
  /** Who recorded it; null where Slack does not say. */
  readonly author: string | null;
}

async function lookUp(id: string, client: webApi.WebClient): Promise<SlackFile> {
  const { file } = await ask(() => client.files.info({ file: id })).catch((thrown) => {
    const refusal = slackError(thrown);
    if (refusal === null) throw thrown;
    throw GONE.has(refusal) ? gone() : forbidden(thrown);
  });
  const parsed = fileSchema.safeParse(file);
  // A file that is still hidden is not for the bot.
  if (!parsed.success || parsed.data.file_access === 'check_file_info') throw forbidden();
  return parsed.data;
}

function gone(): UndertoneError {
  return new UndertoneError('attachment-gone', 'Slack does not have this file any more.');
}

function forbidden(cause?: unknown): UndertoneError {
  return new UndertoneError(
    'attachment-forbidden',
    'Slack does not let this bot read the file. Invite the bot to the channel, and see that the app has the scope files:read.',
    { cause },
  );
}

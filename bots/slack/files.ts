import type { webApi } from '@slack/bolt';
import { UndertoneError } from '../../core/index.ts';
import type { Note } from '../answer.ts';
import type { FileHosts } from '../download.ts';
import { fileSchema, mayBeNote, type PostedNote, type SlackFile } from './payloads.ts';
import { callSlack, slackError } from './web.ts';

/**
 * The only hosts that get a token of the bot. Files are at files.slack.com; those who may not read one
 * are redirected to the sign-in page of the workspace, which is on slack.com too.
 */
const HOSTS = ['*.slack.com'] as const;

/**
 * Returns the hosts of files, plus stand-ins on this machine. The token to fetch a file with is that of the
 * workspace where somebody asks.
 *
 * @param local origins of the stand-ins
 */
export function slackHosts(local: readonly string[] = []): FileHosts {
  return { hosts: [...HOSTS, ...local] };
}

/**
 * Returns where a file can be fetched. If Slack sent only its id, the rest is looked up; so is everything
 * about a forwarded file, as only that tells who recorded it and whether it still exists.
 *
 * @throws UndertoneError `attachment-gone`, `attachment-refused` for a link to a file elsewhere,
 * `attachment-forbidden`, `attachment-missing` if it turns out to be something else
 */
export async function noteIn(posted: PostedNote, client: webApi.WebClient): Promise<Note & Author> {
  const { file, isForwarded } = posted;
  const isStub = isForwarded || file.file_access === 'check_file_info';
  const known = isStub ? await lookUp(posted, client) : file;
  const { mode, is_external, url_private_download, url_private, size, duration_ms } = known;
  if (mode === 'tombstone' || mode === 'hidden_by_limit') throw gone();
  if (is_external || mode === 'external') {
    throw new UndertoneError(
      'attachment-refused',
      'The file is stored outside Slack. Upload the recording itself.',
    );
  }
  if (!mayBeNote(known)) {
    throw new UndertoneError(
      'attachment-missing',
      'The file is not a recording. Choose a message with a voice note or an audio file.',
    );
  }
  const url = url_private_download ?? url_private;
  if (!url) throw forbidden();
  return {
    url,
    author: known.user ?? null,
    isAuthorUnknown: isForwarded && known.user === undefined,
    size,
    ...(duration_ms !== undefined && { durationSeconds: duration_ms / 1000 }),
  };
}

interface Author {
  /** Who recorded it; null if Slack does not say. */
  readonly author: string | null;
}

async function lookUp(
  { file: { id }, isForwarded }: PostedNote,
  client: webApi.WebClient,
): Promise<SlackFile> {
  const { file } = await callSlack(() => client.files.info({ file: id })).catch((thrown) => {
    const refusal = slackError(thrown);
    if (refusal === null) throw thrown;
    if (refusal === 'file_deleted') throw gone();
    // Slack does not find the files of a private channel that the bot is not in, either.
    throw refusal === 'file_not_found' && !isForwarded ? gone() : forbidden(thrown);
  });
  const parsed = fileSchema.safeParse(file);
  // A file that is still hidden may not be read.
  if (!parsed.success || parsed.data.file_access === 'check_file_info') throw forbidden();
  return parsed.data;
}

function gone(): UndertoneError {
  return new UndertoneError('attachment-gone', 'Slack no longer has this file.');
}

function forbidden(cause?: unknown): UndertoneError {
  return new UndertoneError(
    'attachment-forbidden',
    'Slack does not let this bot read the file. Invite the bot to the channel, and check that the app has the scope files:read.',
    { cause },
  );
}

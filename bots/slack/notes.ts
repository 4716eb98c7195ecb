import type { SlackFile } from './payloads.ts';

/** Types of files that hold sound, by the names that Slack gives them. */
const AUDIO_TYPES: ReadonlySet<string> = new Set([
  'aac',
  'aiff',
  'amr',
  'flac',
  'm4a',
  'mp3',
  'oga',
  'ogg',
  'opus',
  'wav',
  'weba',
  'wma',
]);

/**
 * Whether a file is a voice note, as far as one can tell before it is fetched. Clips are known by their
 * subtype: their type is `video/mp4` or `audio/mp4`, as it happens.
 */
export function mayBeNote({ subtype, mimetype, filetype, mode, file_access }: SlackFile): boolean {
  if (subtype === 'slack_audio') return true;
  if (subtype === 'slack_video') return false;
  const isUnknown = file_access === 'check_file_info' || mode === 'tombstone';
  return isUnknown || mimetype?.startsWith('audio/') === true || AUDIO_TYPES.has(filetype ?? '');
}

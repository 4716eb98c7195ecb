import { lstat, stat } from 'node:fs/promises';

/** Which content lies under a name: another version is another recording. */
export interface FileVersion {
  readonly size: number;
  readonly inode: number;
  /**
   * When the file came here or last changed, in milliseconds since 1970. This is the time of the inode,
   * which nobody can set: a file that is moved here keeps the time of its last change.
   */
  readonly since: number;
}

/** Returns which version of a regular file, or of a link to one, is there; null when there is none. */
export async function versionOf(path: string): Promise<FileVersion | null> {
  try {
    const [{ ctimeMs: linkedAt }, stats] = await Promise.all([lstat(path), stat(path)]);
    if (!stats.isFile()) return null;
    const { size, ino: inode, ctimeMs } = stats;
    return { size, inode, since: Math.max(linkedAt, ctimeMs) };
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(code)) return null;
    throw error;
  }
}

export function isSameVersion(
  one: FileVersion | null | undefined,
  other: FileVersion | null | undefined,
): boolean {
  if (!one || !other) return false;
  return one.size === other.size && one.inode === other.inode && one.since === other.since;
}

/** What the file system says, in words that say what would do. */
const ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'no right to do that (EACCES): run it as a user that may, or name another place',
  EPERM: 'not permitted (EPERM): run it as a user that may, or name another place',
  EROFS: 'the file system is read-only (EROFS): name another place',
  ENOENT: 'it, or the folder that it is in, is not there (ENOENT): create the folder, or check the name',
  ENOTDIR: 'a part of the path is no folder (ENOTDIR): check the name',
  EISDIR: 'it is a folder (EISDIR): name a file in it',
  EEXIST: 'it exists already (EEXIST): name another, or move it away',
  ENOSPC: 'the disk is full (ENOSPC): make room, or name another place',
  EDQUOT: 'the quota is used up (EDQUOT): make room, or name another place',
  EMFILE: 'too many files are open (EMFILE): raise the limit (ulimit -n)',
  ENFILE: 'too many files are open on this machine (ENFILE)',
  ELOOP: 'it is a symbolic link to itself (ELOOP): name another',
  ENAMETOOLONG: 'its name is too long (ENAMETOOLONG): name another',
  EIO: 'the disk does not answer rightly (EIO): look at the log of the system',
};

/** The advice for a code; the code or the message where there is none. */
export function fileAdvice(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return ADVICE[code] ?? (code !== '' ? code : error instanceof Error ? error.message : String(error));
}

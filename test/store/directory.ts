/** A directory for one test file, removed with all that is in it. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';

/** Gives a fresh path for a database each time it is called. */
export function temporaryPaths(): () => string {
  const directory = mkdtempSync(join(tmpdir(), 'originwatch-store-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  let count = 0;
  return () => {
    count += 1;
    return join(directory, `${count}`, 'originwatch.sqlite');
  };
}

/** Copies a database as a process killed at this moment would leave it: the file and its log, not the shared memory. */
export function copyOf(path: string, to: string): string {
  mkdirSync(dirname(to), { recursive: true });
  for (const suffix of ['', '-wal', '-journal']) {
    if (existsSync(path + suffix)) copyFileSync(path + suffix, to + suffix);
  }
  return to;
}

/**
 * `originwatch backup FILE`: a consistent copy of the database while the daemon runs, or not. `restore FILE` puts it back: never
 * over a newer one, never under a running daemon; what stood there is kept beside it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OperationalError } from '../../engine/errors.ts';
import { backUp, restore } from '../../store/backup.ts';
import { DATABASE_FILE } from '../../store/store.ts';
import type { Streams } from '../usage.ts';

export async function runBackup(
  stateDirectory: string,
  file: string,
  json: boolean,
  io: Pick<Streams, 'stdout'>,
): Promise<number> {
  const path = join(stateDirectory, DATABASE_FILE);
  if (!existsSync(path)) throw new OperationalError('store-open', `there is no database at ${path}`);
  const { bytes, lastSeq } = await backUp(path, file);
  const said = { file, bytes, lastSeq, database: path };
  io.stdout.write(json ? `${JSON.stringify(said)}\n` : `${file}: ${bytes} bytes, alerts up to ${lastSeq}\n`);
  return 0;
}

export async function runRestore(
  stateDirectory: string,
  file: string,
  json: boolean,
  io: Pick<Streams, 'stdout'>,
): Promise<number> {
  const path = join(stateDirectory, DATABASE_FILE);
  const { lastSeq, keptAs } = await restore(file, path);
  const said = { database: path, lastSeq, keptAs };
  const kept = keptAs === null ? '' : `; what stood there is ${keptAs}`;
  io.stdout.write(json ? `${JSON.stringify(said)}\n` : `${path}: alerts up to ${lastSeq}${kept}\n`);
  return 0;
}

/**
 * What was judged and could not be written when the process had to end: a file beside the database, or where there is
 * no room for it in a directory that outlives the process. The next start writes it into the database first.
 *
 * Form: a line of JSON with the SHA-256 of what follows, then the batches as V8 serializes them. Read only when it is
 * ours: a regular file of this user that nobody else can write.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { Batch } from '../engine/ports.ts';
import type { SqliteStore } from './store.ts';

/** Key of the named value that says which spill was written into the database last. */
const WRITTEN_KEY = 'spill';

/** Where a spill of the database at `path` may lie, the best place first. `elsewhere`: directories to fall back to. */
export function spillPlaces(path: string, elsewhere: readonly string[]): readonly string[] {
  const whose = createHash('sha256').update(resolve(path)).digest('hex').slice(0, 16);
  return [
    `${path}.spill`,
    ...elsewhere.map((directory) => join(directory, `${basename(dirname(resolve(path)))}-${whose}.spill`)),
  ];
}

/** Writes it to the first place that takes it; undefined when none does. */
export function writeSpill(places: readonly string[], batches: readonly Batch[]): string | undefined {
  const body = serialize(batches);
  const head = `${JSON.stringify({ originwatch: 'spill', batches: batches.length, sha256: hashOf(body) })}\n`;
  for (const place of places) if (isWritten(place, Buffer.concat([Buffer.from(head), body]))) return place;
  return undefined;
}

function isWritten(place: string, content: Buffer): boolean {
  let file: number | undefined;
  try {
    rmSync(place, { force: true });
    file = openSync(place, 'wx', 0o600);
    writeFileSync(file, content);
    fsyncSync(file);
    return true;
  } catch {
    if (file !== undefined) rmSync(place, { force: true });
    return false;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

export interface Spilled {
  readonly place: string;
  readonly batches: readonly Batch[];
  readonly sha256: string;
}

/** Those that are there and whole; `onBad` is told of the others, which stay where they are. */
export function readSpills(
  places: readonly string[],
  onBad: (place: string, reason: string) => void,
): readonly Spilled[] {
  return places.flatMap((place) => {
    const content = ownContent(place);
    if (content === undefined) return [];
    const end = content.indexOf('\n');
    const body = content.subarray(end + 1);
    try {
      const { sha256 } = JSON.parse(content.subarray(0, end).toString()) as { sha256: string };
      if (hashOf(body) !== sha256) throw new Error('its end is missing or changed');
      return [{ place, sha256, batches: deserialize(body) as Batch[] }];
    } catch (error) {
      onBad(place, error instanceof Error ? error.message : String(error));
      return [];
    }
  });
}

/** Undefined when there is none, or somebody else could have laid it there. */
function ownContent(place: string): Buffer | undefined {
  let file: number;
  try {
    file = openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch {
    return undefined;
  }
  try {
    const { uid, mode } = fstatSync(file);
    const isOurs =
      uid === process.getuid?.() && (mode & 0o022) === 0 && (mode & constants.S_IFMT) === constants.S_IFREG;
    return isOurs ? readFileSync(file) : undefined;
  } finally {
    closeSync(file);
  }
}

/** True when the numbers of its alerts go on where the database ends: else it was meant for another, or is in it. */
export function fitsInto(store: SqliteStore, { batches }: Spilled): boolean {
  const first = batches.flatMap(({ alerts }) => alerts)[0];
  return first === undefined || first.seq === store.archive.lastSeq() + 1;
}

export function wasTakenIn(store: SqliteStore, { sha256 }: Spilled): boolean {
  return store.remembered(WRITTEN_KEY) === sha256;
}

/** Writes it into the database, in one transaction that also remembers that it was, and removes the file. */
export function takeInSpill(store: SqliteStore, { batches, sha256, place }: Spilled): void {
  store.commitAll(batches, { key: WRITTEN_KEY, value: sha256 });
  removeSpill(place);
}

export function removeSpill(place: string): void {
  rmSync(place, { force: true });
}

function hashOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

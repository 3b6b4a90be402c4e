/**
 * Update files of the RIS archive (`rrcNN/YYYY.MM/updates.YYYYMMDD.HHmm.gz`, one each five minutes): which ones hold a span,
 * and what in them is watched. A file is fetched into a temporary one, read as MRT like any other, and removed.
 */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Update } from '../../bgp/update.ts';
import type { Interest } from '../../decode/bgp/update.ts';
import { OperationalError } from '../../engine/errors.ts';
import type { Outside } from '../../outside/outside.ts';
import { RecordedInput } from '../files/files.ts';
import { mrtForm } from '../files/mrt-files.ts';

export interface ArchiveSpan {
  readonly fromMs: number;
  readonly toMs: number;
  /** Empty: all that are active. */
  readonly collectors: readonly string[];
}

const EVERY_MS = 300_000;
/** A busy collector writes some 20 MB in five minutes. */
const FILE_BYTES_MAX = 1_024 * 1_024 * 1_024;
const FILE_MS_MAX = 300_000;
/** Collectors of RIS at work (RIPE NCC, 2026). */
const ACTIVE = [0, 1, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 24, 25, 26];

export class ArchiveReader {
  readonly #url: string;
  readonly #outside: Outside;

  /** `url` ends in a slash. */
  constructor(url: string, outside: Outside) {
    this.#url = url;
    this.#outside = outside;
  }

  /** Paths below the archive's address, by time and then by collector. */
  filesOf({ fromMs, toMs, collectors }: ArchiveSpan): readonly string[] {
    const names =
      collectors.length > 0 ? collectors : ACTIVE.map((number) => `rrc${String(number).padStart(2, '0')}`);
    const files: string[] = [];
    for (let atMs = Math.floor(fromMs / EVERY_MS) * EVERY_MS; atMs <= toMs; atMs += EVERY_MS) {
      const [, year, month, day, hour, minute] =
        /^(\d+)-(\d+)-(\d+)T(\d+):(\d+)/.exec(new Date(atMs).toISOString()) ?? [];
      for (const name of names)
        files.push(`${name}/${year}.${month}/updates.${year}${month}${day}.${hour}${minute}.gz`);
    }
    return files;
  }

  /** Yields what of a file is of interest, in its order. Rejects with `OperationalError('archive-fetch')`. */
  async *read(file: string, interest: Interest, signal: AbortSignal): AsyncGenerator<readonly Update[]> {
    const directory = await mkdtemp(join(tmpdir(), 'originwatch-archive-'));
    try {
      const path = join(directory, file.replaceAll('/', '-'));
      await this.#download(file, path, signal);
      yield* updatesIn(path, file.slice(0, file.indexOf('/')), interest);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  async #download(file: string, path: string, signal: AbortSignal): Promise<void> {
    try {
      const url = new URL(file, this.#url).href;
      const answer = await this.#outside.ask({ url, timeoutMs: FILE_MS_MAX, signal, redirectsMax: 3 });
      if (answer.status !== 200) {
        answer.close();
        throw new Error(`status ${answer.status}`);
      }
      await pipeline(Readable.from(bounded(answer.chunks)), createWriteStream(path));
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw new OperationalError('archive-fetch', `${file}: ${detail}`, { cause: error, retryable: true });
    }
  }
}

async function* bounded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > FILE_BYTES_MAX) throw new Error('the file is too large');
    yield chunk;
  }
}

async function* updatesIn(
  path: string,
  collector: string,
  interest: Interest,
): AsyncGenerator<readonly Update[]> {
  const problems: string[] = [];
  const input = new RecordedInput({
    files: [path],
    forms: [mrtForm({ collector, interest })],
    onProblem: ({ where, what }) => problems.push(`${where}: ${what}`),
  });
  for await (const batch of input.batches())
    yield batch.flatMap(({ record }) => (record.input?.type === 'update' ? [record.input.update] : []));
  if (input.nothingRead())
    throw new OperationalError('archive-fetch', `nothing could be read: ${problems[0] ?? ''}`, {
      retryable: true,
    });
}

/**
 * Loading in a thread of its own: a watchlist of a million entries takes seconds to read and check, in which the feed must
 * not wait. The columns come back without a copy. Called by `daemon/` for a
 * reload, and loaded only then.
 */
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { columnsOf } from '../match/watch-builder.ts';
import { WatchColumns } from '../match/watch-columns.ts';
import { loadSettings } from './load.ts';
import { ConfigError, type ConfigProblem } from './problems.ts';
import type { CheckedWatchlist } from './watchlist-files.ts';

type Answer =
  | { readonly bytes: Uint8Array; readonly fingerprint: string | undefined }
  | { readonly problems: readonly ConfigProblem[]; readonly files: readonly string[] };

/** What the thread runs: this module has to be loaded there, and loading a module runs nothing. */
const BODY = `const { workerData } = require('node:worker_threads');
import(workerData.module).then((module) => module.${answerApart.name}());`;

/** The watchlist that a configuration names; rejects with `ConfigError` when anything in any of its files is wrong. */
export async function loadWatchlistApart(configPath: string): Promise<CheckedWatchlist> {
  const answer = await new Promise<Answer>((resolve, reject) => {
    const worker = new Worker(BODY, { eval: true, workerData: { module: import.meta.url, configPath } });
    worker.once('message', resolve).once('error', reject);
    worker.once('exit', () => reject(new Error('it ended without an answer')));
  }).catch((error: Error) => ({ problems: [failure(configPath, error)], files: [] }));
  if ('problems' in answer) throw new ConfigError(answer.problems, answer.files);
  const entries = WatchColumns.open(answer.bytes);
  if (entries === undefined) throw new Error('columns that cannot be read back');
  return { entries, fingerprint: answer.fingerprint };
}

/** Nothing is wrong with the files, but nobody could read them: memory may have run out. */
function failure(file: string, { message }: Error): ConfigProblem {
  const found = `the thread that reads the watchlist failed: ${message}`;
  return { file, line: 1, col: 1, found, remedy: 'look at the memory of this machine, and reload again' };
}

/** The other end, in the thread. */
export function answerApart(): void {
  const { configPath } = workerData as { readonly configPath: string };
  const answer = answerFor(configPath);
  parentPort?.postMessage(answer, 'bytes' in answer ? [answer.bytes.buffer as ArrayBuffer] : []);
}

function answerFor(configPath: string): Answer {
  try {
    const { watchlist } = loadSettings({ configPath, env: process.env }).settings;
    return { bytes: columnsOf(watchlist).bytes, fingerprint: watchlist.fingerprint };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: error.problems, files: error.files };
  }
}

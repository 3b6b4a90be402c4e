/**
 * Loading in a thread of its own: a watchlist of a million entries takes seconds to read and check, in which the feed must
 * not wait. The columns come back without a copy. Called by `daemon/` for a reload.
 */
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { WatchColumns } from '../match/watch-columns.ts';
import { loadSettings } from './load.ts';
import { ConfigError, type ConfigProblem } from './problems.ts';
import type { CheckedWatchlist } from './watchlist-files.ts';

type Answer =
  | { readonly bytes: Uint8Array; readonly fingerprint: string | undefined }
  | { readonly problems: readonly ConfigProblem[]; readonly files: readonly string[] };

/** What the thread runs: this module has to be loaded there, and loading a module runs nothing. */
const BODY = `const { workerData } = require('node:worker_threads');
import(workerData.module).then((module) => module.answerApart());`;

/** The watchlist that a configuration names; rejects with `ConfigError` when anything in any of its files is wrong. */
export async function loadWatchlistApart(configPath: string): Promise<CheckedWatchlist> {
  const answer = await new Promise<Answer>((resolve, reject) => {
    const worker = new Worker(BODY, { eval: true, workerData: { module: import.meta.url, configPath } });
    worker.once('message', resolve).once('error', reject);
    worker.once('exit', () => reject(new Error('the thread that reads the watchlist ended')));
  });
  if ('problems' in answer) throw new ConfigError(answer.problems, answer.files);
  const entries = WatchColumns.open(answer.bytes);
  if (entries === undefined) throw new Error('columns that can not be read back');
  return { entries, fingerprint: answer.fingerprint };
}

/** The other end, in the thread. */
export function answerApart(): void {
  const { configPath } = workerData as { readonly configPath: string };
  const answer = answerFor(configPath);
  parentPort?.postMessage(answer, 'bytes' in answer ? [answer.bytes.buffer as ArrayBuffer] : []);
}

function answerFor(configPath: string): Answer {
  try {
    const { entries, fingerprint } = loadSettings({ configPath, env: process.env }).settings.watchlist;
    return { bytes: entries.bytes, fingerprint };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: error.problems, files: error.files };
  }
}

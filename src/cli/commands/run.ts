/**
 * `originwatch run`: the daemon in this very process. SIGTERM and SIGINT end it in order within 10 s, SIGHUP and a
 * change of a configuration file reload it.
 */
import { lstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { changedSections, restartNeeded, sameSettings, watchDifference } from '../../config/compare.ts';
import { loadSettings } from '../../config/load.ts';
import { ConfigError } from '../../config/problems.ts';
import type { Settings } from '../../config/settings.ts';
import { type FilesWatch, watchFiles } from '../../config/watch-files.ts';
import type { CheckedWatchlist, KeptColumns } from '../../config/watchlist-files.ts';
import { Daemon } from '../../daemon/daemon.ts';
import { keptIn } from '../../daemon/durable/kept-columns.ts';
import { createLog } from '../../daemon/log.ts';
import { growFreely } from '../../daemon/small-heap.ts';
import { stateDirectoryOf } from '../../daemon/state-directory.ts';
import { DATABASE_FILE } from '../../store/store.ts';
import type { Streams } from '../usage.ts';

export interface RunOptions {
  readonly configPath: string;
  readonly recordTo: string | undefined;
}

/** What takes longer than this to stop is left behind. */
const STOP_WITHIN_MS = 9_000;
/** Files beyond this size are read in a thread of their own, and at start trusted to tell by their stamps that they changed. */
const LARGE_BYTES = 1_048_576;
/** How far the stamps of a file system may lie behind our clock. */
const TOUCHED_SLACK_MS = 5_000;

/** Resolves when a signal has ended the daemon (0) or its own store failed (1). Throws what keeps it from starting. */
export async function runDaemon(options: RunOptions, io: Streams): Promise<number> {
  const { configPath } = options;
  // The code is there. A large watchlist is read at half the speed while memory goes before speed.
  growFreely();
  const loadedAtMs = Date.now();
  const settings = loadAtStart(configPath);
  const log = createLog(settings.log.level, io.stderr);
  const ending = new Ending();
  const onBroken = (error: unknown): void => {
    log.fatal({ event: 'daemon.broken', err: error });
    ending.end(1);
  };
  const daemon = new Daemon({
    settings,
    stateDirectory: stateDirectoryOf(settings, process.env),
    recordTo: options.recordTo,
    configPath,
    log,
    onBroken,
  });
  const reloads = new Reloads({ daemon, configPath, loadedAtMs, log, onBroken });
  // Before anything tells others that we are there: from then on a signal must find us listening.
  const onSignal = (signal: NodeJS.Signals): void => {
    log.info({ event: 'daemon.stopping', signal });
    ending.end(0);
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  process.on('SIGHUP', () => reloads.reload('SIGHUP'));
  await daemon.start();
  await reloads.watch();
  const code = await ending.promise;
  reloads.close();
  if (code === 0) await withinMs(daemon.stop(), STOP_WITHIN_MS);
  return code;
}

/** A long watchlist is taken from the database when its files are those it was made from. */
function loadAtStart(configPath: string): Settings {
  const { env } = process;
  const keptOf = (stateDirectory: string | undefined): KeptColumns =>
    keptIn(join(stateDirectoryOf({ stateDirectory }, env), DATABASE_FILE));
  return loadSettings({ configPath, env, keptIn: keptOf }).settings;
}

class Ending {
  readonly promise: Promise<number>;
  end: (code: number) => void = () => undefined;

  constructor() {
    this.promise = new Promise((resolve) => {
      this.end = resolve;
    });
  }
}

async function withinMs(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}

function isLarge(files: readonly string[]): boolean {
  return files.some((file) => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LARGE_BYTES);
}

function wasTouchedSince(file: string, sinceMs: number): boolean {
  const [direct, behind] = [lstatSync(file), statSync(file)];
  return Math.max(direct.ctimeMs, behind.ctimeMs, behind.mtimeMs) >= sinceMs;
}

/** Reloading: validated first, then swapped whole; on an error the old configuration stays in force. */
class Reloads {
  private readonly daemon: Daemon;
  private readonly configPath: string;
  private readonly loadedAtMs: number;
  private readonly log: ReturnType<typeof createLog>;
  private readonly onBroken: (error: unknown) => void;
  private files: FilesWatch | undefined;
  private last: Promise<void> = Promise.resolve();

  constructor(parts: {
    readonly daemon: Daemon;
    readonly configPath: string;
    readonly loadedAtMs: number;
    readonly log: ReturnType<typeof createLog>;
    readonly onBroken: (error: unknown) => void;
  }) {
    this.daemon = parts.daemon;
    this.configPath = parts.configPath;
    this.loadedAtMs = parts.loadedAtMs;
    this.log = parts.log;
    this.onBroken = parts.onBroken;
  }

  private async loadApart(): Promise<CheckedWatchlist> {
    const { loadWatchlistApart } = await import('../../config/load-apart.ts');
    return loadWatchlistApart(this.configPath);
  }

  /** `watchlist`: was read already. */
  private load(watchlist: CheckedWatchlist | undefined): Settings {
    return loadSettings({ configPath: this.configPath, env: process.env, watchlist }).settings;
  }

  async watch(): Promise<void> {
    this.files = watchFiles({
      files: this.daemon.settings.files,
      onChange: (changed) => this.reload(changed.join(' ')),
    });
    await this.files.ready;
    // What was edited between loading and the first look.
    if (this.mayHaveChanged()) this.reload('changed while starting', true);
  }

  /** Reading a large watchlist again takes seconds: only when a file was touched about then. */
  private mayHaveChanged(): boolean {
    const { files } = this.daemon.settings;
    try {
      return (
        !isLarge(files) || files.some((file) => wasTouchedSince(file, this.loadedAtMs - TOUCHED_SLACK_MS))
      );
    } catch {
      return true;
    }
  }

  /** One after the other. `unlessSame`: nothing happens when nothing is other. */
  reload(cause: string, unlessSame = false): void {
    this.last = this.last.then(() => this.reloadNow(cause, unlessSame)).catch(this.onBroken);
  }

  private async reloadNow(cause: string, unlessSame: boolean): Promise<void> {
    const { settings } = this.daemon;
    try {
      const next = this.load(isLarge(settings.files) ? await this.loadApart() : undefined);
      if (unlessSame && sameSettings(next, settings)) return;
      const restart = restartNeeded(settings, next);
      if (restart.length > 0) this.log.warn({ event: 'reload.restart-needed', keys: restart });
      await this.daemon.reload(next);
      const sections = changedSections(settings, next);
      const watchlist = watchDifference(settings.watchlist, next.watchlist);
      this.log.info({ event: 'reload.ok', cause, sections, ...(watchlist !== undefined && { watchlist }) });
      this.update(next.files);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const lines = error.format().split('\n');
      this.log.error({ event: 'reload.failed', cause, problems: lines });
      this.daemon.reloadFailed(lines);
      this.update([...new Set([...settings.files, ...error.files])]);
    }
  }

  private update(files: readonly string[]): void {
    this.files
      ?.update(files)
      .catch((error: unknown) => this.log.warn({ event: 'reload.watch-failed', err: error }));
  }

  close(): void {
    this.files?.close();
  }
}

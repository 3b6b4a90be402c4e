/**
 * `originwatch run`: the daemon in this very process. SIGTERM and SIGINT end it in order within 10 s, SIGHUP and a
 * change of a configuration file reload it.
 */
import { lstatSync, statSync } from 'node:fs';
import { restartNeeded, sameSettings } from '../../config/compare.ts';
import { loadSettings } from '../../config/load.ts';
import { ConfigError } from '../../config/problems.ts';
import type { Settings } from '../../config/settings.ts';
import { type FilesWatch, watchFiles } from '../../config/watch-files.ts';
import type { Streams } from '../command-line.ts';
import { Daemon } from '../daemon.ts';
import { createLog } from '../log.ts';
import { growFreely } from '../small-heap.ts';
import { stateDirectoryOf } from '../state-directory.ts';

export interface RunOptions {
  readonly configPath: string;
  readonly recordTo: string | undefined;
}

/** What takes longer than this to stop is left behind. */
const STOP_WITHIN_MS = 9_000;
/** Files up to this size are read a second time at start rather than trusted to tell by their stamps that they changed. */
const READ_AGAIN_BYTES_MAX = 1_048_576;
/** How far the stamps of a file system may lie behind our clock. */
const TOUCHED_SLACK_MS = 5_000;

/** Resolves when a signal has ended the daemon (0) or its own store failed (1). Throws what keeps it from starting. */
export async function runDaemon(options: RunOptions, io: Streams): Promise<number> {
  // The code is there. A large watchlist is read at half the speed while memory goes before speed.
  growFreely();
  const load = (): Settings => loadSettings({ configPath: options.configPath, env: process.env }).settings;
  const loadedAtMs = Date.now();
  const settings = load();
  const log = createLog(settings.log.level, io.stderr);
  const ending = new Ending();
  const daemon = new Daemon({
    settings,
    stateDirectory: stateDirectoryOf(settings, process.env),
    recordTo: options.recordTo,
    log,
    onBroken: (error) => {
      log.fatal({ event: 'daemon.broken', err: error });
      ending.end(1);
    },
  });
  const reloads = new Reloads(daemon, load, loadedAtMs, log);
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

function wasTouchedSince(file: string, sinceMs: number): boolean {
  const [direct, behind] = [lstatSync(file), statSync(file)];
  return Math.max(direct.ctimeMs, behind.ctimeMs, behind.mtimeMs) >= sinceMs;
}

/** Reloading: validated first, then swapped whole; on an error the old configuration stays in force. */
class Reloads {
  private readonly daemon: Daemon;
  private readonly loadedAtMs: number;
  private readonly load: () => Settings;
  private readonly log: ReturnType<typeof createLog>;
  private files: FilesWatch | undefined;

  constructor(daemon: Daemon, load: () => Settings, loadedAtMs: number, log: ReturnType<typeof createLog>) {
    this.daemon = daemon;
    this.loadedAtMs = loadedAtMs;
    this.load = load;
    this.log = log;
  }

  async watch(): Promise<void> {
    this.files = watchFiles({
      files: this.daemon.settings.files,
      onChange: (changed) => this.reload(changed.join(' ')),
    });
    await this.files.ready;
    // What was edited between loading and the first look.
    if (this.hasChanged()) this.reload('changed while starting');
  }

  /** Reading a large watchlist again takes seconds: only when a file was touched about then. */
  private hasChanged(): boolean {
    try {
      const { files } = this.daemon.settings;
      const isLarge = files.some((file) => statSync(file).size > READ_AGAIN_BYTES_MAX);
      if (isLarge && !files.some((file) => wasTouchedSince(file, this.loadedAtMs - TOUCHED_SLACK_MS)))
        return false;
      return !sameSettings(this.load(), this.daemon.settings);
    } catch {
      return true;
    }
  }

  reload(cause: string): void {
    try {
      const next = this.load();
      const restart = restartNeeded(this.daemon.settings, next);
      if (restart.length > 0) this.log.warn({ event: 'reload.restart-needed', keys: restart });
      this.daemon.reload(next);
      this.log.info({ event: 'reload.ok', cause });
      this.update(next.files);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const lines = error.format().split('\n');
      this.log.error({ event: 'reload.failed', cause, problems: lines });
      this.daemon.reloadFailed(lines);
      this.update([...new Set([...this.daemon.settings.files, ...error.files])]);
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

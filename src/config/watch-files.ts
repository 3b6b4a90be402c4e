/**
 * Watching the files the settings came from: one call for each change that has settled, and only when a content is
 * another. Directories are watched, not files, because editors and configuration tools replace a file by renaming a
 * new one over it, and a watch on the old one goes deaf. Called by `daemon/`, which then reloads.
 */
import { createHash } from 'node:crypto';
import { createReadStream, type FSWatcher, watch } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface WatchFilesOptions {
  /** Absolute paths; they need not exist. */
  readonly files: readonly string[];
  /** The paths whose content is another than at the last call, or than at the start. Must not throw. */
  readonly onChange: (changed: readonly string[]) => void;
  /** Quiet time after which a change has settled; default 200. */
  readonly settleMs?: number;
  /** Every so often all files are looked at anyway, for file systems that tell nothing; default 5,000. */
  readonly pollMs?: number;
}

export interface FilesWatch {
  /** Resolves when the first look is over: changes from then on are told. */
  readonly ready: Promise<void>;
  /** Watches these instead; files that were watched before keep their known content. Changes are told from then on. */
  update(files: readonly string[]): Promise<void>;
  /** Looks now, without waiting for word from the file system. */
  look(): Promise<void>;
  close(): void;
}

/** `absent`, or what the content amounts to; the stat saves reading what did not change. */
interface Seen {
  readonly stat: string;
  readonly content: string;
}

const ABSENT: Seen = { stat: 'absent', content: 'absent' };

export function watchFiles(options: WatchFilesOptions): FilesWatch {
  const filesWatch = new DirectoryWatch(options);
  const ready = filesWatch.update(options.files);
  return {
    ready,
    update: (files) => filesWatch.update(files),
    look: () => filesWatch.look(),
    close: () => filesWatch.close(),
  };
}

class DirectoryWatch {
  readonly #onChange: WatchFilesOptions['onChange'];
  readonly #settleMs: number;
  readonly #poll: NodeJS.Timeout;
  readonly #seen = new Map<string, Seen>();
  readonly #directories = new Map<string, { readonly watcher: FSWatcher; readonly identity: string }>();
  #files: readonly string[] = [];
  #settle: NodeJS.Timeout | undefined;
  /** Looks run one after the other. */
  #last: Promise<void> = Promise.resolve();
  #missedOnce = false;
  #isClosed = false;

  constructor(options: WatchFilesOptions) {
    this.#onChange = options.onChange;
    this.#settleMs = options.settleMs ?? 200;
    this.#poll = setInterval(() => void this.look(), options.pollMs ?? 5_000);
    this.#poll.unref();
  }

  update(files: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      this.#files = [...new Set(files)];
      await this.#watchDirectories();
      for (const path of this.#seen.keys()) if (!this.#files.includes(path)) this.#seen.delete(path);
      for (const path of this.#files)
        if (!this.#seen.has(path)) this.#seen.set(path, await seeFile(path, undefined));
    });
  }

  look(): Promise<void> {
    return this.#inTurn(() => this.#look());
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#settle);
    clearInterval(this.#poll);
    for (const { watcher } of this.#directories.values()) watcher.close();
    this.#directories.clear();
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(() => (this.#isClosed ? undefined : work()));
    return this.#last;
  }

  async #look(): Promise<void> {
    // First the watch, then the look: what changes in between is seen by one of them.
    await this.#watchDirectories();
    const now = new Map<string, Seen>();
    for (const path of this.#files) now.set(path, await seeFile(path, this.#seen.get(path)));
    if (this.#isClosed) return;
    const changed = this.#files.filter((path) => now.get(path)?.content !== this.#seen.get(path)?.content);
    // A file that has just gone may be about to come back under the same name: it gets one more settling time.
    const isGone = changed.some((path) => now.get(path) === ABSENT);
    if (isGone && !this.#missedOnce) {
      this.#missedOnce = true;
      this.#changed();
      return;
    }
    this.#missedOnce = false;
    for (const [path, seen] of now) this.#seen.set(path, seen);
    if (changed.length > 0) this.#onChange(changed);
  }

  /** Something moved: look once it has been quiet for the settling time. */
  #changed(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => void this.look(), this.#settleMs);
  }

  /** Keeps a watch on every directory that holds a file or what a link leads to; renews those that were replaced. */
  async #watchDirectories(): Promise<void> {
    const wanted = new Map<string, string>();
    for (const file of this.#files)
      for (const [path, identity] of await directoriesOf(file)) wanted.set(path, identity);
    if (this.#isClosed) return;
    for (const [path, { watcher, identity }] of this.#directories) {
      if (wanted.get(path) === identity) continue;
      watcher.close();
      this.#directories.delete(path);
    }
    for (const [path, identity] of wanted)
      if (!this.#directories.has(path)) this.#watchDirectory(path, identity);
  }

  #watchDirectory(path: string, identity: string): void {
    try {
      const watcher = watch(path, { persistent: false }, () => this.#changed());
      // A directory that goes away ends its watch; the poll finds the next one.
      watcher.on('error', () => this.#changed());
      this.#directories.set(path, { watcher, identity });
    } catch {
      // Not there, or out of watches: the poll sees the change, later.
    }
  }
}

/** The directory of the path as written, and of the file behind all links; the nearest that exists. */
async function directoriesOf(file: string): Promise<readonly (readonly [path: string, identity: string])[]> {
  const real = await realpath(file).catch(() => file);
  const found = await Promise.all([...new Set([dirname(file), dirname(real)])].map(existingDirectory));
  return found.filter((directory) => directory !== undefined);
}

async function existingDirectory(path: string): Promise<readonly [string, string] | undefined> {
  for (let directory = path; ; directory = dirname(directory)) {
    const info = await stat(directory, { bigint: true }).catch(() => undefined);
    if (info?.isDirectory()) return [directory, `${info.dev}:${info.ino}`];
    if (directory === dirname(directory)) return undefined;
  }
}

async function seeFile(path: string, before: Seen | undefined): Promise<Seen> {
  const info = await stat(path, { bigint: true }).catch(() => undefined);
  if (info === undefined || !info.isFile()) return ABSENT;
  const identity = [info.dev, info.ino, info.size, info.mtimeNs, info.ctimeNs].join(':');
  if (before?.stat === identity) return before;
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch {
    return ABSENT;
  }
  return { stat: identity, content: hash.digest('hex') };
}

/** Progress of long work on a terminal: share, rate, time left. Nothing where stderr is no terminal. */
import { statSync } from 'node:fs';
import type { Writable } from 'node:stream';

const EVERY_MS = 250;

export class Progress {
  private readonly stream: Writable & { readonly isTTY?: boolean };
  private readonly totalBytes: number;
  private readonly beganMs = Date.now();
  private doneBytes = 0;
  private shownMs = 0;

  constructor(files: readonly string[], stream: Writable & { readonly isTTY?: boolean }) {
    this.stream = stream;
    this.totalBytes = stream.isTTY === true ? files.reduce((sum, file) => sum + sizeOf(file), 0) : 0;
  }

  /** `bytes` more were read from disk. */
  read(bytes: number): void {
    this.doneBytes += bytes;
    const nowMs = Date.now();
    if (this.stream.isTTY !== true || nowMs - this.shownMs < EVERY_MS) return;
    this.shownMs = nowMs;
    const seconds = (nowMs - this.beganMs) / 1000;
    const rate = this.doneBytes / Math.max(seconds, 0.001);
    const share = this.totalBytes === 0 ? 0 : Math.min(1, this.doneBytes / this.totalBytes);
    const left = Math.max(0, (this.totalBytes - this.doneBytes) / Math.max(rate, 1));
    this.stream.write(
      `\r\u001b[K${(share * 100).toFixed(0)} %  ${(rate / 1e6).toFixed(1)} MB/s  ${left.toFixed(0)} s left`,
    );
  }

  clear(): void {
    if (this.stream.isTTY === true && this.shownMs > 0) this.stream.write('\r\u001b[K');
  }

  end(): void {
    this.clear();
    this.shownMs = 0;
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}

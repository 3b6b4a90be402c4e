/** Texts of a recording as it is read: put together from their parts, and kept while inputs may name them. Bounded. */
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { RecordingLine } from './recording.ts';

/** More than a writer remembers, so that whatever it names is here. */
const KEPT_MAX = 64;
/** The largest text: a watchlist of a million entries has some 300 MB. */
const TEXT_BYTES_MAX = 512 * 1024 * 1024;

export class RecordedTexts {
  /** By hash, the least lately used first. */
  readonly #kept = new Map<string, Buffer>();
  #parts: Buffer[] = [];

  /** Takes a part; parts of one text follow each other. */
  take({ hash, part, of, bytes }: Extract<RecordingLine, { type: 'text' }>): void {
    if (part === 0) this.#parts = [];
    if (part !== this.#parts.length) return;
    this.#parts.push(bytes);
    if (this.#parts.length < of) return;
    this.#keep(hash, Buffer.concat(this.#parts));
    this.#parts = [];
  }

  #keep(hash: string, gzip: Buffer): void {
    this.#kept.delete(hash);
    this.#kept.set(hash, gzip);
    for (const oldest of this.#kept.keys()) if (this.#kept.size > KEPT_MAX) this.#kept.delete(oldest);
  }

  /** A way to the text, to be taken when it is wanted: it gives undefined when the text is not there whole. */
  find(hash: string): () => string | undefined {
    const gzip = this.#kept.get(hash);
    if (gzip === undefined) return () => undefined;
    this.#keep(hash, gzip);
    return () => unpacked(hash, gzip);
  }
}

function unpacked(hash: string, gzip: Buffer): string | undefined {
  try {
    const text = gunzipSync(gzip, { maxOutputLength: TEXT_BYTES_MAX }).toString();
    return createHash('sha256').update(text).digest('hex') === hash ? text : undefined;
  } catch {
    return undefined;
  }
}

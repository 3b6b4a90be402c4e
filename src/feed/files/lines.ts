/**
 * Bytes of a stream → lines, whatever the size of the chunks. Bounded: a line beyond the limit is left out and told,
 * and the next one is whole again. Pure state, no I/O.
 */

/** The longest line taken, in bytes: a frame of 8 MiB as escaped JSON text with room to spare. */
export const LINE_BYTES_MAX = 64 * 1024 * 1024;

const NEWLINE = 0x0a;

export interface Line {
  /** From 1, as editors count. */
  readonly number: number;
  /** Without its line end; undefined where the line was too long. */
  readonly bytes: Buffer | undefined;
  /** False for a last line without a line end: it may have been cut. */
  readonly ended: boolean;
}

export class LineSplitter {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #partBytes = 0;
  #number = 0;

  constructor(maxBytes: number = LINE_BYTES_MAX) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that end within this chunk. Lines are views of the chunk where they lie within one. */
  push(chunk: Buffer): readonly Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      lines.push(this.#take(true));
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
    return lines;
  }

  /** The last line where the input does not end with a line end. */
  end(): readonly Line[] {
    return this.#partBytes > 0 ? [this.#take(false)] : [];
  }

  #keep(part: Buffer): void {
    this.#partBytes += part.length;
    if (this.#partBytes <= this.#maxBytes) this.#parts.push(part);
    else this.#parts = [];
  }

  #take(ended: boolean): Line {
    this.#number += 1;
    const isWhole = this.#partBytes <= this.#maxBytes;
    const [only] = this.#parts;
    const bytes = this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#partBytes = 0;
    return { number: this.#number, bytes: isWhole ? bytes : undefined, ended };
  }
}

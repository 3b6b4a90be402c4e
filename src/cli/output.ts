/** Lines for stdout: collected, written with back-pressure, quiet when the reader has gone (EPIPE). */
import type { Writable } from 'node:stream';

/** Characters collected before they are written. */
const WRITE_CHARACTERS = 256 * 1024;

export class Output {
  private readonly stream: Writable;
  private text = '';
  private isGone = false;

  constructor(stream: Writable) {
    this.stream = stream;
    stream.on('error', () => {
      this.isGone = true;
    });
  }

  line(text: string): void {
    this.text += `${text}\n`;
  }

  get isFull(): boolean {
    return this.text.length >= WRITE_CHARACTERS;
  }

  /** False when nobody reads any more. */
  async flush(): Promise<boolean> {
    const { text } = this;
    this.text = '';
    if (this.isGone || text === '') return !this.isGone;
    await new Promise<void>((resolve) => {
      this.stream.write(text, () => resolve());
    });
    return !this.isGone;
  }
}

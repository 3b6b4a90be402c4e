/**
 * The tar of an evidence file: POSIX ustar (IEEE Std 1003.1-2001, pax "ustar Interchange Format"), plain files only, one
 * way to write each byte. So a reader that writes again what it read has the very same bytes, or the file was changed.
 */
export interface TarEntry {
  /** At most 100 ASCII characters. */
  readonly name: string;
  readonly body: Uint8Array;
}

const BLOCK = 512;
const MODE = 0o644;

/** `seconds`: the time that every entry carries, since the epoch. */
export function writeTar(entries: readonly TarEntry[], seconds: number): Buffer {
  const parts: Buffer[] = [];
  for (const entry of entries) {
    parts.push(header(entry, seconds), Buffer.from(entry.body));
    parts.push(Buffer.alloc((BLOCK - (entry.body.length % BLOCK)) % BLOCK));
  }
  parts.push(Buffer.alloc(2 * BLOCK));
  return Buffer.concat(parts);
}

function header({ name, body }: TarEntry, seconds: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  if (!/^[\x21-\x7e]{1,100}$/.test(name)) throw new Error(`no name for an entry: ${name}`);
  block.write(name, 0, 'ascii');
  block.write(octal(MODE, 7), 100, 'ascii');
  block.write(octal(0, 7), 108, 'ascii');
  block.write(octal(0, 7), 116, 'ascii');
  block.write(octal(body.length, 11), 124, 'ascii');
  block.write(octal(seconds, 11), 136, 'ascii');
  block.write('        ', 148, 'ascii');
  block.write('0', 156, 'ascii');
  block.write('ustar\x0000', 257, 'ascii');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148, 'ascii');
  return block;
}

function octal(value: number, digits: number): string {
  return Math.floor(value).toString(8).padStart(digits, '0');
}

export interface ReadTar {
  readonly entries: readonly TarEntry[];
  readonly seconds: number;
}

/** Undefined for what `writeTar` never wrote: every byte is looked at, padding and headers too. */
export function readTar(bytes: Buffer): ReadTar | undefined {
  const entries: TarEntry[] = [];
  let seconds = 0;
  let at = 0;
  while (at + BLOCK <= bytes.length && bytes[at] !== 0) {
    const size = numberAt(bytes, at + 124, 11);
    const end = at + BLOCK + size;
    if (size < 0 || end > bytes.length) return undefined;
    seconds = numberAt(bytes, at + 136, 11);
    const name = bytes.toString('latin1', at, at + 100).replace(/\0.*$/s, '');
    if (!/^[\x21-\x7e]{1,100}$/.test(name)) return undefined;
    entries.push({ name, body: bytes.subarray(at + BLOCK, end) });
    at += BLOCK * (1 + Math.ceil(size / BLOCK));
  }
  if (entries.length === 0 || seconds < 0) return undefined;
  return writeTar(entries, seconds).equals(bytes) ? { entries, seconds } : undefined;
}

/** −1 for what is no octal number. */
function numberAt(bytes: Buffer, at: number, digits: number): number {
  const text = bytes.toString('latin1', at, at + digits);
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : -1;
}

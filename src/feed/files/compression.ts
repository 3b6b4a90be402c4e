/**
 * Compressed input, told by its first bytes and never by its name, and taken off in a streaming way. Damage costs what
 * lies behind it: everything decompressed before is given out first, then the damage is thrown as `DamagedInput`.
 *
 * What stands behind a whole stream and is none is no damage of it, but is said, too. gzip is `gzip.ts`; another compression
 * is one line in the list that the caller composes.
 */
/** Reading ends here: the bytes before were whole. The message says what is wrong. */
export class DamagedInput extends Error {
  /** Everything up to here is whole and complete, too: only octets behind it are not read. */
  readonly isBehind: boolean;

  constructor(message: string, isBehind = false) {
    super(message);
    this.isBehind = isBehind;
  }
}

export type Bytes = AsyncIterable<Buffer>;

/** Takes a compression off. Yields all that is whole, then throws `DamagedInput` where the input is not. */
export type Decompressor = (compressed: Bytes) => Bytes;

export interface Compression {
  readonly name: string;
  readonly magic: readonly number[];
  /** Undefined: recognised, not readable. */
  readonly decompress: Decompressor | undefined;
}

/** Named when met, so that the message says what to do. */
export const UNREADABLE: readonly Compression[] = [
  { name: 'bzip2', magic: [0x42, 0x5a, 0x68], decompress: undefined },
  { name: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], decompress: undefined },
  { name: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd], decompress: undefined },
];

/** The compression that the first bytes announce; those that can be read go first. */
export function compressionOf(head: Buffer, readable: readonly Compression[]): Compression | undefined {
  return [...readable, ...UNREADABLE].find(({ magic }) => magic.every((byte, index) => head[index] === byte));
}

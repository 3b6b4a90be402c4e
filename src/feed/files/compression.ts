/**
 * Compressed input, told by its first bytes and never by its name, and taken off in a streaming way. Damage costs what
 * lies behind it: everything decompressed before is given out first, then the damage is thrown as `DamagedInput`.
 *
 * gzip is `node:zlib` (RFC 1952, several members in a row are one stream). Another compression is one line in
 * `DECOMPRESSORS`.
 */
import { createGunzip } from 'node:zlib';

/** Reading ends here: the bytes before were whole. The message says what is wrong. */
export class DamagedInput extends Error {}

export type Bytes = AsyncIterable<Buffer>;

/** Takes a compression off. Yields all that is whole, then throws `DamagedInput` where the input is not. */
export type Decompressor = (compressed: Bytes) => Bytes;

export interface Compression {
  readonly name: string;
  readonly magic: readonly number[];
  /** Undefined: recognised, not readable. */
  readonly decompress: Decompressor | undefined;
}

/** Compressions this build knows, as the caller composes them: `[GZIP, …]`. */
export const GZIP: Compression = { name: 'gzip', magic: [0x1f, 0x8b], decompress: gunzip };

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

/** Compressed bytes given to zlib at a time: bounds what one step can blow up to (about 1,000 times as much). */
const STEP_BYTES = 16 * 1024;

/**
 * Steps zlib by hand: a stream that is destroyed by an error forgets what it had already decompressed, and what is
 * whole has to be read.
 */
async function* gunzip(compressed: Bytes): Bytes {
  const stream = createGunzip();
  let whole: Buffer[] = [];
  let damage: Error | undefined;
  let isOver = false;
  let wake = (): void => undefined;
  // Zeros behind the last member (a padded tape) end the stream without answering the write that brought them.
  stream.on('end', () => {
    isOver = true;
    wake();
  });
  stream.on('data', (chunk: Buffer) => whole.push(chunk));
  stream.on('error', (error) => {
    damage = error;
    wake();
  });
  const step = (send: (done: () => void) => void): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      send(resolve);
    });
  const take = (): Buffer[] => {
    const taken = whole;
    whole = [];
    return taken;
  };
  try {
    for await (const chunk of compressed) {
      for (let start = 0; start < chunk.length && damage === undefined && !isOver; start += STEP_BYTES) {
        await step((done) => stream.write(chunk.subarray(start, start + STEP_BYTES), () => done()));
        yield* take();
      }
      if (damage !== undefined || isOver) break;
    }
    if (damage === undefined && !isOver) await step((done) => stream.once('end', done).end());
    yield* take();
  } finally {
    stream.destroy();
  }
  if (damage !== undefined) throw new DamagedInput(`gzip: ${(damage as Error).message}`);
}

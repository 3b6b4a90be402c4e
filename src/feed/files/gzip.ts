/**
 * gzip (RFC 1952) taken off member by member. `node:zlib` reads several members by itself, but forgets what it has
 * decompressed when other octets follow; here what is whole is given out first, whatever stands behind it.
 */
import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib';
import { type Bytes, type Compression, DamagedInput } from './compression.ts';

/** Compressed bytes given to zlib at a time: bounds what one step can blow up to (about 1,000 times as much). */
const STEP_BYTES = 16 * 1024;
const MAGIC: readonly number[] = [0x1f, 0x8b];
const DEFLATE = 8;
/** Flags of a header (§2.3.1): what follows its ten octets. */
const HAS_CRC = 2;
const HAS_EXTRA = 4;
const HAS_NAME = 8;
const HAS_COMMENT = 16;

export const GZIP: Compression = { name: 'gzip', magic: MAGIC, decompress: gunzip };

/** Yields all that is whole, then throws `DamagedInput` where the input is not, or where something else follows. */
export async function* gunzip(compressed: Bytes): Bytes {
  const input = new Octets(compressed);
  try {
    yield* member(input);
    for (;;) {
      const magic = await input.peek(MAGIC.length);
      if (magic.length === 0) return;
      if (!MAGIC.every((octet, at) => magic[at] === octet)) throw await unread(input);
      yield* member(input);
    }
  } finally {
    await input.close();
  }
}

/** Octets behind the last member: a padded tape has zeros there, a file that was joined has anything. */
async function unread(input: Octets): Promise<DamagedInput> {
  let count = 0;
  let isZero = true;
  for (let chunk = await input.some(); chunk.length > 0; chunk = await input.some()) {
    count += chunk.length;
    isZero &&= chunk.every((octet) => octet === 0);
    input.skip(chunk.length);
  }
  const what = isZero ? `${count} octets of zero` : `${count} octets`;
  return new DamagedInput(`gzip: ${what} behind the end of the compressed stream are not read`, true);
}

async function* member(input: Octets): Bytes {
  await skipHeader(input);
  const inflating = new Inflating();
  let sum = 0;
  let size = 0;
  try {
    while (!inflating.isOver) {
      const chunk = await input.some();
      const given = chunk.subarray(0, STEP_BYTES);
      input.skip(await inflating.step(given));
      for (const whole of inflating.take()) {
        sum = crc32(whole, sum);
        size = (size + whole.length) >>> 0;
        yield whole;
      }
      if (inflating.damage !== undefined) throw new DamagedInput(`gzip: ${inflating.damage.message}`);
    }
  } finally {
    inflating.close();
  }
  const trailer = await input.take(8, 'gzip: the check sum at its end is cut off');
  if (trailer.readUInt32LE(0) !== sum) throw new DamagedInput('gzip: incorrect data check');
  if (trailer.readUInt32LE(4) !== size) throw new DamagedInput('gzip: incorrect length check');
}

async function skipHeader(input: Octets): Promise<void> {
  const cut = 'gzip: header cut off';
  const head = await input.take(10, cut);
  if (head[2] !== DEFLATE) throw new DamagedInput(`gzip: unknown compression method ${head[2]}`);
  const flags = head[3] as number;
  if ((flags & HAS_EXTRA) !== 0) await input.take((await input.take(2, cut)).readUInt16LE(0), cut);
  for (const flag of [HAS_NAME, HAS_COMMENT])
    if ((flags & flag) !== 0) while ((await input.take(1, cut))[0] !== 0);
  if ((flags & HAS_CRC) !== 0) await input.take(2, cut);
}

/** The octets of a stream, taken in any pieces. */
class Octets {
  readonly #source: AsyncIterator<Buffer>;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(bytes: Bytes) {
    this.#source = bytes[Symbol.asyncIterator]();
  }

  /** What is at hand, at least one octet; empty at the end. */
  async some(): Promise<Buffer> {
    while (this.#bytes.length === 0 && (await this.#more()));
    return this.#bytes;
  }

  /** The next octets, fewer only at the end; they stay. */
  async peek(count: number): Promise<Buffer> {
    while (this.#bytes.length < count && (await this.#more()));
    return this.#bytes.subarray(0, count);
  }

  /** Exactly so many, or `DamagedInput`. */
  async take(count: number, orElse: string): Promise<Buffer> {
    const taken = await this.peek(count);
    if (taken.length < count) throw new DamagedInput(orElse);
    this.skip(count);
    return taken;
  }

  skip(count: number): void {
    this.#bytes = this.#bytes.subarray(count);
  }

  async #more(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done === true) return false;
    this.#bytes = this.#bytes.length === 0 ? next.value : Buffer.concat([this.#bytes, next.value]);
    return true;
  }

  /** For a stream that is not read to its end. */
  async close(): Promise<void> {
    await this.#source.return?.(undefined);
  }
}

/**
 * Steps zlib by hand: a stream that is destroyed by an error forgets what it had already decompressed, and what is
 * whole has to be read.
 */
class Inflating {
  damage: Error | undefined;
  /** The compressed data ended, and its last step is taken. */
  isOver = false;
  readonly #stream: InflateRaw = createInflateRaw();
  #whole: Buffer[] = [];
  #wake = (): void => undefined;

  constructor() {
    this.#stream.on('data', (chunk: Buffer) => this.#whole.push(chunk));
    this.#stream.on('error', (error) => {
      this.damage = error;
      this.#wake();
    });
    // Octets behind the data end the stream without answering the write that brought them.
    this.#stream.on('end', () => {
      this.isOver = true;
      this.#wake();
    });
  }

  /** Inflates; an empty piece says that there are no more. Returns how many octets were needed. */
  async step(piece: Buffer): Promise<number> {
    const before = this.#stream.bytesWritten;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (piece.length === 0) this.#stream.end();
      else this.#stream.write(piece, () => resolve());
    });
    return this.#stream.bytesWritten - before;
  }

  /** What was decompressed since the last call. */
  take(): readonly Buffer[] {
    const taken = this.#whole;
    this.#whole = [];
    return taken;
  }

  close(): void {
    this.#stream.destroy();
  }
}

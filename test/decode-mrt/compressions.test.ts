/** bzip2 by the system's program and in JavaScript give the same bytes; gzip member by member; xz and zstd by their programs. */
import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { BZIP2, bunzip2InJavaScript } from '../../src/feed/files/bzip2.ts';
import { type Bytes, type Compression, DamagedInput } from '../../src/feed/files/compression.ts';
import { findProgram, throughProgram, XZ, ZSTD } from '../../src/feed/files/decompress-tool.ts';
import { gunzip } from '../../src/feed/files/gzip.ts';
import { hex, rng } from './bytes.ts';
import { decodedBytes } from './run.ts';

// bzip2 of "originwatch\n", so that something is proven without any program.
const SMALL = hex(
  '425a6839 314159265359 637082e0 00000441 80001028 e1948020 0022000f 508069a6 890cb363 0e3c5dc9 14e14241 8dc20b80',
);
const bzip2 = findProgram(['bzip2']);
const random = rng(7);
const TEXT = Buffer.from(Array.from({ length: 400_000 }, () => 97 + Math.floor(random() * 20)));

async function* inChunks(bytes: Buffer, size: number): Bytes {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function taken(
  source: Bytes,
): Promise<{ readonly bytes: Buffer; readonly damage: string | undefined }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of source) chunks.push(chunk);
  } catch (error) {
    if (!(error instanceof DamagedInput)) throw error;
    return { bytes: Buffer.concat(chunks), damage: error.message };
  }
  return { bytes: Buffer.concat(chunks), damage: undefined };
}

const packed = (program: string, args: readonly string[]): Buffer =>
  execFileSync(program, args, { input: TEXT, maxBuffer: 8 * 1024 * 1024 });

describe.skipIf(bzip2 === undefined)('bzip2 (needs the program bzip2)', () => {
  // Blocks of 100 KB, so that there are several.
  const one = bzip2 === undefined ? Buffer.alloc(0) : packed(bzip2, ['-1c']);
  const readers: [string, (compressed: Bytes) => Bytes][] = [
    ['by the program', BZIP2.decompress ?? bunzip2InJavaScript],
    ['in JavaScript', bunzip2InJavaScript],
  ];

  test.each(readers)('%s gives what was compressed, in chunks of any size', async (_name, read) => {
    for (const size of [997, 65_536]) {
      const { bytes, damage } = await taken(read(inChunks(one, size)));
      expect([bytes.equals(TEXT), damage]).toEqual([true, undefined]);
    }
  });

  test.each(readers)('%s reads several streams in a row', async (_name, read) => {
    const { bytes } = await taken(read(inChunks(Buffer.concat([one, one]), 65_536)));
    expect(bytes.equals(Buffer.concat([TEXT, TEXT]))).toBe(true);
  });

  test.each(readers)('%s gives the whole blocks of a cut file, then the damage', async (_name, read) => {
    const { bytes, damage } = await taken(read(inChunks(one.subarray(0, one.length - 1_000), 65_536)));
    expect(bytes.length).toBeGreaterThan(200_000);
    expect(bytes.equals(TEXT.subarray(0, bytes.length))).toBe(true);
    expect(damage).toContain('bzip2');
  });

  test.each(readers)('%s passes on the damage of the layer below', async (_name, read) => {
    async function* broken(): Bytes {
      yield one.subarray(0, 100);
      throw new DamagedInput('the disk');
    }
    expect((await taken(read(broken()))).damage).toBeDefined();
  });

  test.each(readers)(
    '%s gives all of a stream with other octets behind it, and says so',
    async (_name, read) => {
      for (const rest of [Buffer.from('garbage'), Buffer.alloc(600)]) {
        const { bytes, damage } = await taken(read(inChunks(Buffer.concat([one, rest]), 65_536)));
        expect(bytes.equals(TEXT)).toBe(true);
        expect(damage).toMatch(/bzip2.*(trailing garbage|behind the end)/);
      }
    },
  );

  test('by the program ends it when nobody reads on', async () => {
    for await (const chunk of throughProgram(bzip2 ?? '', inChunks(one, 4_096))) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
  });
});

describe('gzip', () => {
  // Much larger than what zlib is given at a time, and than what it gives.
  const body = Buffer.concat([TEXT, Buffer.alloc(2_000_000)]);
  const one = gzipSync(body);
  const read = async (bytes: Buffer): Promise<Awaited<ReturnType<typeof taken>>[]> =>
    Promise.all([997, 65_536, bytes.length].map((size) => taken(gunzip(inChunks(bytes, Math.max(1, size))))));

  test('of several members, with names, comments and extra fields in their headers, is one stream', async () => {
    const deflated = one.subarray(10);
    const header = hex('1f8b 08 1e 00000000 0003 0300 616263');
    const named = Buffer.concat([header, Buffer.from('name\0comment\0'), hex('0000'), deflated]);
    for (const { bytes, damage } of await read(Buffer.concat([one, named, gzipSync(Buffer.alloc(0)), one])))
      expect([bytes.equals(Buffer.concat([body, body, body])), damage]).toEqual([true, undefined]);
  });

  test('may come octet by octet', async () => {
    const small = Buffer.concat([gzipSync('origin'), gzipSync('watch')]);
    expect((await taken(gunzip(inChunks(small, 1)))).bytes.toString()).toBe('originwatch');
  });

  test.each([
    ['text', Buffer.from('some other file'), '15 octets behind'],
    ['zeros, as on a padded tape', Buffer.alloc(512), '512 octets of zero behind'],
    ['half a magic number', hex('1f'), '1 octets behind'],
    ['the header of a member that is not there', hex('1f8b08'), 'header cut off'],
  ])('with %s behind it gives all of it, and says so', async (_name, rest, said) => {
    for (const { bytes, damage } of await read(Buffer.concat([one, rest]))) {
      expect(bytes.equals(body)).toBe(true);
      expect(damage).toContain(said);
    }
  });

  test('that is cut off or changed gives what is whole before, and the damage', async () => {
    for (const cut of [3, 12, 5_000])
      for (const { bytes, damage } of await read(one.subarray(0, one.length - cut))) {
        expect(bytes.equals(body.subarray(0, bytes.length))).toBe(true);
        expect(bytes.length).toBeGreaterThan(cut > 8 ? 1 : body.length - 1);
        expect(damage).toContain('gzip: ');
      }
    const changed = Buffer.from(one);
    changed.writeUInt8(changed.readUInt8(changed.length - 8) ^ 1, changed.length - 8);
    for (const { damage } of await read(changed)) expect(damage).toBe('gzip: incorrect data check');
  });

  test('passes on the damage of the layer below', async () => {
    async function* broken(): Bytes {
      yield one.subarray(0, 50_000);
      throw new DamagedInput('the disk');
    }
    expect((await taken(gunzip(broken()))).damage).toBe('the disk');
  });

  test('before a recording whose last line has no end reads that line, and says what follows', async () => {
    const frame =
      '{"type":"UPDATE","timestamp":1,"peer":"192.0.2.1","peer_asn":"1","host":"rrc00","path":[1],"announcements":[{"next_hop":"192.0.2.1","prefixes":["10.0.0.0/8"]}]}';
    const outcome = await decodedBytes(Buffer.concat([gzipSync(`${frame}\n${frame}`), Buffer.from('rest')]), {
      name: 'in',
    });
    expect(outcome.stdout.match(/10\.0\.0\.0\/8/g)).toHaveLength(2);
    expect(outcome.stderr).toBe(
      'in: after record 2: gzip: 4 octets behind the end of the compressed stream are not read\n',
    );
    expect(outcome.code).toBe(0);
  });
});

describe.each([
  ['xz', XZ],
  ['zstd', ZSTD],
] as [string, Compression][])('%s', (name, compression) => {
  const program = findProgram([name]);

  test.skipIf(program === undefined)('is read through its program, where installed', async () => {
    const { bytes, damage } = await taken(
      (compression.decompress as (compressed: Bytes) => Bytes)(
        inChunks(packed(program ?? '', ['-c']), 65_536),
      ),
    );
    expect([bytes.equals(TEXT), damage]).toEqual([true, undefined]);
  });

  test('is recognised, and a damaged one says so', async () => {
    const { stderr, code } = await decodedBytes(
      Buffer.concat([Buffer.from(compression.magic), Buffer.alloc(50, 1)]),
      { name: 'in' },
    );
    expect(stderr).toMatch(new RegExp(`^in: .*${name}`));
    expect(code).toBe(1);
  });
});

test('a program that is not there is found to be so', () => {
  expect(findProgram(['bzip2'], '/nowhere:/neither')).toBeUndefined();
});

test('in JavaScript a known file is read without any program', async () => {
  expect((await taken(bunzip2InJavaScript(inChunks(SMALL, 7)))).bytes.toString()).toBe('originwatch\n');
});

test('bytes that only begin like bzip2 are damage, not an exception', async () => {
  expect((await taken(bunzip2InJavaScript(inChunks(SMALL.subarray(0, 20), 7)))).damage).toBeDefined();
  expect(
    (await taken(bunzip2InJavaScript(inChunks(Buffer.from('BZh9 no, not at all'), 5)))).damage,
  ).toBeDefined();
});

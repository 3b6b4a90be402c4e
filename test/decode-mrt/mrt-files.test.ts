/** MRT files as recorded input: what `replay` and `baseline learn` are given. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Interest } from '../../src/decode/bgp/update.ts';
import { BZIP2 } from '../../src/feed/files/bzip2.ts';
import { formatFileProblem, RecordedInput } from '../../src/feed/files/files.ts';
import type { FileRecord } from '../../src/feed/files/forms.ts';
import { mrtForm } from '../../src/feed/files/mrt-files.ts';
import type { Stamped } from '../../src/feed/files/stamps.ts';
import {
  attribute,
  be16,
  bgp4mp,
  hex,
  ORIGIN_IGP,
  peerTable,
  record,
  ribEntry,
  ribRow,
  segment,
  sessionBytes,
  updateBytes,
} from './bytes.ts';

const START = 1_643_850_000;
const hijack = (seconds: number): Buffer =>
  bgp4mp(updateBytes({ path: [64_500, 9457], announced: ['211.249.221.0/24'] }), { seconds });
const foreign = (seconds: number): Buffer =>
  bgp4mp(updateBytes({ path: [64_500, 15_169], announced: ['203.0.113.0/24'] }), { seconds });
const INTEREST: Interest = { prefix: (family, w0) => family === 4 && w0 >> 11 === 0xd3f9d800 >> 11 };

interface Reading {
  readonly stamped: readonly Stamped<FileRecord>[];
  readonly said: readonly string[];
  readonly nothingRead: boolean;
}

async function read(files: Readonly<Record<string, Buffer>>, interest?: Interest): Promise<Reading> {
  const folder = mkdtempSync(join(tmpdir(), 'mrt-'));
  const said: string[] = [];
  try {
    const paths = Object.entries(files).map(([name, bytes]) => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    });
    const input = new RecordedInput({
      files: paths,
      forms: [mrtForm({ interest })],
      compressions: [BZIP2],
      onProblem: (problem) => said.push(formatFileProblem(problem).replace(`${folder}/`, '')),
    });
    const stamped: Stamped<FileRecord>[] = [];
    for await (const batch of input.batches()) stamped.push(...batch);
    return { stamped, said, nothingRead: input.nothingRead() };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const shown = ({ record, arrivedMs }: Stamped<FileRecord>): string => {
  const at = arrivedMs / 1000 - START;
  const { input } = record;
  if (input?.type === 'update') {
    const { vantagePoint, announced } = input.update;
    return `${at} ${input.via} ${vantagePoint.collector} ${announced.map(({ text }) => text).join()}`;
  }
  return `${at} ${input?.type === 'peer-state' ? `${input.change.vantagePoint.collector} ${input.change.state}` : 'clock'}`;
};

describe('MRT files', () => {
  test('of several collectors are merged by time', async () => {
    const down = record(16, 5, Buffer.concat([sessionBytes(), be16(6), be16(1)]), START + 3);
    const { stamped, said } = await read({
      'rrc06.updates.1': Buffer.concat([hijack(START + 1), down]),
      'route-views.sydney.updates.2.gz': gzipSync(Buffer.concat([hijack(START + 2), hijack(START + 4)])),
    });
    expect(stamped.map(shown)).toEqual([
      '1 replay rrc06 211.249.221.0/24',
      '2 replay route-views.sydney 211.249.221.0/24',
      '3 rrc06 down',
      '4 replay route-views.sydney 211.249.221.0/24',
    ]);
    expect(said).toEqual([]);
  });

  test('keep the record as raw evidence, in hexadecimal', async () => {
    const { stamped } = await read({ rrc06: hijack(START) });
    const input = stamped[0]?.record.input;
    expect(input?.type === 'update' && input.raw).toBe(hijack(START).subarray(12).toString('hex'));
  });

  test('RIB rows come as a snapshot, stamped with the dump and observed when the route came up', async () => {
    const attributes = Buffer.concat([
      ORIGIN_IGP,
      attribute(0x40, 2, segment([64_500, 7625])),
      attribute(0x40, 3, hex('c0000201')),
    ]);
    const rib = Buffer.concat([
      peerTable([{ address: '192.0.2.1', asn: 64_500 }]),
      ribRow(2, '211.249.216.0/21', [ribEntry(0, START - 500, attributes)]),
    ]);
    const { stamped } = await read({ 'rrc06.bview': rib });
    expect(stamped.map(shown)).toEqual(['258 snapshot rrc06 211.249.216.0/21']);
    const input = stamped[0]?.record.input;
    expect(input?.type === 'update' && input.update.observedMs).toBe((START - 500) * 1000);
  });

  test('that touch nothing of interest still show their vantage point once, and move the clock', async () => {
    const bytes = Buffer.concat([foreign(START), foreign(START + 1), hijack(START + 2), foreign(START + 9)]);
    const { stamped } = await read({ rrc06: bytes }, INTEREST);
    expect(stamped.map(shown)).toEqual([
      '0 replay rrc06 203.0.113.0/24',
      '2 replay rrc06 211.249.221.0/24',
      '9 clock',
    ]);
  });

  test('that are damaged say where, and what is whole counts', async () => {
    const { stamped, said, nothingRead } = await read({
      rrc06: Buffer.concat([hijack(START), hijack(START + 1).subarray(0, 40)]),
    });
    expect(stamped).toHaveLength(1);
    expect(said).toEqual([expect.stringMatching(/^rrc06: offset \d+: mrt-cut: 40 octets left/)]);
    expect(nothingRead).toBe(false);
  });
});

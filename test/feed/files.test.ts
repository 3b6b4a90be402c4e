import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type FileProblem,
  formatFileProblem,
  RecordedInput,
  type RecordedInputOptions,
} from '../../src/feed/files/files.ts';
import type { FileRecord, Form } from '../../src/feed/files/forms.ts';
import { isMrt } from '../../src/feed/files/forms.ts';
import { LineSplitter } from '../../src/feed/files/lines.ts';
import { RecordingWriter } from '../../src/feed/files/recording.ts';
import type { Stamped } from '../../src/feed/files/stamps.ts';

const EVENTS = '../shared/data/events/rislive-reencoded';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'originwatch-files-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function path(name: string): string {
  return join(directory, name);
}

function written(name: string, content: string | Buffer): string {
  writeFileSync(path(name), content);
  return path(name);
}

function message(seconds: number, prefix = '198.51.100.0/24', change: object = {}): string {
  const announcements = [{ next_hop: '192.0.2.1', prefixes: [prefix] }];
  const data = {
    timestamp: seconds,
    peer: '192.0.2.1',
    peer_asn: '64500',
    host: 'rrc00',
    type: 'UPDATE',
    path: [64500, 64501],
    announcements,
  };
  return JSON.stringify({ type: 'ris_message', data: { ...data, ...change } });
}

function lines(...texts: readonly string[]): string {
  return `${texts.join('\n')}\n`;
}

interface Reading {
  readonly records: readonly Stamped<FileRecord>[];
  readonly problems: readonly string[];
  readonly nothingRead: boolean;
  readonly forms: readonly (string | undefined)[];
}

async function read(files: readonly string[], options: Partial<RecordedInputOptions> = {}): Promise<Reading> {
  const problems: FileProblem[] = [];
  const input = new RecordedInput({ files, onProblem: (problem) => problems.push(problem), ...options });
  const records: Stamped<FileRecord>[] = [];
  for await (const batch of input.batches()) records.push(...batch);
  return {
    records,
    problems: problems.map(formatFileProblem).map((text) => text.replaceAll(`${directory}/`, '')),
    nothingRead: input.nothingRead(),
    forms: input.summaries().map((summary) => summary.form),
  };
}

/** Prefix or type of each record with its arrival in seconds. */
function told({ records }: Reading): readonly string[] {
  return records.map(({ record: { input }, arrivedMs }) => {
    const what = input?.type === 'update' ? input.update.announced[0]?.text : (input?.type ?? 'nothing');
    return `${arrivedMs / 1_000} ${what}`;
  });
}

describe('a file of RIS Live messages', () => {
  test('is read with and without the envelope, descriptions and blank lines left out', async () => {
    const bare = JSON.stringify((JSON.parse(message(2, '203.0.113.0/24')) as { data: object }).data);
    const state = message(3, '', { type: 'RIS_PEER_STATE', state: 'down' });
    const text = `\uFEFF{"meta":{"event":"x"}}\r\n${message(1)}\r\n\r\n${bare}\n${state}\n{"type":"pong"}`;
    const reading = await read([written('plain.txt', text)]);
    expect(told(reading)).toEqual(['1 198.51.100.0/24', '2 203.0.113.0/24', '3 peer-state', '3 nothing']);
    expect(reading).toMatchObject({ problems: [], nothingRead: false });
    expect(reading.records[0]?.record.input).toMatchObject({
      feed: 'replay',
      via: 'replay',
      raw: message(1),
    });
  });

  test('is told by content, compressed or not, whatever its name', async () => {
    const zipped = gzipSync(lines(message(1), message(2)));
    const files = [
      written('a.txt', zipped),
      written('b.bz2', gzipSync(zipped)),
      written('c.gz', lines(message(3))),
    ];
    const reading = await read(files);
    expect(told(reading).map((text) => text.split(' ')[0])).toEqual(['1', '1', '2', '2', '3']);
    expect(reading.problems).toEqual([]);
  });

  test('costs a bad line only that line, and says which', async () => {
    const reading = await read([
      written('x', lines(message(1), '{"type":"ris_mess', message(2), '[]', message(3))),
    ]);
    expect(told(reading).map((text) => text.split(' ')[0])).toEqual(['1', '1', '2', '2', '3']);
    expect(reading.problems).toHaveLength(2);
    expect(reading.problems[0]).toMatch(/^x: line 2: bad-json: /);
    expect(reading.problems[1]).toMatch(/^x: line 4: bad-frame: /);
    expect(reading.nothingRead).toBe(false);
  });

  test('that begins or ends in the middle of a line is read between', async () => {
    const cut = message(1).slice(100);
    const reading = await read([written('x', `${cut}\n${message(2)}\n${message(3).slice(0, 50)}`)]);
    expect(told(reading)).toEqual(['2 nothing', '2 198.51.100.0/24', '2 nothing']);
    expect(reading.problems[1]).toMatch(/^x: line 3: cut off: bad-json/);
  });

  test('that is cut as gzip gives all that was whole and says where it ends', async () => {
    const texts = Array.from({ length: 5_000 }, (_, index) =>
      message(1 + index, `10.${index >> 8}.${index & 255}.0/24`),
    );
    const zipped = gzipSync(lines(...texts));
    const reading = await read([written('x.gz', zipped.subarray(0, Math.floor(zipped.length * 0.7)))]);
    const updates = reading.records.filter(({ record }) => record.input?.type === 'update');
    expect(updates.length).toBeGreaterThan(2_000);
    expect(updates.length).toBeLessThan(5_000);
    expect(told(reading)[0]).toBe('1 10.0.0.0/24');
    expect(reading.problems).toEqual([`x.gz: after record ${updates.length}: gzip: unexpected end of file`]);
  });

  test('that is damaged as gzip gives what comes before the damage', async () => {
    const zipped = gzipSync(lines(...Array.from({ length: 5_000 }, (_, index) => message(1 + index))));
    zipped.fill(0xff, zipped.length - 200, zipped.length - 100);
    const reading = await read([written('x.gz', zipped)]);
    expect(reading.records.length).toBeGreaterThan(100);
    // Damage may look like data for a while; where it is noticed is said, however many lines of that are none.
    expect(
      reading.problems.filter((problem) => /^x\.gz: after record \d+: gzip: /.test(problem)),
    ).toHaveLength(1);
  });

  test('reports the first problems one by one and then their number', async () => {
    const reading = await read([written('x', lines(message(1), ...new Array<string>(50).fill('junk')))]);
    expect(reading.problems).toHaveLength(21);
    expect(reading.problems.at(-1)).toBe('x: and 30 more problems');
  });
});

describe('what cannot be read', () => {
  test('is said, and is a failure only where nothing else could be', async () => {
    const good = written('good', lines(message(1)));
    for (const bad of [
      path('missing'),
      directory,
      written('text', 'hello\nworld\n'),
      written('xz', Buffer.from('fd377a585a00', 'hex')),
    ]) {
      const alone = await read([bad]);
      expect(alone.problems).toHaveLength(1);
      expect(alone.nothingRead).toBe(true);
      const together = await read([bad, good]);
      expect(told(together)).toEqual(['1 198.51.100.0/24']);
      expect(together.nothingRead).toBe(false);
    }
  });

  test('an empty file is whole, with nothing in it', async () => {
    expect(await read([written('empty', ''), written('empty.gz', gzipSync(''))])).toMatchObject({
      records: [],
      problems: [],
      nothingRead: false,
    });
  });
});

describe('several files', () => {
  test('are merged by time, equal times in the order of the files', async () => {
    const a = written(
      'a',
      lines(message(1, '10.0.1.0/24'), message(5, '10.0.5.0/24'), message(9, '10.0.9.0/24')),
    );
    const b = written(
      'b',
      lines(message(2, '10.1.2.0/24'), message(5, '10.1.5.0/24'), message(6, '10.1.6.0/24')),
    );
    const c = written('c', '');
    expect(told(await read([b, c, a]))).toEqual([
      '1 10.0.1.0/24',
      '2 10.1.2.0/24',
      '5 10.1.5.0/24',
      '5 10.0.5.0/24',
      '6 10.1.6.0/24',
      '9 10.0.9.0/24',
    ]);
  });

  test('are not held up by one impossible stamp in one of them', async () => {
    const a = written(
      'a',
      lines(message(1, '10.0.1.0/24'), message(999_999, '10.0.2.0/24'), message(3, '10.0.3.0/24')),
    );
    const b = written('b', lines(message(2, '10.1.2.0/24'), message(4, '10.1.4.0/24')));
    const reading = await read([a, b]);
    expect(told(reading)).toEqual([
      '1 10.0.1.0/24',
      '1 10.0.2.0/24',
      '2 10.1.2.0/24',
      '3 10.0.3.0/24',
      '4 10.1.4.0/24',
    ]);
    expect(reading.records.map(({ mistaken }) => mistaken)).toEqual([false, true, false, false, false]);
  });

  test('can be left in the middle', async () => {
    const file = written('a', lines(...Array.from({ length: 5_000 }, (_, index) => message(index + 1))));
    const input = new RecordedInput({ files: [file, file], onProblem: () => undefined });
    for await (const batch of input.batches()) {
      expect(batch.length).toBeGreaterThan(0);
      break;
    }
  });
});

test('our own recording keeps arrival, way, states, broken frames and the final clock', async () => {
  const onFailure = (error: Error): void => {
    throw error;
  };
  const recording = new RecordingWriter(path('own'), { append: false, atMs: 1_000, onFailure });
  recording.state(2_000, { type: 'feed-state', feed: 'ris-live', state: 'live', reason: 'subscribed' });
  recording.frame(3_000, 'ris-live', 'live', Buffer.from(message(999_999_999)));
  recording.frame(4_000, 'ripestat', 'backfill', Buffer.from(message(1)));
  recording.frame(5_000, 'ris-live', 'live', Buffer.from('broken'));
  recording.frame(6_000, 'ris-live', 'live', Buffer.from([0xff]));
  recording.close(9_000);
  const reading = await read([path('own')]);
  expect(told(reading)).toEqual([
    '1 daemon',
    '2 feed-state',
    '3 198.51.100.0/24',
    '4 198.51.100.0/24',
    '5 nothing',
    '6 nothing',
    '9 daemon',
  ]);
  expect(reading.problems).toEqual([]);
  const [, state, live, backfill, broken] = reading.records.map(({ record }) => record);
  expect(state?.input).toEqual({ type: 'feed-state', feed: 'ris-live', state: 'live', reason: 'subscribed' });
  expect(live?.input).toMatchObject({
    feed: 'ris-live',
    via: 'live',
    update: { observedMs: 999_999_999_000 },
  });
  expect(backfill?.input).toMatchObject({ feed: 'ripestat', via: 'backfill' });
  expect(broken?.problems).toMatchObject([{ code: 'bad-json' }]);
});

test('another form and another compression are one entry each', async () => {
  const form: Form = {
    name: 'mrt',
    matches: isMrt,
    async *read({ bytes }) {
      for await (const chunk of bytes)
        yield [{ stampMs: chunk.readUInt32BE(0) * 1_000, input: undefined, problems: [] }];
    },
  };
  const bzip2 = {
    name: 'bzip2',
    magic: [0x42, 0x5a, 0x68],
    async *decompress(compressed: AsyncIterable<Buffer>) {
      for await (const chunk of compressed) yield chunk.subarray(3);
    },
  };
  const record = Buffer.from('0000000700100004000000000000', 'hex');
  const file = written('x', Buffer.concat([Buffer.from('BZh'), record]));
  expect((await read([file])).problems).toEqual(['x: bzip2 cannot be read here']);
  const reading = await read([file], { forms: [form], compressions: [bzip2] });
  expect([told(reading), reading.forms]).toEqual([['7 nothing'], ['mrt']]);
});

describe('lines', () => {
  test('are the same however the bytes are cut, and count themselves', () => {
    const bytes = Buffer.from('a\n\nbcd\r\nlast');
    for (let size = 1; size <= bytes.length; size += 1) {
      const splitter = new LineSplitter();
      const found = [];
      for (let start = 0; start < bytes.length; start += size)
        found.push(...splitter.push(bytes.subarray(start, start + size)));
      found.push(...splitter.end());
      expect(found.map(({ number, bytes: line, ended }) => `${number}${ended ? ':' : '?'}${line}`)).toEqual([
        '1:a',
        '2:',
        '3:bcd\r',
        '4?last',
      ]);
    }
  });

  test('that are too long are left out whole, and the next is whole again', () => {
    const splitter = new LineSplitter(4);
    const found = [
      ...splitter.push(Buffer.from('abc\nabc')),
      ...splitter.push(Buffer.from('defgh')),
      ...splitter.push(Buffer.from('i\nok\n')),
    ];
    expect(found.map(({ bytes }) => bytes?.toString())).toEqual(['abc', undefined, 'ok']);
  });
});

describe.skipIf(!existsSync(EVENTS))(
  'real events in RIS Live shape (skipped where ../shared/data is absent)',
  () => {
    test('are read without a problem, every line a record', async () => {
      const files = readdirSync(EVENTS)
        .slice(0, 4)
        .map((name) => `${EVENTS}/${name}`);
      const reading = await read(files);
      expect(reading.problems).toEqual([]);
      expect(reading.records.length).toBeGreaterThan(1_000);
      const times = reading.records.map(({ arrivedMs }) => arrivedMs);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    });
  },
);

import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NDJSON_FORM } from '../../src/feed/files/ndjson.ts';
import {
  packedText,
  parseRecordingLine,
  RecordingWriter,
  type StateInput,
} from '../../src/feed/files/recording.ts';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'originwatch-recording-'));
  file = join(directory, 'recording.ndjson');
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function writer(append = true): RecordingWriter {
  const onFailure = (error: Error): void => {
    throw error;
  };
  return new RecordingWriter(file, { append, atMs: 1_000, onFailure });
}

function lines(): readonly { readonly type: string; readonly atMs: number }[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .map(parseRecordingLine)
    .filter((line) => line !== undefined);
}

describe('a recording', () => {
  test('gives back frames to the byte, with stamp, feed and way', () => {
    const frames = ['{"a":"\\u00e9 é \u2028"}\r\n', '', 'no json\n\n'].map((text) => Buffer.from(text));
    const broken = Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x0a]);
    const states: readonly StateInput[] = [
      {
        type: 'feed-state',
        feed: 'ris-live',
        state: 'stalled',
        reason: 'silent',
        sinceMs: 3_400,
        blindAtMs: 4_100,
      },
      {
        type: 'feed-state',
        feed: 'bmp',
        state: 'live',
        reason: '',
        sinceMs: undefined,
        blindAtMs: undefined,
      },
      {
        type: 'collector-state',
        feed: 'ris-live',
        collector: 'rrc06',
        state: 'silent',
        reason: 'x',
        sinceMs: 1,
      },
    ];
    const recording = writer();
    for (const [index, frame] of [...frames, broken].entries())
      recording.frame(2_000 + index, 'ris-live', 'live', frame);
    recording.frame(3_000.25, 'ripestat', 'backfill', frames[0] as Buffer);
    for (const state of states) recording.state(4_000, state);
    recording.close(5_000);
    expect(recording.frames).toBe(5);
    expect(lines()).toEqual([
      { type: 'header', atMs: 1_000, version: 2 },
      ...[...frames, broken].map((bytes, index) => ({
        type: 'frame',
        atMs: 2_000 + index,
        feed: 'ris-live',
        via: 'live',
        bytes,
      })),
      { type: 'frame', atMs: 3_000.25, feed: 'ripestat', via: 'backfill', bytes: frames[0] },
      ...states.map((input) => ({ type: 'state', atMs: 4_000, input })),
      { type: 'end', atMs: 5_000 },
    ]);
  });

  test('is on disk when flush returns, and a closed one takes nothing more', () => {
    const recording = writer();
    recording.frame(2_000, 'ris-live', 'live', Buffer.from('x'));
    recording.flush();
    expect(lines()).toHaveLength(2);
    recording.close(3_000);
    recording.frame(4_000, 'ris-live', 'live', Buffer.from('x'));
    recording.close(5_000);
    expect(lines()).toHaveLength(3);
  });

  test('says how far the clock ran where no other line does', () => {
    const recording = writer();
    recording.clock(1_000);
    recording.frame(2_000, 'ris-live', 'live', Buffer.from('x'));
    recording.clock(2_000);
    recording.clock(2_500);
    recording.clock(2_500);
    recording.close(3_000);
    expect(lines().map(({ type, atMs }) => [type, atMs])).toEqual([
      ['header', 1_000],
      ['frame', 2_000],
      ['clock', 2_500],
      ['end', 3_000],
    ]);
  });

  test('that a crash cut goes on behind the cut', () => {
    writer().close(1_500);
    appendFileSync(file, '{"at":1600,"feed":"ris-l');
    const recording = writer();
    recording.frame(2_000, 'ris-live', 'live', Buffer.from('x'));
    recording.close(3_000);
    expect(lines().map((line) => (line as { type: string }).type)).toEqual([
      'header',
      'end',
      'header',
      'frame',
      'end',
    ]);
  });

  test('that is not to be continued begins anew', () => {
    writeFileSync(file, 'old');
    writer(false).close(2_000);
    expect(lines()).toHaveLength(2);
  });

  test('that cannot be written says so once and harms nobody', () => {
    const failures: string[] = [];
    const recording = new RecordingWriter('/dev/full', {
      append: false,
      atMs: 1,
      onFailure: (error) => failures.push(error.message),
    });
    recording.frame(2, 'ris-live', 'live', Buffer.from('x'));
    recording.flush();
    recording.close(3);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain('ENOSPC');
  });
});

describe('an input of a recording', () => {
  /** What stands in the file, and what was reported of it. */
  async function read(): Promise<{ said: unknown[]; reports: string[] }> {
    const [said, reports]: [unknown[], string[]] = [[], []];
    const bytes = (async function* () {
      yield readFileSync(file);
    })();
    const report = (where: string, what: string): unknown => reports.push(`${where}: ${what}`);
    for await (const records of NDJSON_FORM.read({ file, bytes, report }))
      for (const { recorded } of records)
        if (recorded?.type === 'said') said.push([recorded.value, recorded.textOf('config')]);
    return { said, reports };
  }

  test('names its texts, which are written once while they are remembered', async () => {
    const recording = writer();
    const long = packedText('x'.repeat(10_000));
    for (const type of ['one', 'two']) recording.said(2_000, { type }, { config: long });
    recording.said(2_000, { type: 'three' }, {});
    for (let n = 0; n < 20; n += 1)
      recording.said(2_000, { type: `text ${n}` }, { config: packedText(`text ${n}`) });
    recording.said(2_000, { type: 'again' }, { config: long });
    recording.close(3_000);
    const { said } = await read();
    expect(said.slice(0, 3)).toEqual([
      [{ type: 'one' }, 'x'.repeat(10_000)],
      [{ type: 'two' }, 'x'.repeat(10_000)],
      [{ type: 'three' }, undefined],
    ]);
    expect(said.slice(3, 23)).toEqual(
      Array.from({ length: 20 }, (_, n) => [{ type: `text ${n}` }, `text ${n}`]),
    );
    expect(said[23]).toEqual([{ type: 'again' }, 'x'.repeat(10_000)]);
    expect(lines().filter(({ type }) => type === 'text')).toHaveLength(22);
  });

  test('has a text of any size, in lines of bounded length', async () => {
    const noise = Array.from({ length: 400_000 }, (_, n) => Math.imul(n, 2_654_435_761).toString(36)).join(
      ' ',
    );
    const recording = writer();
    recording.said(2_000, { type: 'large' }, { config: { ...packedText(noise) } });
    recording.close(3_000);
    expect((await read()).said).toEqual([[{ type: 'large' }, noise]]);
    for (const line of readFileSync(file, 'utf8').split('\n'))
      expect(line.length).toBeLessThan(6 * 1024 * 1024);
  });

  test('whose text is cut or other than its sum has none', async () => {
    const recording = writer();
    const { gzip } = packedText('good');
    recording.said(2_000, { type: 'other' }, { config: { ...packedText('bad'), gzip } });
    recording.said(2_000, { type: 'cut' }, { config: { hash: 'a'.repeat(64), gzip: gzip.subarray(0, 9) } });
    recording.close(3_000);
    expect((await read()).said).toEqual([
      [{ type: 'other' }, undefined],
      [{ type: 'cut' }, undefined],
    ]);
  });
});

test('lines that are none of a recording are none', () => {
  for (const text of [
    '',
    '[]',
    '5',
    '{}',
    '{"at":"x"}',
    '{"at":1}',
    '{"at":1,"feed":"x"}',
    '{"at":1,"feed":"x","state":"up"}',
    '{"type":"ris_message"}',
  ])
    expect(parseRecordingLine(text)).toBeUndefined();
});

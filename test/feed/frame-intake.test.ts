/** The way in of a feed: what is settled on its bytes, what is decoded, in which order, and how it is counted. */
import { expect, it } from 'vitest';
import { prefixOf } from '../../src/bgp/prefix.ts';
import { loadScanner } from '../../src/daemon/scanner-file.ts';
import { FrameIntake } from '../../src/feed/ris-live/frame-intake.ts';
import { AsnSet } from '../../src/match/asn-set.ts';
import { PrefixIndex } from '../../src/match/prefix-index.ts';
import { QuickReject } from '../../src/match/quick-reject.ts';
import { VantagePointTable } from '../../src/match/vantage-point-table.ts';

const OURS = '10.1.2.0/24';

function frameOf(prefix: string, host = 'rrc00'): Buffer {
  return Buffer.from(
    `{"type":"ris_message","data":{"timestamp":1771179888.49,"peer":"192.0.2.1","peer_asn":"64496","id":"1","host":"${host}","type":"UPDATE","path":[64496,65536],"announcements":[{"next_hop":"192.0.2.1","prefixes":["${prefix}"]}],"withdrawals":[]}}`,
  );
}

function framed(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x81, 126, payload.length >> 8, payload.length & 255]), payload]);
}

it('settles on their bytes all frames that it can, tells of each run before the frame behind it, and counts by road', () => {
  const scanner = loadScanner();
  const table = new VantagePointTable(scanner);
  const index = new PrefixIndex();
  index.insert(prefixOf(OURS), 0);
  const watched = { index, holes: new Uint8Array(1), origins: new AsnSet([]) };
  let accepts = false;
  const quick = new QuickReject(scanner, table, watched, () => ({ accept: () => accepts }));
  const told: string[] = [];
  let arrivedMs = 0;
  const intake = new FrameIntake({
    feed: 'test',
    collectors: [],
    ignores: () => false,
    decodesAll: false,
    heard: () => {},
    fast: { quick, table, isShared: false },
    apply: (input, nowMs) => {
      if (input.type === 'update') told.push(`decoded ${input.update.announced[0]?.text} at ${nowMs}`);
    },
    problem: (code) => told.push(code),
    dropped: () => {},
  });
  const frames = intake.scanner(() => ++arrivedMs);
  if (frames === undefined) throw new Error('no scanner');
  const taker = {
    settled: (count: number, bytes: number) => told.push(`settled ${count}, ${bytes} bytes`),
    frame: (payload: Buffer) => intake.take(payload, 7),
  };
  const push = (...payloads: readonly Buffer[]): void => {
    const stream = Buffer.concat(payloads.map(framed));
    frames.area.set(stream);
    frames.begin();
    expect(frames.take(0, stream.length, taker)).toBe(stream.length);
  };
  const foreign = frameOf('192.0.2.0/24');
  push(
    foreign,
    foreign,
    frameOf(OURS),
    foreign,
    foreign,
    frameOf('192.0.2.1/24'),
    Buffer.from('{"type":"pong"}'),
  );
  expect(told).toEqual([
    'decoded 192.0.2.0/24 at 7',
    `settled 1, ${foreign.length} bytes`,
    `decoded ${OURS} at 7`,
    `settled 2, ${2 * foreign.length} bytes`,
    'host-bits',
    'decoded 192.0.2.0/24 at 7',
  ]);
  expect(intake.takeJudged()).toEqual({ reject: 3, accept: 0, slow: 3 });
  expect(table.heardMs(0, 4)).toBe(1);
  accepts = true;
  push(frameOf(OURS), frameOf('192.0.2.0/24', 'rrc01'));
  expect(told.slice(6)).toEqual([`settled 1, ${frameOf(OURS).length} bytes`, 'decoded 192.0.2.0/24 at 7']);
  expect(intake.takeJudged()).toEqual({ reject: 0, accept: 1, slow: 1 });
  expect(intake.takeJudged()).toEqual({ reject: 0, accept: 0, slow: 0 });
});

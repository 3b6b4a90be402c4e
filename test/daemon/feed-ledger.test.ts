/** What a feed saw, as it goes into the coverage table: never more than was proven, never less blindness than there was. */
import { expect, it } from 'vitest';
import { FeedLedger, type LedgerMoment } from '../../src/daemon/feeds/feed-ledger.ts';
import type { CoverageInterval } from '../../src/engine/ports.ts';
import { storeWith } from '../store/samples.ts';

const T0 = Date.parse('2026-01-01T00:00:00Z');
const at = (second: number): number => T0 + second * 1_000;
const iso = (second: number): string => new Date(at(second)).toISOString();

class Book {
  readonly store = storeWith();
  ledger = this.begin(0);

  begin(second: number): FeedLedger {
    const { coverage } = this.store;
    this.ledger = new FeedLedger('ris', coverage, coverage.untilMs('ris'), at(second));
    return this.ledger;
  }

  note(second: number, isLive: boolean, proven?: number, connection = 0): void {
    this.ledger.note(this.moment(second, isLive, proven, connection));
  }

  moment(second: number, isLive: boolean, proven?: number, connection = 0): LedgerMoment {
    const provenMs = proven === undefined ? undefined : at(proven);
    return { nowMs: at(second), isLive, reason: 'silent', provenMs, connection };
  }

  /** `from-to state`. */
  get lines(): readonly string[] {
    const seconds = (time: string): number => (Date.parse(time) - T0) / 1_000;
    return this.intervals.map(({ from, to, state }) => `${seconds(from)}-${seconds(to)} ${state}`);
  }

  get intervals(): readonly CoverageInterval[] {
    return this.store.archive.coverage(iso(-99_999), iso(99_999));
  }
}

it('says live only as far as a BGP message proves it', () => {
  const book = new Book();
  book.note(10, true);
  expect(book.lines).toEqual([]);
  book.note(20, true, 18);
  book.note(40, true, 18);
  expect(book.lines).toEqual(['0-18 live']);
  expect(book.ledger.provisional(book.moment(45, true, 18))).toMatchObject({
    from: iso(18),
    to: iso(45),
    state: 'live',
  });
});

it('dates blindness from the last BGP message on, not from when it was noticed', () => {
  const book = new Book();
  book.note(50, true, 31);
  book.note(60, false, 31);
  book.note(75, false, 31);
  book.note(80, true, 79);
  expect(book.lines).toEqual(['0-31 live', '31-75 blind', '75-79 live']);
  expect(book.intervals[1]?.reason).toBe('silent');
});

it('says after a start that nobody saw since the last certain moment, however the process ended', () => {
  const book = new Book();
  book.note(50, true, 47);
  book.begin(300);
  book.note(310, true, 309);
  expect(book.lines).toEqual(['0-47 live', '47-300 blind', '300-309 live']);
  expect(book.intervals[1]?.reason).toBe('the daemon did not run');
});

it('says of a process that stood still what was read late, where the connection is the same', () => {
  const book = new Book();
  book.note(10, true, 9);
  book.ledger.stoodStill(at(11), at(46), 0);
  book.note(46, true, 11);
  expect(book.lines).toEqual(['0-11 live']);
  book.note(47, true, 47);
  expect(book.lines).toEqual(['0-11 live', '11-46 backfilled', '46-47 live']);
});

it.each([
  ['a connection that is another', true, 47],
  ['a feed that is lost', false, 11],
])('calls the standstill blind for %s', (_, isLive, proven) => {
  const book = new Book();
  book.note(10, true, 9);
  book.ledger.stoodStill(at(11), at(46), 0);
  book.note(47, isLive, proven, 1);
  expect(book.lines.slice(0, 2)).toEqual([
    isLive ? '0-11 live' : '0-9 live',
    expect.stringMatching(/^(11-46|9-47) blind$/),
  ]);
});

it('has no gap between its intervals, whatever comes', () => {
  const book = new Book();
  let seed = 7;
  const random = (n: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    return seed % n;
  };
  for (let second = 1, proven = 0; second < 2_000; second += 1 + random(9)) {
    const isLive = random(3) > 0;
    if (isLive && random(2) === 0) proven = second;
    if (random(20) === 0) book.ledger.stoodStill(at(second - 6), at(second), random(2));
    book.note(second, isLive, proven, random(2));
  }
  const { intervals } = book;
  for (const [index, { from }] of intervals.entries())
    if (index > 0) expect(from).toBe(intervals[index - 1]?.to);
});

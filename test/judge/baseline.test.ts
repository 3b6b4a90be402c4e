/** The baseline by itself: what it keeps, when it says that something changed, and when something becomes firm. */
import { beforeEach, describe, expect, test } from 'vitest';
import { type Prefix, prefixOf } from '../../src/bgp/prefix.ts';
import { Baseline, isFirm, type Memory } from '../../src/judge/baseline.ts';

const P = prefixOf('203.0.113.0/24');
const DAY = 86_400_000;
let baseline: Baseline;
beforeEach(() => {
  baseline = new Baseline({ learnPeers: 3, learnAfterMs: DAY });
});

/** The number of the row. */
function see(
  peerAsn: number,
  atMs: number,
  more: { origin?: number; neighbor?: number; prefix?: Prefix } = {},
): number {
  const { origin = 64500, neighbor, prefix = P } = more;
  return baseline.observe({ prefix, origin, neighbor, peerAsn }, 'observed', atMs);
}

function provisional(origin = 64500): number {
  for (const peer of [1, 2, 3]) see(peer, 0, { origin });
  const row = baseline.find(P, origin);
  baseline.becomesProvisional(row);
  return row;
}

/** The row with something else in it, as the store or an import might bring it. */
function alter(row: number, change: Partial<Memory>): void {
  baseline.put({ ...baseline.memory(row), ...change }, false);
}

describe('a sighting', () => {
  test('is kept with its first and last time, its peers and its neighbours', () => {
    see(1, 1_000, { neighbor: 10 });
    const number = see(2, 5_000, { neighbor: 11 });
    const row = baseline.memory(number);
    expect([row.firstSeenMs, row.lastSeenMs]).toEqual([1_000, 5_000]);
    expect([...row.peerAsns]).toEqual([1, 2]);
    expect([...row.neighbors.keys()]).toEqual([10, 11]);
    expect(row.source).toBe('observed');
    see(2, 3_000);
    expect(baseline.memory(number).lastSeenMs).toBe(5_000);
  });

  test('is written again only for something new, or after ten minutes', () => {
    see(1, 0, { neighbor: 10 });
    expect(baseline.takeChanged(9)).toHaveLength(1);
    expect(baseline.takeChanged(9)).toEqual([]);
    see(1, 599_999, { neighbor: 10 });
    expect(baseline.takeChanged(9)).toEqual([]);
    see(1, 599_999 + 600_000, { neighbor: 10 });
    expect(baseline.takeChanged(9)).toHaveLength(1);
    see(2, 599_999 + 600_001, { neighbor: 10 });
    expect(baseline.takeChanged(9)).toHaveLength(1);
    see(2, 599_999 + 600_002, { neighbor: 11 });
    expect(baseline.takeChanged(9)).toHaveLength(1);
  });

  test('of what nobody declared is written at once', () => {
    see(1, 0);
    expect([baseline.hasChanged, baseline.sightedCount]).toEqual([true, 0]);
  });

  test('of a declared origin waits its turn to be written; what an operator decides does not', () => {
    const other = prefixOf('192.0.2.0/24');
    for (const prefix of [P, other]) baseline.declare(prefix, 64500);
    baseline.takeChanged(0);
    for (const prefix of [P, other]) see(1, 0, { prefix });
    expect([baseline.hasChanged, baseline.sightedCount]).toEqual([false, 2]);
    expect(baseline.takeChanged(0)).toEqual([]);
    expect(baseline.takeChanged(1).map(({ prefix }) => prefix.text)).toEqual([P.text]);
    baseline.decide(other, 64500, { accepted: true, by: '', note: '', neighbors: [] }, 5);
    expect(baseline.hasChanged).toBe(true);
    expect(baseline.takeChanged(0).map(({ prefix }) => prefix.text)).toEqual([other.text]);
    expect(baseline.takeChanged(9)).toEqual([]);
  });

  test('keeps sixteen peers and 256 neighbours, and no more', () => {
    for (let peer = 1; peer <= 20; peer += 1) see(peer, 0);
    for (let neighbor = 1; neighbor <= 300; neighbor += 1) see(1, 0, { neighbor });
    const row = baseline.row(P, 64500) as Memory;
    expect(row.peerAsns.size).toBe(16);
    expect(row.neighbors.size).toBe(256);
  });
});

describe('an origin that was seen', () => {
  test('becomes provisional with the third peer AS, once', () => {
    const row = see(1, 0);
    see(2, 0);
    expect(baseline.becomesProvisional(row)).toBe(false);
    see(3, 0);
    baseline.takeChanged(9);
    expect(baseline.becomesProvisional(row)).toBe(true);
    expect(baseline.takeChanged(9)).toEqual([baseline.memory(row)]);
    expect(baseline.source(row)).toBe('provisional');
    expect(baseline.becomesProvisional(row)).toBe(false);
  });

  test.each(['provisional', 'learned', 'operator', 'snapshot', 'config'] as const)(
    'does not while another is %s',
    (source) => {
      const first = provisional();
      alter(first, { source });
      for (const peer of [1, 2, 3]) see(peer, 0, { origin: 666 });
      expect(baseline.becomesProvisional(baseline.find(P, 666))).toBe(false);
    },
  );

  test.each(['observed', 'rejected'] as const)('does beside one that is only %s', (source) => {
    alter(see(1, 0, { origin: 667 }), { source });
    for (const peer of [1, 2, 3]) see(peer, 0, { origin: 666 });
    expect(baseline.becomesProvisional(baseline.find(P, 666))).toBe(true);
  });

  test('becomes firm with age and peers, and not before', () => {
    const row = provisional();
    expect(baseline.firmAtMs(row)).toBe(DAY);
    expect(baseline.firm(row, DAY - 1)).toBe(false);
    expect(baseline.source(row)).toBe('provisional');
    baseline.takeChanged(9);
    expect(baseline.firm(row, DAY)).toBe(true);
    expect(baseline.source(row)).toBe('learned');
    expect(baseline.takeChanged(9)).toEqual([baseline.memory(row)]);
    expect(baseline.firm(row, DAY)).toBe(false);
    expect(baseline.takeChanged(9)).toEqual([]);
  });

  test('never becomes firm when it is only observed, however old', () => {
    const row = see(1, 0);
    expect(baseline.firm(row, 10 * DAY)).toBe(false);
    expect(baseline.source(row)).toBe('observed');
  });

  test('needs the peers at that time too', () => {
    const row = provisional();
    alter(row, { peerAsns: new Set([1, 2]) });
    expect(baseline.firm(row, DAY)).toBe(false);
    expect(baseline.source(row)).toBe('provisional');
  });

  test('that was declared and never seen is nothing yet', () => {
    baseline.declare(P, 64500);
    expect(baseline.firm(baseline.find(P, 64500), DAY)).toBe(false);
  });
});

describe('a neighbour', () => {
  test('becomes firm by its own age and peers, beside a firm origin only', () => {
    for (const peer of [1, 2, 3]) see(peer, 0, { neighbor: 10 });
    for (const peer of [1, 2, 3]) see(peer, 1_000, { neighbor: 11 });
    see(1, 0, { neighbor: 12 });
    const row = baseline.find(P, 64500);
    baseline.firm(row, DAY);
    expect([...baseline.firmNeighbors(P, 64500)]).toEqual([]);
    baseline.becomesProvisional(row);
    baseline.firm(row, DAY);
    expect([...baseline.firmNeighbors(P, 64500)]).toEqual([10]);
    expect(baseline.firm(row, DAY + 1_000)).toBe(true);
    expect([...baseline.firmNeighbors(P, 64500)]).toEqual([10, 11]);
    expect(baseline.firm(row, 2 * DAY)).toBe(false);
  });

  test('of nobody is nobody', () => {
    expect([...baseline.firmNeighbors(P, 1)]).toEqual([]);
  });
});

describe('what the watchlist declares', () => {
  test('has a row before it is seen, and none after when it never was', () => {
    baseline.declare(P, 64500);
    const row = baseline.find(P, 64500);
    expect(baseline.memory(row)).toMatchObject({ source: 'config', by: '', note: '' });
    expect(Number.isNaN(baseline.firstSeenMs(row))).toBe(true);
    expect(baseline.undeclare(row)).toBe(true);
    expect(baseline.row(P, 64500)).toBeUndefined();
    expect(baseline.at(P)).toEqual([]);
    expect([...baseline.ofOrigin(64500)]).toEqual([]);
    expect(baseline.size).toBe(0);
    expect(baseline.takeChanged(9)).toEqual([]);
  });

  test('is a memory when it was seen and is declared no longer', () => {
    baseline.declare(P, 64500);
    const row = see(1, 0);
    baseline.takeChanged(9);
    expect(baseline.undeclare(row)).toBe(false);
    expect(baseline.source(row)).toBe('observed');
    expect(baseline.takeChanged(9)).toEqual([baseline.memory(row)]);
  });

  test.each(['operator', 'rejected'] as const)('leaves a word of the %s as it is', (source) => {
    const row = see(1, 0);
    alter(row, { source });
    baseline.takeChanged(9);
    baseline.declare(P, 64500);
    expect(baseline.source(row)).toBe(source);
    expect(baseline.takeChanged(9)).toEqual([]);
  });

  test('takes over what was learned, once', () => {
    const row = provisional();
    baseline.takeChanged(9);
    baseline.declare(P, 64500);
    expect(baseline.source(row)).toBe('config');
    expect(baseline.takeChanged(9)).toEqual([baseline.memory(row)]);
    baseline.declare(P, 64500);
    expect(baseline.takeChanged(9)).toEqual([]);
  });
});

describe('an operator', () => {
  test('accepts with the neighbours seen now, which are firm at once and need no peers any more', () => {
    see(1, 0, { neighbor: 10 });
    see(1, 0, { neighbor: 12 });
    expect(baseline.hasDecisions).toBe(false);
    const row = baseline.decide(P, 64500, { accepted: true, by: 'kim', note: 'why', neighbors: [10, 11] }, 5);
    expect(row).toMatchObject({ source: 'operator', by: 'kim', note: 'why' });
    expect([...baseline.firmNeighbors(P, 64500)]).toEqual([10, 11]);
    for (const asn of [10, 11]) expect(row.neighbors.get(asn)?.peerAsns.size).toBe(0);
    expect([...(row.neighbors.get(12)?.peerAsns ?? [])]).toEqual([1]);
    expect(baseline.hasDecisions).toBe(true);
  });

  test('refuses what was never seen as well', () => {
    baseline.takeChanged(9);
    const row = baseline.decide(P, 666, { accepted: false, by: 'kim', note: '', neighbors: [] }, 5);
    expect(row.source).toBe('rejected');
    expect(Number.isNaN(row.firstSeenMs)).toBe(true);
    expect(baseline.takeChanged(9)).toEqual([row]);
  });
});

describe('asking', () => {
  test('walks from the inner prefix to the outer one, as far as there are rows', () => {
    for (const prefix of ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', '10.1.2.0/23', '10.0.0.0/7'])
      see(1, 0, { prefix: prefixOf(prefix) });
    const between = (inner: string, outer: string): readonly string[] =>
      baseline.between(prefixOf(inner), prefixOf(outer)).map(({ text }) => text);
    expect(between('10.1.2.0/24', '10.0.0.0/8')).toEqual([
      '10.1.2.0/24',
      '10.1.2.0/23',
      '10.1.0.0/16',
      '10.0.0.0/8',
    ]);
    expect(between('10.1.2.0/25', '10.1.0.0/16')).toEqual(['10.1.2.0/24', '10.1.2.0/23', '10.1.0.0/16']);
    expect(between('10.1.0.0/16', '10.1.0.0/16')).toEqual(['10.1.0.0/16']);
    expect(between('192.0.2.0/24', '192.0.0.0/16')).toEqual([]);
  });

  test('forgetting one origin leaves the other', () => {
    see(1, 0);
    baseline.declare(P, 666);
    baseline.takeChanged(9);
    expect(baseline.undeclare(baseline.find(P, 666))).toBe(true);
    expect([baseline.find(P, 12_345), baseline.find(prefixOf('192.0.2.0/24'), 666)]).toEqual([-1, -1]);
    expect([...baseline.every()].map(({ origin }) => origin)).toEqual([64500]);
    expect([...baseline.ofOrigin(666)]).toEqual([]);
    expect([...baseline.ofOrigin(64500)].map(({ prefix }) => prefix.text)).toEqual([P.text]);
  });

  test('a row that is put in counts as changed only when it is said to', () => {
    const row = { ...baseline.memory(see(1, 0)), prefix: prefixOf('192.0.2.0/24') };
    baseline.takeChanged(9);
    baseline.put(row, false);
    expect(baseline.takeChanged(9)).toEqual([]);
    baseline.put(row, true);
    expect(baseline.takeChanged(9)).toHaveLength(1);
    expect([...baseline.ofOrigin(64500)]).toHaveLength(2);
  });

  test('sources that make an origin an expected one', () => {
    const all = ['config', 'learned', 'provisional', 'observed', 'operator', 'rejected', 'snapshot'] as const;
    expect(all.filter(isFirm)).toEqual(['config', 'learned', 'operator', 'snapshot']);
  });
});

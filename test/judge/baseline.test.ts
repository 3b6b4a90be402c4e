/** The baseline by itself: what it keeps, when it says that something changed, and when something becomes firm. */
import { beforeEach, describe, expect, test } from 'vitest';
import { prefixOf } from '../../src/bgp/prefix.ts';
import { Baseline, isFirm, type Memory } from '../../src/judge/baseline.ts';

const P = '203.0.113.0/24';
const DAY = 86_400_000;
let baseline: Baseline;
beforeEach(() => {
  baseline = new Baseline({ learnPeers: 3, learnAfterMs: DAY });
});

function see(
  peerAsn: number,
  atMs: number,
  more: { origin?: number; neighbor?: number; prefix?: string } = {},
): Memory {
  const { origin = 64500, neighbor, prefix = P } = more;
  return baseline.observe({ prefix, origin, neighbor, peerAsn }, 'observed', atMs);
}

function provisional(origin = 64500): Memory {
  for (const peer of [1, 2, 3]) see(peer, 0, { origin });
  const row = baseline.row(P, origin) as Memory;
  baseline.becomesProvisional(row);
  return row;
}

describe('a sighting', () => {
  test('is kept with its first and last time, its peers and its neighbours', () => {
    see(1, 1_000, { neighbor: 10 });
    const row = see(2, 5_000, { neighbor: 11 });
    expect([row.firstSeenMs, row.lastSeenMs]).toEqual([1_000, 5_000]);
    expect([...row.peerAsns]).toEqual([1, 2]);
    expect([...row.neighbors.keys()]).toEqual([10, 11]);
    expect(row.source).toBe('observed');
    see(2, 3_000);
    expect(row.lastSeenMs).toBe(5_000);
  });

  test('is written again only for something new, or after ten minutes', () => {
    see(1, 0, { neighbor: 10 });
    expect(baseline.takeChanged()).toHaveLength(1);
    expect(baseline.takeChanged()).toEqual([]);
    see(1, 599_999, { neighbor: 10 });
    expect(baseline.takeChanged()).toEqual([]);
    see(1, 599_999 + 600_000, { neighbor: 10 });
    expect(baseline.takeChanged()).toHaveLength(1);
    see(2, 599_999 + 600_001, { neighbor: 10 });
    expect(baseline.takeChanged()).toHaveLength(1);
    see(2, 599_999 + 600_002, { neighbor: 11 });
    expect(baseline.takeChanged()).toHaveLength(1);
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
    baseline.takeChanged();
    expect(baseline.becomesProvisional(row)).toBe(true);
    expect(baseline.takeChanged()).toEqual([row]);
    expect(row.source).toBe('provisional');
    expect(baseline.becomesProvisional(row)).toBe(false);
  });

  test.each(['provisional', 'learned', 'operator', 'snapshot', 'config'] as const)(
    'does not while another is %s',
    (source) => {
      const first = provisional();
      first.source = source;
      for (const peer of [1, 2, 3]) see(peer, 0, { origin: 666 });
      expect(baseline.becomesProvisional(baseline.row(P, 666) as Memory)).toBe(false);
    },
  );

  test.each(['observed', 'rejected'] as const)('does beside one that is only %s', (source) => {
    see(1, 0, { origin: 667 }).source = source;
    for (const peer of [1, 2, 3]) see(peer, 0, { origin: 666 });
    expect(baseline.becomesProvisional(baseline.row(P, 666) as Memory)).toBe(true);
  });

  test('becomes firm with age and peers, and not before', () => {
    const row = provisional();
    expect(baseline.firmAtMs(row)).toBe(DAY);
    expect(baseline.firm(row, DAY - 1)).toBe(false);
    expect(row.source).toBe('provisional');
    baseline.takeChanged();
    expect(baseline.firm(row, DAY)).toBe(true);
    expect(row.source).toBe('learned');
    expect(baseline.takeChanged()).toEqual([row]);
    expect(baseline.firm(row, DAY)).toBe(false);
    expect(baseline.takeChanged()).toEqual([]);
  });

  test('never becomes firm when it is only observed, however old', () => {
    const row = see(1, 0);
    expect(baseline.firm(row, 10 * DAY)).toBe(false);
    expect(row.source).toBe('observed');
  });

  test('needs the peers at that time too', () => {
    const row = provisional();
    row.peerAsns.delete(3);
    expect(baseline.firm(row, DAY)).toBe(false);
    expect(row.source).toBe('provisional');
  });

  test('that was declared and never seen is nothing yet', () => {
    baseline.declare(P, 64500);
    expect(baseline.firm(baseline.row(P, 64500) as Memory, DAY)).toBe(false);
  });
});

describe('a neighbour', () => {
  test('becomes firm by its own age and peers, beside a firm origin only', () => {
    for (const peer of [1, 2, 3]) see(peer, 0, { neighbor: 10 });
    for (const peer of [1, 2, 3]) see(peer, 1_000, { neighbor: 11 });
    see(1, 0, { neighbor: 12 });
    const row = baseline.row(P, 64500) as Memory;
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
    const row = baseline.row(P, 64500) as Memory;
    expect(row).toMatchObject({ source: 'config', by: '', note: '' });
    expect(Number.isNaN(row.firstSeenMs)).toBe(true);
    expect(baseline.undeclare(row)).toBe(true);
    expect(baseline.row(P, 64500)).toBeUndefined();
    expect(baseline.at(P)).toBeUndefined();
    expect([...baseline.prefixesOf(64500)]).toEqual([]);
    expect(baseline.takeChanged()).toEqual([]);
  });

  test('is a memory when it was seen and is declared no longer', () => {
    baseline.declare(P, 64500);
    const row = see(1, 0);
    baseline.takeChanged();
    expect(baseline.undeclare(row)).toBe(false);
    expect(row.source).toBe('observed');
    expect(baseline.takeChanged()).toEqual([row]);
  });

  test.each(['operator', 'rejected'] as const)('leaves a word of the %s as it is', (source) => {
    const row = see(1, 0);
    row.source = source;
    baseline.takeChanged();
    baseline.declare(P, 64500);
    expect(row.source).toBe(source);
    expect(baseline.takeChanged()).toEqual([]);
  });

  test('takes over what was learned, once', () => {
    const row = provisional();
    baseline.takeChanged();
    baseline.declare(P, 64500);
    expect(row.source).toBe('config');
    expect(baseline.takeChanged()).toEqual([row]);
    baseline.declare(P, 64500);
    expect(baseline.takeChanged()).toEqual([]);
  });
});

describe('an operator', () => {
  test('accepts with the neighbours seen now, which are firm at once', () => {
    see(1, 0, { neighbor: 10 });
    const row = baseline.decide(P, 64500, { accepted: true, by: 'kim', note: 'why', neighbors: [10, 11] }, 5);
    expect(row).toMatchObject({ source: 'operator', by: 'kim', note: 'why' });
    expect([...baseline.firmNeighbors(P, 64500)]).toEqual([10, 11]);
    expect([...(row.neighbors.get(10)?.peerAsns ?? [])]).toEqual([1]);
    expect(row.neighbors.get(11)?.peerAsns.size).toBe(0);
  });

  test('refuses what was never seen as well', () => {
    baseline.takeChanged();
    const row = baseline.decide(P, 666, { accepted: false, by: 'kim', note: '', neighbors: [] }, 5);
    expect(row.source).toBe('rejected');
    expect(Number.isNaN(row.firstSeenMs)).toBe(true);
    expect(baseline.takeChanged()).toEqual([row]);
  });
});

describe('asking', () => {
  test('walks from the inner prefix to the outer one, as far as there are rows', () => {
    for (const prefix of ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', '10.1.2.0/23', '10.0.0.0/7'])
      see(1, 0, { prefix });
    const between = (inner: string, outer: string): readonly string[] =>
      baseline.textsBetween(prefixOf(inner), prefixOf(outer));
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
    see(1, 0, { origin: 666 });
    baseline.takeChanged();
    baseline.forget(P, 666);
    baseline.forget(P, 12_345);
    baseline.forget('192.0.2.0/24', 666);
    expect([...baseline.every()].map(({ origin }) => origin)).toEqual([64500]);
    expect([...baseline.prefixesOf(666)]).toEqual([]);
    expect([...baseline.prefixesOf(64500)]).toEqual([P]);
  });

  test('a row that is put in counts as changed only when it is said to', () => {
    const row = see(1, 0);
    baseline.takeChanged();
    baseline.put({ ...row, prefix: '192.0.2.0/24' }, false);
    expect(baseline.takeChanged()).toEqual([]);
    baseline.put({ ...row, prefix: '192.0.2.0/24' }, true);
    expect(baseline.takeChanged()).toHaveLength(1);
    expect(baseline.prefixesOf(64500).size).toBe(2);
  });

  test('sources that make an origin an expected one', () => {
    const all = ['config', 'learned', 'provisional', 'observed', 'operator', 'rejected', 'snapshot'] as const;
    expect(all.filter(isFirm)).toEqual(['config', 'learned', 'operator', 'snapshot']);
  });
});

/** The baseline in typed arrays against plain objects with Sets and Maps, for any story of what it is told. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Prefix, prefixOf } from '../../src/bgp/prefix.ts';
import { Baseline, type BaselineSource, isFirm, type Memory } from '../../src/judge/baseline.ts';
import { SightingArena, type Sightings } from '../../src/rows/sighting-arena.ts';

const RULES = { learnPeers: 2, learnAfterMs: 1_000 };
const PREFIXES = [
  '203.0.113.0/24',
  '203.0.113.0/25',
  '203.0.113.128/25',
  '192.0.2.0/24',
  '2001:db8::/32',
].map(prefixOf);
const ORIGINS = [1, 4_294_967_295, 64_500];
const T0 = 1_700_000_000_000;

/** Only declared, never seen: their rows come and go. */
const UNSEEN = new Set(PREFIXES.slice(2));

interface Row {
  prefix: Prefix;
  origin: number;
  source: BaselineSource;
  firstSeenMs: number;
  lastSeenMs: number;
  peerAsns: Set<number>;
  neighbors: Map<number, { firm: boolean; firstSeenMs: number; peerAsns: Set<number> }>;
  by: string;
  note: string;
}

/** The rules once more, on objects. A neighbour that is firm needs its peers no longer. */
class Model {
  readonly rows = new Map<string, Row>();

  of(prefix: Prefix, origin: number, source: BaselineSource): Row {
    const key = `${prefix.text} ${origin}`;
    const never = { firstSeenMs: Number.NaN, lastSeenMs: Number.NaN };
    const made = { prefix, origin, source, ...never, by: '', note: '' };
    const row = this.rows.get(key) ?? { ...made, peerAsns: new Set(), neighbors: new Map() };
    this.rows.set(key, row);
    return row;
  }

  observe({ prefix, origin, source, peer, neighbor, nowMs }: Told): void {
    const row = this.of(prefix, origin, source);
    if (Number.isNaN(row.firstSeenMs)) row.firstSeenMs = row.lastSeenMs = nowMs;
    row.lastSeenMs = Math.max(row.lastSeenMs, nowMs);
    if (row.peerAsns.size < 16) row.peerAsns.add(peer);
    if (neighbor === undefined) return;
    const known = row.neighbors.get(neighbor);
    if (known === undefined && row.neighbors.size < 256)
      row.neighbors.set(neighbor, { firm: false, firstSeenMs: nowMs, peerAsns: new Set([peer]) });
    else if (known?.firm === false && known.peerAsns.size < 16) known.peerAsns.add(peer);
  }

  becomesProvisional(row: Row): boolean {
    const isTaken = [...this.rows.values()].some(
      (other) =>
        other !== row &&
        other.prefix === row.prefix &&
        (isFirm(other.source) || other.source === 'provisional'),
    );
    if (row.source !== 'observed' || row.peerAsns.size < RULES.learnPeers || isTaken) return false;
    row.source = 'provisional';
    return true;
  }

  firm(row: Row, nowMs: number): boolean {
    if (Number.isNaN(row.firstSeenMs) || nowMs < row.firstSeenMs + RULES.learnAfterMs) return false;
    const isLearned = row.source === 'provisional' && row.peerAsns.size >= RULES.learnPeers;
    if (isLearned) row.source = 'learned';
    let progressed = isLearned;
    for (const neighbor of isFirm(row.source) ? row.neighbors.values() : []) {
      const isOld = nowMs - neighbor.firstSeenMs >= RULES.learnAfterMs;
      if (neighbor.firm || neighbor.peerAsns.size < RULES.learnPeers || !isOld) continue;
      neighbor.firm = true;
      neighbor.peerAsns.clear();
      progressed = true;
    }
    return progressed;
  }

  decide({ prefix, origin, accepted, neighbors, nowMs }: Told): void {
    const row = this.of(prefix, origin, 'observed');
    row.source = accepted ? 'operator' : 'rejected';
    [row.by, row.note] = ['kim', 'why'];
    for (const asn of neighbors) {
      row.neighbors.delete(asn);
      row.neighbors.set(asn, { firm: true, firstSeenMs: nowMs, peerAsns: new Set() });
    }
  }
}

interface Told {
  readonly what: 'observe' | 'firm' | 'provisional' | 'declare' | 'undeclare' | 'decide' | 'put';
  readonly prefix: Prefix;
  readonly origin: number;
  readonly source: 'config' | 'observed';
  readonly peer: number;
  readonly neighbor: number | undefined;
  readonly accepted: boolean;
  readonly neighbors: readonly number[];
  readonly nowMs: number;
}

const asn = fc.constantFrom(1, 2, 3, 4_294_967_295, 2_147_483_648);
const step: fc.Arbitrary<Told> = fc.record({
  what: fc.oneof(
    { weight: 5, arbitrary: fc.constant('observe' as const) },
    { weight: 5, arbitrary: fc.constantFrom('declare' as const, 'undeclare' as const) },
    {
      weight: 5,
      arbitrary: fc.constantFrom(
        ...(['firm', 'provisional', 'declare', 'undeclare', 'decide', 'put'] as const),
      ),
    },
  ),
  prefix: fc.constantFrom(...PREFIXES),
  origin: fc.constantFrom(...ORIGINS),
  source: fc.constantFrom('config' as const, 'observed' as const),
  peer: fc.oneof(asn, fc.integer({ min: 10, max: 40 })),
  neighbor: fc.option(fc.oneof(asn, fc.integer({ min: 10, max: 300 })), { nil: undefined }),
  accepted: fc.boolean(),
  neighbors: fc.uniqueArray(asn, { maxLength: 3 }),
  nowMs: fc.nat(4_000).map((ms) => T0 + ms),
});

function tell(baseline: Baseline, model: Model, told: Told): void {
  const { what, prefix, origin, peer: peerAsn, neighbor, nowMs } = told;
  const row = baseline.find(prefix, origin);
  const known = model.rows.get(`${prefix.text} ${origin}`);
  expect(row >= 0).toBe(known !== undefined);
  if (what === 'observe') {
    if (UNSEEN.has(prefix)) return;
    baseline.observe({ prefix, origin, neighbor, peerAsn }, told.source, nowMs);
    model.observe(told);
  } else if (what === 'decide') {
    const { accepted, neighbors } = told;
    baseline.decide(prefix, origin, { accepted, by: 'kim', note: 'why', neighbors }, nowMs);
    model.decide(told);
  } else if (what === 'declare') {
    baseline.declare(prefix, origin);
    const declared = model.of(prefix, origin, 'config');
    if (declared.source !== 'operator' && declared.source !== 'rejected') declared.source = 'config';
  } else if (known === undefined) return;
  else if (what === 'put') baseline.put(known, false);
  else if (what === 'firm') expect(baseline.firm(row, nowMs)).toBe(model.firm(known, nowMs));
  else if (what === 'provisional')
    expect(baseline.becomesProvisional(row)).toBe(model.becomesProvisional(known));
  else {
    const isGone = Number.isNaN(known.firstSeenMs);
    expect(baseline.undeclare(row)).toBe(isGone);
    if (isGone) model.rows.delete(`${prefix.text} ${origin}`);
    else known.source = 'observed';
    const others = [...model.rows.values()].filter((other) => other.origin === origin);
    expect(named(baseline.ofOrigin(origin))).toEqual(named(others));
  }
}

const named = (rows: Iterable<Memory>): [string, Memory][] =>
  [...rows].map((row): [string, Memory] => [`${row.prefix.text} ${row.origin}`, row]).sort();

function compare(baseline: Baseline, model: Model): void {
  expect(new Map(named(baseline.every()))).toEqual(model.rows);
  expect(baseline.size).toBe(model.rows.size);
  const rows = [...model.rows.values()];
  expect(baseline.hasDecisions).toBe(
    rows.some(({ source }) => source === 'operator' || source === 'rejected'),
  );
  for (const origin of ORIGINS) {
    const own = rows.filter((row) => row.origin === origin);
    expect(named(baseline.ofOrigin(origin))).toEqual(named(own));
    for (const neighbor of [1, 2, 4_294_967_295]) {
      const sinceMs = own[0]?.lastSeenMs ?? 0;
      expect(baseline.remembersNeighbor(origin, neighbor, sinceMs)).toBe(
        own.some(
          ({ source, neighbors, lastSeenMs }) =>
            neighbors.get(neighbor)?.firm === true &&
            (source === 'operator' || (source !== 'rejected' && lastSeenMs >= sinceMs)),
        ),
      );
    }
  }
  for (const prefix of PREFIXES) {
    const here = rows.filter((row) => row.prefix === prefix);
    expect(baseline.at(prefix)).toEqual(here.map(({ origin, source }) => ({ origin, source })));
  }
  for (const { prefix, origin, neighbors } of rows) {
    const firm = [...neighbors].filter(([, each]) => each.firm).map(([each]) => each);
    const row = baseline.find(prefix, origin);
    expect(baseline.firmNeighbors(prefix, origin)).toEqual(new Set(firm));
    expect(baseline.neighborCount(row)).toBe(neighbors.size);
    for (const neighbor of [1, 2, 7, 4_294_967_295])
      expect(baseline.allowsNeighbor(row, neighbor)).toBe(firm.length === 0 || firm.includes(neighbor));
  }
}

describe('the baseline', () => {
  it('equals the same rules on plain objects, and writes every row that changed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
        const baseline = new Baseline(RULES);
        const model = new Model();
        /** What a store has that gets every row that is to be written. */
        const stored = new Map<string, Memory>();
        for (const told of steps) {
          tell(baseline, model, told);
          for (const [key, row] of named(baseline.takeChanged(100))) stored.set(key, row);
          for (const key of stored.keys()) if (!model.rows.has(key)) stored.delete(key);
        }
        compare(baseline, model);
        // Later sightings within ten minutes are not worth a write.
        const settled = ([key, row]: [string, Memory | Row]): unknown => [key, { ...row, lastSeenMs: 0 }];
        expect(new Map([...stored].map(settled) as [string, unknown][])).toEqual(
          new Map([...model.rows].map(settled) as [string, unknown][]),
        );
      }),
      { numRuns: 40 },
    );
  });
});

describe('the arena of sightings', () => {
  const number = fc.nat({ max: 0xffffffff });
  const sightings: fc.Arbitrary<Sightings> = fc.record({
    peerAsns: fc.uniqueArray(number, { maxLength: 16 }),
    neighbors: fc.uniqueArray(
      fc.record({
        asn: number,
        firm: fc.boolean(),
        firstSeenMs: fc.nat({ max: 4_102_444_800_000 }),
        peerAsns: fc.uniqueArray(number, { maxLength: 5 }),
      }),
      { maxLength: 6, selector: ({ asn }) => asn },
    ),
  });

  it('gives back what was written last in each record, whatever became of the others', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), fc.boolean(), sightings), { maxLength: 60 }), (steps) => {
        const arena = new SightingArena();
        const records = new Map<number, number>();
        const kept = new Map<number, Sightings>();
        for (const [name, isRelease, written] of steps) {
          const record = records.get(name) ?? 0;
          if (isRelease) {
            arena.release(record);
            records.delete(name);
            kept.delete(name);
          } else {
            records.set(name, arena.write(record, written));
            kept.set(name, written);
          }
          for (const [each, expected] of kept) expect(arena.read(records.get(each) ?? 0)).toEqual(expected);
        }
        expect(arena.read(0)).toEqual({ peerAsns: [], neighbors: [] });
      }),
    );
  });
});

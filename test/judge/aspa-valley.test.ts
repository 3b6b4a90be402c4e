/** Valleys between tier-1 ASes and by ASPA: found or not, and who leaked. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type AsPath, parseAsPath } from '../../src/bgp/as-path.ts';
import {
  AspaTable,
  type ProvidersOf,
  verifyDownstream,
  verifyUpstream,
  withDeclaredUpstreams,
} from '../../src/judge/aspa.ts';
import { Topology } from '../../src/judge/topology.ts';
import { findTopologyValley, findValley } from '../../src/judge/valley.ts';

function path(text: string): AsPath {
  const parsed = parseAsPath(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

const TIER1 = new Set([174, 209, 701, 1299, 2914, 3356, 3257]);

describe('a valley between tier-1 ASes', () => {
  it.each([
    ['174 65001 3356 7625', 65_001],
    ['6461 174 65001 65001 65001 3356 7625', 65_001],
    ['174 65001 3356', 65_001],
    ['174 65001 65002 3356 7625', 65_002],
    ['174 65001 3356 65002 701 7625', 65_002],
    ['174 3356 7625', undefined],
    ['174 174 3356 3356 7625', undefined],
    ['65001 3356 7625', undefined],
    ['174 65001 7625', undefined],
    ['3356 65001 3356 7625', undefined],
    ['1299 702 701 7625', undefined],
    ['1299 702 65001 701 7625', 65_001],
    ['174 {65001,65002} 3356 7625', undefined],
    ['', undefined],
  ])('in "%s" is leaked by %s', (text, leaker) => {
    expect(findValley(path(text), TIER1)?.leaker).toBe(leaker);
  });

  it('says from whom to whom it was leaked', () => {
    expect(findValley(path('174 65001 65002 3356 7625'), TIER1)).toEqual({
      leaker: 65_002,
      from: 3_356,
      to: 65_001,
      left: 174,
      right: 3_356,
      between: [65_001, 65_002],
    });
  });

  it('passes over an export to a customer where the relations are known', () => {
    const topology = new Topology([{ a: 65_002, b: 65_001, relation: -1 }]);
    expect(findValley(path('174 65001 65002 3356 7625'), TIER1, topology)?.leaker).toBe(65_001);
    const otherWay = new Topology([{ a: 65_001, b: 65_002, relation: -1 }]);
    expect(findValley(path('174 65001 65002 3356 7625'), TIER1, otherWay)?.leaker).toBe(65_002);
  });

  it('is also seen in known relations alone', () => {
    const topology = new Topology([
      { a: 3491, b: 23_947, relation: -1 },
      { a: 23_947, b: 15_169, relation: 0 },
      { a: 4436, b: 3491, relation: 0 },
    ]);
    expect(findTopologyValley(path('4436 3491 23947 15169'), topology, TIER1)?.leaker).toBe(23_947);
    expect(findTopologyValley(path('3491 23947'), topology, TIER1)).toBeUndefined();
    expect(findTopologyValley(path('23947 3491 4436'), topology, TIER1)).toBeUndefined();
    expect(findTopologyValley(path('1 2 3'), topology, TIER1)).toBeUndefined();
  });

  const facts = '../shared/data/incidents-facts.json';
  it.skipIf(!existsSync(facts))(
    'names the leaker of recorded leaks wherever relations show one (needs ../shared/data)',
    () => {
      const relations = '../shared/data/astopo/problink.relat.txt';
      const topology = new Topology(
        readFileSync(relations, 'utf8')
          .split('\n')
          .filter((line) => /^\d+\|\d+\|(-1|0)$/.test(line))
          .map((line) => {
            const [a, b, relation] = line.split('|').map(Number);
            return { a: a ?? 0, b: b ?? 0, relation: relation === 0 ? (0 as const) : (-1 as const) };
          }),
      );
      interface Fact {
        id: string;
        kind: string;
        events: { role: string; path?: number[] }[];
        expected: { leaker?: number | number[] };
      }
      const incidents = (JSON.parse(readFileSync(facts, 'utf8')) as { incidents: Fact[] }).incidents;
      const wrong = incidents
        .filter((fact) => fact.kind === 'route_leak')
        .flatMap((fact) =>
          fact.events
            .filter((row) => row.role === 'attack' && row.path !== undefined)
            .flatMap((row) => {
              const found = findTopologyValley(row.path ?? [], topology, TIER1)?.leaker;
              const expected = [fact.expected.leaker ?? []].flat();
              return found === undefined || expected.includes(found) ? [] : [`${fact.id}: ${found}`];
            }),
        );
      expect(wrong).toEqual([]);
    },
  );
});

/** Customers with their providers: 1 and 2 are on top, 10 and 20 below them, 100 below 10, 200 below 20. */
const ASPAS = new AspaTable([
  { customer: 1, providers: [0] },
  { customer: 2, providers: [0] },
  { customer: 10, providers: [1] },
  { customer: 20, providers: [2] },
  { customer: 20, providers: [1] },
  { customer: 100, providers: [10] },
  { customer: 200, providers: [20] },
]);
const lookUp: ProvidersOf = (customer) => ASPAS.providersOf(customer);

describe('ASPA, downstream', () => {
  it.each([
    ['100', 'valid', undefined],
    ['200 100', 'valid', undefined],
    ['10 1 20 200', 'valid', undefined],
    ['100 10 1 2 20 200', 'valid', undefined],
    ['100 10 10 10 1 2 20 200 200', 'valid', undefined],
    // One peering step is fine at the top, a second one is not; 10 passed a peer's route on to a peer.
    ['100 10 20 200', 'valid', undefined],
    ['2 10 20 200', 'invalid', 10],
    // 20 had it from its provider 2 and gave it to its provider 1.
    ['1 20 2', 'invalid', 20],
    ['10 1 20 2', 'invalid', 20],
    // 300 attests nothing, so nothing contradicts it.
    ['300 10 20 200', 'unknown', undefined],
    // 200 denies that 300 is its provider, and 1 has none: 300 stands in the valley, attesting or not.
    ['10 1 300 200', 'invalid', 300],
    ['1 300 2', 'invalid', 300],
    ['1 300 400 2', 'invalid', 400],
    ['300 400 500', 'unknown', undefined],
    ['10 {1,2} 20', 'invalid', undefined],
    ['10 1 {20,30}', 'invalid', undefined],
    ['', 'unknown', undefined],
  ])('"%s" is %s, leaked by %s', (text, result, leaker) => {
    expect(verifyDownstream(path(text), lookUp)).toMatchObject({ result, leaker });
  });

  it('shows the attestations that the path contradicts', () => {
    expect(verifyDownstream(path('1 20 2'), lookUp).contradictions).toEqual([
      { customer: 2, other: 20 },
      { customer: 1, other: 20 },
    ]);
  });

  it('passes over exports to attested customers when it looks for the leaker', () => {
    // 2 → 20 → 200 goes down; 200 then climbs to 1, which has no providers.
    expect(verifyDownstream(path('1 200 20 2'), lookUp)).toMatchObject({ result: 'invalid', leaker: 200 });
  });

  it('takes declared upstreams as the attestation of the watched origin', () => {
    const declared = withDeclaredUpstreams(lookUp, 7625, [10]);
    expect(verifyDownstream(path('1 10 7625'), declared).result).toBe('valid');
    expect(verifyDownstream(path('1 20 7625'), declared)).toMatchObject({ result: 'invalid', leaker: 20 });
    expect(verifyDownstream(path('1 20 7625'), lookUp).result).not.toBe('invalid');
    expect(withDeclaredUpstreams(undefined, 7625, [10])(1)).toBeUndefined();
  });
});

describe('ASPA, upstream', () => {
  it.each([
    ['100', 'valid', undefined],
    ['1 10 100', 'valid', undefined],
    ['20 10 100', 'invalid', 20],
    ['1 300 100', 'invalid', 300],
    ['1 10 300', 'unknown', undefined],
    ['1 {2,3}', 'invalid', undefined],
    ['', 'unknown', undefined],
  ])('"%s" is %s, leaked by %s', (text, result, leaker) => {
    expect(verifyUpstream(path(text), lookUp)).toMatchObject({ result, leaker });
  });
});

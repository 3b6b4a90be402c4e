/** The score of a route at its edges: reach, time, the heaviest path, and severity by family and floor. */
import { describe, expect, it } from 'vitest';
import type { Carrier, RouteState } from '../../src/incident/incident-state.ts';
import {
  HELD_LONG_MS,
  type ScoreRules,
  SINGLE_AFTER_MS,
  type Sight,
  scoreRoute,
  severityOf,
  worse,
} from '../../src/incident/score.ts';
import type { Row } from '../../src/judge/finding.ts';
import { NO_SPREAD } from '../../src/judge/spread.ts';
import { DEFAULT_WEIGHTS, type Kind } from '../../src/judge/vocabulary.ts';

const RULES: ScoreRules = { weights: DEFAULT_WEIGHTS, criticalScore: 8, warningScore: 4 };

/** One path of the kind with rows of these weights. */
function carrier(kind: Kind, weights: readonly number[], hasBadClock = false): Carrier {
  const rows = weights.map(
    (weight): Row => ({ code: kind as Row['code'], weight, source: 'test', facts: [] }),
  );
  return { hasBadClock, finding: { kind, rows } } as unknown as Carrier;
}

function route(carriers: readonly Carrier[], changes: Partial<RouteState> = {}): RouteState {
  const made = {
    kind: 'origin-change',
    carriers: new Map(carriers.map((each, at) => [at, each])),
    carriersPeak: 2,
    bornMs: 0,
    ownRows: [],
    severityFloor: undefined,
    ...changes,
  };
  return made as unknown as RouteState;
}

/** So many vantage points of one source. */
function sight(seeing: number, more: Partial<Sight> = {}): Sight {
  return { seeing, sources: 1, isOurs: false, spread: NO_SPREAD, ...more };
}

const extraRows = (kind: Kind, seeing: number, nowMs = 0, changes: Partial<RouteState> = {}): unknown[] =>
  scoreRoute(route([carrier(kind, [4])], changes), sight(seeing), nowMs, RULES)
    .rows.slice(1)
    .map(({ code, weight }) => [code, weight]);

describe('reach', () => {
  it.each([
    [3, []],
    [4, [['reach', 1]]],
    [12, [['reach', 1]]],
    [13, [['reach', 2]]],
    [48, [['reach', 2]]],
    [49, [['reach', 3]]],
  ])('of %i vantage points', (seeing, rows) => {
    expect(extraRows('origin-change', seeing as number)).toEqual(rows);
    expect(extraRows('route-leak', seeing as number)).toEqual(rows);
  });

  it('says how many, from the RIB, and is nothing for our own mistakes', () => {
    const { rows } = scoreRoute(route([carrier('origin-change', [4])]), sight(20), 0, RULES);
    expect(rows[1]).toEqual({ code: 'reach', weight: 2, source: 'rib', facts: [20] });
    expect(extraRows('rpki-invalid', 49)).toEqual([]);
  });
});

describe('sources', () => {
  it('that are independent of each other weigh one more', () => {
    const of = (sources: number): unknown =>
      scoreRoute(route([carrier('origin-change', [4])]), sight(2, { sources }), 0, RULES)
        .rows.slice(1)
        .map(({ code, weight }) => [code, weight]);
    expect([of(0), of(1), of(2), of(3)]).toEqual([[], [], [['second-source', 1]], [['second-source', 1]]]);
  });
});

describe('time', () => {
  it.each([
    [SINGLE_AFTER_MS - 1, 1, []],
    [SINGLE_AFTER_MS, 1, [['single-vantage-point', -1]]],
    [SINGLE_AFTER_MS, 2, []],
    [HELD_LONG_MS - 1, 2, []],
    [HELD_LONG_MS, 2, [['held-long', -2]]],
  ])('after %i ms with a peak of %i', (agoMs, carriersPeak, rows) => {
    const changes = { carriersPeak: carriersPeak as number, bornMs: 1_000 };
    expect(extraRows('origin-change', 1, 1_000 + (agoMs as number), changes)).toEqual(rows);
  });

  it.each([
    ['an RPKI-invalid sub-prefix, which networks that validate do not pass on', 'sub-prefix', {}],
    ['what a router of our own sees', 'origin-change', { isOurs: true }],
  ] as const)('alone for ten minutes calms nothing of %s', (_, kind, more) => {
    const invalid = carrier(kind, [6]);
    const rows = [
      ...invalid.finding.rows,
      { code: 'rpki-invalid-origin', weight: 8, source: 'rpki', facts: [] },
    ];
    const stealthy = { ...invalid, finding: { ...invalid.finding, rows } } as Carrier;
    const alone = route([kind === 'sub-prefix' ? stealthy : invalid], { carriersPeak: 1 });
    const codes = scoreRoute(alone, sight(1, more), SINGLE_AFTER_MS, RULES).rows.map(({ code }) => code);
    expect(codes).not.toContain('single-vantage-point');
  });

  it('by an impossible clock is shown once and weighs nothing', () => {
    const bad = [
      carrier('origin-change', [4]),
      carrier('origin-change', [4], true),
      carrier('origin-change', [4], true),
    ];
    const { rows, score } = scoreRoute(route(bad), sight(1), 0, RULES);
    expect(rows.map(({ code, source }) => [code, source])).toEqual([
      ['origin-change', 'test'],
      ['clock', 'update'],
    ]);
    expect(score).toBe(4);
  });
});

describe('the score', () => {
  it('is that of the heaviest path, the first of equals, and never below 0', () => {
    const heavy = carrier('sub-prefix', [6, 4]);
    const paths = [carrier('origin-change', [4, -8]), heavy, carrier('forged-origin', [10])];
    const scored = scoreRoute(route(paths), sight(1), 0, RULES);
    expect([scored.kind, scored.score, scored.severity, scored.carrier]).toEqual([
      'sub-prefix',
      10,
      'critical',
      heavy,
    ]);
    expect(scoreRoute(route([carrier('origin-change', [4, -8])]), sight(1), 0, RULES)).toMatchObject({
      score: 0,
      severity: 'info',
    });
  });

  it('of a condition without paths is that of its own rows', () => {
    const ownRows: Row[] = [{ code: 'visibility-loss', weight: 8, source: 'rib', facts: [] }];
    const scored = scoreRoute(
      route([], { kind: 'visibility-loss', ownRows }),
      sight(49),
      HELD_LONG_MS,
      RULES,
    );
    expect(scored).toEqual({
      kind: 'visibility-loss',
      carrier: undefined,
      rows: ownRows,
      score: 8,
      severity: 'critical',
    });
  });
});

describe('severity', () => {
  it.each([
    [8, 'hijack', undefined, 'critical'],
    [7, 'hijack', undefined, 'warning'],
    [4, 'path', undefined, 'warning'],
    [3, 'path', undefined, 'info'],
    [3, 'hijack', 'warning', 'warning'],
    [8, 'path', 'warning', 'critical'],
    [0, 'path', 'critical', 'critical'],
    [20, 'own', undefined, 'warning'],
    [3, 'own', undefined, 'info'],
    [20, 'own', 'critical', 'critical'],
    [20, 'own', 'info', 'warning'],
    [3, 'own', 'critical', 'info'],
    [20, 'visibility', 'info', 'critical'],
    [3, 'feed', 'critical', 'info'],
  ] as const)('of %i in family %s with floor %s is %s', (score, family, floor, expected) => {
    expect(severityOf(score, family, floor, RULES)).toBe(expected);
  });

  it('is the worse of two', () => {
    expect([worse('info', 'warning'), worse('critical', 'warning'), worse('info', 'info')]).toEqual([
      'warning',
      'critical',
      'info',
    ]);
  });
});

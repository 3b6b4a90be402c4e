/**
 * Innocence is not for sale (detection.md §3): for each row that lowers a score and each exception, an attacker who tries to earn it. The story
 * is always the same: two days of quiet at twelve vantage points, then AS666.
 */
import { describe, expect, test } from 'vitest';
import type { Alert } from '../../src/incident/alert.ts';
import {
  announce,
  brief,
  DAY,
  HOUR,
  type Path,
  rows,
  type Step,
  type Story,
  seenBy,
  tell,
  withdraw,
} from '../scenario.ts';

const OURS = { prefix: '203.0.112.0/22', origins: [7625] };
const BOUGHT = { ...OURS, upstreams: [10158] };
const TAKEN = '203.0.113.0/24';
const RIGHT = '15412 10158 7625';

/** Twelve vantage points carry the entry's prefix for two days. */
const QUIET = [...seenBy(0, 12, OURS.prefix, RIGHT), ...seenBy(2 * DAY - 100, 12, OURS.prefix, RIGHT)];

/** Six vantage points see the path behind their own AS. */
function attack(tail: string, prefix: string = TAKEN): readonly Step[] {
  return seenBy(2 * DAY, 6, prefix, tail);
}

/** The last alert of it. */
async function last(story: Partial<Story>): Promise<Alert> {
  const { alerts } = await tell({ watch: [OURS], steps: [...QUIET, ...attack('3257 666')], ...story });
  const alert = alerts.at(-1);
  if (alert === undefined) throw new Error('nothing was told');
  return alert;
}

const HIJACK = ['sub-prefix +6', 'never-seen +4', 'new-link +4', 'reach +1'];

/** Before the attack, after the quiet. */
const ruse = (at: number, prefix: string, path: Path): Step =>
  announce(2 * DAY - at, prefix, path, { from: '59999' });

describe('related and new-link: a link is known when it has cost age and several peers', () => {
  test('without a ruse', async () => {
    expect(rows(await last({}))).toEqual(HIJACK);
  });
  test.each<[string, readonly Step[]]>([
    [
      'ten seconds of a path on which the victim returns',
      [ruse(50, OURS.prefix, '59999 3257 666 7625 10158 7625')],
    ],
    ['ten seconds of a path through it', [ruse(50, OURS.prefix, '59999 3257 666 10158 7625')]],
    ['the same at twelve vantage points', seenBy(2 * DAY - 50, 12, OURS.prefix, '3257 666 10158 7625')],
    [
      'a path with the victim as its own transit',
      seenBy(2 * DAY - 50, 12, OURS.prefix, '3257 666 7625 10158 7625'),
    ],
    ['itself as a customer of the victim', [ruse(50, TAKEN, '59999 10158 7625 666')]],
  ])('%s buys nothing', async (_, ruses) => {
    expect(rows(await last({ steps: [...QUIET, ...ruses, ...attack('3257 666')] })).slice(0, 3)).toEqual(
      HIJACK.slice(0, 3),
    );
  });
  test('nor does it after 60 days and much quiet in between', async () => {
    const later = seenBy(62 * DAY, 6, TAKEN, '3257 666');
    const steps = [
      ...QUIET,
      ruse(50, OURS.prefix, '59999 3257 666 10158 7625'),
      withdraw(2 * DAY - 40, OURS.prefix, '59999'),
      ...seenBy(61 * DAY, 12, OURS.prefix, RIGHT),
      ...later,
    ];
    expect(rows(await last({ steps }))).toEqual(HIJACK);
  });
  test('a path that stands at three peers for a day has paid; what nobody showed for 60 days has not', async () => {
    const shown = [51, 52, 53].map((peer) => announce(0, OURS.prefix, `${peer} 3257 666 10158 7625`));
    const steps = [...shown, ...attack('3257 666')];
    expect(rows(await last({ steps }))).not.toContain('new-link +4');
    const gone = [51, 52, 53].map((peer) => withdraw(2 * DAY + HOUR, OURS.prefix, peer));
    const back = seenBy(2 * DAY + HOUR, 12, OURS.prefix, RIGHT);
    const late = (days: number): Promise<Alert> =>
      last({
        steps: [
          ...shown,
          ...shown.map((step) => ({ ...step, at: 2 * DAY })),
          ...gone,
          ...back,
          ...seenBy(days * DAY, 6, TAKEN, '3257 666'),
        ],
      });
    expect(rows(await late(61))).not.toContain('new-link +4');
    expect(rows(await late(63))).toContain('new-link +4');
  });
  test('what leads through somebody who stands accused teaches nothing, however long it stands', async () => {
    const early = announce(0, '203.0.115.0/24', '59999 3257 666');
    const shown = [51, 52, 53].map((peer) => announce(60, OURS.prefix, `${peer} 3257 666 10158 7625`));
    const again = shown.map((step) => ({ ...step, at: 2 * DAY - 60 }));
    const steps = [
      early,
      ...shown,
      ...QUIET.filter(({ at }) => at > DAY),
      ...again,
      ...attack('3257 666'),
    ].sort((a, b) => a.at - b.at);
    const alert = await last({ steps });
    expect(rows(alert)).toContain('new-link +4');
  });
});

describe('misconfiguration: the victim is its own offender only where its neighbour is known', () => {
  const TAIL = ['sub-prefix', 666, 'critical'];
  const said = (alert: Alert): readonly unknown[] => [
    alert.incident.kind,
    alert.incident.offender,
    alert.incident.severity,
  ];
  test.each<[string, Record<string, unknown>, string]>([
    ['a private number', BOUGHT, '3257 666 7625 64512'],
    ['a private number of four bytes', BOUGHT, '3257 666 7625 4200000000'],
    ['a documentation number', BOUGHT, '3257 666 7625 65550'],
    ['a reserved number', BOUGHT, '3257 666 7625 65535'],
    ['AS_TRANS', { ...OURS, origins: [395152] }, '3257 666 23456'],
    ['AS_TRANS behind prepending', { ...BOUGHT, origins: [395152] }, '3257 666 666 23456 23456'],
    ['a private number, where nothing is declared', OURS, '3257 666 7625 64512'],
    ['a private number before and behind', BOUGHT, '3257 666 64513 7625 64512'],
    ['two private numbers', BOUGHT, '3257 666 7625 64512 64513'],
    ['one of a set', BOUGHT, '3257 666 {666,10158} 7625 64512'],
  ])('a tail of the victim and %s', async (_, entry, tail) => {
    expect(said(await last({ watch: [entry], steps: [...QUIET, ...attack(tail)] }))).toEqual(TAIL);
  });
  test('a prepend slip behind an unknown neighbour is a foreign origin', async () => {
    expect(said(await last({ watch: [BOUGHT], steps: [...QUIET, ...attack('3257 666 7625 2')] }))).toEqual([
      'sub-prefix',
      2,
      'critical',
    ]);
  });
  test.each<[string, Record<string, unknown>, string]>([
    ['declared', BOUGHT, '15412 10158 7625 2'],
    ['learned', OURS, '15412 10158 7625 2'],
    [
      'declared, with AS_TRANS in the origin’s place',
      { ...BOUGHT, origins: [7625, 395152] },
      '15412 10158 23456',
    ],
    [
      'shown by ten peers now, and not yet learned',
      { ...OURS, prefix: '198.51.100.0/24' },
      '15412 10158 7625 2',
    ],
  ])('a true slip of our own is told as one: the neighbour is %s', async (_, entry, tail) => {
    const young = seenBy(2 * DAY - 60, 12, '198.51.100.0/24', RIGHT);
    const steps = [...QUIET, ...young, ...attack(tail, String(entry.prefix))];
    expect(brief(await last({ watch: [entry], steps }))).toMatch(/misconfiguration AS(7625|395152) info 2/);
  });
  test('and where the origin itself is the vantage point', async () => {
    const slip = announce(2 * DAY, OURS.prefix, '7625 64512');
    expect(brief(await last({ steps: [...QUIET, slip] }))).toContain('misconfiguration AS7625 info 2');
    const forged = announce(2 * DAY, OURS.prefix, '7625 64512', { from: '666' });
    expect(said(await last({ steps: [...QUIET, forged] }))).toEqual(['origin-change', 666, 'critical']);
  });
});

describe('AS_SETs hide nobody', () => {
  test.each<[string, string]>([
    ['a set of the victim alone', '3257 666 {7625}'],
    ['the same twice', '3257 666 {7625,7625}'],
    ['the victim and a set of it', '3257 666 7625 {7625}'],
    ['a set of it and the victim', '3257 666 {7625} 7625'],
    ['the false neighbour in a set with a true one', '3257 {666,10158} 7625'],
    ['itself alone in a set', '3257 {666} 7625'],
    ['an empty set between', '3257 666 {} 7625'],
    ['a set in the place of the neighbour of a set', '3257 {10158,666} {7625}'],
  ])('%s', async (_, tail) => {
    for (const prefix of [OURS.prefix, TAKEN]) {
      const { incident } = await last({ watch: [BOUGHT], steps: [...QUIET, ...attack(tail, prefix)] });
      expect([incident.kind, incident.offender, incident.severity]).toEqual([
        'forged-origin',
        666,
        'critical',
      ]);
    }
  });
  test('of several false neighbours the lowest is named', async () => {
    const alert = await last({
      watch: [BOUGHT],
      steps: [...QUIET, ...attack('3257 {10158,777,666,666} 7625', OURS.prefix)],
    });
    expect(alert.incident.offender).toBe(666);
  });
  test('a set whose members may all stand there is no forgery', async () => {
    const entry = { ...OURS, origins: [7625, 38099], upstreams: [10158, 3257] };
    const { alerts } = await tell({
      watch: [entry],
      steps: [
        announce(0, OURS.prefix, '174 10158 {7625,38099}'),
        announce(1, OURS.prefix, '174 {3257,10158} 7625'),
        announce(2, OURS.prefix, '174 10158 7625 {7625}'),
      ],
    });
    expect(alerts).toEqual([]);
  });
});

describe('strange-transit looks at all who carry it', () => {
  const CARRIED = ['unexpected-more-specific +2', 'strange-transit +4'];
  test('one decoy of twelve switches nothing off', async () => {
    const steps = [...QUIET, ruse(20, OURS.prefix, '59999 666 10158 7625'), ...attack('666 10158 7625')];
    expect(rows(await last({ steps }))).toEqual(CARRIED);
  });
  test('nor do decoys that are told as forged themselves', async () => {
    const decoys = seenBy(2 * DAY - 20, 5, OURS.prefix, '666 7625');
    const steps = [...QUIET, ...decoys, ...attack('666 7625')];
    const { alerts } = await tell({ watch: [OURS], steps });
    const own = alerts
      .filter(({ incident }) => incident.routes.some(({ prefix }) => prefix === TAKEN))
      .at(-1);
    expect(own?.incident.family).toBe('hijack');
  });
  test('a VRP acquits no interceptor', async () => {
    const vrps = { roas: [{ asn: 'AS7625', prefix: OURS.prefix, maxLength: 24 }] };
    expect(rows(await last({ vrps, steps: [...QUIET, ...attack('666 10158 7625')] }))).toEqual(CARRIED);
  });
  test('one stray path of many is none, whenever it comes', async () => {
    const stray = (at: number): Step => announce(at, TAKEN, '59999 1273 15412 10158 7625');
    for (const at of [2 * DAY - 10, 2 * DAY + 10]) {
      const steps = [...QUIET, ...attack(RIGHT), stray(at)].sort((a, b) => a.at - b.at);
      expect(rows(await last({ steps }))).toEqual(['unexpected-more-specific +2']);
    }
  });
  test('half of them is not more than half', async () => {
    const half = [...attack(RIGHT).slice(0, 3), ...attack('666 10158 7625').slice(3)];
    expect(rows(await last({ steps: [...QUIET, ...half] }))).toEqual(['unexpected-more-specific +2']);
  });
  test('the owner’s answer to a hijack of the whole entry is none', async () => {
    const taken = seenBy(2 * DAY - 10, 12, OURS.prefix, '3257 666');
    const entry = { ...OURS, upstreams: [10158, 3491] };
    const { alerts } = await tell({ watch: [entry], steps: [...QUIET, ...taken, ...attack('3491 7625')] });
    const own = alerts.filter(({ incident }) => incident.family === 'own').at(-1);
    expect(rows(own)).toEqual(['unexpected-more-specific +2']);
  });
  test('the vantage point’s own AS is none', async () => {
    const steps = [...QUIET, announce(2 * DAY, TAKEN, '59999 15412 10158 7625')];
    expect(rows(await last({ steps }))).toEqual(['unexpected-more-specific +2']);
  });
});

describe('relayed: a customer behind the owner', () => {
  const CUSTOMER = '15412 10158 7625 64999';
  test('whom the owner passes on through its known neighbour is no stranger', async () => {
    for (const entry of [OURS, BOUGHT])
      expect(
        rows(await last({ watch: [entry], steps: [...QUIET, ...attack(CUSTOMER.replace('64999', '9457'))] })),
      ).toEqual(['sub-prefix +6', 'relayed -4', 'reach +1']);
  });
  test.each<[string, readonly Step[]]>([
    ['an unknown neighbour before the owner', attack('3257 666 7625 9457')],
    ['the owner only somewhere on the path', attack('15412 10158 7625 3257 9457')],
    ['an owner that returns', attack('15412 7625 10158 7625 9457')],
    ['a path that was made behind a strange transit', attack('666 10158 7625 9457')],
    [
      'less than half of those who carry it',
      [...attack('15412 10158 7625 9457').slice(0, 2), ...attack('3257 9457').slice(2)],
    ],
    ['a set in the owner’s place', attack('15412 10158 {7625,38099} 9457')],
  ])('%s earns nothing', async (_, steps) => {
    const alert = await last({ watch: [BOUGHT], steps: [...QUIET, ...steps] });
    expect(rows(alert)).not.toContain('relayed -4');
    expect(alert.incident.severity).toBe('critical');
  });
  test('half of them is enough', async () => {
    const steps = [...attack('15412 10158 7625 9457').slice(0, 3), ...attack('3257 9457').slice(3)];
    expect(rows(await last({ watch: [BOUGHT], steps: [...QUIET, ...steps] }))).toContain('relayed -4');
  });
});

describe('who was there before the owner was known', () => {
  const LEARNED = { prefix: OURS.prefix };
  const foreign = (at: number, count = 3): readonly Step[] => seenBy(at, count, TAKEN, '3257 666');
  test.each<[string, readonly Step[]]>([
    ['at three peers, a minute earlier', [...foreign(0), ...seenBy(60, 12, OURS.prefix, RIGHT)]],
    [
      'at twelve peers, two days earlier',
      [...foreign(0, 12), ...foreign(DAY + HOUR, 12), ...seenBy(2 * DAY, 12, OURS.prefix, RIGHT)],
    ],
    ['at one peer, at the same time', [...foreign(0, 1), ...seenBy(1, 12, OURS.prefix, RIGHT)]],
  ])('%s, is judged by the owner', async (_, steps) => {
    const { incident } = await last({ watch: [LEARNED], steps });
    expect([incident.kind, incident.offender]).toEqual(['sub-prefix', 666]);
    expect(incident.severity).not.toBe('info');
    expect(incident.routes[0]?.expectedOrigins).toEqual([7625]);
  });
  test('and the owner’s own more-specifics are as fine as they were', async () => {
    const own = seenBy(0, 3, TAKEN, RIGHT);
    const { alerts } = await tell({
      watch: [LEARNED],
      steps: [...own, ...seenBy(60, 12, OURS.prefix, RIGHT)],
    });
    expect(alerts).toEqual([]);
  });
  test('in IPv6 as well', async () => {
    const early = seenBy(0, 3, '2001:db8:1::/48', '3257 666');
    const { incident } = await last({
      watch: [{ prefix: '2001:db8::/32' }],
      steps: [...early, ...seenBy(60, 4, '2001:db8::/32', RIGHT)],
    });
    expect([incident.kind, incident.offender]).toEqual(['sub-prefix', 666]);
  });
});

describe('never-seen: a memory that the attacker made himself is none', () => {
  test('three peers that showed it in the first minutes', async () => {
    const steps = [...seenBy(0, 3, TAKEN, '3257 666'), ...seenBy(60, 12, OURS.prefix, RIGHT)];
    expect(rows(await last({ watch: [{ prefix: OURS.prefix }], steps }))).toContain('never-seen +4');
  });
});

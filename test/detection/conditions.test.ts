/** Conditions of watched prefixes beside visibility: upstreams that must be seen, ROAs that end (detection.md §1); and kinds that an entry mutes. */
import { describe, expect, test } from 'vitest';
import {
  announce,
  brief,
  DAY,
  HOUR,
  rows,
  type Step,
  type Story,
  seenBy,
  sessionDown,
  T0,
  tell,
  withdraw,
} from '../scenario.ts';

const OURS = { prefix: '203.0.112.0/22', origins: [7625] };
const THROUGH = { ...OURS, mustSeeThrough: [10158] };

async function said(story: Partial<Story>): Promise<readonly string[]> {
  const { alerts } = await tell({ watch: [OURS], steps: [], ...story });
  return alerts.map((alert) => brief(alert));
}

describe('upstream-loss', () => {
  const shown = seenBy(0, 3, OURS.prefix, '10158 7625');
  const moved = (at: number, count = 3): readonly Step[] => seenBy(at, count, OURS.prefix, '3257 7625');
  const story = (steps: readonly Step[], until = HOUR): Partial<Story> => ({
    watch: [THROUGH],
    steps: [...shown, ...steps],
    until,
  });

  test('is said five minutes after the last vantage point that showed it shows another', async () => {
    expect((await said(story(moved(60)))).filter((line) => line.includes('upstream-loss'))).toEqual([
      '+360 opened upstream-loss - warning 4',
    ]);
  });
  test('names the AS, family visibility, no offender', async () => {
    const { alerts } = await tell({
      watch: [{ ...OURS, mustSeeThrough: [10158, 9318] }],
      steps: [...shown, ...moved(60)],
      until: HOUR,
    });
    const found = alerts.find(({ incident }) => incident.kind === 'upstream-loss');
    expect(found?.incident).toMatchObject({
      family: 'visibility',
      offender: null,
      score: 4,
      severity: 'warning',
    });
    expect(rows(found)).toEqual(['upstream-loss +4']);
    expect(found?.incident.evidence[0]?.text.en).toContain('AS10158 stands on no path to 203.0.112.0/22');
    expect(found?.incident.routes[0]).toMatchObject({ prefix: OURS.prefix, active: true });
  });
  test.each<[string, readonly Step[]]>([
    ['one vantage point still shows it', moved(60, 2)],
    ['it comes back within five minutes', [...moved(60), announce(359, OURS.prefix, '50001 10158 7625')]],
    ['it was never shown', []],
  ])('is not said where %s', async (_, steps) => {
    const watch = steps.length === 0 ? [{ ...OURS, mustSeeThrough: [9318] }] : [THROUGH];
    expect((await said({ ...story(steps), watch })).join()).not.toContain('upstream-loss');
  });
  test('is not said of what sessions that went down last showed', async () => {
    const steps = [
      announce(0, OURS.prefix, '60001 3257 7625'),
      ...[50001, 50002, 50003].map((peer) => sessionDown(60, peer)),
    ];
    expect(
      (await said(story([...steps, announce(120, OURS.prefix, '60001 174 7625')]))).join(),
    ).not.toContain('upstream-loss');
  });
  test('is said though some of those sessions went down', async () => {
    const steps = [sessionDown(50, 50001), ...moved(60).slice(1)];
    expect((await said(story(steps))).join()).toContain('+360 opened upstream-loss');
  });
  test('is said where the prefix is withdrawn everywhere, and ends when it is seen through it again', async () => {
    const gone = [50001, 50002, 50003].map((peer) => withdraw(60, OURS.prefix, peer));
    const back = announce(HOUR, OURS.prefix, '50001 10158 7625');
    expect(await said(story([...gone, back], 2 * HOUR))).toEqual([
      '+360 opened upstream-loss - warning 4',
      '+3900 resolved upstream-loss - warning 4',
    ]);
  });
  test('needs each of several', async () => {
    const watch = [{ ...OURS, mustSeeThrough: [10158, 15412] }];
    const both = seenBy(0, 3, OURS.prefix, '15412 10158 7625');
    const { alerts } = await tell({
      watch,
      steps: [...both, ...seenBy(60, 3, OURS.prefix, '3257 10158 7625')],
      until: HOUR,
    });
    const found = alerts.find(({ incident }) => incident.kind === 'upstream-loss');
    expect(found?.incident.evidence[0]?.text.en).toMatch(/^AS15412 stands/);
  });
});

describe('roa-expiring', () => {
  const at = (seconds: number): string => new Date((T0 + seconds) * 1000).toISOString();
  const roa = (own: number, more: Record<string, unknown> = {}): Record<string, unknown> => ({
    asn: 'AS7625',
    prefix: OURS.prefix,
    maxLength: 22,
    source: [{ type: 'roa', validity: { notAfter: at(own) }, chainValidity: { notAfter: at(own) } }],
    ...more,
  });
  const right = announce(0, OURS.prefix, '3356 10158 7625');
  const told = (
    roas: readonly Record<string, unknown>[],
    until = HOUR,
    more: Partial<Story> = {},
  ): Promise<readonly string[]> => said({ steps: [right], vrps: { roas }, until, ...more });

  test.each([
    [15 * DAY, []],
    [14 * DAY, ['+0 opened roa-expiring AS7625 info 2']],
    [2 * DAY, ['+0 opened roa-expiring AS7625 warning 4']],
  ])('of a ROA that ends in %i seconds', async (own, expected) => {
    expect(await told([roa(own)])).toEqual(expected);
  });
  test('grows as the end comes, and stays when the ROA is gone while the announcement stands', async () => {
    const lines = await told([roa(3 * DAY), { asn: 1, prefix: '198.51.100.0/24', maxLength: 24 }], 4 * DAY);
    expect(lines).toEqual([
      '+0 opened roa-expiring AS7625 info 2',
      `+${DAY} escalated roa-expiring AS7625 warning 4`,
    ]);
  });
  test('is none where another ROA takes over', async () => {
    expect(await told([roa(3 * DAY), roa(60 * DAY, { prefix: '203.0.0.0/16', maxLength: 24 })])).toEqual([]);
    expect(await told([roa(3 * DAY), roa(60 * DAY, { asn: 'AS9457' })])).not.toEqual([]);
  });
  test('an end of the chain is no end of the ROA: only its passing counts', async () => {
    const { source: _, ...bare } = roa(0);
    const client = { ...bare, expires: T0 + HOUR };
    const other = { asn: 1, prefix: '198.51.100.0/24', maxLength: 24 };
    expect(await told([client, other], HOUR - 1)).toEqual([]);
    expect(await told([client, other], 2 * HOUR)).toEqual(['+3600 opened roa-expiring AS7625 warning 4']);
  });
  test('ends when the prefix is announced no more', async () => {
    const { source: _, ...bare } = roa(0);
    const vrps = {
      roas: [
        { ...bare, expires: T0 + HOUR },
        { asn: 1, prefix: '198.51.100.0/24', maxLength: 24 },
      ],
    };
    const steps = [right, withdraw(2 * HOUR, OURS.prefix, 3356)];
    expect((await said({ steps, vrps, until: 3 * HOUR })).at(-1)).toBe(
      '+7500 resolved roa-expiring AS7625 warning 4',
    );
  });
});

describe('one organisation', () => {
  const hijack = [
    announce(0, OURS.prefix, '3356 10158 7625'),
    announce(60, '203.0.113.0/24', '174 6461 9457'),
  ];
  const organisations = { 'Kakao Corp': [7625, 9457], Other: [1, 2] };
  test('is a row of its own, and makes the origin no stranger', async () => {
    const { alerts } = await tell({ watch: [OURS], steps: hijack, config: { knowledge: { organisations } } });
    expect(rows(alerts[0])).toEqual(['sub-prefix +6', 'same-organisation -4', 'new-link +4']);
    expect(alerts[0]?.incident.summary.en).toContain('AS9457 (Kakao Corp)');
  });
  test('is not what shares nothing but a lack of one', async () => {
    const { alerts } = await tell({
      watch: [OURS],
      steps: hijack,
      config: { knowledge: { organisations: { Kakao: [7625] } } },
    });
    expect(rows(alerts[0])).toContain('never-seen +4');
  });
});

/** detection.md §4 and §5: one incident for one attacker, and what is said of it when. */
import { describe, expect, test } from 'vitest';
import {
  announce,
  brief,
  briefly,
  DAY,
  HOUR,
  rows,
  type Story,
  seenBy,
  sessionDown,
  sessionUp,
  T0,
  tell,
  withdraw,
} from '../scenario.ts';

const OURS = { prefix: '203.0.112.0/22', origins: [7625] };
const RIGHT = announce(0, '203.0.112.0/22', '3356 10158 7625');
const TAKEN = '203.0.113.0/24';
const story = (steps: Story['steps'], more: Partial<Story> = {}): Story => ({
  watch: [OURS],
  steps: [RIGHT, ...steps],
  ...more,
});

describe('one incident for one attacker', () => {
  test('two prefixes in one frame: one opened with two routes', async () => {
    const { alerts } = await tell(story([announce(60, [TAKEN, '203.0.114.0/24'], '174 9457')]));
    expect(alerts.map(({ event, incident }) => [event, incident.routesTotal])).toEqual([['opened', 2]]);
  });
  test('ten prefixes taken by one AS are one incident with ten routes', async () => {
    const ten = Array.from({ length: 10 }, (_, index) =>
      announce(60 + index * 61, `203.0.113.${index * 16}/28`, '174 9457'),
    );
    const { alerts } = await tell(story(ten));
    expect(new Set(alerts.map(({ incident }) => incident.id)).size).toBe(1);
    expect(alerts.at(-1)?.incident.routesTotal).toBe(10);
  });
  test('another attacker, another group and another family are other incidents', async () => {
    const watch = [OURS, { prefix: '198.51.100.0/24', origins: [7625], group: 'other' }];
    const steps = [
      RIGHT,
      announce(60, TAKEN, '174 9457'),
      announce(61, TAKEN, '1299 9458'),
      announce(62, '198.51.100.0/24', '174 9457'),
      announce(63, '203.0.112.0/22', '1299 9457 3356 7625'),
    ];
    const { alerts } = await tell({ watch, steps });
    expect(
      alerts.map((alert) => `${alert.incident.group} ${alert.incident.family} ${alert.incident.offender}`),
    ).toEqual(['default hijack 9457', 'default hijack 9458', 'other hijack 9457', 'default path 9457']);
  });
  test('its kind, score and rows are those of the heaviest route', async () => {
    const { alerts } = await tell(
      story([announce(60, '203.0.112.0/22', '174 9457'), announce(61, TAKEN, '174 9457')]),
    );
    expect(alerts.map((alert) => brief(alert))).toEqual([
      '+60 opened origin-change AS9457 critical 12',
      '+61 updated sub-prefix AS9457 critical 14',
    ]);
    expect(rows(alerts[1])).toEqual(['sub-prefix +6', 'never-seen +4', 'new-link +4']);
  });
});

describe('opened and escalated', () => {
  test('minPeers counts peer ASes, not vantage points', async () => {
    const watch = [{ ...OURS, minPeers: 2 }];
    const same = [
      announce(60, TAKEN, '174 9457', { from: '174.1' }),
      announce(61, TAKEN, '174 9457', { from: '174.2' }),
    ];
    expect(await briefly({ watch, steps: same })).toEqual([]);
    const more = [...same, announce(90, TAKEN, '1299 9457')];
    expect(await briefly({ watch, steps: more })).toEqual(['+90 opened sub-prefix AS9457 critical 14']);
  });
  test('what went before enough had shown it is no end of what then opens', async () => {
    const watch = [{ ...OURS, minPeers: 2 }];
    const steps = [
      announce(60, TAKEN, '174 9457', { from: '174.1' }),
      announce(61, TAKEN, '174 9457', { from: '174.2' }),
      withdraw(62, TAKEN, '174.1'),
      announce(63, TAKEN, '1299 9457'),
    ];
    const { alerts } = await tell(story(steps, { watch }));
    expect(alerts.map(({ event, incident }) => [event, incident.endedAt])).toEqual([['opened', null]]);
  });
  test('escalated when the severity rises by spread', async () => {
    const config = { detection: { weights: { 'never-seen': 0, 'new-link': 0 } } };
    const steps = seenBy(60, 60, '203.0.112.0/22', '174 9457', 1);
    const said = await briefly({
      watch: [OURS],
      steps,
      config: { detection: { ...config.detection, criticalScore: 7 } },
    });
    expect(said.filter((line) => line.includes('escalated'))).toEqual([
      '+108 escalated origin-change AS9457 critical 7',
    ]);
    expect(said[0]).toBe('+60 opened origin-change AS9457 warning 4');
  });
  test('a severity that falls makes no alert; the next one shows it, and the peak stays', async () => {
    const steps = [
      announce(60, '203.0.112.0/22', '174 666 9457'),
      announce(61, '203.0.112.0/22', '174 9457 666'),
      withdraw(100, '203.0.112.0/22', 174),
    ];
    const { alerts } = await tell(story(steps, { until: HOUR }));
    expect(
      alerts.map(({ event, incident }) => `${event} AS${incident.offender} ${incident.peakSeverity}`),
    ).toEqual([
      'opened AS9457 critical',
      'opened AS666 critical',
      'resolved AS9457 critical',
      'resolved AS666 critical',
    ]);
    expect(alerts[2]?.incident.resolution).toBe('replaced');
    expect(alerts[3]?.incident.resolution).toBe('withdrawn');
  });
});

describe('updated', () => {
  test('goes out at once, and the next ones are collected', async () => {
    const steps = [60, 61, 62, 63].map((at, index) => announce(at, `203.0.113.${index * 16}/28`, '174 9457'));
    const { alerts } = await tell(story(steps, { until: 300 }));
    expect(
      alerts.map(({ at, event, reason, incident }) => [
        Date.parse(at) / 1000 - T0,
        event,
        reason,
        incident.routesTotal,
      ]),
    ).toEqual([
      [60, 'opened', 'first-sighting', 1],
      [61, 'updated', 'route-added', 2],
      [121, 'updated', 'route-added', 4],
    ]);
  });
  test('when the reach doubles', async () => {
    const { alerts } = await tell(story(seenBy(60, 9, TAKEN, '174 9457', 61), { until: 900 }));
    expect(alerts.map(({ reason, incident }) => [reason, incident.routes[0]?.vantagePoints.seeing])).toEqual([
      ['first-sighting', 1],
      ['reach-doubled', 2],
      ['reach-doubled', 4],
      ['reach-doubled', 8],
    ]);
  });
  test('what is held back is printed at the end, stamped with the clock', async () => {
    const steps = [
      announce(60, TAKEN, '174 9457'),
      announce(61, '203.0.114.0/24', '174 9457'),
      announce(70, '203.0.115.0/24', '174 9457'),
    ];
    expect(await briefly(story(steps))).toEqual([
      '+60 opened sub-prefix AS9457 critical 14',
      '+61 updated sub-prefix AS9457 critical 14',
      '+70 updated sub-prefix AS9457 critical 14',
    ]);
  });
  test('what is held back goes out before the end is told', async () => {
    const steps = [
      announce(60, TAKEN, '174 9457'),
      announce(61, '203.0.114.0/24', '174 9457'),
      announce(62, '203.0.115.0/24', '174 9457'),
      withdraw(63, [TAKEN, '203.0.114.0/24', '203.0.115.0/24'], 174),
    ];
    const config = { detection: { updateEverySeconds: 3600 } };
    const { alerts } = await tell(story(steps, { until: HOUR, config }));
    expect(alerts.map(({ event }) => event)).toEqual(['opened', 'updated', 'updated', 'resolved']);
  });
});

describe('resolved', () => {
  const opened = announce(60, TAKEN, '174 9457');
  test.each<[string, Story['steps'], string]>([
    ['by withdrawals', [withdraw(120, TAKEN, 174)], 'withdrawn'],
    ['by replacement with a conforming route', [announce(120, TAKEN, '174 10158 7625')], 'replaced'],
  ])('%s, after five covered minutes', async (_, steps, resolution) => {
    const { alerts } = await tell(
      story([opened, ...steps], { until: 500, watch: [{ ...OURS, maxLength: 24 }] }),
    );
    const last = alerts.at(-1);
    expect(last).toMatchObject({ event: 'resolved', reason: 'ended', at: '2026-01-01T00:07:00.000Z' });
    expect(last?.incident).toMatchObject({
      resolution,
      endedAt: '2026-01-01T00:02:00.000Z',
      resolvedAt: '2026-01-01T00:07:00.000Z',
      state: 'resolved',
    });
    expect(last?.incident.routes[0]).toMatchObject({ active: false, vantagePoints: { seeing: 0 } });
  });
  test('not while one vantage point still carries it', async () => {
    expect(
      await briefly(
        story([opened, announce(61, TAKEN, '1299 9457'), withdraw(120, TAKEN, 174)], { until: HOUR }),
      ),
    ).not.toContainEqual(expect.stringContaining('resolved'));
  });
  test('a flap begins the five minutes anew', async () => {
    const steps = [
      opened,
      withdraw(120, TAKEN, 174),
      announce(300, TAKEN, '174 9457'),
      withdraw(360, TAKEN, 174),
    ];
    expect(await briefly(story(steps, { until: 1000 }))).toEqual([
      '+60 opened sub-prefix AS9457 critical 14',
      expect.stringMatching(/^\+660 resolved/),
    ]);
  });
  test('a session that goes down resolves nothing, not even when it comes up again', async () => {
    const steps = [opened, sessionDown(120, 174), sessionUp(200, 174)];
    expect(await briefly(story(steps, { until: 10 * HOUR }))).toEqual([
      '+60 opened sub-prefix AS9457 critical 14',
    ]);
  });
  test('unknown is shown: nobody is known to see it', async () => {
    const steps = [opened, sessionDown(120, 174), announce(200, '203.0.114.0/24', '1299 9457')];
    const { alerts } = await tell(story(steps));
    const route = alerts.at(-1)?.incident.routes.find(({ prefix }) => prefix === TAKEN);
    expect(route).toMatchObject({ active: true, vantagePoints: { seeing: 0 } });
  });
  test('after 24 h without evidence either way: no-evidence', async () => {
    const { alerts } = await tell(story([opened, sessionDown(120, 174)], { until: 2 * DAY }));
    expect(alerts.at(-1)).toMatchObject({ event: 'resolved', reason: 'no-evidence' });
    expect(alerts.at(-1)?.incident.resolution).toBe('no-evidence');
  });
  test('a route that is announced and stays is evidence enough for days', async () => {
    expect(await briefly(story([opened], { until: 5 * DAY }))).toEqual([
      '+60 opened sub-prefix AS9457 critical 14',
    ]);
  });
});

describe('reopened', () => {
  const steps = (again: number): Story['steps'] => [
    announce(60, TAKEN, '174 9457'),
    withdraw(120, TAKEN, 174),
    announce(again, TAKEN, '174 9457'),
  ];
  test('the same key within 24 h', async () => {
    const { alerts } = await tell(story(steps(420 + 23 * HOUR)));
    expect(alerts.map(({ event }) => event)).toEqual(['opened', 'resolved', 'reopened']);
    expect(alerts[2]).toMatchObject({
      reason: 'returned',
      incident: {
        reopenedCount: 1,
        id: alerts[0]?.incident.id,
        resolvedAt: null,
        endedAt: null,
        resolution: null,
      },
    });
  });
  test('by another prefix as well', async () => {
    const other = [
      ...steps(0).slice(0, 0),
      announce(60, TAKEN, '174 9457'),
      withdraw(120, TAKEN, 174),
      announce(HOUR, '203.0.114.0/24', '174 9457'),
    ];
    expect((await tell(story(other))).alerts.map(({ event }) => event)).toEqual([
      'opened',
      'resolved',
      'reopened',
    ]);
  });
  test('else a new incident', async () => {
    const { alerts } = await tell(story(steps(420 + 25 * HOUR)));
    expect(alerts.map(({ event }) => event)).toEqual(['opened', 'resolved', 'opened']);
    expect(alerts[2]?.incident.id).not.toBe(alerts[0]?.incident.id);
  });
});

describe('time', () => {
  test('a deadline fires before a frame of the same stamp, with its own time', async () => {
    const steps = [
      announce(60, TAKEN, '174 9457'),
      withdraw(120, TAKEN, 174),
      announce(420, TAKEN, '174 9457'),
    ];
    expect(await briefly(story(steps))).toEqual([
      '+60 opened sub-prefix AS9457 critical 14',
      expect.stringMatching(/^\+420 resolved/),
      expect.stringMatching(/^\+420 reopened/),
    ]);
  });
  test('out of order: applied at the clock’s time, and observed as stamped', async () => {
    const lines = [announce(100, TAKEN, '174 9457'), announce(50, '203.0.114.0/24', '1299 9458')];
    const { alerts } = await tell(story([], { steps: lines }));
    expect(alerts[1]).toMatchObject({
      at: '2026-01-01T00:01:40.000Z',
      incident: { firstSeenAt: '2026-01-01T00:00:50.000Z' },
    });
  });
  test('what is wrong at --from opens then', async () => {
    const { alerts } = await tell(
      story([announce(60, TAKEN, '174 9457'), announce(200, '203.0.112.0/22', '174 10158 7625')], {
        from: 100,
      }),
    );
    expect(alerts.map(({ at, incident }) => [at, incident.firstSeenAt])).toEqual([
      ['2026-01-01T00:01:40.000Z', '2026-01-01T00:01:00.000Z'],
    ]);
  });
  test('the same input gives the same alerts, byte for byte', async () => {
    const twice = story([announce(60, TAKEN, '174 9457'), withdraw(120, TAKEN, 174)], { until: HOUR });
    expect((await tell(twice)).stdout).toBe((await tell(twice)).stdout);
  });
  test('a filtered end: records beyond --to are left out', async () => {
    expect(await briefly(story([announce(60, TAKEN, '174 9457')], { until: 30 }))).toEqual([]);
  });
});

describe('learning', () => {
  const unlisted = { prefix: '203.0.112.0/22' };
  const learned = (origin: number, at = 0): Story['steps'] =>
    [3356, 174, 1299].map((asn) => announce(at, '203.0.112.0/22', `${asn} 10158 ${origin}`));
  test('the first origin that three peer ASes show is the provisional expectation', async () => {
    const { alerts } = await tell({
      watch: [unlisted],
      steps: [...learned(7625), announce(60, '203.0.112.0/22', '2914 6461 9457')],
    });
    expect(brief(alerts[0]!)).toBe('+60 opened origin-change AS9457 critical 10');
    expect(rows(alerts[0])).toEqual([
      'origin-change +4',
      'never-seen +4',
      'new-link +4',
      'baseline-provisional -2',
    ]);
  });
  test('two are not enough, however many vantage points they have', async () => {
    const steps = [
      ...learned(7625).slice(0, 2),
      announce(1, '203.0.112.0/22', '174 10158 7625', { from: '174.2' }),
      announce(60, '203.0.112.0/22', '2914 6461 9457'),
    ];
    expect(await briefly({ watch: [unlisted], steps })).toEqual([]);
  });
  test('after 24 h it is firm', async () => {
    const { alerts } = await tell({
      watch: [unlisted],
      steps: [...learned(7625), announce(DAY + 60, '203.0.112.0/22', '2914 6461 9457')],
    });
    expect(rows(alerts[0])).toEqual(['origin-change +4', 'never-seen +4', 'new-link +4']);
  });
  test('an RPKI-invalid one never is', async () => {
    const vrps = { roas: [{ prefix: '203.0.112.0/22', maxLength: 22, asn: 'AS1' }] };
    const { alerts } = await tell({
      watch: [unlisted],
      vrps,
      steps: [...learned(7625), announce(DAY + 60, '203.0.112.0/22', '2914 6461 9457')],
    });
    expect(rows(alerts.at(-1))).toContain('baseline-provisional -2');
  });
  test('slow poisoning does not succeed: an offending origin teaches nothing, however long it stands', async () => {
    const slow = [1, 2, 3, 4, 5, 6].flatMap((day) =>
      [20940, 2914, 3257, 6453].map((asn) => announce(day * DAY, '203.0.112.0/22', `${asn} 6461 9457`)),
    );
    const { alerts } = await tell({
      watch: [unlisted],
      steps: [...learned(7625), ...slow, announce(20 * DAY, '203.0.112.0/22', '7018 6461 9457')],
      until: 21 * DAY,
    });
    expect(alerts[0]).toMatchObject({ event: 'opened', incident: { offender: 9457, severity: 'critical' } });
    expect(alerts.at(-1)?.incident.state).toBe('open');
    expect(alerts.at(-1)?.incident.routes[0]?.expectedOrigins).toEqual([7625]);
  });
  test('nor by way of the neighbour: a false link of days never becomes a known one', async () => {
    const watch = [{ ...OURS, upstreams: [10158] }];
    const slow = [1, 2, 3].flatMap((day) =>
      [20940, 2914, 3257].map((asn) => announce(day * DAY, '203.0.112.0/22', `${asn} 666 7625`)),
    );
    const { alerts } = await tell({ watch, steps: [RIGHT, ...slow] });
    expect(rows(alerts.at(-1))).toContain('new-link +4');
    expect(alerts[0]?.incident).toMatchObject({ kind: 'forged-origin', offender: 666 });
  });
  test('learned neighbours are weaker evidence', async () => {
    const steps = [...learned(7625), announce(2 * DAY, '203.0.112.0/22', '2914 666 7625')];
    const { alerts } = await tell({ watch: [OURS], steps });
    expect(brief(alerts[0]!)).toBe(`+${2 * DAY} opened forged-origin AS666 warning 6`);
    expect(rows(alerts[0])).toEqual(['forged-origin +2', 'new-link +4']);
  });
});

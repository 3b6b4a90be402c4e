import { describe, expect, it } from 'vitest';
import { nextReminder, readReminderKey, reminderKey, type ToldSoFar } from '../../src/incident/reminders.ts';
import {
  planDeliveries,
  type RouteRule,
  type RoutingPlan,
  routeOf as routed,
  type SilenceRule,
  silenceOf,
} from '../../src/incident/routing.ts';
import { alertOf, incidentOf, routeOf } from '../deliver/alerts.ts';

const NOW = Date.parse('2022-02-03T02:00:00.000Z');
const NOBODY: ReadonlySet<string> = new Set();

function planOf(over: Partial<RoutingPlan> = {}): RoutingPlan {
  const receivers = [
    { name: 'noc', minSeverity: 'warning' as const },
    { name: 'siem', minSeverity: 'info' as const },
  ];
  return { receivers, routes: [], silences: [], tagsOf: () => [], ...over };
}

function silence(over: Partial<SilenceRule> = {}): SilenceRule {
  const base = { id: 's1', match: {}, expectedOrigin: null, by: 'kim' };
  return { ...base, startsAt: '2022-02-03T01:30:00.000Z', endsAt: '2022-02-03T03:00:00.000Z', ...over };
}

function notified(decisions: ReturnType<typeof planDeliveries>): readonly string[] {
  return decisions.filter((decision) => decision.notify).map((decision) => decision.receiver);
}

describe('without routes', () => {
  it.each([
    ['critical', ['noc', 'siem']],
    ['warning', ['noc', 'siem']],
    ['info', ['siem']],
  ] as const)('%s reaches each receiver at its minSeverity', (severity, names) => {
    expect(notified(planDeliveries(alertOf({}, { severity }), NOBODY, planOf(), NOW))).toEqual(names);
  });

  it('says why, for both answers', () => {
    const [noc, siem] = planDeliveries(alertOf({}, { severity: 'info' }), NOBODY, planOf(), NOW);
    expect(noc?.reason).toBe('no routes: every receiver is asked; info is below its minSeverity warning');
    expect(siem?.reason).toBe('no routes: every receiver is asked; info reaches its minSeverity info');
  });
});

describe('mute', () => {
  const mutedBy = (watch: string): readonly string[] => (watch === '211.249.216.0/21' ? ['sub-prefix'] : []);
  const route = routeOf({ kind: 'sub-prefix', watch: '211.249.216.0/21', active: true });
  const told = (routes: readonly ReturnType<typeof routeOf>[], total = routes.length): readonly string[] =>
    notified(
      planDeliveries(
        alertOf({}, { severity: 'critical', routes, routesTotal: total }),
        NOBODY,
        planOf({ mutedBy }),
        NOW,
      ),
    );

  it('keeps back what stands of a kind that its entry mutes, and says so', () => {
    expect(told([route])).toEqual([]);
    const muted = alertOf({}, { severity: 'critical', routes: [route], routesTotal: 1 });
    expect(planDeliveries(muted, NOBODY, planOf({ mutedBy }), NOW)[0]?.reason).toContain('mutes this kind');
  });

  it.each([
    ['another kind', { ...route, kind: 'origin-change' as const }],
    ['another entry', { ...route, watch: '203.0.113.0/24' }],
  ])('never keeps back an incident that %s joined', (_, other) => {
    expect(told([route, other])).toEqual(['noc', 'siem']);
    expect(told([route, { ...other, active: false }])).toEqual([]);
  });

  it('never keeps back an incident with more routes than are listed', () => {
    expect(told([route], 101)).toEqual(['noc', 'siem']);
  });

  it('still tells the end to whoever was told', () => {
    const ended = alertOf(
      { event: 'resolved', reason: 'ended' },
      { state: 'resolved', routes: [route], routesTotal: 1 },
    );
    expect(notified(planDeliveries(ended, new Set(['noc']), planOf({ mutedBy }), NOW))).toEqual(['noc']);
  });
});

describe('the end', () => {
  const resolved = alertOf({ event: 'resolved', reason: 'ended' }, { state: 'resolved', severity: 'info' });

  it('goes to whoever was told, below minSeverity and against routes and silences', () => {
    const routes = [{ match: { group: ['other'] }, receivers: ['siem'] }];
    const plan = planOf({ routes, silences: [silence()] });
    expect(notified(planDeliveries(resolved, new Set(['noc']), plan, NOW))).toEqual(['noc']);
  });

  it('goes to nobody who was not told', () => {
    expect(notified(planDeliveries(resolved, NOBODY, planOf(), NOW))).toEqual([]);
  });
});

describe('routes', () => {
  const kakao: RouteRule = {
    match: { group: ['kakao'], kind: ['sub-prefix', 'origin-change'] },
    receivers: ['noc'],
  };
  const all: RouteRule = { match: {}, receivers: ['siem'] };

  it('takes the first that matches and no other', () => {
    const decisions = planDeliveries(alertOf(), NOBODY, planOf({ routes: [kakao, all] }), NOW);
    expect(notified(decisions)).toEqual(['noc']);
    expect(decisions[1]?.reason).toBe(
      'route 1 matches (group kakao, kind sub-prefix or origin-change), which does not name it',
    );
  });

  it('keeps minSeverity for routed receivers', () => {
    const alert = alertOf({}, { severity: 'info' });
    expect(notified(planDeliveries(alert, NOBODY, planOf({ routes: [kakao] }), NOW))).toEqual([]);
  });

  it('tells nobody and says so when none matches', () => {
    const decisions = planDeliveries(
      alertOf({}, { group: 'naver' }),
      NOBODY,
      planOf({ routes: [kakao] }),
      NOW,
    );
    expect(notified(decisions)).toEqual([]);
    expect(decisions[0]?.reason).toBe('none of the 1 routes matches: nobody is told');
  });

  it.each<[string, RouteRule['match'], boolean]>([
    ['kind of any route', { kind: ['covering-prefix'] }, true],
    ['kind of none', { kind: ['route-leak'] }, false],
    ['severity of the moment', { severity: ['critical'] }, true],
    ['another severity', { severity: ['warning'] }, false],
    ['a covering prefix', { prefix: ['192.0.0.0/16'] }, true],
    ['a prefix inside', { prefix: ['192.0.2.129/32'] }, true],
    ['a prefix beside', { prefix: ['198.51.100.0/24'] }, false],
    ['a tag of the watch entry', { tags: ['pay'] }, true],
    ['a tag of nobody', { tags: ['maps'] }, false],
    ['all keys together', { group: ['kakao'], tags: ['pay'], prefix: ['192.0.2.0/24'] }, true],
    ['all but one', { group: ['kakao'], tags: ['maps'], prefix: ['192.0.2.0/24'] }, false],
    ['everything', {}, true],
  ])('matches by %s', (_, match, matches) => {
    const incident = incidentOf({
      routes: [routeOf(), routeOf({ kind: 'covering-prefix' })],
      routesTotal: 2,
    });
    const tagsOf = (watch: string) => (watch === '192.0.2.0/24' ? ['pay'] : []);
    const answer = routed(incident, { routes: [{ match, receivers: ['noc'] }], tagsOf });
    expect(answer.rule !== undefined).toBe(matches);
  });
});

describe('silences', () => {
  it.each(['opened', 'escalated', 'updated', 'reopened'] as const)(
    'keep %s back while they last',
    (event) => {
      const decisions = planDeliveries(
        alertOf({ event }),
        new Set(['noc']),
        planOf({ silences: [silence()] }),
        NOW,
      );
      expect(notified(decisions)).toEqual([]);
      expect(decisions[0]?.reason).toBe('silenced until 2022-02-03T03:00:00.000Z by kim');
    },
  );

  it('hold from their start up to, not at, their end', () => {
    const { startsAt, endsAt } = silence();
    const at = (ms: number) => silenceOf(incidentOf(), [silence()], ms) !== undefined;
    expect([at(Date.parse(startsAt) - 1), at(Date.parse(startsAt))]).toEqual([false, true]);
    expect([at(Date.parse(endsAt) - 1), at(Date.parse(endsAt))]).toEqual([true, false]);
  });

  it.each<[string, SilenceRule['match'], boolean]>([
    ['its group', { group: 'kakao' }, true],
    ['another group', { group: 'naver' }, false],
    ['its offender', { offender: 64511 }, true],
    ['another offender', { offender: 64496 }, false],
    ['its kind', { kind: 'sub-prefix' }, true],
    ['the prefix itself', { prefix: '192.0.2.128/25' }, true],
    ['the watched prefix', { prefix: '192.0.2.0/24' }, true],
    ['a part of the prefix only', { prefix: '192.0.2.128/26' }, false],
  ])('match by %s', (_, match, matches) => {
    expect(silenceOf(incidentOf(), [silence({ match })], NOW) !== undefined).toBe(matches);
  });

  it('by one prefix do not quiet a second one that the same attacker takes', () => {
    const routes = [routeOf(), routeOf({ prefix: '198.51.100.0/24', watch: '198.51.100.0/24' })];
    const one = silence({ match: { prefix: '192.0.2.0/24' } });
    expect(silenceOf(incidentOf({ routes, routesTotal: 2 }), [one], NOW)).toBeUndefined();
    const gone = [routeOf(), routeOf({ prefix: '198.51.100.0/24', watch: '198.51.100.0/24', active: false })];
    expect(silenceOf(incidentOf({ routes: gone, routesTotal: 2 }), [one], NOW)).toBe(one);
  });

  it('by prefix do not quiet what is not listed', () => {
    const one = silence({ match: { prefix: '192.0.2.0/24' } });
    expect(silenceOf(incidentOf({ routesTotal: 101 }), [one], NOW)).toBeUndefined();
  });

  it('that plan a change quiet nothing by themselves', () => {
    expect(silenceOf(incidentOf(), [silence({ expectedOrigin: 64500 })], NOW)).toBeUndefined();
  });
});

describe('reminders', () => {
  const receivers = [
    { name: 'noc', minSeverity: 'warning' as const },
    { name: 'boss', minSeverity: 'critical' as const },
  ];
  const rule: RouteRule = {
    match: {},
    receivers: ['noc'],
    escalate: { afterMinutes: 15, receivers: ['boss'] },
    repeatMinutes: 60,
  };
  const told: ToldSoFar = {
    sinceMs: NOW,
    escalatedMs: undefined,
    lastMs: NOW,
    count: 0,
    receivers: new Set(['noc']),
  };

  it('escalate first, then repeat', () => {
    const first = nextReminder(incidentOf(), rule, told, receivers);
    expect(first).toMatchObject({ type: 'escalate', dueMs: NOW + 900_000, number: 1, receivers: ['boss'] });
    const later = { ...told, escalatedMs: NOW + 900_000, lastMs: NOW + 900_000, count: 1 };
    const second = nextReminder(incidentOf(), rule, later, receivers);
    expect(second).toMatchObject({ type: 'repeat', dueMs: NOW + 4_500_000, number: 2, receivers: ['noc'] });
  });

  it.each([{ acknowledged: true }, { state: 'resolved' as const }])('end with %o', (over) => {
    expect(nextReminder(incidentOf(over), rule, told, receivers)).toBeUndefined();
  });

  it('do not escalate below the minSeverity of those', () => {
    expect(nextReminder(incidentOf({ severity: 'warning' }), rule, told, receivers)?.type).toBe('repeat');
  });

  it('repeat nothing that nobody was told', () => {
    const quiet = { ...told, receivers: NOBODY };
    expect(
      nextReminder(incidentOf(), { match: {}, receivers: [], repeatMinutes: 5 }, quiet, receivers),
    ).toBeUndefined();
  });

  it('have keys of their own that read back', () => {
    const key = reminderKey('0194c8e2-aa', { type: 'repeat', number: 3 });
    expect(key).toBe('0194c8e2-aa#repeat-3');
    expect(readReminderKey(key)).toEqual({ type: 'repeat', number: 3 });
    expect(readReminderKey('0194c8e2-aa')).toBeUndefined();
  });
});

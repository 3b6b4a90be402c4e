import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BaselineRow } from '../../src/engine/ports.ts';
import { type LoggedRoute, routes } from '../store/routes.ts';
import { type Room, room } from './bench.ts';

const RECEIVERS = `
receivers:
  - { name: noc, type: command, command: [/bin/true], minSeverity: warning }
  - { name: pager, type: command, command: [/bin/true], minSeverity: critical }
routes:
  - match: { group: [kakao, dark] }
    receivers: [noc, pager]
    escalate: { afterMinutes: 15, receivers: [pager] }
`;

let place: Room;
beforeEach(() => {
  place = room(RECEIVERS);
});
afterEach(() => place.remove());

async function explain(prefix: string, path: string, ...argv: readonly string[]) {
  const ran = await place.run('explain', prefix, path, '--json', ...argv);
  return { ...ran, json: ran.stdout === '' ? undefined : JSON.parse(ran.stdout) };
}

function ribRow(prefix: string, path: readonly number[], number = 1): LoggedRoute {
  const vantagePoint = { collector: 'rrc00', peerAddress: `192.0.2.${number}`, peerAsn: path[0] ?? 0 };
  return { vantagePoint, prefix, path, communities: [], observedMs: 1, arrivedMs: 1 };
}

function learned(prefix: string, origin: number): BaselineRow {
  const at = '2022-02-01T00:00:00.000Z';
  return {
    prefix,
    origin,
    neighbors: [64510],
    source: 'learned',
    firstSeenAt: at,
    lastSeenAt: at,
    peerAsns: [1, 2, 3],
    by: '',
    note: '',
  };
}

describe('explain', () => {
  test('tells a sub-prefix hijack stage by stage', async () => {
    const { json, code } = await explain('211.249.221.0/24', '6461 9457');
    expect(code).toBe(0);
    expect(json.match).toMatchObject({ type: 'covered', watch: '211.249.216.0/21', group: 'kakao' });
    expect(json.expectation).toMatchObject({
      state: 'declared',
      origins: [{ origin: 7625, maxLength: 24, neighbors: { allowed: [10158], source: 'declared' } }],
    });
    expect(json.kinds.map(({ kind }: { kind: string }) => kind)).toEqual([
      'squatting',
      'sub-prefix',
      'origin-change',
      'forged-origin',
      'route-leak',
      'path-policy',
      'rpki-invalid',
      'unexpected-more-specific',
      'misconfiguration',
    ]);
    for (const { kind, holds, isTheKind, reason } of json.kinds) {
      expect(holds).toBe(kind === 'sub-prefix');
      expect(isTheKind).toBe(holds);
      expect(reason.en).not.toBe('');
    }
    expect(json.finding).toMatchObject({
      kind: 'sub-prefix',
      taxonomy: 'S|0',
      offender: 9457,
      score: 14,
      severity: 'critical',
    });
    expect(
      json.finding.evidence.map(({ code, weight }: { code: string; weight: number }) => `${code} ${weight}`),
    ).toEqual(['sub-prefix 6', 'never-seen 4', 'new-link 4']);
    expect(json.incident).toMatchObject({
      key: { group: 'kakao', family: 'hijack', offender: 9457 },
      outcome: 'opened',
      score: 14,
      severity: 'critical',
    });
    expect(json.notify).toMatchObject([
      { receiver: 'noc', notify: true },
      { receiver: 'pager', notify: true },
    ]);
    expect(json.escalation).toEqual({ afterMinutes: 15, receivers: ['pager'] });
  });

  test('has words in both languages for people', async () => {
    const { stdout, code } = await place.run('explain', '211.249.221.0/24', 'AS6461 AS9457');
    expect(code).toBe(0);
    for (const stage of [
      'announcement',
      'match',
      'expectation',
      'RPKI',
      'kinds',
      'score',
      'incident',
      'notification',
    ])
      expect(stdout).toMatch(new RegExp(`^${stage}$`, 'm'));
    expect(stdout).toMatch(/New link AS6461–AS9457/);
    expect(stdout).toMatch(/링크는 이전에 관측된 적이 없습니다/);
    expect(stdout).toMatch(/pager +yes +route 1 matches/);
  });

  test.each([
    ['211.249.216.0/21', '3356 10158 7625', 'covered', null, /as expected/],
    ['211.249.218.0/24', '3356 9457', 'hole', null, /hole/],
    ['8.8.8.0/24', '3356 15169', 'none', null, /not watched/],
    ['198.51.100.0/24', '3356 64500', 'covered', null, /no expectation yet/],
    ['192.0.0.0/7', '3356 64500', 'covering', null, /not judged/],
    ['203.0.113.7/32', '3356 64500', 'covered', 'squatting', /null/],
    ['211.249.216.0/21', '3356 9457', 'covered', 'origin-change', /null/],
    ['211.249.216.0/21', '3356 9457 7625', 'covered', 'forged-origin', /null/],
    ['211.249.216.0/25', '3356 10158 7625', 'covered', 'unexpected-more-specific', /null/],
    ['211.249.216.0/21', '3356 10158 7625 2', 'covered', 'misconfiguration', /null/],
    ['211.0.0.0/8', '3356 9457', 'covering', 'covering-prefix', /null/],
  ])('%s by %s is %s: %s', async (prefix, path, type, kind, nothing) => {
    const { json } = await explain(prefix.replace('192.0.0.0/7', '210.0.0.0/7'), path);
    expect(json.match.type).toBe(type);
    expect(json.finding?.kind ?? null).toBe(kind);
    expect(String(json.nothing)).toMatch(nothing);
    if (kind === null) expect(json.notify.every(({ notify }: { notify: boolean }) => !notify)).toBe(true);
  });

  test('says who is not told, and why', async () => {
    const { json } = await explain('211.249.216.0/25', '3356 10158 7625');
    expect(json.finding.severity).toBe('info');
    expect(json.notify).toMatchObject([
      { receiver: 'noc', notify: false, reason: expect.stringContaining('below its minSeverity') },
      { receiver: 'pager', notify: false },
    ]);
  });

  test('holds it against what the state directory remembers', async () => {
    place.fill({
      baseline: [learned('198.51.100.0/24', 64500)],
      routes: routes(1, [ribRow('198.51.100.0/24', [1, 64510, 64500])]),
    });
    const { json } = await explain('198.51.100.0/24', '6461 64499');
    expect(json.state).toMatchObject({ baselineRows: 2, routes: 1, prefixes: 1 });
    expect(json.expectation).toMatchObject({ state: 'learned', origins: [{ origin: 64500 }] });
    expect(json.finding).toMatchObject({ kind: 'origin-change', expectedOrigins: [64500] });
    expect((await explain('198.51.100.0/24', '6461 64510 64500')).json.finding).toBeNull();
  });

  test('knows the incident that is open already, and the silence over it', async () => {
    const startsAt = new Date(Date.now() - 60_000).toISOString();
    const endsAt = new Date(Date.now() + 3_600_000).toISOString();
    place.fill({
      routes: routes(1, [
        ribRow('211.249.221.0/24', [6461, 9457]),
        ribRow('211.249.221.0/24', [174, 9457], 2),
      ]),
      silences: [
        { id: 's1', match: { offender: 9457 }, startsAt, endsAt, expectedOrigin: null, by: 'duty', note: '' },
      ],
    });
    const known = await explain('211.249.221.0/24', '6461 9457');
    expect(known.json.incident).toMatchObject({
      outcome: 'none',
      reason: expect.stringContaining('open incident'),
    });
    const more = await explain('211.249.222.0/24', '6461 9457');
    expect(more.json.incident.reason).toMatch(/open|route-added/);
    for (const { notify, reason } of more.json.notify) {
      expect(notify).toBe(false);
      expect(reason).toMatch(/silenced until .* by duty|no alert/);
    }
  });

  test('a planned change expects its origin', async () => {
    const startsAt = new Date(Date.now() - 60_000).toISOString();
    const endsAt = new Date(Date.now() + 3_600_000).toISOString();
    place.fill({
      silences: [
        {
          id: 's1',
          match: { group: 'kakao' },
          startsAt,
          endsAt,
          expectedOrigin: 13335,
          by: 'duty',
          note: '',
        },
      ],
    });
    const { json } = await explain('211.249.216.0/21', '3356 13335');
    expect(json.finding.kind).toBe('origin-change');
    expect(json.plannedChange).toMatchObject({ id: 's1', by: 'duty' });
    expect(json.incident).toBeNull();
    expect(json.notify.some(({ notify }: { notify: boolean }) => notify)).toBe(false);
  });

  test('shows the VRPs that cover it', async () => {
    const vrps = place.file(
      'vrps.json',
      JSON.stringify({ roas: [{ asn: 7625, prefix: '211.249.216.0/21', maxLength: 22, ta: 'apnic' }] }),
    );
    const { json } = await explain('211.249.221.0/24', '6461 9457', '--vrps', vrps);
    expect(json.rpki).toEqual({
      state: 'invalid',
      reason: 'no VRP that covers it names this origin',
      covering: [{ prefix: '211.249.216.0/21', maxLength: 22, asn: 7625 }],
    });
    expect(json.finding.evidence.map(({ code }: { code: string }) => code)).toContain('rpki-invalid-origin');
    expect((await explain('211.249.221.0/24', '6461 9457')).json.rpki.state).toBe('unknown');
  });

  test('minPeers holds the alert back', async () => {
    place.file('few.yaml', 'watch:\n  - { prefix: 192.0.2.0/24, origins: [64500], minPeers: 3 }\n');
    const { json } = await explain(
      '192.0.2.0/24',
      '3356 64499',
      '--watchlist',
      `${place.directory}/few.yaml`,
    );
    expect(json.incident).toMatchObject({ outcome: 'none', reason: expect.stringContaining('3 peer ASes') });
  });

  test('a watched AS that is known is asked about what is new, one that is not yet is learned', async () => {
    const file = place.file('asn.yaml', 'watch:\n  - { asn: 38099, group: kakao }\n');
    const before = await explain('100.64.0.0/16', '3356 38099', '--watchlist', file);
    expect(before.json.nothing).toMatch(/AS38099 is still being learned/);
    place.fill({ baseline: [learned('100.64.0.0/16', 38099)] });
    const known = await explain('100.64.0.0/16', '3356 64510 38099', '--watchlist', file);
    expect(known.json.match).toMatchObject({ type: 'covered', watch: 'AS38099' });
    expect(known.json.finding).toBeNull();
    const fresh = await explain('100.65.0.0/16', '3356 38099', '--watchlist', file);
    expect(fresh.json.finding).toMatchObject({ kind: 'unexpected-origination', offender: 38099 });
    expect(fresh.json.kinds).toMatchObject([
      { kind: 'unexpected-origination', isTheKind: true },
      { kind: 'covering-prefix', holds: false },
    ]);
  });

  test('changes nothing', async () => {
    place.fill({ baseline: [learned('198.51.100.0/24', 64500)] });
    await explain('198.51.100.0/24', '6461 64499');
    const { stdout } = await place.run('baseline', 'list', '--json');
    expect(JSON.parse(stdout).baseline).toEqual([learned('198.51.100.0/24', 64500)]);
  });

  test.each([
    ['211.249.216.1/21', '3356 9457', [], /host bits set; write 211\.249\.216\.0\/21/],
    ['211.249.216.0', '3356 9457', [], /has no length/],
    ['nonsense', '3356 9457', [], /is no prefix/],
    ['211.249.216.0/21', 'x y', [], /is no AS path/],
    ['211.249.216.0/21', '3356 4294967296', [], /is no AS path/],
    ['211.249.216.0/21', '', [], /has no origin/],
    ['211.249.216.0/21', '3356 9457', ['--community', '65536:1'], /is no community/],
  ])('refuses %s by %j %j as wrong usage', async (prefix, path, more, word) => {
    const { code, stderr } = await explain(prefix, path, ...more);
    expect(code).toBe(64);
    expect(stderr).toMatch(word);
  });

  test('a state directory that is named has to be there', async () => {
    const { code, stderr } = await explain(
      '211.249.216.0/21',
      '3356 9457',
      '--state',
      `${place.directory}/none`,
    );
    expect(code).toBe(1);
    expect(stderr).toContain('none');
  });
});

describe('notify route', () => {
  test('is the last part alone', async () => {
    const { stdout, code } = await place.run('notify', 'route', '211.249.221.0/24', '6461 9457');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^opened: first-sighting/);
    expect(stdout).toMatch(/noc +yes[\s\S]*within 15 minutes: pager/);
    const json = JSON.parse(
      (await place.run('notify', 'route', '198.51.100.0/24', '6461 9457', '--json')).stdout,
    );
    expect(json).toMatchObject({ incident: null, notify: [{ notify: false }, { notify: false }] });
  });
});

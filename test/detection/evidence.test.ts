/** detection.md §3, row by row: what raises a score, what lowers it, and what that makes of the severity. */
import { describe, expect, test } from 'vitest';
import {
  announce,
  brief,
  briefly,
  DAY,
  HOUR,
  lostBy,
  MINUTE,
  rows,
  type Step,
  type Story,
  seenBy,
  T0,
  tell,
  withdraw,
} from '../scenario.ts';

const OURS = { prefix: '203.0.112.0/22', origins: [7625] };
const RIGHT = announce(0, '203.0.112.0/22', '3356 10158 7625');
const hijack = (path = '174 6461 9457', prefix = '203.0.112.0/22'): Step => announce(60, prefix, path);

async function rowsOf(story: Partial<Story>): Promise<readonly string[]> {
  const { alerts } = await tell({ watch: [OURS], steps: [RIGHT, hijack()], ...story });
  return rows(alerts.at(-1));
}

describe('the first row is the kind, and the score is the sum of the rows', () => {
  test('nothing is capped above, and nothing falls below 0', async () => {
    const everything = { knowledge: { dropList: [9457] }, detection: { weights: { 'never-seen': 40 } } };
    const { alerts } = await tell({ watch: [OURS], steps: [RIGHT, hijack()], config: everything });
    const { score, evidence } = alerts[0]!.incident;
    expect(score).toBe(4 + 40 + 4 + 3);
    expect(evidence[0]?.code).toBe('origin-change');
    const low = { knowledge: { siblings: [[7625, 9457]] } };
    expect(
      (await tell({ watch: [OURS], steps: [RIGHT, hijack()], config: low })).alerts[0]?.incident.score,
    ).toBe(2);
  });
  test('8 is critical, 4 a warning, below it info; both are settings', async () => {
    const story = (detection: Record<string, unknown>): Story => ({
      watch: [OURS],
      steps: [RIGHT, hijack('9457')],
      config: { detection },
    });
    expect(await briefly(story({}))).toEqual(['+60 opened origin-change AS9457 critical 8']);
    expect(await briefly(story({ criticalScore: 9 }))).toEqual(['+60 opened origin-change AS9457 warning 8']);
    expect(await briefly(story({ criticalScore: 10, warningScore: 9 }))).toEqual([
      '+60 opened origin-change AS9457 info 8',
    ]);
  });
  test('every row explains itself in both languages and says where it is known from', async () => {
    const { alerts } = await tell({ watch: [OURS], steps: [RIGHT, hijack()] });
    for (const { text, source } of alerts[0]!.incident.evidence) {
      expect(text.en.length).toBeGreaterThan(10);
      expect(text.ko).toMatch(/[가-힣]/);
      expect(source).not.toBe('');
    }
  });
});

describe('RPKI', () => {
  const roa = (asn: number, prefix = '203.0.112.0/22', maxLength = 22): Record<string, unknown> => ({
    roas: [{ prefix, maxLength, asn: `AS${asn}` }],
  });
  test.each<[string, Record<string, unknown>, string, string]>([
    ['no VRP that covers it names the origin', roa(7625), 'rpki-invalid-origin +8', '203.0.112.0/22'],
    ['AS0: nobody may', roa(0), 'rpki-invalid-origin +8', '203.0.112.0/22'],
    ['the length is wrong and the origin foreign', roa(9457), 'rpki-invalid-length +6', '203.0.113.0/24'],
    ['a VRP names the origin', roa(9457), 'rpki-valid -4', '203.0.112.0/22'],
    [
      'a VRP names it for the more-specific',
      roa(9457, '203.0.112.0/22', 24),
      'rpki-valid -4',
      '203.0.113.0/24',
    ],
  ])('%s', async (_, vrps, row, prefix) => {
    expect(await rowsOf({ vrps, steps: [RIGHT, hijack(undefined, prefix)] })).toContain(row);
  });
  test('not found says nothing, and an AS_SET has no origin', async () => {
    expect((await rowsOf({ vrps: roa(1, '192.0.2.0/24', 24) })).join()).not.toContain('rpki');
    const set = announce(60, '203.0.112.0/22', [174, [9457, 9458]]);
    expect(await rowsOf({ vrps: roa(9457), steps: [RIGHT, set] })).toContain('rpki-invalid-origin +8');
  });
  test('our own route with the wrong length: rpki-invalid, family own', async () => {
    const entry = { ...OURS, maxLength: 24 };
    const { alerts } = await tell({
      watch: [entry],
      vrps: roa(7625),
      steps: [announce(0, '203.0.113.0/24', '3356 10158 7625')],
    });
    expect(alerts[0]?.incident).toMatchObject({
      kind: 'rpki-invalid',
      family: 'own',
      offender: 7625,
      severity: 'info',
      score: 3,
    });
  });
  test('an interceptor’s more-specific that is invalid as well is no mere mistake of ours', async () => {
    const steps = [RIGHT, announce(60, '203.0.113.0/24', '3356 666 7625')];
    expect(await rowsOf({ vrps: roa(7625), steps })).toEqual([
      'rpki-invalid +3',
      'strange-transit +4',
      'unexpected-more-specific 0',
    ]);
  });
  test('our own origin that no VRP names: a warning at most', async () => {
    const { alerts } = await tell({ watch: [OURS], vrps: roa(1), steps: [RIGHT] });
    expect(rows(alerts[0])).toEqual(['rpki-invalid +3', 'rpki-invalid-origin +8']);
    expect(alerts[0]?.incident.severity).toBe('warning');
  });
  test('valid never silences: a provider with a VRP of its own is still told', async () => {
    const said = await briefly({ watch: [OURS], vrps: roa(9457), steps: [RIGHT, hijack()] });
    expect(said.at(-1)).toBe('+60 opened origin-change AS9457 critical 8');
  });
  test('a forged origin is valid by construction', async () => {
    const entry = { ...OURS, upstreams: [10158] };
    expect(
      await rowsOf({
        watch: [entry],
        vrps: roa(7625, '203.0.112.0/22', 24),
        steps: [RIGHT, hijack('174 666 7625', '203.0.113.0/24')],
      }),
    ).toEqual([
      'forged-origin +4',
      'unexpected-length +4',
      'upstream-conflict +3',
      'new-link +4',
      'unexpected-more-specific 0',
    ]);
  });
  test('an ASPA that contradicts the path', async () => {
    const vrps = { roas: [], aspas: [{ customer_asid: 7625, providers: [10158] }] };
    const watch = [{ ...OURS, upstreams: [10158] }];
    expect(await rowsOf({ watch, vrps, steps: [RIGHT, hijack('174 666 7625')] })).toContain(
      'aspa-invalid +3',
    );
  });
});

describe('what makes an origin less strange', () => {
  test('related: adjacent on paths that enough peers have shown for a day, then it is not new either', async () => {
    const shown = seenBy(0, 3, '203.0.112.0/22', '10158 7625');
    expect(await rowsOf({ steps: [...shown, announce(DAY + 60, '203.0.112.0/22', '174 10158')] })).toEqual([
      'origin-change +4',
      'related -4',
      'new-link +4',
    ]);
  });
  test('related by the topology file', async () => {
    const config = { knowledge: { topology: ['7625|9457|-1'] } };
    expect(await rowsOf({ config })).toContain('related -4');
  });
  test('peers in the topology file are nobody’s provider or customer', async () => {
    const config = { knowledge: { topology: ['7625|9457|0'] } };
    expect(await rowsOf({ config })).toContain('never-seen +4');
  });
  test('never by the offending path itself', async () => {
    expect(
      await rowsOf({
        steps: [RIGHT, hijack('174 7625 9457'), announce(61, '203.0.112.0/22', '1299 7625 9457')],
      }),
    ).toEqual(['origin-change +4', 'never-seen +4', 'new-link +4']);
  });
  test('siblings', async () => {
    expect(await rowsOf({ config: { knowledge: { siblings: [[7625, 9457]] } } })).toEqual([
      'origin-change +4',
      'siblings -6',
      'new-link +4',
    ]);
  });
  test('a sibling as the neighbour that nobody declared', async () => {
    const config = { knowledge: { siblings: [[7625, 38099]] } };
    const steps = [RIGHT, hijack('174 38099 7625')];
    expect(await rowsOf({ watch: [{ ...OURS, upstreams: [10158] }], steps, config })).toContain(
      'siblings -6',
    );
  });
  test.each([
    ['this entry’s own mitigation AS', [19905], '174 19905', 'mitigation-declared -6'],
    ['a well-known one', [], '174 19905', 'mitigation-known -1'],
    ['declared as the false neighbour', [19905], '174 19905 7625', 'mitigation-declared -6'],
  ])('%s', async (_, mitigation, path, row) => {
    expect(
      await rowsOf({ watch: [{ ...OURS, mitigation, upstreams: [10158] }], steps: [RIGHT, hijack(path)] }),
    ).toContain(row);
  });
  test.each([
    ['one digit', '174 7626', true],
    ['two neighbouring digits swapped', '174 6725', true],
    ['swapped', '174 7652', true],
    ['something else', '174 9457', false],
  ])('a slip of the AS number: %s', async (_, path, is) => {
    expect((await rowsOf({ steps: [RIGHT, hijack(path)] })).includes('slip -4')).toBe(is);
  });
  test('a slip of the prefix, from what that network rightly announces', async () => {
    const watch = [OURS, { prefix: '203.1.112.0/22', origins: [9457] }];
    const steps = [RIGHT, announce(1, '203.1.112.0/22', '3356 9457'), hijack()];
    expect(await rowsOf({ watch, steps })).toContain('slip -4');
  });
  test('a blackhole community on one host of our own', async () => {
    const steps = (prefix: string, path: string): Step[] => [
      announce(60, prefix, path, { communities: [[65535, 666]] }),
    ];
    expect(await rowsOf({ steps: steps('203.0.113.7/32', '3356 7625') })).toEqual([
      'unexpected-more-specific +2',
      'blackhole -6',
    ]);
    expect((await rowsOf({ steps: steps('203.0.113.0/24', '3356 7625') })).join()).not.toContain('blackhole');
    expect((await rowsOf({ steps: steps('203.0.113.7/32', '3356 9457') })).join()).not.toContain('blackhole');
  });
  test('unchanged for more than 30 days, at the next alert', async () => {
    const steps = [RIGHT, hijack(), announce(31 * DAY, '203.0.112.0/22', '1299 6461 9457')];
    expect(await rowsOf({ steps })).toContain('held-long -2');
    expect(
      await rowsOf({ steps: [RIGHT, hijack(), announce(30 * DAY, '203.0.112.0/22', '1299 6461 9457')] }),
    ).not.toContain('held-long -2');
  });
  test('what went and returned is as new as its return: neither held long nor alone for ten minutes', async () => {
    const again = '174 6461 9457';
    const steps = [
      RIGHT,
      hijack(),
      withdraw(31 * DAY, '203.0.112.0/22', 174),
      announce(31 * DAY + HOUR, '203.0.112.0/22', again),
      announce(31 * DAY + HOUR + 60, '203.0.112.0/22', '1299 6461 9457'),
    ];
    const { alerts } = await tell({ watch: [OURS], steps });
    expect(alerts.map(({ event }) => event)).toEqual(['opened', 'resolved', 'reopened', 'updated']);
    const codes = (at: number): string => rows(alerts[at]).join();
    expect(codes(1)).toContain('held-long');
    expect(codes(2)).not.toMatch(/held-long|single-vantage-point/);
    expect(codes(3)).not.toMatch(/held-long|single-vantage-point/);
  });
  test('one vantage point alone, after ten minutes', async () => {
    const end = withdraw(HOUR, '203.0.112.0/22', 174);
    const { alerts } = await tell({ watch: [OURS], steps: [RIGHT, hijack(), end], until: 2 * HOUR });
    expect(rows(alerts[0])).not.toContain('single-vantage-point -1');
    expect(rows(alerts.at(-1))).toContain('single-vantage-point -1');
    expect(alerts.at(-1)?.incident.peakSeverity).toBe('critical');
  });
});

describe('what makes it worse', () => {
  test.each([
    ['the origin', [9457]],
    ['its neighbour', [6461]],
  ])('on the drop list: %s', async (_, dropList) => {
    expect(await rowsOf({ config: { knowledge: { dropList } } })).toContain('drop-list +3');
  });
  test.each([
    [3, undefined],
    [4, 'reach +1'],
    [12, 'reach +1'],
    [13, 'reach +2'],
    [48, 'reach +2'],
    [49, 'reach +3'],
  ])('seen by %i vantage points', async (count, row) => {
    const found = (await rowsOf({ steps: seenBy(0, count, '203.0.112.0/22', '6461 9457') })).find((text) =>
      text.startsWith('reach'),
    );
    expect(found).toBe(row);
  });
  test('reach is no matter of the family own', async () => {
    const found = await rowsOf({ steps: seenBy(0, 20, '203.0.113.0/24', '10158 7625') });
    expect(found).toEqual(['unexpected-more-specific +2']);
  });
  test('a link next to the origin that was seen in either direction is not new', async () => {
    const shown = [50, 51, 52].map((peer) => announce(0, '203.0.112.0/22', `${peer} 9457 6461 10158 7625`));
    const later = announce(DAY + 60, '203.0.112.0/22', '174 6461 9457');
    expect(await rowsOf({ steps: [...shown, later] })).toEqual(['origin-change +4', 'never-seen +4']);
  });
});

describe('severity', () => {
  test('an entry’s severity is a floor for hijacks', async () => {
    const entry = { ...OURS, severity: 'critical' };
    const siblings = { knowledge: { siblings: [[7625, 9457]] } };
    expect(await briefly({ watch: [entry], steps: [RIGHT, hijack()], config: siblings })).toEqual([
      '+60 opened origin-change AS9457 critical 2',
    ]);
    expect(
      await briefly({
        watch: [{ ...OURS, severity: 'warning' }],
        steps: [RIGHT, hijack()],
        config: siblings,
      }),
    ).toEqual(['+60 opened origin-change AS9457 warning 2']);
  });
  test('and for the path family, but no floor for our own', async () => {
    const entry = { ...OURS, severity: 'critical' };
    expect(await briefly({ watch: [entry], steps: [RIGHT, hijack('1299 4788 3356 7625')] })).toEqual([
      '+60 opened route-leak AS4788 critical 4',
    ]);
    expect(
      await briefly({ watch: [entry], steps: [RIGHT, hijack('3356 10158 7625', '203.0.113.0/24')] }),
    ).toEqual(['+60 opened unexpected-more-specific AS7625 info 2']);
  });
  test('our own never rises above warning, but for the severity of the entry', async () => {
    const config = { detection: { weights: { 'unexpected-more-specific': 20 } } };
    const steps = [RIGHT, hijack('3356 10158 7625', '203.0.113.0/24')];
    expect(await briefly({ watch: [OURS], steps, config })).toEqual([
      '+60 opened unexpected-more-specific AS7625 warning 20',
    ]);
    expect(await briefly({ watch: [{ ...OURS, severity: 'critical' }], steps, config })).toEqual([
      '+60 opened unexpected-more-specific AS7625 critical 20',
    ]);
  });
  test('what else holds stands below with weight 0', async () => {
    const entry = { ...OURS, upstreams: [10158], path: { mustMatch: '_10158_' } };
    const found = await rowsOf({ watch: [entry], steps: [RIGHT, hijack('1299 4788 3356 7625')] });
    expect(found[0]).toBe('forged-origin +4');
    expect(found.slice(-2)).toEqual(['route-leak 0', 'path-policy 0']);
  });
});

describe('stamps', () => {
  test('an impossible stamp is shown as clock and drops nothing', async () => {
    const lines = [
      ...[RIGHT].map(({ frame }) =>
        JSON.stringify({ type: 'ris_message', data: { timestamp: 1_767_225_600, ...frame } }),
      ),
      JSON.stringify({
        type: 'ris_message',
        data: { timestamp: 1_767_225_600 + 9 * DAY, ...hijack().frame },
      }),
      JSON.stringify({ type: 'ris_message', data: { timestamp: 1_767_225_700, ...RIGHT.frame } }),
    ];
    const { alerts } = await tell({ watch: [OURS], steps: [], lines });
    expect(alerts.map((alert) => brief(alert))).toEqual(['+0 opened origin-change AS9457 critical 12']);
    expect(rows(alerts[0])).toContain('clock 0');
  });
  test('and stays shown when the route is judged anew', async () => {
    const at = (seconds: number, { frame }: Step): string =>
      JSON.stringify({ type: 'ris_message', data: { timestamp: T0 + seconds, ...frame } });
    const lines = [
      at(0, RIGHT),
      at(9 * DAY, announce(0, '203.0.0.0/16', '174 9457')),
      at(70, withdraw(70, '203.0.112.0/22', 3356)),
    ];
    const { alerts } = await tell({ watch: [OURS], steps: [], lines });
    expect(alerts.map(({ event }) => event)).toEqual(['opened', 'escalated']);
    expect(rows(alerts[1])).toEqual(expect.arrayContaining(['exposed +4', 'clock 0']));
  });
  test('advice names the likeliest benign reading and what to do', async () => {
    const { alerts } = await tell({
      watch: [OURS],
      steps: [RIGHT, hijack(undefined, '203.0.112.0/23'), ...lostBy(61, 0, '203.0.112.0/22')],
    });
    const { benign, next } = alerts[0]!.incident.advice;
    expect(benign.en).toMatch(/could be a planned move/);
    expect(next.map(({ en }) => en).join(' ')).toMatch(/\/24.*ROA/s);
    expect(MINUTE).toBe(60);
  });
});

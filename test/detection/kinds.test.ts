/** detection.md §1, sentence by sentence: what is announced, and what it is called. */
import { describe, expect, test } from 'vitest';
import {
  announce,
  brief,
  briefly,
  elements,
  lostBy,
  type Path,
  rows,
  type Story,
  seenBy,
  tell,
  withdraw,
} from '../scenario.ts';

const OURS = { prefix: '203.0.112.0/22', origins: [7625] };
const RIGHT = '3356 10158 7625';
/** With the neighbours that its origin is known by. */
const BOUGHT = { ...OURS, upstreams: [10158, 174] };

/** What one announcement at +60 comes to, after the rightful route of the entry at 0. */
async function called(
  entry: Record<string, unknown>,
  prefix: string,
  path: Path,
  more: Partial<Story> = {},
): Promise<readonly string[]> {
  const parts = elements(path);
  const story: Story = {
    watch: [entry],
    steps: [announce(0, String(entry.prefix), RIGHT), announce(60, prefix, parts, { from: '65000' })],
    ...more,
  };
  return (await briefly(story)).map((line) => line.replace('+60 opened ', ''));
}

describe('one announcement, one kind', () => {
  test.each<[string, Record<string, unknown>, string, string, string[]]>([
    ['the rightful route', OURS, '203.0.112.0/22', '174 10158 7625', []],
    ['own prepending is not a change', OURS, '203.0.112.0/22', '174 10158 7625 7625 7625', []],
    ['a repeated origin leaves it as it is', OURS, '203.0.112.0/22', '174 7625 64999 7625', []],
    [
      'another origin of the prefix',
      OURS,
      '203.0.112.0/22',
      '174 6461 9457',
      ['origin-change AS9457 critical 12'],
    ],
    [
      'a more-specific of another origin',
      OURS,
      '203.0.113.0/24',
      '174 6461 9457',
      ['sub-prefix AS9457 critical 14'],
    ],
    [
      'a single host of another origin',
      OURS,
      '203.0.113.1/32',
      '174 6461 9457',
      ['sub-prefix AS9457 critical 14'],
    ],
    ['the path is the origin alone', OURS, '203.0.112.0/22', '9457', ['origin-change AS9457 critical 8']],
    [
      'a more-specific of our own',
      OURS,
      '203.0.113.0/24',
      '174 10158 7625',
      ['unexpected-more-specific AS7625 info 2'],
    ],
    ['within maxLength', { ...OURS, maxLength: 24 }, '203.0.113.0/24', '174 10158 7625', []],
    [
      'beyond maxLength',
      { ...OURS, maxLength: 24 },
      '203.0.113.0/25',
      '3356 10158 7625',
      ['unexpected-more-specific AS7625 info 2'],
    ],
    ['more-specifics ignored', { ...OURS, moreSpecifics: 'ignore' }, '203.0.113.0/25', '174 10158 7625', []],
    [
      'foreign more-specifics are judged all the same',
      { ...OURS, moreSpecifics: 'ignore' },
      '203.0.113.0/25',
      '174 9457',
      ['sub-prefix AS9457 critical 14'],
    ],
    [
      'a false neighbour, declared',
      { ...OURS, upstreams: [10158] },
      '203.0.112.0/22',
      '174 666 7625',
      ['forged-origin AS666 critical 11'],
    ],
    [
      'a false neighbour that is the peer itself',
      { ...OURS, upstreams: [10158] },
      '203.0.112.0/22',
      '666 7625',
      ['forged-origin AS666 critical 11'],
    ],
    [
      'a false neighbour on a more-specific',
      { ...OURS, upstreams: [10158] },
      '203.0.113.0/24',
      '174 666 7625',
      ['forged-origin AS666 critical 15'],
    ],
    [
      'an expected origin is a fine neighbour',
      { ...OURS, origins: [7625, 38099], upstreams: [10158] },
      '203.0.112.0/22',
      '174 38099 7625',
      [],
    ],
    [
      'a path that is the origin alone is no forgery',
      { ...OURS, upstreams: [10158] },
      '203.0.112.0/22',
      '7625 7625',
      [],
    ],
    ['a prepend slip', BOUGHT, '203.0.112.0/22', '174 10158 7625 2', ['misconfiguration AS7625 info 2']],
    [
      'a prepend slip in a more-specific',
      BOUGHT,
      '203.0.113.0/24',
      '174 10158 7625 64',
      ['misconfiguration AS7625 info 2'],
    ],
    [
      '65 is no prepend slip',
      OURS,
      '203.0.112.0/22',
      '174 10158 7625 65',
      ['origin-change AS65 critical 12'],
    ],
    [
      'a tiny origin behind somebody else',
      OURS,
      '203.0.112.0/22',
      '174 10158 2',
      ['origin-change AS2 critical 12'],
    ],
    [
      'a private number behind the expected origin',
      BOUGHT,
      '203.0.112.0/22',
      '174 7625 64512',
      ['misconfiguration AS7625 info 2'],
    ],
    [
      'a documentation number behind the expected origin',
      BOUGHT,
      '203.0.112.0/22',
      '174 7625 64500',
      ['misconfiguration AS7625 info 2'],
    ],
    [
      'AS 0 behind the expected origin',
      BOUGHT,
      '203.0.112.0/22',
      '174 7625 0',
      ['misconfiguration AS7625 info 2'],
    ],
    [
      'AS_TRANS where the expected origin has two bytes',
      OURS,
      '203.0.112.0/22',
      '174 23456',
      ['origin-change AS174 critical 12'],
    ],
    [
      'AS_TRANS where it needs four',
      { ...BOUGHT, origins: [131486] },
      '203.0.112.0/22',
      '174 23456',
      ['misconfiguration AS131486 info 2'],
    ],
    [
      'a private tail: the first public AS',
      OURS,
      '203.0.112.0/22',
      '174 200759 65021',
      ['origin-change AS200759 critical 12'],
    ],
    [
      'a longer private tail',
      OURS,
      '203.0.112.0/22',
      '174 200759 65021 64513',
      ['origin-change AS200759 critical 12'],
    ],
    ['private throughout', OURS, '203.0.112.0/22', '64513 65021', ['origin-change AS65021 critical 12']],
    [
      'a private number that the entry expects',
      { ...OURS, origins: [64500] },
      '203.0.112.0/22',
      '174 64500',
      [],
    ],
  ])('%s', async (_, entry, prefix, path, expected) => {
    const story = {
      ...(entry.origins === OURS.origins ? {} : { steps: [announce(60, prefix, path, { from: '65000' })] }),
    };
    expect(await called(entry, prefix, path, story)).toEqual(expected);
  });
});

describe('AS_SET origins', () => {
  const entry = { ...OURS, origins: [7625, 38099] };
  test('all members expected: nothing to report', async () => {
    expect(await called(entry, '203.0.112.0/22', [174, [38099, 7625]])).toEqual([]);
  });
  test('duplicates don’t matter', async () => {
    expect(await called(entry, '203.0.112.0/22', [174, [7625, 7625]])).toEqual([]);
  });
  test('else the lowest foreign member is the offender, and all are listed', async () => {
    const { alerts } = await tell({
      watch: [entry],
      steps: [announce(0, '203.0.113.0/24', [174, [64999, 7625, 9457, 9457]])],
    });
    expect(alerts[0]?.incident.offender).toBe(9457);
    expect(alerts[0]?.incident.routes[0]?.originAs).toEqual([7625, 9457, 64999]);
  });
  test('an empty set or path has no origin: a problem, and the withdrawals of the frame count', async () => {
    const { alerts, stderr } = await tell({
      watch: [entry],
      steps: [
        announce(0, '203.0.113.0/24', '174 9457'),
        announce(60, '198.51.100.0/24', [174, []], { withdraw: ['203.0.113.0/24'] }),
        announce(61, '203.0.113.0/24', [], { from: 999 }),
      ],
      until: 600,
    });
    expect(alerts.map((alert) => brief(alert))).toEqual([
      '+0 opened sub-prefix AS9457 critical 14',
      '+360 resolved sub-prefix AS9457 critical 14',
    ]);
    expect(stderr).toMatch(/: \d/);
  });
});

describe('squatting', () => {
  const nobody = { prefix: '203.0.112.0/22', origins: [] };
  test.each([
    ['203.0.112.0/22', '174 7625', 'squatting AS7625'],
    ['203.0.113.0/24', '174 7625', 'squatting AS7625'],
    ['203.0.113.0/24', '174 7625 65000', 'squatting AS7625'],
  ])('%s by %s', async (prefix, path, expected) => {
    const { alerts } = await tell({ watch: [nobody], steps: [announce(0, prefix, path)] });
    expect(alerts[0]?.incident.routes[0]?.taxonomy).toBe('Q|0');
    expect(brief(alerts[0]!)).toContain(expected);
  });
});

describe('covering prefixes', () => {
  const right = announce(0, '203.0.112.0/22', RIGHT);
  test.each<[string, string, string, string[]]>([
    [
      'less specific by somebody else weighs little',
      '203.0.0.0/16',
      '174 9457',
      ['+60 opened covering-prefix AS9457 info 1'],
    ],
    ['by an expected origin', '203.0.0.0/16', '174 7625', []],
    ['not shorter than /8', '203.0.0.0/8', '174 9457', ['+60 opened covering-prefix AS9457 info 1']],
    ['a /7 covers everybody', '202.0.0.0/7', '174 9457', []],
    [
      'behind a private tail',
      '203.0.0.0/16',
      '174 200759 65001',
      ['+60 opened covering-prefix AS200759 info 1'],
    ],
  ])('%s', async (_, prefix, path, expected) => {
    expect(await briefly({ watch: [OURS], steps: [right, announce(60, prefix, path)] })).toEqual(expected);
  });
  test('IPv6 not shorter than /16', async () => {
    const watch = [{ prefix: '2001:db8::/32', origins: [7625] }];
    expect(
      await briefly({
        watch,
        steps: [announce(0, '2000::/16', '174 9457'), announce(0, '2000::/15', '174 9458')],
      }),
    ).toEqual([]);
    expect(await briefly({ watch, steps: [announce(0, '2001::/16', '174 9457')] })).toEqual([
      '+0 opened covering-prefix AS9457 info 1',
    ]);
  });
  test('it weighs while the watched prefix itself is withdrawn, and calms down when that is back', async () => {
    const { alerts } = await tell({
      watch: [OURS],
      steps: [
        right,
        announce(60, '203.0.0.0/16', '174 9457'),
        withdraw(120, '203.0.112.0/22', 3356),
        announce(180, '203.0.112.0/22', RIGHT),
        withdraw(240, '203.0.0.0/16', 174),
      ],
      until: 700,
    });
    expect(alerts.map((alert) => brief(alert))).toEqual([
      '+60 opened covering-prefix AS9457 info 1',
      '+120 escalated covering-prefix AS9457 critical 13',
      '+540 resolved covering-prefix AS9457 info 1',
    ]);
    expect(rows(alerts[1])).toEqual(['covering-prefix +1', 'exposed +4', 'never-seen +4', 'new-link +4']);
  });
  test('a prefix that is a watch entry itself is judged as that', async () => {
    const watch = [OURS, { prefix: '203.0.0.0/16', origins: [9457] }];
    expect(await briefly({ watch, steps: [announce(0, '203.0.0.0/16', '174 9457')] })).toEqual([]);
  });
});

describe('whose it is', () => {
  test('the most specific entry that covers an announcement decides', async () => {
    const watch = [OURS, { prefix: '203.0.113.0/24', origins: [38099] }];
    expect(await briefly({ watch, steps: [announce(0, '203.0.113.128/25', '174 7625')] })).toEqual([
      '+0 opened sub-prefix AS7625 critical 14',
    ]);
    expect(await briefly({ watch, steps: [announce(0, '203.0.113.0/24', '174 38099')] })).toEqual([]);
  });
  test('an ignored entry is a hole, and an entry inside it is watched', async () => {
    const watch = [
      OURS,
      { prefix: '203.0.113.0/24', ignore: true },
      { prefix: '203.0.113.64/26', origins: [7625] },
    ];
    expect(await briefly({ watch, steps: [announce(0, '203.0.113.0/25', '174 9457')] })).toEqual([]);
    expect(await briefly({ watch, steps: [announce(0, '203.0.113.64/27', '174 9457')] })).toEqual([
      '+0 opened sub-prefix AS9457 critical 14',
    ]);
  });
  test('host bits are masked and judged', async () => {
    const { alerts, stderr } = await tell({
      watch: [OURS],
      steps: [announce(0, '203.0.113.77/24', '174 9457')],
    });
    expect(alerts[0]?.incident.routes[0]?.prefix).toBe('203.0.113.0/24');
    expect(stderr).toMatch(/host-bits|bits/);
  });
  test('IPv4-mapped IPv6 is IPv6', async () => {
    expect(
      await briefly({ watch: [OURS], steps: [announce(0, '::ffff:203.0.113.0/120', '174 9457')] }),
    ).toEqual([]);
  });
  test('the same prefix withdrawn and announced in one UPDATE is announced', async () => {
    const frame = announce(0, '203.0.113.0/24', '174 9457', { withdraw: ['203.0.113.0/24'] });
    expect(await briefly({ watch: [OURS], steps: [frame], until: 600 })).toEqual([
      '+0 opened sub-prefix AS9457 critical 14',
    ]);
  });
});

describe('watched ASes', () => {
  const watch = [{ asn: 38099 }, { prefix: '203.0.112.0/22', origins: [38099] }];
  test('what it newly originates is one incident, and the watched AS its offender', async () => {
    const steps = [announce(0, '198.51.100.0/24', '174 38099'), announce(1, '192.0.2.0/24', '174 38099')];
    expect(await briefly({ watch, steps })).toEqual([
      '+0 opened unexpected-origination AS38099 info 3',
      '+1 updated unexpected-origination AS38099 info 3',
    ]);
  });
  test('until something of it is known, its prefixes are learned', async () => {
    expect(
      await briefly({ watch: [{ asn: 38099 }], steps: [announce(0, '198.51.100.0/24', '174 38099')] }),
    ).toEqual([]);
  });
  test('its own ROAs wrong comes before its newness', async () => {
    const vrps = { roas: [{ prefix: '198.51.100.0/22', maxLength: 22, asn: 'AS38099' }] };
    const { alerts } = await tell({ watch, vrps, steps: [announce(0, '198.51.100.0/24', '174 38099')] });
    expect(rows(alerts[0])).toEqual(['rpki-invalid +3', 'unexpected-origination 0']);
  });
});

describe('route leaks', () => {
  test.each<[string, string, string[]]>([
    ['two tier-1 with another between', '1299 4788 3356 10158 7625', ['route-leak AS4788 warning 4']],
    [
      'two between: the one that had it from the tier-1 nearer the origin',
      '1299 4788 9304 3356 10158 7625',
      ['route-leak AS9304 warning 4'],
    ],
    ['tier-1 next to tier-1', '1299 3356 10158 7625', []],
    ['a network run by a tier-1 is that tier-1', '6453 3549 3491 10158 7625', []],
    ['one tier-1 alone', '4788 3356 10158 7625', []],
  ])('%s', async (_, path, expected) => {
    expect(await called(OURS, '203.0.112.0/22', path)).toEqual(expected);
  });
  test('declared upstreams serve as a private ASPA', async () => {
    const entry = { ...OURS, upstreams: [10158] };
    const vrps = {
      roas: [],
      aspas: [
        { customer_asid: 10158, providers: [15412] },
        { customer_asid: 666, providers: [174] },
      ],
    };
    // 10158 attests 15412 alone and 666 attests 174 alone: up to 10158, down from 666, and they do not meet.
    expect(await called(entry, '203.0.112.0/22', '1299 174 666 10158 7625', { vrps })).toEqual([]);
    const valley = {
      roas: [],
      aspas: [
        { customer_asid: 10158, providers: [15412] },
        { customer_asid: 666, providers: [15412, 174] },
        { customer_asid: 4788, providers: [9999] },
      ],
    };
    const lines = await called(entry, '203.0.112.0/22', '666 15412 4788 174 10158 7625', { vrps: valley });
    expect(lines[0]).toMatch(/^route-leak/);
  });
});

describe('path rules', () => {
  const entry = (path: Record<string, unknown>): Record<string, unknown> => ({ ...OURS, path });
  test.each<[string, Record<string, unknown>, string, string[]]>([
    [
      'a pattern that must match',
      entry({ mustMatch: '_10158_' }),
      '174 9318 7625',
      ['path-policy AS7625 warning 4'],
    ],
    ['a pattern that must match and does', entry({ mustMatch: '_10158_' }), '174 10158 7625', []],
    [
      'a pattern that must not: the AS that breaks it',
      entry({ mustNotMatch: '_9457_' }),
      '174 9457 10158 7625',
      ['path-policy AS9457 warning 4'],
    ],
    [
      'no single AS breaks it: the origin',
      entry({ mustNotMatch: '^[0-9]+ [0-9]+ [0-9]+ [0-9]+' }),
      '174 9457 10158 7625',
      ['path-policy AS7625 warning 4'],
    ],
    [
      'longer than allowed, prepending counted',
      entry({ maxLength: 3 }),
      '174 10158 7625 7625',
      ['path-policy AS7625 warning 4'],
    ],
    ['as long as allowed', entry({ maxLength: 4 }), '174 10158 7625 7625', []],
  ])('%s', async (_, watched, path, expected) => {
    expect(await called(watched, '203.0.112.0/22', path)).toEqual(expected);
  });
});

describe('strange transit', () => {
  test('a more-specific through an AS that carries the entry’s own prefix nowhere', async () => {
    const steps = [
      ...seenBy(0, 3, '203.0.112.0/22', '174 10158 7625'),
      announce(60, '203.0.113.0/24', '50001 666 10158 7625'),
    ];
    const { alerts } = await tell({ watch: [OURS], steps });
    expect(rows(alerts[0])).toEqual(['unexpected-more-specific +2', 'strange-transit +4']);
  });
  test('the collector’s peer does not count, and nobody is strange while nobody sees the prefix', async () => {
    const peer = [announce(0, '203.0.112.0/22', RIGHT), announce(60, '203.0.113.0/24', '666 10158 7625')];
    expect(await briefly({ watch: [OURS], steps: peer })).toEqual([
      '+60 opened unexpected-more-specific AS7625 info 2',
    ]);
    expect(await briefly({ watch: [OURS], steps: peer.slice(1) })).toEqual([
      '+60 opened unexpected-more-specific AS7625 info 2',
    ]);
  });
});

describe('visibility', () => {
  const carried = (count: number): Story['steps'] => seenBy(0, count, '203.0.112.0/22', '3356 10158 7625');
  test.each<[string, number, number, string[]]>([
    ['half lost', 10, 5, ['+60 opened visibility-loss - warning 4']],
    ['less than half', 11, 5, []],
    ['nine carried it: too few', 9, 9, []],
    ['90 %', 10, 9, ['+60 opened visibility-loss - warning 4', '+60 escalated visibility-loss - critical 8']],
  ])('%s', async (_, count, lost, expected) => {
    expect(
      await briefly({ watch: [OURS], steps: [...carried(count), ...lostBy(60, lost, '203.0.112.0/22')] }),
    ).toEqual(expected);
  });
  test('a session that goes down is no loss', async () => {
    const { sessionDown, peers } = await import('../scenario.ts');
    const down = peers(9).map((asn) => sessionDown(60, asn));
    expect(await briefly({ watch: [OURS], steps: [...carried(10), ...down] })).toEqual([]);
  });
  test('nor the end of one: what is lost stays so, and ends without evidence after a day', async () => {
    const { sessionDown, peers } = await import('../scenario.ts');
    const steps = [
      ...carried(12),
      ...lostBy(60, 8, '203.0.112.0/22'),
      ...peers(8).map((asn) => sessionDown(120, asn)),
    ];
    const { alerts } = await tell({ watch: [OURS], steps, until: 2 * 86_400 });
    expect(alerts.map((alert) => brief(alert))).toEqual([
      '+60 opened visibility-loss - warning 4',
      '+86520 resolved visibility-loss - warning 4',
    ]);
    expect(alerts.at(-1)?.incident.resolution).toBe('no-evidence');
  });
  test('while half of those who are heard still miss it, it stands; whoever has it again ends it', async () => {
    const { sessionDown, peers } = await import('../scenario.ts');
    const steps = [
      ...carried(12),
      ...lostBy(60, 9, '203.0.112.0/22'),
      ...peers(1).map((asn) => sessionDown(120, asn)),
      ...seenBy(3 * 86_400, 9, '203.0.112.0/22', '3356 10158 7625'),
    ];
    const { alerts } = await tell({ watch: [OURS], steps, until: 4 * 86_400 });
    expect(alerts.map((alert) => brief(alert))).toEqual([
      '+60 opened visibility-loss - warning 4',
      '+259500 resolved visibility-loss - warning 4',
    ]);
    expect(alerts.at(-1)?.incident.resolution).toBe('replaced');
  });
  test('losses more than ten minutes apart do not add up', async () => {
    const later = lostBy(661, 13, '203.0.112.0/22').slice(6);
    const steps = [...carried(20), ...lostBy(60, 6, '203.0.112.0/22'), ...later];
    expect(await briefly({ watch: [OURS], steps })).toEqual(['+661 opened visibility-loss - warning 4']);
    expect(await briefly({ watch: [OURS], steps: steps.slice(0, -1) })).toEqual([]);
  });
  test('what is lost together is one incident, and who announces again has it again', async () => {
    const watch = [OURS, { prefix: '198.51.100.0/24', origins: [7625] }];
    const steps = [
      ...carried(10),
      ...seenBy(0, 10, '198.51.100.0/24', '3356 10158 7625'),
      ...lostBy(60, 6, '203.0.112.0/22'),
      ...lostBy(60, 6, '198.51.100.0/24'),
    ];
    const { alerts } = await tell({
      watch,
      steps: [
        ...steps,
        ...seenBy(120, 6, '203.0.112.0/22', RIGHT),
        ...seenBy(120, 6, '198.51.100.0/24', RIGHT),
      ],
      until: 500,
    });
    expect(alerts.map(({ event }) => event)).toEqual(['opened', 'updated', 'resolved']);
    expect(alerts.at(-1)?.incident.routesTotal).toBe(2);
  });
  test('the end of a hijack of the prefix is no loss of ours', async () => {
    const steps = [...seenBy(0, 12, '203.0.112.0/22', '174 9457'), ...lostBy(60, 12, '203.0.112.0/22')];
    const { alerts } = await tell({ watch: [OURS], steps, until: 500 });
    expect(alerts.filter(({ incident }) => incident.kind === 'visibility-loss')).toEqual([]);
  });
  test('what the hijack took is lost when it goes and ours does not come back', async () => {
    const steps = [
      ...carried(12),
      ...seenBy(30, 12, '203.0.112.0/22', '174 9457'),
      ...lostBy(60, 12, '203.0.112.0/22'),
    ];
    const { alerts } = await tell({ watch: [OURS], steps });
    const lost = alerts.filter(({ incident }) => incident.kind === 'visibility-loss');
    expect(lost.at(-1)?.incident.severity).toBe('critical');
  });
});

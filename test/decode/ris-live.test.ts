import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Update } from '../../src/bgp/update.ts';
import {
  type Decoded,
  decodeRisLive,
  RIS_LIVE_PROBLEMS,
  RIS_LIVE_PROBLEMS_MAX,
} from '../../src/decode/ris-live/ris-live.ts';

const DATA = '../shared/data/rislive';

const MESSAGE = {
  timestamp: 1_643_850_258.5,
  peer: '192.0.2.1',
  peer_asn: '64500',
  id: '00-192-0-2-1-1',
  host: 'rrc00.ripe.net',
  type: 'UPDATE',
  path: [64500, 64501, 64502],
  community: [[64500, 1]],
  origin: 'IGP',
  announcements: [{ next_hop: '192.0.2.1', prefixes: ['198.51.100.0/24'] }],
  withdrawals: [],
};

function decode(changes: object): Decoded {
  return decodeRisLive(JSON.stringify({ type: 'ris_message', data: { ...MESSAGE, ...changes } }));
}

function updateOf(decoded: Decoded): Update {
  if (decoded.type !== 'update') throw new Error(`expected an update: ${JSON.stringify(decoded)}`);
  return decoded.update;
}

function codesOf(decoded: Decoded): readonly string[] {
  return 'problems' in decoded ? decoded.problems.map((problem) => problem.code) : [];
}

function announcing(...prefixes: unknown[]): object {
  return { announcements: [{ next_hop: '192.0.2.1', prefixes }] };
}

function texts(prefixes: Update['announced']): readonly string[] {
  return prefixes.map((prefix) => prefix.text);
}

describe('an UPDATE', () => {
  test('is read with all that is judged, and without problems', () => {
    const decoded = decode({});
    expect(codesOf(decoded)).toEqual([]);
    const update = updateOf(decoded);
    expect({ ...update, announced: texts(update.announced) }).toEqual({
      vantagePoint: { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 64500 },
      observedMs: 1_643_850_258_500,
      path: [64500, 64501, 64502],
      communities: [[64500, 1]],
      announced: ['198.51.100.0/24'],
      withdrawn: [],
    });
  });

  test('is the same without the envelope', () => {
    expect(decodeRisLive(JSON.stringify(MESSAGE))).toEqual(decode({}));
    expect(decodeRisLive(JSON.stringify({ data: MESSAGE }))).toEqual(decode({}));
  });

  test('names its peer in canonical text, its AS from a string or a number', () => {
    const { vantagePoint } = updateOf(decode({ peer: '2001:DB8:0:0::0:1', peer_asn: 64500, host: 'RRC06' }));
    expect(vantagePoint).toEqual({ collector: 'rrc06', peerAddress: '2001:db8::1', peerAsn: 64500 });
  });

  test('without a usable peer is a bad frame', () => {
    for (const peer of [undefined, null, 5, '', '192.0.2', '192.0.2.1/32'])
      expect(decode({ peer })).toMatchObject({ type: 'bad', problems: [{ code: 'bad-peer' }] });
  });

  test('counts without a collector, a peer AS or a stamp, each a problem', () => {
    const decoded = decode({ host: undefined, peer_asn: 'AS?', timestamp: 'yesterday' });
    expect(codesOf(decoded)).toEqual(['bad-peer-asn', 'bad-host', 'bad-timestamp']);
    expect(updateOf(decoded)).toMatchObject({
      vantagePoint: { collector: 'unknown', peerAsn: 0 },
      observedMs: undefined,
    });
  });

  test('never takes an impossible stamp, and never drops the update for it', () => {
    for (const timestamp of [undefined, null, 0, -1, 1_643_850_258_500_000, {}, '', 'NaN']) {
      const update = updateOf(decode({ timestamp }));
      expect(update.observedMs).toBeUndefined();
      expect(update.announced).toHaveLength(1);
    }
    expect(updateOf(decode({ timestamp: '1643850258.25' })).observedMs).toBe(1_643_850_258_250);
    expect(updateOf(decode({ timestamp: 4_000_000_000 })).observedMs).toBe(4_000_000_000_000);
  });

  test('without a type but with routes is an UPDATE all the same', () => {
    const decoded = decode({ type: undefined });
    expect(codesOf(decoded)).toEqual(['missing-type']);
    expect(updateOf(decoded).announced).toHaveLength(1);
  });

  test('is not looked at where nobody judges: next hop, med, aggregator, origin', () => {
    const decoded = decode({
      announcements: [
        { next_hop: '2001:db8::1,fe80::1', prefixes: ['198.51.100.0/24'] },
        { prefixes: ['203.0.113.0/24'] },
      ],
      med: 'x',
      aggregator: '65000-8.42.232.1',
      origin: 7,
    });
    expect(codesOf(decoded)).toEqual([]);
    expect(updateOf(decoded).announced).toHaveLength(2);
  });

  test('keeps the routes when a community is odd', () => {
    const decoded = decode({ community: [[1, 2], [1], 'no-export', [70_000, 1], [1, 2, 3], ['3', '4']] });
    expect(codesOf(decoded)).toEqual(['bad-community', 'bad-community', 'bad-community', 'bad-community']);
    expect(updateOf(decoded).communities).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(updateOf(decoded).announced).toHaveLength(1);
  });

  test('says that bytes were no UTF-8 and counts for the rest', () => {
    const decoded = decode({ id: '\uFFFD' });
    expect(codesOf(decoded)).toEqual(['bad-utf8']);
    expect(updateOf(decoded).announced).toHaveLength(1);
  });
});

describe('prefixes', () => {
  test('that are good are kept, bad ones counted one by one', () => {
    const decoded = decode(
      announcing('198.51.100.0/24', '198.51.100/24', 5, null, '198.51.100.0/33', '', '203.0.113.0/24'),
    );
    expect(texts(updateOf(decoded).announced)).toEqual(['198.51.100.0/24', '203.0.113.0/24']);
    expect(codesOf(decoded)).toEqual(new Array(5).fill('bad-prefix'));
  });

  test('with host bits are masked, kept and counted', () => {
    const decoded = decode(announcing('198.51.100.77/24'));
    expect(texts(updateOf(decoded).announced)).toEqual(['198.51.100.0/24']);
    expect(codesOf(decoded)).toEqual(['host-bits']);
  });

  test('of IPv6 are canonical, and IPv4-mapped ones stay IPv6', () => {
    const { announced } = updateOf(decode(announcing('2605:DE00:bb:0:0:0:0:0/48', '::ffff:192.0.2.0/120')));
    expect(announced.map(({ text, family }) => [text, family])).toEqual([
      ['2605:de00:bb::/48', 6],
      ['::ffff:c000:200/120', 6],
    ]);
  });

  test('announced twice, once for each next hop, are one', () => {
    const announcements = ['2001:db8::1', 'fe80::1'].map((next_hop) => ({
      next_hop,
      prefixes: ['2001:db8:1::/48'],
    }));
    expect(texts(updateOf(decode({ announcements })).announced)).toEqual(['2001:db8:1::/48']);
  });

  test('withdrawn and announced in one UPDATE are announced', () => {
    const update = updateOf(decode({ withdrawals: ['198.51.100.0/24', '203.0.113.0/24', '203.0.113.0/24'] }));
    expect(texts(update.announced)).toEqual(['198.51.100.0/24']);
    expect(texts(update.withdrawn)).toEqual(['203.0.113.0/24']);
  });

  test('are withdrawn from within announcement objects too, as in older captures', () => {
    const decoded = decode({ announcements: [{ withdrawals: ['203.0.113.0/24'] }], withdrawals: undefined });
    expect(texts(updateOf(decoded).withdrawn)).toEqual(['203.0.113.0/24']);
    expect(codesOf(decoded)).toEqual([]);
  });

  test('in lists of the wrong shape cost those lists only', () => {
    const announcements = [7, { next_hop: 'x' }, { prefixes: 'y' }, { prefixes: ['198.51.100.0/24'] }];
    const decoded = decode({ announcements, withdrawals: '203.0.113.0/24' });
    expect(texts(updateOf(decoded).announced)).toEqual(['198.51.100.0/24']);
    expect(codesOf(decoded)).toEqual([
      'bad-announcement',
      'bad-announcement',
      'bad-announcement',
      'bad-withdrawals',
    ]);
    expect(codesOf(decode({ announcements: 'all of them' }))).toEqual(['bad-announcement']);
  });

  test('that are bad by the hundred thousand leave a bounded list', () => {
    const decoded = decode(announcing(...new Array(100_000).fill('x')));
    expect(codesOf(decoded)).toHaveLength(RIS_LIVE_PROBLEMS_MAX + 1);
    expect(codesOf(decoded).at(-1)).toBe('more-problems');
  });
});

describe('the path', () => {
  test('has numbers, numeric strings and sets', () => {
    expect(updateOf(decode({ path: [64500, '64501', [3, 2, 2]] })).path).toEqual([64500, 64501, [3, 2, 2]]);
    expect(codesOf(decode({ path: [64500, 4_294_967_295, [13_340]] }))).toEqual([]);
  });

  test.each([{ path: [] }, { path: [64500, []] }, { path: undefined }, { path: 'x' }, { path: [64500, -1] }])(
    'without an origin ($path) costs its announcements; withdrawals count',
    ({ path }) => {
      const decoded = decode({ path, withdrawals: ['203.0.113.0/24'] });
      const update = updateOf(decoded);
      expect(codesOf(decoded)).toContain('no-origin');
      expect([texts(update.announced), texts(update.withdrawn)]).toEqual([[], ['203.0.113.0/24']]);
    },
  );

  test('that is empty is no problem of a pure withdrawal', () => {
    const decoded = decode({ path: [], announcements: [], withdrawals: ['2605:de00:bb:0:0:0:0:0/48'] });
    expect(codesOf(decoded)).toEqual([]);
    expect(texts(updateOf(decoded).withdrawn)).toEqual(['2605:de00:bb::/48']);
  });

  test('keeps the place of an element that cannot be read, so that no false link appears', () => {
    const decoded = decode({ path: [64500, 'x', [7, {}], 64502] });
    expect(updateOf(decoded).path).toEqual([64500, [], [7], 64502]);
    expect(codesOf(decoded)).toEqual(['bad-path', 'bad-path']);
  });
});

describe('other frames', () => {
  test('tell of sessions', () => {
    const state = (word: unknown): Decoded => decode({ type: 'RIS_PEER_STATE', state: word });
    expect(state('connected')).toMatchObject({
      type: 'peer-state',
      change: { state: 'up', observedMs: 1_643_850_258_500 },
    });
    expect(state('down')).toMatchObject({ type: 'peer-state', change: { state: 'down' } });
    for (const word of ['up', undefined, 1]) expect(codesOf(state(word))).toEqual(['bad-state']);
  });

  test.each([
    ['pong', 'pong'],
    ['ris_subscribe_ok', 'subscribe-ok'],
    ['ris_unsubscribe_ok', 'unsubscribe-ok'],
    ['ris_rrc_list', 'rrc-list'],
    ['ris_error', 'error'],
  ])('%s is a control answer', (type, kind) => {
    expect(decodeRisLive(JSON.stringify({ type, data: ['x'] }))).toEqual({
      type: 'control',
      kind,
      data: ['x'],
    });
  });

  test('of types that are not judged, or not known, are other', () => {
    for (const type of ['OPEN', 'NOTIFICATION', 'KEEPALIVE', 'OTHER', 'whatever'])
      expect(decode({ type })).toEqual({
        type: 'other',
        observedMs: 1_643_850_258_500,
        isKeepalive: type === 'KEEPALIVE',
        vantagePoint: { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 64_500 },
      });
  });

  test('that are no message are bad', () => {
    for (const text of [
      '',
      '{',
      '[1]',
      'null',
      '5',
      '"x"',
      '{}',
      '{"type":"ris_message"}',
      '{"type":"ris_message","data":[]}',
    ])
      expect(decodeRisLive(text).type).toBe('bad');
    expect(codesOf(decodeRisLive('{"type":"ris_message","data":{"peer":"192.0.2.1"}}'))).toEqual([
      'bad-frame',
    ]);
  });

  test('nested beyond reason are values like any other', () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const text = JSON.stringify({ ...MESSAGE, path: 'DEEP', community: 'DEEP', peer_asn: 'DEEP' }).replaceAll(
      '"DEEP"',
      deep,
    );
    expect(codesOf(decodeRisLive(text))).toContain('bad-path');
  });
});

test('every problem has a meaning on one line, and details stay short', () => {
  for (const meaning of Object.values(RIS_LIVE_PROBLEMS)) expect(meaning).toMatch(/^[A-Z].{10,110}\.$/);
  const decoded = decode({ ...announcing('x'.repeat(10_000)), host: 'y'.repeat(10_000) });
  if (!('problems' in decoded)) throw new Error('no problems');
  for (const problem of decoded.problems) {
    expect(RIS_LIVE_PROBLEMS).toHaveProperty(problem.code);
    expect(problem.detail.length).toBeLessThanOrEqual(200);
  }
});

describe.skipIf(!existsSync(DATA))('real captures (skipped where ../shared/data is absent)', () => {
  interface Count {
    [what: string]: number;
  }

  function count(file: string): Count {
    const total: Count = { announced: 0, withdrawn: 0 };
    const add = (what: string, number = 1): void => {
      total[what] = (total[what] ?? 0) + number;
    };
    for (const line of readFileSync(`${DATA}/${file}`, 'utf8')
      .split('\n')
      .filter((text) => text.trim() !== '')) {
      const decoded = decodeRisLive(line);
      add(decoded.type);
      for (const code of codesOf(decoded)) add(code);
      if (decoded.type !== 'update') continue;
      add('announced', decoded.update.announced.length);
      add('withdrawn', decoded.update.withdrawn.length);
    }
    return total;
  }

  test('decode without loss', () => {
    expect(count('morrowc/1-msg')).toEqual({ update: 1, announced: 1, withdrawn: 0 });
    expect(count('morrowc/10-msg')).toEqual({ update: 10, announced: 8, withdrawn: 2 });
    expect(count('morrowc/20-msg')).toEqual({ update: 20, announced: 39, withdrawn: 0 });
    expect(count('morrowc/fail-as-set')).toEqual({ update: 1, announced: 1, withdrawn: 0 });
    expect(count('collected.real.ndjson')).toEqual({
      update: 12,
      announced: 20,
      withdrawn: 2,
      'peer-state': 2,
      other: 8,
    });
  });

  test('lose exactly what is cut off, and tell answers from messages', () => {
    expect(count('libbgpstream.ris-live-stream.json')).toEqual({
      update: 1,
      announced: 1,
      withdrawn: 0,
      'peer-state': 1,
      control: 1,
      other: 3,
      bad: 1,
      'bad-json': 1,
    });
    expect(count('collected.protocol-and-doc-samples.ndjson')).toEqual({
      update: 2,
      announced: 1,
      withdrawn: 0,
      'peer-state': 1,
      control: 6,
      other: 6,
      'bad-host': 1,
    });
  });
});

/** `originwatch init`: what it proposes from RIBs, VRPs and RIPEstat, and what it does not trust. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { InitArguments } from '../../src/cli/usage.ts';
import { UsageError } from '../../src/cli/usage.ts';
import { OperationalError } from '../../src/engine/errors.ts';
import type { PrefixEntry } from '../../src/match/watchlist.ts';
import { watchlist } from '../config/files.ts';
import { Bench, PEERS, type Row, ribBytes, seen } from './init-fixture.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.close());

const OURS: Row = ['211.249.216.0/21', seen(6, '10158 7625')];

/** The watchlist that comes out, loaded as the daemon loads it, and its text. */
async function written(
  options: Omit<InitArguments, 'asn'> & { asn?: string[] },
): Promise<{ text: string; entries: string[] }> {
  const { code, stdout } = await bench.init({ asn: ['7625'], ...options });
  expect(code).toBe(0);
  const entries = watchlist(stdout).watchlist.entries.map((entry) =>
    entry.type === 'asn' ? `AS${entry.asn}` : brief(entry),
  );
  return { text: stdout, entries };
}

function brief({ prefix, origins, upstreams, maxLength }: PrefixEntry): string {
  return `${prefix.text} by ${origins?.join(',')} through ${upstreams?.join(',') ?? '?'} up to ${maxLength}`;
}

/** The comments directly above an entry. */
function commentsAbove(text: string, entry: string): string {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => line.includes(`- prefix: ${entry}`));
  const first = lines.slice(0, at).findLastIndex((line) => !line.startsWith('  # ')) + 1;
  return lines.slice(first, at + 1).join('\n');
}

describe('from a RIB', () => {
  test('an AS gets an entry for each prefix it originates, and one for itself', async () => {
    const rib = bench.rib([
      OURS,
      ['2404:4600::/32', seen(4, '10158 7625')],
      ['8.8.8.0/24', seen(6, '15169')],
    ]);
    const { text, entries } = await written({ rib: [rib] });
    expect(entries).toEqual([
      'AS7625',
      '211.249.216.0/21 by 7625 through 10158 up to 21',
      '2404:4600::/32 by 7625 through 10158 up to 32',
    ]);
    expect(commentsAbove(text, '211.249.216.0/21')).toContain('# seen by 6 of 6 vantage points; from RIB');
    expect(text).not.toContain('CHECK mo');
    expect(text).toContain('rrc06.bview');
  });

  test('several snapshots count a vantage point once', async () => {
    const ribs = [bench.file('rrc06.a', ribBytes([OURS])), bench.file('rrc06.b', ribBytes([OURS]))];
    const { text } = await written({ rib: ribs, collector: 'rrc06' });
    expect(text).toContain('seen by 6 of 6 vantage points');
  });

  test('an upstream that few show is left out and named', async () => {
    const tails = ['10158 7625', '10158 7625', '10158 7625', '10158 7625', '10158 7625', '666 7625'];
    const { text, entries } = await written({ rib: [bench.rib([['211.249.216.0/21', tails]])] });
    expect(entries).toContain('211.249.216.0/21 by 7625 through 10158 up to 21');
    expect(text).toContain('left out of upstreams, seen by few: AS666');
  });

  test('the length of what is announced inside is allowed', async () => {
    const { entries } = await written({
      rib: [bench.rib([OURS, ['211.249.220.0/23', seen(6, '10158 7625')]])],
    });
    expect(entries).toContain('211.249.216.0/21 by 7625 through 10158 up to 23');
    expect(entries).toContain('211.249.220.0/23 by 7625 through 10158 up to 23');
  });

  test('two ASes asked for share a prefix without a mark', async () => {
    const tails = [...seen(3, '10158 7625').slice(0, 3), '10158 38099', '10158 38099', '10158 38099'];
    const rib = bench.rib([['211.249.216.0/21', tails]]);
    const { text, entries } = await written({ asn: ['AS7625', '38099'], rib: [rib] });
    expect(entries).toEqual(['AS7625', '211.249.216.0/21 by 7625,38099 through 10158 up to 21', 'AS38099']);
    expect(text).not.toContain('CHECK moas');
  });
});

describe('what looks wrong is marked and not trusted', () => {
  test('another origin of the same prefix is named, and is not among the origins', async () => {
    const tails = ['10158 7625', '10158 7625', '10158 7625', '10158 7625', '9457', '9457'];
    const { text, entries } = await written({ rib: [bench.rib([['211.249.216.0/21', tails]])] });
    expect(entries).toContain('211.249.216.0/21 by 7625 through 10158 up to 21');
    expect(commentsAbove(text, '211.249.216.0/21')).toContain(
      'CHECK moas: also originated by AS9457 (2 of 6)',
    );
  });

  test('a prefix that few see stands as a comment', async () => {
    const { text, entries } = await written({
      rib: [bench.rib([OURS, ['1.2.3.0/24', seen(1, '10158 7625')]])],
    });
    expect(entries).toHaveLength(2);
    expect(text).toContain(
      '  # CHECK few: seen by 1 of 6 vantage points only (peer ASes: 1)\n  # - prefix: 1.2.3.0/24\n',
    );
  });

  test('space that nobody announces rightfully stands as a comment', async () => {
    const { text, entries } = await written({
      rib: [bench.rib([OURS, ['10.0.0.0/8', seen(6, '10158 7625')]])],
    });
    expect(entries).toHaveLength(2);
    expect(text).toContain('CHECK bogon: nobody announces this rightfully: private');
  });

  test('an AS that is only a member of an AS_SET is not taken for the origin', async () => {
    const rows: Row[] = [
      OURS,
      ['1.2.3.0/24', seen(6, '10158 {7625,9}')],
      ['211.249.220.0/24', seen(6, '10158 {7625,9}')],
    ];
    const { text, entries } = await written({ rib: [bench.rib(rows)] });
    expect(entries).toEqual(['AS7625', '211.249.216.0/21 by 7625 through 10158 up to 21']);
    expect(text).not.toContain('1.2.3.0/24');
    expect(text).toContain('CHECK as-set');
  });

  test('an origin that the VRPs forbid stands as a comment, a length that they forbid is marked', async () => {
    const rib = bench.rib([
      OURS,
      ['211.249.220.0/24', seen(6, '10158 7625')],
      ['1.2.3.0/24', seen(6, '10158 7625')],
    ]);
    const vrps = bench.vrps(['211.249.216.0/21', 22, 7625], ['1.2.0.0/16', 24, 9318]);
    const { text, entries } = await written({ rib: [rib], vrps });
    expect(entries).toEqual([
      'AS7625',
      '211.249.216.0/21 by 7625 through 10158 up to 22',
      '211.249.220.0/24 by 7625 through 10158 up to 24',
    ]);
    expect(text).toContain('CHECK rpki-invalid: RPKI-invalid: the VRPs name AS9318 and not AS7625');
    expect(text).toContain('# - prefix: 1.2.3.0/24');
    expect(commentsAbove(text, '211.249.220.0/24')).toContain('CHECK rpki-length');
    expect(commentsAbove(text, '211.249.216.0/21')).toContain('RPKI valid');
  });

  test('a part that another AS originates is told', async () => {
    const { text } = await written({
      rib: [bench.rib([OURS, ['211.249.221.0/24', seen(6, '9457')]])],
      vrps: bench.vrps(['211.249.216.0/21', 21, 7625]),
    });
    expect(commentsAbove(text, '211.249.216.0/21')).toContain(
      'CHECK foreign-inside: inside it: 211.249.221.0/24 by AS9457',
    );
  });
});

describe('from VRPs', () => {
  test('alone they give prefix, origin and maxLength', async () => {
    const { entries, text } = await written({
      vrps: bench.vrps(['211.249.216.0/21', 24, 7625], ['8.8.8.0/24', 24, 15169]),
    });
    expect(entries).toEqual(['AS7625', '211.249.216.0/21 by 7625 through ? up to 24']);
    expect(text).not.toContain('CHECK not-announced');
  });

  test('beside a RIB, what is not announced is marked', async () => {
    const vrps = bench.vrps(['211.249.216.0/21', 24, 7625], ['1.2.3.0/24', 24, 7625]);
    const { text, entries } = await written({ rib: [bench.rib([OURS])], vrps });
    expect(entries).toContain('1.2.3.0/24 by 7625 through ? up to 24');
    expect(commentsAbove(text, '1.2.3.0/24')).toContain('CHECK not-announced');
  });
});

describe('from RIPEstat', () => {
  const ANNOUNCED = { prefixes: [{ prefix: '211.249.216.0/21', timelines: [] }] };
  const state = (tail: readonly number[]) =>
    PEERS.map((asn, index) => ({
      target_prefix: '211.249.216.0/21',
      source_id: `06-192.0.2.${index + 1}`,
      path: [asn, ...tail],
      community: [],
    }));

  test('the prefixes, and who sees them through whom', async () => {
    const ripestatUrl = await bench.ripestat({
      'announced-prefixes AS7625': ANNOUNCED,
      'bgp-state 211.249.216.0/21': { bgp_state: state([10158, 7625]) },
      'ris-peers': {
        peers: {
          rrc06: [1, 2, 3, 4, 5, 6, 7, 8].map((n) => ({
            asn: `${n}`,
            ip: `192.0.2.${n}`,
            v4_prefix_count: 900_000,
            v6_prefix_count: 0,
          })),
        },
      },
    });
    const { text, entries } = await written({ ripestat: true, ripestatUrl });
    expect(entries).toEqual(['AS7625', '211.249.216.0/21 by 7625 through 10158 up to 21']);
    expect(text).toContain('seen by 6 of 8 vantage points; from RIPEstat');
    expect(bench.urls.every((url) => url.searchParams.get('sourceapp') === 'originwatch')).toBe(true);
  });

  test('what it does not tell stays open', async () => {
    const ripestatUrl = await bench.ripestat({ 'announced-prefixes AS7625': ANNOUNCED });
    const { code, stdout, stderr } = await bench.init({ asn: ['7625'], ripestat: true, ripestatUrl });
    expect(code).toBe(0);
    expect(stdout).toContain('nobody was asked who sees it');
    expect(stderr).toContain('who sees the prefixes stays unknown');
  });

  test('when it fails, another source is enough; alone it is an error', async () => {
    const ripestatUrl = await bench.ripestat({});
    const told = await bench.init({ asn: ['7625'], ripestat: true, ripestatUrl, rib: [bench.rib([OURS])] });
    expect(told.code).toBe(0);
    expect(told.stderr).toContain('going on without RIPEstat');
    expect(told.stdout).toContain('211.249.216.0/21');
    await expect(bench.init({ asn: ['7625'], ripestat: true, ripestatUrl })).rejects.toThrow(
      OperationalError,
    );
  });

  test('what it knows and the RIB does not is asked for, nothing else', async () => {
    const two = { prefixes: [...ANNOUNCED.prefixes, { prefix: '1.2.3.0/24', timelines: [] }] };
    const ripestatUrl = await bench.ripestat({
      'announced-prefixes AS7625': two,
      'bgp-state': { bgp_state: [] },
    });
    await written({ ripestat: true, ripestatUrl, rib: [bench.rib([OURS])] });
    const asked = bench.urls.filter(({ pathname }) => pathname.includes('bgp-state'));
    expect(asked.map((url) => url.searchParams.get('resource'))).toEqual(['1.2.3.0/24']);
  });
});

describe('as JSON', () => {
  test('the proposal is one value', async () => {
    const { stdout } = await bench.init({ asn: ['7625'], rib: [bench.rib([OURS])], json: true });
    expect(JSON.parse(stdout)).toEqual({
      asns: [7625],
      entries: [
        {
          prefix: '211.249.216.0/21',
          origins: [7625],
          upstreams: [10158],
          maxLength: 21,
          trusted: true,
          vantagePoints: { seeing: 6, known: 6 },
          rpki: null,
          sources: ['rib'],
          notes: [],
          checks: [],
        },
      ],
    });
  });
});

describe('wrong usage', () => {
  test.each<[string, InitArguments]>([
    ['no source', { asn: ['7625'] }],
    ['no AS number', { asn: ['Kakao'], vrps: 'x' }],
    ['AS 0', { asn: ['0'], vrps: 'x' }],
    ['a group that could forge lines', { asn: ['7625'], vrps: 'x', group: 'a\nb' }],
    ['a RIPEstat that is no URL', { asn: ['7625'], ripestat: true, ripestatUrl: 'stat' }],
  ])('%s', async (_name, options) => {
    await expect(bench.init(options)).rejects.toThrow(UsageError);
  });

  test('a RIB that cannot be read is an error', async () => {
    await expect(bench.init({ asn: ['7625'], rib: ['nowhere.bview'] })).rejects.toThrow('input-unreadable');
  });
});

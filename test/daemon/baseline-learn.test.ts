import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  attribute,
  bgp4mp,
  nlri,
  ORIGIN_IGP,
  peerTable,
  ribEntry,
  ribRow,
  segment,
  updateBytes,
} from '../decode-mrt/bytes.ts';
import { type Room, room } from './bench.ts';
import { daemonBeside } from './daemon-beside.ts';

let place: Room;
beforeEach(() => {
  place = room('', WATCHLIST);
});
afterEach(() => place.remove());

const WATCHLIST = `
watch:
  - prefix: 198.51.100.0/24
  - prefix: 203.0.112.0/22
  - prefix: 192.88.96.0/21
    origins: [7625]
    upstreams: [10158]
  - asn: 38099
`;

const PEERS = [1001, 1002, 1003, 1004].map((asn, index) => ({ address: `192.0.2.${index + 1}`, asn }));

function attributes(path: readonly number[], set?: readonly number[]): Buffer {
  const segments = [segment(path), ...(set === undefined ? [] : [segment(set, { type: 1 })])];
  return Buffer.concat([
    ORIGIN_IGP,
    attribute(0x40, 2, Buffer.concat(segments)),
    attribute(0x40, 3, Buffer.from([192, 0, 2, 1])),
  ]);
}

/** One row: what each of these peers carries, by the path behind the peer. */
function seen(prefix: string, ...paths: readonly (readonly number[] | undefined)[]): Buffer {
  const entries = paths.flatMap((path, peer) =>
    path === undefined ? [] : [ribEntry(peer, 1_643_000_000, attributes([PEERS[peer]?.asn ?? 0, ...path]))],
  );
  return ribRow(2, prefix, entries);
}

function rib(...rows: readonly Buffer[]): Buffer {
  return Buffer.concat([peerTable(PEERS), ...rows]);
}

function everybody(path: readonly number[]): (readonly number[])[] {
  return PEERS.map(() => path);
}

async function learn(bytes: Buffer, ...argv: readonly string[]) {
  const file = place.file('rib.gz', gzipSync(bytes));
  const ran = await place.run('baseline', 'learn', '--rib', file, '--json', ...argv);
  return { ...ran, json: ran.stdout === '' ? undefined : JSON.parse(ran.stdout) };
}

async function baseline(): Promise<readonly Record<string, unknown>[]> {
  return JSON.parse((await place.run('baseline', 'list', '--json')).stdout).baseline;
}

describe('baseline learn', () => {
  test('learns who originates watched space, with the neighbours that enough peers show', async () => {
    const { code } = await learn(
      rib(
        seen('10.0.0.0/8', ...everybody([64_999])),
        seen('198.51.100.0/24', [3356, 64_400], [3356, 64_400], [3356, 64_400], [174, 64_400]),
      ),
    );
    expect(code).toBe(0);
    expect(await baseline()).toEqual([
      {
        prefix: '198.51.100.0/24',
        origin: 64_400,
        neighbors: [3356],
        source: 'snapshot',
        firstSeenAt: '2022-02-03T01:04:18.000Z',
        lastSeenAt: '2022-02-03T01:04:18.000Z',
        peerAsns: [1001, 1002, 1003, 1004],
        by: '',
        note: '',
      },
    ]);
  });

  test('learns what covers watched space and what watched ASes originate, and leaves the rest alone', async () => {
    await learn(
      rib(
        seen('192.0.0.0/8', ...everybody([64_401])),
        seen('203.0.0.0/16', ...everybody([64_402])),
        seen('100.64.0.0/16', ...everybody([3356, 38_099])),
        seen('100.64.7.0/24', ...everybody([3356, 38_099])),
        seen('100.65.0.0/16', ...everybody([3356, 64_403])),
      ),
    );
    expect((await baseline()).map(({ prefix, origin }) => `${prefix} ${origin}`)).toEqual([
      '100.64.0.0/16 38099',
      '100.64.7.0/24 38099',
      '192.0.0.0/8 64401',
      '203.0.0.0/16 64402',
    ]);
  });

  test.each([
    ['few-peers', [seen('198.51.100.0/24', [64_400], [64_400])]],
    [
      'moas',
      [
        seen('198.51.100.0/24', [64_400], [64_400], [64_400]),
        seen('198.51.100.0/24', [64_404], [64_404], [64_404]),
      ],
    ],
    ['not-declared', [seen('192.88.96.0/21', ...everybody([64_404]))]],
    ['not-declared', [seen('192.88.97.0/24', ...everybody([64_404]))]],
    ['not-declared', [seen('100.64.0.0/16', [64_404], [64_404], [64_404], [38_099])]],
    [
      'foreign-more-specific',
      [seen('203.0.112.0/22', ...everybody([64_400])), seen('203.0.113.0/24', ...everybody([64_404]))],
    ],
    ['unroutable-origin', [seen('198.51.100.0/24', ...everybody([65_000]))]],
    [
      'as-set',
      [
        ribRow(
          2,
          '198.51.100.0/24',
          PEERS.map((peer, index) => ribEntry(index, 0, attributes([peer.asn], [64_404]))),
        ),
      ],
    ],
  ])('marks %s and does not learn it', async (mark, rows) => {
    const { json, code } = await learn(rib(...rows));
    expect(code).toBe(0);
    const marked = json.marked.filter((one: { marks: string[] }) => one.marks.includes(mark));
    expect(marked.length).toBeGreaterThan(0);
    for (const one of marked) {
      expect(one.learned).toBe(false);
      expect(await baseline()).not.toContainEqual(
        expect.objectContaining({ prefix: one.prefix, origin: one.origin }),
      );
    }
  });

  test('marks what RPKI calls invalid, and believes the one of two origins that RPKI names', async () => {
    const vrps = place.file(
      'vrps.json',
      JSON.stringify({ roas: [{ asn: 64_400, prefix: '198.51.100.0/24', maxLength: 24, ta: 'x' }] }),
    );
    const { json } = await learn(
      rib(seen('198.51.100.0/24', ...everybody([64_400])), seen('198.51.100.0/24', ...everybody([64_404]))),
      '--vrps',
      vrps,
    );
    expect(json.learned).toMatchObject([{ origin: 64_400 }]);
    expect(json.marked).toMatchObject([{ origin: 64_404, marks: ['rpki-invalid', 'moas'] }]);
  });

  test('of declared upstreams others are not learned, however many show them', async () => {
    await learn(
      rib(seen('192.88.96.0/21', [10_158, 7625], [10_158, 7625], [10_158, 7625], [666, 7625])),
      '--min-peers',
      '1',
    );
    expect(await baseline()).toMatchObject([{ origin: 7625, neighbors: [10_158] }]);
  });

  test('an operator’s word stays: refused is never learned, accepted stays accepted', async () => {
    await place.run('baseline', 'reject', '198.51.100.0/24', '64400', '--by', 'duty');
    await place.run('baseline', 'accept', '203.0.112.0/22', '64404', '--by', 'duty');
    const rows = rib(
      seen('198.51.100.0/24', ...everybody([64_400])),
      seen('203.0.112.0/22', ...everybody([3356, 64_404])),
    );
    const { json } = await learn(rows, '--all');
    expect(json.marked).toMatchObject([{ marks: ['refused'], learned: false }]);
    expect(await baseline()).toMatchObject([
      { source: 'rejected', by: 'duty' },
      { source: 'operator', by: 'duty', neighbors: [3356], lastSeenAt: '2022-02-03T01:04:18.000Z' },
    ]);
  });

  test('--all learns what is marked, --dry-run nothing', async () => {
    const rows = rib(seen('198.51.100.0/24', [64_400]));
    const tried = await learn(rows, '--all', '--dry-run');
    expect(tried.json).toMatchObject({ dryRun: true, learned: [{ origin: 64_400 }] });
    expect(await baseline()).toEqual([]);
    await learn(rows, '--all');
    expect(await baseline()).toHaveLength(1);
  });

  test('updates teach nothing: without a row of a RIB it fails', async () => {
    const update = bgp4mp(updateBytes({ path: [1001, 64_400], announced: ['198.51.100.0/24'] }));
    const { code, stderr } = await learn(update);
    expect(code).toBe(1);
    expect(stderr).toMatch(/no row of a RIB.*1 announcements in updates/);
    expect((await learn(Buffer.from('nonsense'))).code).toBe(1);
  });

  test('damage costs what is damaged', async () => {
    const whole = rib(seen('198.51.100.0/24', ...everybody([64_400])));
    const { code, json, stderr } = await learn(Buffer.concat([whole, nlri('10.0.0.0/8')]));
    expect(code).toBe(0);
    expect(json.learned).toHaveLength(1);
    expect(stderr).toContain('rib.gz');
  });

  test('tells people what looks wrong and what to do', async () => {
    const file = place.file('rib', rib(seen('198.51.100.0/24', [64_400])));
    const { stdout, stderr } = await place.run('baseline', 'learn', '--rib', file);
    expect(stdout).toMatch(/198\.51\.100\.0\/24 +AS64400 +1 +1 .*no +few-peers/);
    expect(stderr).toMatch(
      /0 origins learned, 1 left out[\s\S]*few-peers: seen by too few[\s\S]*baseline accept/,
    );
  });

  test('goes through the daemon while one runs', async () => {
    const beside = await daemonBeside(place, true);
    await learn(rib(seen('198.51.100.0/24', ...everybody([64_400]))));
    await beside.end();
    expect(beside.world.baselineRows).toMatchObject([
      { prefix: '198.51.100.0/24', origin: 64_400, source: 'snapshot' },
    ]);
  });
});

/** The `decode` command from outside: forms, compressions, JSON, damage, exit codes, readers that go away. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { runDecode } from '../../src/cli/commands/decode.ts';
import { collectorOfPath } from '../../src/feed/files/collector-name.ts';
import {
  attribute,
  be16,
  bgp4mp,
  hex,
  ORIGIN_IGP,
  peerTable,
  record,
  ribEntry,
  ribRow,
  segment,
  sessionBytes,
  updateBytes,
} from './bytes.ts';
import { decoded, decodedBytes } from './run.ts';

const HIJACK = updateBytes({
  path: [64_500, 9457],
  announced: ['211.249.221.0/24'],
  withdrawn: ['203.0.113.0/24'],
  communities: [
    [65_535, 65_281],
    [64_500, 1],
  ],
  more: [
    attribute(0x80, 4, hex('ffffffff')),
    attribute(0x40, 6, hex('')),
    attribute(0xc0, 7, hex('00011170 01020304')),
  ],
});
const HIJACK_LINES = [
  'BGP4MP|1643850258|W|192.0.2.1|64500|203.0.113.0/24',
  'BGP4MP|1643850258|A|192.0.2.1|64500|211.249.221.0/24|64500 9457|IGP|192.0.2.1|0|4294967295|no-export 64500:1|AG|70000 1.2.3.4|',
];

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

describe('MRT, as bgpdump -m prints it', () => {
  test('BGP4MP: withdrawals before announcements', async () => {
    const { stdout, stderr, code } = await decodedBytes(bgp4mp(HIJACK));
    expect(lines(stdout)).toEqual(HIJACK_LINES);
    expect([stderr, code]).toEqual(['', 0]);
  });

  test('BGP4MP_ET, LOCAL, ADD-PATH and state changes', async () => {
    const update = updateBytes({ path: [7625], announced: ['2404:4600::/32'] });
    const attributes = Buffer.concat([
      ORIGIN_IGP,
      attribute(0x40, 2, segment([7625])),
      attribute(0x40, 3, hex('c0000201')),
    ]);
    const addPath = Buffer.concat([be16(0), be16(attributes.length), attributes, hex('00000005 18 cb0071')]);
    const { stdout } = await decodedBytes(
      Buffer.concat([
        bgp4mp(update, { microseconds: 42, peer: '2001:db8:0:1:1:1:1:1' }),
        bgp4mp(update, { subtype: 7 }),
        bgp4mp(Buffer.concat([Buffer.alloc(16, 0xff), be16(19 + addPath.length), hex('02'), addPath]), {
          subtype: 9,
        }),
        record(16, 5, Buffer.concat([sessionBytes(), be16(6), be16(1)])),
      ]),
    );
    expect(lines(stdout)).toEqual([
      'BGP4MP_ET|1643850258.000042|A|2001:db8::1:1:1:1:1|64500|2404:4600::/32|7625|IGP|2001:db8::1|0|0||NAG||',
      'BGP4MP_LOCAL|1643850258|A|192.0.2.1|64500|2404:4600::/32|7625|IGP|2001:db8::1|0|0||NAG||',
      'BGP4MP_AP|1643850258|A|192.0.2.1|64500|203.0.113.0/24|5|7625|IGP|192.0.2.1|0|0||NAG||',
      'BGP4MP|1643850258|STATE|192.0.2.1|64500|6|1',
    ]);
  });

  test('TABLE_DUMP and TABLE_DUMP2', async () => {
    const two = Buffer.concat([ORIGIN_IGP, attribute(0x40, 2, segment([9318], { asnSize: 2 }))]);
    const old = Buffer.concat([
      hex('0000 0001 d3f9d800 15 01 00000009 c0000201 fbf4'),
      be16(two.length),
      two,
    ]);
    const four = Buffer.concat([
      ORIGIN_IGP,
      attribute(
        0x40,
        2,
        Buffer.concat([segment([64_500]), segment([5, 6], { type: 1 }), segment([7], { type: 3 })]),
      ),
      attribute(0x40, 5, hex('00000064')),
    ]);
    const { stdout } = await decodedBytes(
      Buffer.concat([
        record(12, 1, old),
        peerTable([{ address: '2001:db8::1', asn: 64_500 }]),
        ribRow(2, '211.249.216.0/21', [ribEntry(0, 9, four)]),
        ribRow(8, '211.249.216.0/21', [ribEntry(0, 9, four, 77)]),
      ]),
    );
    expect(lines(stdout)).toEqual([
      'TABLE_DUMP|1643850258|B|192.0.2.1|64500|211.249.216.0/21|9318|IGP|255.255.255.255|0|0||NAG||',
      'TABLE_DUMP2|1643850258|B|2001:db8::1|64500|211.249.216.0/21|64500 {5,6} (7)|IGP|255.255.255.255|100|0||NAG||',
      'TABLE_DUMP2_AP|1643850258|B|2001:db8::1|64500|211.249.216.0/21|77|64500 {5,6} (7)|IGP|255.255.255.255|100|0||NAG||',
    ]);
  });

  test('IPv6 text as bgpdump has it: single zero groups and dotted tails', async () => {
    const announced = ['::ffff:1.2.3.4/128', '::1.2.3.4/128', '::1/128', '1:0:2:3:4:5:6:7/128', '::/0'];
    const { stdout } = await decodedBytes(bgp4mp(updateBytes({ path: [1], announced })));
    expect(lines(stdout).map((line) => line.split('|')[5])).toEqual([
      '::ffff:1.2.3.4/128',
      '::1.2.3.4/128',
      '::1/128',
      '1::2:3:4:5:6:7/128',
      '::/0',
    ]);
  });
});

describe('--json', () => {
  test('says all that the record says, with the collector of the path', async () => {
    const more = [attribute(0xc0, 32, hex('000000010000000200000003')), attribute(0xc0, 35, hex('00001dc9'))];
    const bytes = bgp4mp(updateBytes({ path: [64_500, 7625], announced: ['211.249.216.0/21'], more }), {
      microseconds: 250_000,
    });
    const { stdout } = await decodedBytes(bytes, { json: true, name: 'rrc06.updates.20220203.0100' });
    expect(lines(stdout).map((line) => JSON.parse(line))).toEqual([
      {
        type: 'announcement',
        format: 'BGP4MP_ET',
        at: '2022-02-03T01:04:18.250Z',
        timestamp: 1_643_850_258.25,
        vantagePoint: 'rrc06 192.0.2.1',
        collector: 'rrc06',
        peerAddress: '192.0.2.1',
        peerAsn: 64_500,
        prefix: '211.249.216.0/21',
        path: '64500 7625',
        asPath: [64_500, 7625],
        originAs: [7625],
        origin: 'IGP',
        largeCommunities: ['1:2:3'],
        onlyToCustomer: 7625,
        nextHop: '192.0.2.1',
      },
    ]);
  });

  test('names what was wrong, and takes the collector that is given', async () => {
    const broken = updateBytes({
      path: [1],
      announced: ['10.0.0.0/8'],
      more: [attribute(0xc0, 8, hex('0001'))],
    });
    const { stdout } = await decodedBytes(bgp4mp(broken), { json: true, collector: 'rrc99' });
    expect(JSON.parse(stdout)).toMatchObject({
      collector: 'rrc99',
      rfc7606: 'treat-as-withdraw',
      problems: [{ code: 'attribute-malformed' }],
    });
  });
});

describe('RIS Live and own recordings', () => {
  const message = {
    type: 'ris_message',
    data: {
      timestamp: 1_643_850_258.25,
      peer: '192.0.2.1',
      peer_asn: '64500',
      host: 'rrc06.ripe.net',
      type: 'UPDATE',
      path: [64_500, [5, 6], 9457],
      community: [[65_535, 666]],
      origin: 'IGP',
      med: 7,
      aggregator: '70000:1.2.3.4',
      announcements: [{ next_hop: '192.0.2.9', prefixes: ['211.249.221.0/24'] }],
      withdrawals: ['2605:de00:bb:0:0:0:0:0/48'],
    },
  };
  const expected = [
    'BGP4MP_ET|1643850258.250000|W|192.0.2.1|64500|2605:de00:bb::/48',
    'BGP4MP_ET|1643850258.250000|A|192.0.2.1|64500|211.249.221.0/24|64500 {5,6} 9457|IGP|192.0.2.9|0|7|65535:666|NAG|70000 1.2.3.4|',
  ];

  test('are printed as the record that RIS would have written', async () => {
    const state = {
      type: 'ris_message',
      data: {
        timestamp: 1_643_850_300,
        peer: '192.0.2.1',
        peer_asn: '64500',
        host: 'rrc06',
        type: 'RIS_PEER_STATE',
        state: 'down',
      },
    };
    const text = [message, message.data, state].map((value) => `${JSON.stringify(value)}\n`).join('');
    const { stdout, code } = await decodedBytes(Buffer.from(text));
    expect(lines(stdout)).toEqual([...expected, ...expected, 'BGP4MP|1643850300|STATE|192.0.2.1|64500|6|1']);
    expect(code).toBe(0);
  });

  test('inside our own recording too', async () => {
    const recording = [
      { recording: 'originwatch', version: 1, at: 1_643_850_259_000 },
      { at: 1_643_850_260_000, feed: 'ris-live', via: 'live', frame: JSON.stringify(message) },
      { at: 1_643_850_261_000, end: true },
    ];
    const { stdout } = await decodedBytes(
      Buffer.from(recording.map((value) => `${JSON.stringify(value)}\n`).join('')),
    );
    expect(lines(stdout)).toEqual(expected);
  });
});

describe('damage', () => {
  test('what is whole is printed, and stderr says where it ended', async () => {
    const whole = bgp4mp(HIJACK);
    const { stdout, stderr, code } = await decodedBytes(Buffer.concat([whole, whole.subarray(0, 30)]), {
      name: 'cut.mrt',
    });
    expect(lines(stdout)).toEqual(HIJACK_LINES);
    expect(stderr).toMatch(
      new RegExp(`^cut\\.mrt: offset ${whole.length}: mrt-cut: 30 octets left of a record of \\d+`),
    );
    expect(code).toBe(0);
  });

  test('a cut gzip gives the records before the cut', async () => {
    const whole = Buffer.concat(
      Array.from({ length: 2_000 }, (_, index) => bgp4mp(HIJACK, { seconds: 1_643_850_258 + index })),
    );
    const compressed = gzipSync(whole);
    const { stdout, stderr, code } = await decodedBytes(compressed.subarray(0, compressed.length >> 1));
    expect(lines(stdout).length).toBeGreaterThan(1_000);
    expect(stderr).toContain('gzip');
    expect(code).toBe(0);
  });

  test('a gzip padded with zeros is whole, and the zeros are said', async () => {
    const padded = Buffer.concat([gzipSync(bgp4mp(HIJACK)), Buffer.alloc(100_000)]);
    const { stdout, stderr, code } = await decodedBytes(padded);
    expect([lines(stdout), code]).toEqual([HIJACK_LINES, 0]);
    expect(stderr).toContain('100000 octets of zero behind the end of the compressed stream are not read');
  });

  test('only where nothing at all could be read the exit code is 1', async () => {
    expect((await decoded(['/nowhere/updates.gz'])).code).toBe(1);
    expect((await decodedBytes(Buffer.from('this is no routing data'))).code).toBe(1);
    expect((await decodedBytes(Buffer.alloc(0))).code).toBe(0);
    const folder = mkdtempSync(join(tmpdir(), 'decode-'));
    writeFileSync(join(folder, 'good'), bgp4mp(HIJACK));
    const both = await decoded(['/nowhere/updates.gz', join(folder, 'good')]);
    rmSync(folder, { recursive: true });
    expect([both.code, lines(both.stdout)]).toEqual([0, HIJACK_LINES]);
    expect(both.stderr).toContain('/nowhere/updates.gz');
  });

  test('many problems are summed up', async () => {
    const bad = Buffer.concat(Array.from({ length: 100 }, () => record(16, 2, Buffer.alloc(8))));
    const { stderr } = await decodedBytes(bad, { name: 'many' });
    expect(lines(stderr).length).toBeLessThan(30);
    expect(stderr).toContain('more problems');
  });
});

describe('a reader', () => {
  const folder = mkdtempSync(join(tmpdir(), 'decode-'));
  const file = join(folder, 'long');
  writeFileSync(file, Buffer.concat(Array.from({ length: 20_000 }, () => bgp4mp(HIJACK))));
  afterAll(() => rmSync(folder, { recursive: true }));
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });

  test('that is slow is waited for', async () => {
    let taken = 0;
    let pending = 0;
    let pendingMax = 0;
    const slow = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        pending += chunk.length;
        pendingMax = Math.max(pendingMax, pending);
        setImmediate(() => {
          taken += chunk.length;
          pending -= chunk.length;
          done();
        });
      },
    });
    expect(await runDecode([file], { json: false }, { stdout: slow, stderr: silent })).toBe(0);
    expect(taken).toBe(20_000 * `${HIJACK_LINES.join('\n')}\n`.length);
    expect(pendingMax).toBeLessThan(1_000_000);
  });

  test('that goes away ends the work without an error', async () => {
    let writes = 0;
    const gone = new Writable({
      write: (_chunk, _encoding, done) => {
        writes += 1;
        done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      },
    });
    expect(await runDecode([file], { json: false }, { stdout: gone, stderr: silent })).toBe(0);
    expect(writes).toBe(1);
  });
});

test.each([
  ['rrc06/2022.02/updates.20220203.0100.gz', 'rrc06'],
  ['ris.rrc06.updates.1427846400.gz', 'rrc06'],
  ['ripe_rrc01_2000.11_updates.20001104.0124.gz', 'rrc01'],
  ['data.ris.ripe.net/rrc00/2022.02/bview.20220203.0000.gz', 'rrc00'],
  ['routeviews.route-views.jinx.updates.1427846400.bz2', 'route-views.jinx'],
  [
    'archive.routeviews.org/route-views.sydney/bgpdata/2022.02/UPDATES/updates.20220203.0100.bz2',
    'route-views.sydney',
  ],
  ['route-views3/bgpdata/2022.02/RIBS/rib.20220203.0000.bz2', 'route-views3'],
  ['bgpdata/2022.02/RIBS/rib.20220203.0000.bz2', 'route-views2'],
  ['route-views.updates.20220203.0100.bz2', 'route-views2'],
  ['/srv/dumps/my router.mrt.gz', 'my-router'],
  ['updates.20160811.1600.gz', 'updates.20160811.1600'],
])('the collector of %s is %s', (path, collector) => {
  expect(collectorOfPath(path)).toBe(collector);
});

import { describe, expect, it } from 'vitest';
import type { PrefixEntry } from '../../src/match/watchlist.ts';
import { errorsOf, load, watchlist } from './files.ts';

/** The only problem of a watchlist. */
function problem(text: string): string {
  const lines = errorsOf(() => watchlist(text));
  expect(lines.slice(1)).toEqual(['1 error']);
  return lines[0] ?? '';
}

const entry = (lines: string): string => `watch:\n  - prefix: 192.0.2.0/24\n    ${lines}\n`;

describe('a watchlist', () => {
  it('is read with all keys of an entry', () => {
    const { entries } = watchlist(`
defaults: { group: default }
watch:
  - prefix: 211.249.216.0/21
    name: Kakao developers API and SDK
    group: kakao
    origins: [7625, AS38099]
    upstreams: [as10158]
    maxLength: 24
    moreSpecifics: ignore
    minPeers: 2
    mitigation: [64500]
    path: { mustMatch: "_10158_", mustNotMatch: "_9457_", maxLength: 12 }
    services: [developers.kakao.com]
    tags: [sdk]
    severity: critical
  - prefix: 211.249.218.0/24
    ignore: true
  - asn: 38099
    name: Kakao Corp
`).watchlist;
    expect(entries).toMatchObject([
      {
        type: 'prefix',
        prefix: { text: '211.249.216.0/21' },
        name: 'Kakao developers API and SDK',
        group: 'kakao',
        origins: [7625, 38099],
        upstreams: [10158],
        maxLength: 24,
        moreSpecifics: 'ignore',
        minPeers: 2,
        mitigation: [64500],
        path: { mustMatch: '_10158_', mustNotMatch: '_9457_', maxLength: 12 },
        services: ['developers.kakao.com'],
        tags: ['sdk'],
        severity: 'critical',
        ignore: false,
      },
      { type: 'prefix', prefix: { text: '211.249.218.0/24' }, ignore: true, group: 'default' },
      { type: 'asn', asn: 38099, name: 'Kakao Corp', group: 'default' },
    ]);
  });

  it('gives an entry that says nothing the defaults of the product', () => {
    expect(watchlist('watch: [ { prefix: "2001:DB8:0::/32" } ]').watchlist.entries[0]).toEqual({
      type: 'prefix',
      prefix: { family: 6, words: [0x20010db8, 0, 0, 0], length: 32, text: '2001:db8::/32' },
      name: '',
      group: 'default',
      services: [],
      tags: [],
      minPeers: 1,
      mitigation: [],
      mustSeeThrough: [],
      mute: [],
      upstreams: undefined,
      path: undefined,
      severity: undefined,
      ignore: false,
      origins: undefined,
      maxLength: 32,
      moreSpecifics: 'watch',
    });
  });

  it('tells "nobody may announce it" from "whoever was learned"', () => {
    const { entries } = watchlist(
      'watch: [ { prefix: 192.0.2.0/24, origins: [] }, { prefix: 198.51.100.0/24 } ]',
    ).watchlist;
    expect((entries as PrefixEntry[]).map(({ origins }) => origins)).toEqual([[], undefined]);
  });

  it('hands the defaults of its file to every entry that does not say otherwise, and not to holes', () => {
    const { entries } = watchlist(`
defaults: { group: noc, minPeers: 3, tags: [edge], origins: [64500], path: { maxLength: 9 }, severity: warning }
watch:
  - prefix: 192.0.2.0/24
  - prefix: 198.51.100.0/24
    minPeers: 1
    tags: []
  - prefix: 192.0.2.128/25
    ignore: true
`).watchlist;
    expect(entries).toMatchObject([
      {
        group: 'noc',
        minPeers: 3,
        tags: ['edge'],
        origins: [64500],
        path: { maxLength: 9 },
        severity: 'warning',
      },
      { group: 'noc', minPeers: 1, tags: [] },
      { group: 'noc', minPeers: 1, tags: [], origins: undefined, path: undefined, severity: undefined },
    ]);
  });

  it('may start with a byte order mark, have CRLF line ends, anchors and merge keys', () => {
    const { entries } = watchlist(
      '\ufeffwatch:\r\n  - &a\r\n    prefix: 192.0.2.0/24\r\n    origins: &o [7625]\r\n  - <<: *a\r\n    prefix: 198.51.100.0/24\r\n    upstreams: *o\r\n',
    ).watchlist;
    expect(entries).toMatchObject([
      { prefix: { text: '192.0.2.0/24' }, origins: [7625] },
      { prefix: { text: '198.51.100.0/24' }, origins: [7625], upstreams: [7625] },
    ]);
  });

  it('may be spread over several files, in their order', () => {
    const settings = load({
      'c.yaml': 'watchlist: [lists/a.yaml, lists/b.ndjson]\n',
      'lists/a.yaml': 'watch: [ { asn: 1 } ]',
      'lists/b.ndjson': '{"asn":2}\n\n{"prefix":"192.0.2.0/24"}',
    });
    expect(settings.watchlist.entries).toMatchObject([
      { asn: 1 },
      { asn: 2 },
      { prefix: { text: '192.0.2.0/24' } },
    ]);
    expect(settings.files.map((file) => file.split('/').slice(-2).join('/'))).toEqual([
      expect.stringMatching(/c\.yaml$/),
      'lists/a.yaml',
      'lists/b.ndjson',
    ]);
  });

  it.each([
    [
      'host bits',
      '192.0.2.1/24',
      '2:13: prefix "192.0.2.1/24" has host bits set; write 192.0.2.0/24, or the length that is meant',
    ],
    [
      'host bits of IPv6',
      '2001:db8::1/32',
      '2:13: prefix "2001:db8::1/32" has host bits set; write 2001:db8::/32, or the length that is meant',
    ],
    [
      'a leading zero',
      '10.0.0.0/08',
      '2:13: prefix "10.0.0.0/08" has a length with leading zeros; write 10.0.0.0/8',
    ],
    [
      'no length',
      '192.0.2.7',
      '2:13: prefix "192.0.2.7" has no length; write 192.0.2.7/32 or the length that is meant',
    ],
    [
      'too long a length',
      '192.0.2.0/33',
      '2:13: prefix "192.0.2.0/33" has a length beyond 32; write a length from 0 to 32',
    ],
    [
      'too long a length of IPv6',
      '2001:db8::/129',
      '2:13: prefix "2001:db8::/129" has a length beyond 128; write a length from 0 to 128',
    ],
    [
      'words',
      'somewhere',
      '2:13: prefix "somewhere" is no prefix; write address/length, for instance 192.0.2.0/24 or 2001:db8::/32',
    ],
    [
      'an octet too large',
      '192.0.256.0/24',
      '2:13: prefix "192.0.256.0/24" is no prefix; write address/length, for instance 192.0.2.0/24 or 2001:db8::/32',
    ],
    [
      'a number',
      '10',
      '2:13: prefix is a number, no prefix; write address/length, for instance 192.0.2.0/24 or 2001:db8::/32',
    ],
    ['nothing', '', '2:5: nothing stands behind prefix; write a value or remove the key'],
  ])('refuses a prefix with %s', (_what, prefix, expected) => {
    expect(problem(`watch:\n  - prefix: ${prefix}\n`)).toBe(`w.yaml:${expected}`);
  });

  it.each([
    ['orgins: [1]', '3:5: unknown key "orgins"; did you mean "origins"?'],
    ['max_length: 24', '3:5: unknown key "max_length"; did you mean "maxLength"?'],
    ['path: { mustMach: "_1_" }', '3:13: unknown key "mustMach"; did you mean "mustMatch"?'],
    ['zzzzzzzzzzzz: 1', '3:5: unknown key "zzzzzzzzzzzz"; write prefix, asn, name'],
    [
      'origins: [7625, 4294967296]',
      '3:21: an item of origins is 4294967296, no AS number; write 7625 or AS7625, from 0 to 4294967295',
    ],
    ['origins: [AS-KAKAO]', '3:15: an item of origins is "AS-KAKAO", no AS number'],
    ['origins: 7625', '3:14: origins is a number; write a list'],
    ['origins:', '3:5: nothing stands behind origins'],
    ['origins: [~]', '3:15: nothing stands behind an item of origins'],
    ['upstreams: [1.5]', '3:17: an item of upstreams is 1.5, no AS number'],
    ['maxLength: 23', '3:16: maxLength is 23, shorter than 192.0.2.0/24; write a length from 24 to 32'],
    ['maxLength: 33', '3:16: maxLength is 33, beyond 32; write a length from 24 to 32'],
    ['maxLength: 24.5', '3:16: maxLength is 24.5; write a whole number'],
    ['maxLength: "24"', '3:16: maxLength is text; write a number, without quotes'],
    ['moreSpecifics: wach', '3:20: moreSpecifics is "wach"; did you mean "watch"?'],
    ['minPeers: 0', '3:15: minPeers is 0; write 1 or more'],
    ['minPeers: .inf', '3:15: minPeers is Infinity; write a finite number'],
    ['severity: high', '3:15: severity is "high"; write info, warning or critical'],
    ['severity: 3', '3:15: severity is a number; write info, warning or critical'],
    ['ignore: yes', '3:13: ignore is text; write true or false'],
    ['name: 12', '3:11: name is a number; write text'],
    ['name: "a\\u0007b"', '3:11: name has a control or line character; remove it'],
    ['name: "a\\x9bb"', '3:11: name has a control or line character; remove it'],
    ['group: "a\\u2028b"', '3:12: group has a control or line character; remove it'],
    ['group: ""', '3:12: group is empty; write at least one character'],
    ['tags: ["ok", "a\\u2029b"]', '3:18: an item of tags has a control or line character; remove it'],
    ['services: ["a\\nb"]', '3:16: an item of services has a control or line character; remove it'],
    ['services: kakao.com', '3:15: services is text; write a list'],
    ['path: "_1_"', '3:11: text where a map of path rules is expected; write a map'],
    ['path: {}', '3:11: path rules without a rule; write mustMatch, mustNotMatch or maxLength'],
    ['path: { maxLength: 0 }', '3:24: maxLength is 0; write 1 or more'],
    ['path: { mustMatch: "_(1" }', '3:24: mustMatch "_(1" is no AS path expression: '],
    [
      'path: { mustNotMatch: ".*2194,1234$" }',
      '3:27: mustNotMatch ".*2194,1234$" is no AS path expression: AS numbers are separated by a space or _; a comma stands only inside an AS_SET, {1,2}, at its character 7; write it as on a router: ".*2194_1234$"',
    ],
    ['path: { mustMatch: "(,|^)7625$" }', '3:24: mustMatch "(,|^)7625$" is no AS path expression'],
    [
      'origins: [7625, 0]',
      '3:21: an item of origins is AS 0, which announces nothing (RFC 7607); write the AS',
    ],
    ['upstreams: [AS0]', '3:17: an item of upstreams is AS 0, which announces nothing'],
    ['mitigation: [0]', '3:18: an item of mitigation is AS 0, which announces nothing'],
    ['asn: 7625', '3:5: an entry with both prefix and asn; make two entries of it'],
    [
      'ignore: true\n    origins: [1]',
      '4:5: origins in an entry that is ignored; remove it: a hole expects nothing',
    ],
    ['group: a\n    group: b', '4:5: the key "group" a second time, first at w.yaml:3:5; keep one of them'],
  ])('refuses an entry with %s', (line, expected) => {
    expect(problem(entry(line))).toContain(`w.yaml:${expected}`);
  });

  it.each([
    ['watch:\n  - name: nothing\n', '2:5: an entry without prefix and without asn; add prefix: … or asn: …'],
    [
      'watch:\n  - asn: 7625\n    origins: [7625]\n',
      '3:5: origins beside asn; remove it: it belongs to a prefix',
    ],
    ['watch:\n  - asn: AS99999999999\n', '2:10: asn is "AS99999999999", no AS number'],
    ['watch:\n  - 192.0.2.0/24\n', '2:5: text where an entry is expected; write a map'],
    ['watch: 192.0.2.0/24\n', '1:8: watch is text; write a list'],
    ['- prefix: 192.0.2.0/24\n', '1:1: a bare list; write watch: above it and indent it'],
    ['wach: []\n', '1:1: unknown key "wach"; did you mean "watch"?'],
    ['defaults: { grop: x }\nwatch: []\n', '1:13: unknown key "grop"; did you mean "group"?'],
    ['defaults: { name: x }\nwatch: []\n', '1:13: unknown key "name"'],
    ['', '1:1: the file is empty; start from the shipped one'],
    ['# nothing\n', '1:1: the file is empty; start from the shipped one'],
  ])('refuses %j', (text, expected) => {
    expect(errorsOf(() => watchlist(text)).some((line) => line.startsWith(`w.yaml:${expected}`))).toBe(true);
  });

  it('refuses the same prefix twice, also in other words, in another file, and says where the first stands', () => {
    const lines = errorsOf(() =>
      load({
        'c.yaml': 'watchlist: [w.yaml, x.yaml, y.ndjson]\n',
        'w.yaml': 'watch:\n  - prefix: 2001:db8::/32\n  - asn: 7625\n',
        'x.yaml': 'watch:\n  - asn: AS7625\n  - name: other words\n    prefix: 2001:0DB8:0::/32\n',
        'y.ndjson': '{"prefix":"192.0.2.0/24"}\n{"prefix":"2001:db8::/32"}\n{"prefix":"192.0.2.0/24"}\n',
      }),
    );
    expect(lines).toEqual([
      'x.yaml:2:10: AS7625 a second time, first at w.yaml:3:10; keep one of them',
      'x.yaml:4:13: 2001:db8::/32 a second time, written "2001:0DB8:0::/32", first at w.yaml:2:13; keep one of them',
      'y.ndjson:2:1: 2001:db8::/32 a second time, first at w.yaml:2:13; keep one of them',
      'y.ndjson:3:1: 192.0.2.0/24 a second time, first at y.ndjson:1:1; keep one of them',
      '4 errors',
    ]);
  });

  it('takes names of 200 characters, whatever their width, and no more', () => {
    const name = '\u{1f600}'.repeat(200);
    expect(watchlist(entry(`name: "${name}"`)).watchlist.entries[0]?.name).toBe(name);
    expect(problem(entry(`name: "${name}x"`))).toBe(
      'w.yaml:3:11: name has 201 characters; write at most 200',
    );
    expect(problem(entry(`group: ${'g'.repeat(201)}`))).toContain('group has 201 characters');
  });
});

describe('a watchlist in NDJSON', () => {
  it('tells each wrong line, with the column inside it where the parser knows one', () => {
    const lines = errorsOf(() =>
      watchlist(
        '{"prefix":"192.0.2.0/24"}\n{"prefix":"192.0.2.1/24"}\nnonsense\n[]\n{"asn":1,"grop":"x"}\n',
        'w.ndjson',
      ),
    );
    expect(lines).toEqual([
      'w.ndjson:2:11: prefix "192.0.2.1/24" has host bits set; write 192.0.2.0/24, or the length that is meant',
      expect.stringMatching(/^w\.ndjson:3:\d+: this line is no JSON; write one entry a line/),
      'w.ndjson:4:1: a list where an entry is expected; write a map: key: value, one a line',
      'w.ndjson:5:10: unknown key "grop"; did you mean "group"? (known: prefix, asn, name, group, origins, upstreams, moreSpecifics, minPeers, mitigation, mustSeeThrough, mute, path, services, tags, severity, maxLength, ignore)',
      '4 errors',
    ]);
  });

  it('reads the same entries as YAML does', () => {
    const values = [
      { prefix: '192.0.2.0/24', name: 'n', group: 'g', origins: [1, 'AS2', 1], maxLength: 25, tags: ['t'] },
      { prefix: '192.0.2.0/25', path: { mustMatch: '_1_' }, upstreams: [] },
      { asn: 'AS3', minPeers: 2 },
    ];
    const ndjson = watchlist(values.map((value) => JSON.stringify(value)).join('\n'), 'w.ndjson');
    expect(ndjson.watchlist).toEqual(watchlist(JSON.stringify({ watch: values })).watchlist);
  });

  it('stops telling line by line when every line is wrong, and says how many more there are', () => {
    const lines = errorsOf(() => watchlist('{"prefix":"x"}\n'.repeat(1_500), 'w.ndjson'));
    expect(lines).toHaveLength(1_002);
    expect(lines.slice(-2)).toEqual([
      'w.ndjson:1500:1: 500 more lines like those above, this the last; correct the first ones and check again',
      '1001 errors',
    ]);
  });

  it('refuses an empty file, bytes that are no text, and one that is missing', () => {
    expect(errorsOf(() => watchlist(' \n', 'w.ndjson'))[0]).toBe(
      'w.ndjson:1:1: the file is empty; write one entry a line',
    );
    expect(
      errorsOf(() => load({ 'c.yaml': 'watchlist: w.ndjson\n', 'w.ndjson': new Uint8Array([10, 0xff]) }))[0],
    ).toContain('w.ndjson:2:1: bytes that are no UTF-8 text');
    expect(errorsOf(() => load({ 'c.yaml': 'watchlist: w.ndjson\n' }))[0]).toBe(
      'c.yaml:1:12: the file "w.ndjson" does not exist; create it or name another',
    );
  });

  it('reads every /24 of a /8', () => {
    const lines = Array.from(
      { length: 65_536 },
      (_, n) => `{"prefix":"10.${n >> 8}.${n & 255}.0/24","origins":[${n + 1}]}`,
    );
    expect(watchlist(lines.join('\n'), 'w.ndjson').watchlist.entries).toHaveLength(65_536);
  });
});

/** Files of peers, of our own making, in the forms that their documentation describes. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { routerExpression } from '../../src/cli/import/path-expression.ts';
import { originwatch, type Ran } from '../daemon/bench.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'originwatch-import-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function file(name: string, text: string): string {
  writeFileSync(join(home, name), text);
  return join(home, name);
}

async function imported(peer: string, ...argv: readonly string[]): Promise<Ran & { readonly made: Made }> {
  const ran = await originwatch('import', peer, '--json', ...argv);
  return { ...ran, made: ran.code === 0 ? JSON.parse(ran.stdout) : undefined };
}

interface Made {
  readonly watchlist: { readonly watch: readonly Record<string, unknown>[] };
  readonly configuration: Record<string, unknown> | null;
  readonly remarks: readonly { readonly line: number; readonly text: string }[];
}

const BGPALERTER = `
connectors:
  - file: connectorRIS
    name: ris
    params: { carefulSubscription: false, url: "wss://ris.example/v1/ws/?client=me", subscription: { host: rrc00 } }
monitors:
  - { file: monitorHijack, channel: hijack, name: hijacks, params: { thresholdMinPeers: 3 } }
  - { file: monitorVisibility, channel: visibility, name: gone }
reports:
  - file: reportSlack
    channels: [hijack, newprefix, visibility, path]
    params: { hooks: { default: "https://hooks.example/T/secret-a", shop: "https://hooks.example/T/secret-b" } }
  - file: reportEmail
    channels: [hijack]
    params:
      senderEmail: a@b.example
      smtp: { host: mx.example, port: 2525, auth: { user: u, pass: secret-c } }
      notifiedEmails: { default: [joe@example.org] }
  - { file: reportPullAPI, channels: [hijack] }
notificationIntervalSeconds: 7200
monitoredPrefixesFiles: [ prefixes.yml ]
rpki: { vrpProvider: ntt }
`;

const PREFIXES = `
1.2.4.0/22:
  description: Shop
  asn: [64500, "AS64501"]
  group: shop
  ignoreMorespecifics: true
  path: { match: "(,|^)456,", matchDescription: x }
1.2.8.9/22: { description: slip, asn: 64500, ignoreMorespecifics: false }
2001:DB8::/32: { description: six, asn: "64500, 64502", ignoreMorespecifics: false }
1.2.5.0/24: { description: hole, asn: 1, ignore: true, ignoreMorespecifics: true }
options:
  monitorASns: { 64500: { group: shop, upstreams: [3356], downstreams: [1] } }
`;

describe('import bgpalerter', () => {
  test('watches the same prefixes, with the same origins', async () => {
    const { made, code } = await imported('bgpalerter', file('prefixes.yml', PREFIXES));
    expect(code).toBe(0);
    expect(made.configuration).toBe(null);
    expect(made.watchlist.watch).toEqual([
      {
        prefix: '1.2.4.0/22',
        name: 'Shop',
        group: 'shop',
        origins: [64500, 64501],
        moreSpecifics: 'ignore',
        path: { mustNotMatch: '_456_' },
      },
      { prefix: '1.2.8.0/22', name: 'slip', origins: [64500] },
      { prefix: '2001:db8::/32', name: 'six', origins: [64500, 64502] },
      { prefix: '1.2.5.0/24', name: 'hole', ignore: true },
      { asn: 64500, group: 'shop', upstreams: [3356] },
    ]);
  });

  test('says line by line what has no equal', async () => {
    const { stderr } = await imported(
      'bgpalerter',
      file('prefixes.yml', PREFIXES),
      file('config.yml', BGPALERTER),
    );
    for (const words of [
      'prefixes.yml:6:3: ignoreMorespecifics: here it is about more-specifics of expected origins',
      'prefixes.yml:7:31: matchDescription has no equal here',
      'prefixes.yml:8:1: "1.2.8.9/22" has host bits set; taken as 1.2.8.0/22',
      'prefixes.yml:12:59: downstreams has no equal here',
      'config.yml:7:70: thresholdMinPeers of monitorHijack has no equal here',
      'config.yml:19:5: reportPullAPI has no equal here: see GET /api/v1/alerts',
      'config.yml:20:1: "notificationIntervalSeconds" has no equal here',
    ])
      expect(stderr).toContain(words);
    expect(stderr).toMatch(/5 watch entries, 3 receivers; \d+ lines without an exact equal\n$/);
  });

  test('makes feed, receivers and routes of the configuration, and finds its lists of prefixes', async () => {
    file('prefixes.yml', PREFIXES);
    const { made } = await imported('bgpalerter', file('config.yml', BGPALERTER));
    expect(made.watchlist.watch).toHaveLength(5);
    expect(made.configuration).toMatchObject({
      feeds: [
        { type: 'ris-live', url: 'wss://ris.example/v1/ws/', subscribe: 'firehose', collectors: ['rrc00'] },
      ],
      rpki: { vrps: { url: 'https://rpki.gin.ntt.net/api/export.json' } },
      receivers: [
        { name: 'slack-default', webhookUrl: { file: 'secrets/slack-default' } },
        { name: 'slack-shop' },
        { name: 'email-default', host: 'mx.example', port: 2525, user: 'u', to: ['joe@example.org'] },
      ],
    });
    const routes = made.configuration?.routes as {
      match: { group?: string; kind?: string[] };
      receivers: string[];
    }[];
    expect(routes[0]).toMatchObject({ match: { group: 'shop' }, receivers: ['slack-shop', 'email-default'] });
    expect(routes[0]?.match.kind).toContain('sub-prefix');
    expect(routes.at(-1)).toEqual({ match: {}, receivers: ['slack-default', 'email-default'] });
  });

  test('writes a folder that check takes, each secret in a file for its owner alone', async () => {
    const out = join(home, 'ours');
    const argv = ['import', 'bgpalerter', file('config.yml', BGPALERTER), file('prefixes.yml', PREFIXES)];
    const printed = await originwatch(...argv);
    expect(printed.stdout + printed.stderr).not.toMatch(/secret-[abc]/);
    expect((await originwatch(...argv, '--out', out)).code).toBe(0);
    expect(readFileSync(join(out, 'secrets/slack-shop'), 'utf8')).toBe('https://hooks.example/T/secret-b\n');
    expect(statSync(join(out, 'secrets/smtp-password')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(out, 'originwatch.yaml'), 'utf8')).not.toMatch(/secret-[abc]/);
    const checked = await originwatch('check', '--config', join(out, 'originwatch.yaml'));
    expect(checked).toMatchObject({ code: 0 });
    const again = await originwatch(...argv, '--out', out);
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/exists already; nothing was written/);
  });

  test('takes ten thousand prefixes', async () => {
    const lines = Array.from(
      { length: 10_000 },
      (_, n) =>
        `${11 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}.0/24:\n  description: "no ${n}"\n  asn: ${n + 1}\n  ignoreMorespecifics: false\n`,
    );
    const out = join(home, 'ours');
    expect(
      (await originwatch('import', 'bgpalerter', file('p.yml', lines.join('')), '--out', out)).code,
    ).toBe(0);
    const { watch } = parse(readFileSync(join(out, 'watchlist.yaml'), 'utf8')) as { watch: unknown[] };
    expect(watch).toHaveLength(10_000);
    expect(watch[9_999]).toEqual({ prefix: '11.39.15.0/24', name: 'no 9999', origins: [10_000] });
  }, 120_000);

  test.each([
    ['(,|^)789$', '_789$'],
    ['^123,456,789$', '^123_456_789$'],
    ['\\[789,101112\\]', '\\{789,101112\\}'],
    ['(?:1|2),3', '(1|2)_3'],
    ['[^,]+,7', '[^ ]+_7'],
    ['1{2,3},4', '1{2,3}_4'],
  ])('writes the expression %s as %s', (theirs, ours) => {
    expect(routerExpression(theirs)).toEqual({ expression: ours });
  });

  test.each(['(?=.*1)(?=.*2)', '(?!3)', 'AS1', '((1'])('has no equal for the expression %s', (theirs) => {
    expect(routerExpression(theirs)).toHaveProperty('error');
  });

  test('names a file that is broken or absent', async () => {
    const broken = await originwatch('import', 'bgpalerter', file('p.yml', '1.2.4.0/22: { asn: [1\n'));
    expect(broken.code).toBe(78);
    expect(broken.stderr).toMatch(/p\.yml:1:\d+: /);
    const absent = await originwatch('import', 'bgpalerter', join(home, 'none.yml'));
    expect(absent.code).toBe(1);
    expect(absent.stderr).toMatch(/none\.yml: .*not there/);
  });
});

const ARTEMIS = `
prefixes:
  main: &main [ 1.2.4.0/22, 2001:db8::/32 ]
  slices: &slices [ 1.2.8.0/22^+, 1.2.12.0/22^23-24 ]
  dark: &dark 1.2.16.0/24
  idle: 1.2.20.0/24
monitors:
  riperis: [ rrc01, rrc02 ]
  bgpstreamlive: [ routeviews ]
asns:
  ours: &ours [ 64500, 64510-64512 ]
  up: &up 3356
  set: &set []
rules:
- { prefixes: [ *main ], origin_asns: [ *ours ], neighbors: [ *up ], mitigation: manual }
- { prefixes: [ *slices ], origin_asns: [ 64500 ], neighbors: '*', policies: [ no-export ], mitigation: /bin/mitigate }
- { prefixes: *dark, mitigation: manual }
- { prefixes: [ 1.2.24.0/24 ], origin_asns: '*' }
- { prefixes: [ 1.2.28.0/24 ], origin_asns: [ 64500 ], prepend_seq: [ [ 2, 1 ], [ 4, 3 ] ] }
- { prefixes: [ 1.2.32.0/24 ], origin_asns: [ *set ] }
- { prefixes: [ 1.2.4.0/22 ], origin_asns: [ 7 ], neighbors: [ 8 ] }
`;

describe('import artemis', () => {
  test('joins prefixes and ASes as its rules do', async () => {
    const { made, stderr } = await imported('artemis', file('config.yaml', ARTEMIS));
    expect(made.watchlist.watch).toEqual([
      { prefix: '1.2.4.0/22', name: 'main', origins: [64500, 64510, 64511, 64512, 7], upstreams: [3356, 8] },
      { prefix: '2001:db8::/32', name: 'main', origins: [64500, 64510, 64511, 64512], upstreams: [3356] },
      { prefix: '1.2.8.0/22', name: 'slices', origins: [64500], path: { maxLength: 3 }, maxLength: 32 },
      { prefix: '1.2.12.0/22', name: 'slices', origins: [64500], path: { maxLength: 3 }, maxLength: 24 },
      { prefix: '1.2.16.0/24', name: 'dark', origins: [] },
      { prefix: '1.2.24.0/24' },
      {
        prefix: '1.2.28.0/24',
        origins: [64500],
        path: { mustMatch: '_(2 1|4 3)( (64500))+$' },
        upstreams: [1, 3],
      },
      { prefix: '1.2.32.0/24' },
    ]);
    expect(made.configuration).toMatchObject({
      feeds: [{ type: 'ris-live', collectors: ['rrc01', 'rrc02'] }],
    });
    for (const words of [
      'config.yaml:6:3: 1.2.20.0/24 stands in no rule',
      'config.yaml:9:3: the monitor "bgpstreamlive" has no equal here',
      'mitigation by a program has no equal here',
      'the operator ^23-24 has no exact equal',
      "origin_asns '*' has no equal here",
      'no AS number is named',
      '1.2.4.0/22 stands in several rules',
    ])
      expect(stderr).toContain(words);
  });

  test('takes a rule for each of ten thousand prefixes, and check takes the result', async () => {
    const rules = Array.from(
      { length: 10_000 },
      (_, n) =>
        `- { prefixes: [ 11.${n >> 8}.${n & 255}.0/24 ], origin_asns: [ *ours ], neighbors: [ ${n + 1} ] }\n`,
    );
    const text = `prefixes: {}\nmonitors: { riperis: [''] }\nasns: { ours: &ours [ 64500, 64501 ] }\nrules:\n${rules.join('')}`;
    const out = join(home, 'ours');
    expect((await originwatch('import', 'artemis', file('c.yaml', text), '--out', out)).code).toBe(0);
    const checked = await originwatch('check', '--json', '--config', join(out, 'originwatch.yaml'));
    expect(JSON.parse(checked.stdout).entries).toHaveLength(10_000);
  }, 120_000);

  test('refuses what is something else', async () => {
    expect((await originwatch('import', 'artemis', file('c.yaml', 'a: 1\n'))).code).toBe(64);
  });
});

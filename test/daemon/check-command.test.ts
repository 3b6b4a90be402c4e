import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { KAKAO, originwatch, type Room, room } from './bench.ts';

const places: Room[] = [];
afterEach(() => {
  for (const place of places.splice(0)) place.remove();
});

function placed(more = '', watchlist?: string): Room {
  const place = room(more, watchlist);
  places.push(place);
  return place;
}

async function codes(place: Room, ...argv: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await place.run('check', '--json', ...argv);
  return JSON.parse(stdout).warnings.map(({ code }: { code: string }) => code);
}

const RECEIVERS = `
receivers:
  - { name: noc, type: webhook, url: { env: NOC_URL }, secret: { env: NOC_SECRET }, minSeverity: critical }
  - { name: idle, type: command, command: [/bin/true] }
`;

describe('check', () => {
  test('prints what will be watched, how it will be subscribed, and touches nothing', async () => {
    const place = placed();
    const { code, stdout } = await place.run('check');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /211\.249\.216\.0\/21 +Kakao developers +origins AS7625, to \/24, next to them AS10158/,
    );
    expect(stdout).toMatch(/filtered: 3 prefixes .*4 subscriptions \(3 prefixes and 0 ASes are watched/);
    expect(stdout).toMatch(/no errors, \d+ warnings\n$/);
    expect(readdirSync(place.directory).sort()).toEqual(['originwatch.yaml', 'watchlist.yaml']);
  });

  test('counts what watched ASes are known to originate into the subscription', async () => {
    const place = placed('', 'watch:\n  - asn: 38099\n');
    const at = '2022-02-01T00:00:00.000Z';
    place.fill({
      baseline: [
        {
          prefix: '100.64.0.0/16',
          origin: 38099,
          neighbors: [],
          source: 'learned',
          firstSeenAt: at,
          lastSeenAt: at,
          peerAsns: [],
          by: '',
          note: '',
        },
      ],
    });
    const { feeds } = JSON.parse((await place.run('check', '--json')).stdout);
    expect(feeds).toMatchObject([{ mode: 'filtered', prefixes: 1, asns: 1, subscriptions: 5 }]);
  });

  test('prints one JSON value without a secret in it', async () => {
    process.env.NOC_URL = 'https://hooks.example.net/very-secret';
    process.env.NOC_SECRET = 'hmac-secret';
    const place = placed(RECEIVERS);
    const { stdout } = await place.run('check', '--json');
    const words = await place.run('check');
    const report = JSON.parse(stdout);
    expect(report.receivers[0]).toEqual({
      name: 'noc',
      type: 'webhook',
      minSeverity: 'critical',
      language: 'en',
    });
    expect(report.entries).toHaveLength(4);
    expect(stdout + words.stdout).not.toMatch(/very-secret|hmac-secret/);
  });

  test.each([
    ['{ prefix: 0.0.0.0/0 }', 'whole-table'],
    ['{ prefix: "::/0" }', 'whole-table'],
    ['{ prefix: 10.1.0.0/16 }', 'unroutable-prefix'],
    ['{ prefix: 203.0.113.128/25 }', 'unroutable-prefix'],
    ['{ prefix: "2001:db8:1::/48" }', 'unroutable-prefix'],
    ['{ prefix: "fd00::/8" }', 'unroutable-prefix'],
    ['{ prefix: 1.1.1.0/24, services: ["https://shop.example.kr/"] }', 'service-no-host-name'],
    ['{ prefix: 1.1.1.0/24, services: ["two words"] }', 'service-no-host-name'],
    ['{ asn: 7625, services: [192.0.2.1] }', 'service-no-host-name'],
  ])('warns of %s: %s', async (entry, code) => {
    expect(await codes(placed('', `watch: [ ${entry} ]\n`))).toContain(code);
  });

  test.each([
    '{ prefix: 1.1.1.0/24, services: [shop.example.kr, 카카오.한국, _dmarc.example.net] }',
    '{ prefix: 11.0.0.0/8 }',
    '{ prefix: "2001:4860::/32" }',
    '{ prefix: 10.0.0.0/8, ignore: true }',
  ])('has nothing against %s', async (entry) => {
    expect(await codes(placed('', `watch: [ ${entry}, { asn: 7625 } ]\n`))).toEqual([
      'no-receivers',
      'no-vrps',
    ]);
  });

  test('warns of messages to people without a link', async () => {
    const people =
      'receivers: [ { name: ops, type: syslog, host: localhost }, { name: chat, type: email, host: h, from: f, to: t } ]\n';
    const link = 'serve: { publicUrl: "https://noc.example.net" }\n';
    const { stdout } = await placed(people).run('check');
    expect(stdout).toMatch(/warning: serve\.publicUrl is not set: messages to chat carry no link/);
    expect(await codes(placed(people + link))).not.toContain('no-public-url');
  });

  test('warns of routes that reach nobody', async () => {
    process.env.NOC_URL = 'https://hooks.example.net/x';
    process.env.NOC_SECRET = 'x';
    const routes = (text: string): Room => placed(`${RECEIVERS}routes:\n${text}`);
    expect(await codes(routes('  - { match: { group: nobody }, receivers: [noc, idle] }\n'))).toEqual(
      expect.arrayContaining(['route-matches-nobody', 'group-unrouted', 'blindness-unrouted']),
    );
    expect(await codes(routes('  - { match: { tags: x }, receivers: [noc, idle] }\n'))).toContain(
      'route-matches-nobody',
    );
    expect(await codes(routes('  - { match: { prefix: 10.0.0.0/8 }, receivers: [noc] }\n'))).toEqual(
      expect.arrayContaining(['route-matches-nobody', 'receiver-unrouted']),
    );
    expect(
      await codes(routes('  - { receivers: [noc] }\n  - { match: { group: kakao }, receivers: [idle] }\n')),
    ).toContain('route-shadowed');
    expect(await codes(routes('  - { match: { severity: warning }, receivers: [noc, idle] }\n'))).toContain(
      'route-below-severity',
    );
    expect(new Set(await codes(routes('  - { receivers: [noc, idle] }\n')))).toEqual(
      new Set(['unroutable-prefix', 'no-vrps']),
    );
  });

  test('warns of what the ROAs leave open', async () => {
    const place = placed();
    const vrps = place.file(
      'vrps.json',
      JSON.stringify({ roas: [{ asn: 7625, prefix: '211.249.216.0/21', maxLength: 28, ta: 'apnic' }] }),
    );
    const { roaExposures, warnings } = JSON.parse(
      (await place.run('check', '--json', '--vrps', vrps)).stdout,
    );
    expect(roaExposures).toMatchObject([
      {
        code: 'open-maxlength',
        prefix: '211.249.216.0/21',
        vrps: [{ prefix: '211.249.216.0/21', maxLength: 28, asn: 7625 }],
      },
    ]);
    expect(warnings.map(({ code }: { code: string }) => code)).toContain('open-maxlength');
    expect((await place.run('check', '--vrps', vrps)).stdout).toMatch(
      /warning: 211\.249\.216\.0\/21: the ROA .*RFC 9319/,
    );
  });

  test('warns of entries that will hardly be seen, and of numbers that nobody should announce', async () => {
    const place = placed('', 'watch:\n  - { prefix: 192.0.2.0/25, origins: [65000] }\n');
    expect(await codes(place)).toEqual(expect.arrayContaining(['long-prefix', 'unroutable-asn']));
    expect(await codes(placed('', 'watch:\n  - { prefix: 192.0.2.0/24, ignore: true }\n'))).toContain(
      'nothing-watched',
    );
  });

  test('names every error of the configuration and exits 78', async () => {
    const place = placed('nonsense: 1\n', `${KAKAO}  - prefix: 211.249.216.1/21\n`);
    const { code, stderr, stdout } = await place.run('check');
    expect(code).toBe(78);
    expect(stdout).toBe('');
    expect(stderr).toMatch(
      /originwatch\.yaml:3:1: .*\n.*watchlist\.yaml:\d+:\d+: .*host bits.*\n2 errors\n$/,
    );
  });

  test('passes the shipped configuration', async () => {
    expect(
      (
        await originwatch(
          'check',
          '--config',
          new URL('../../config/originwatch.yaml', import.meta.url).pathname,
        )
      ).code,
    ).toBe(0);
  });
});

import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { changedSections, restartNeeded, sameSettings } from '../../src/config/compare.ts';
import { defaultConfigPath } from '../../src/config/default-path.ts';
import { describeWatch } from '../../src/config/describe.ts';
import { DEFAULT_DETECTION } from '../../src/config/detection.ts';
import { loadSettings } from '../../src/config/load.ts';
import type { PrefixEntry } from '../../src/match/watchlist.ts';
import { config, load, watchlist } from './files.ts';

const shipped = () => loadSettings({ configPath: defaultConfigPath({}), env: {} }).settings;

describe('the shipped configuration', () => {
  it('is found beside the code, unless the environment names another', () => {
    expect(defaultConfigPath({})).toBe(
      fileURLToPath(new URL('../../config/originwatch.yaml', import.meta.url)),
    );
    expect(defaultConfigPath({ ORIGINWATCH_CONFIG: '' })).toBe(defaultConfigPath({}));
    expect(defaultConfigPath({ ORIGINWATCH_CONFIG: '/etc/ow.yaml' })).toBe('/etc/ow.yaml');
  });

  it('loads without an environment, tells nobody, and says the defaults', () => {
    const settings = shipped();
    expect(settings.detection).toEqual(DEFAULT_DETECTION);
    expect(settings.receivers).toEqual([]);
    expect(settings.stateDirectory).toBeUndefined();
    const { feeds, serve, log, rpki } = config('');
    expect({ feeds: settings.feeds, serve: settings.serve, log: settings.log, rpki: settings.rpki }).toEqual({
      feeds,
      serve,
      log,
      rpki,
    });
  });

  it('watches what was taken from Kakao in 2022, and its AS numbers', () => {
    const entries = [...shipped().watchlist.entries];
    const kakao = entries.find(
      (entry) => entry.type === 'prefix' && entry.prefix.text === '211.249.216.0/21',
    ) as PrefixEntry;
    expect(kakao).toMatchObject({
      group: 'kakao',
      origins: [7625],
      maxLength: 24,
      services: ['developers.kakao.com', 'developers.gl.kakao.com'],
    });
    const asns = entries.flatMap((entry) => (entry.type === 'asn' ? [entry.asn] : []));
    expect(asns).toEqual(
      expect.arrayContaining([38099, 7625, 10158, 45991, 9764, 23576, 4766, 9318, 3786, 9457, 131093, 10154]),
    );
    expect(entries.every((entry) => entry.name !== '')).toBe(true);
  });
});

describe('comparing settings', () => {
  const receiver = 'receivers: [ { name: a, type: pagerduty, routingKey: { env: K } } ]';

  it('finds those of the same files the same', () => {
    expect(sameSettings(shipped(), shipped())).toBe(true);
    expect(sameSettings(config(receiver, { env: { K: 'x' } }), config(receiver, { env: { K: 'x' } }))).toBe(
      true,
    );
  });

  it('sees a secret that was exchanged', () => {
    expect(
      changedSections(config(receiver, { env: { K: 'x' } }), config(receiver, { env: { K: 'y' } })),
    ).toEqual(['receivers']);
  });

  it.each([
    ['knowledge: { dropList: [1] }', ['knowledge'], []],
    ['knowledge: { asNames: { 1: x } }', ['knowledge'], []],
    ['detection: { learnPeers: 4 }', ['detection'], []],
    ['log: { level: debug }', ['log'], []],
    ['serve: { hosts: [noc] }', ['serve'], []],
    ['serve: { listen: "127.0.0.1:1" }', ['serve'], ['serve.listen']],
    ['stateDirectory: x', ['stateDirectory'], ['stateDirectory']],
    ['feeds: []', ['feeds'], ['feeds']],
    ['rpki: { vrps: { url: "https://x.example/" } }', ['rpki'], ['rpki']],
  ])('says of %s what changed and what needs a restart', (lines, changed, restart) => {
    expect(changedSections(config(''), config(lines))).toEqual(changed);
    expect(changedSections(config(lines), config(''))).toEqual(changed);
    expect(restartNeeded(config(''), config(lines))).toEqual(restart);
  });

  it('sees a changed entry of the watchlist', () => {
    const other = load({
      'c.yaml': 'watchlist: w.yaml\n',
      'w.yaml': 'watch: [ { prefix: 192.0.2.0/24, origins: [] } ]',
    });
    expect(changedSections(config(''), other)).toEqual(['watchlist']);
    expect(restartNeeded(config(''), other)).toEqual([]);
  });
});

describe('the description of what is watched', () => {
  it('goes by group, with counts and what is expected', () => {
    const settings = watchlist(`
watch:
  - { prefix: 192.0.2.0/24, name: Shop, group: shop, origins: [64500], maxLength: 26, upstreams: [64501], services: [shop.example] }
  - { prefix: 192.0.2.128/26, ignore: true, group: shop }
  - { prefix: "2001:db8::/32", origins: [] }
  - { asn: 64500, minPeers: 3, severity: critical }
  - { prefix: 198.51.100.0/24 }
`);
    expect(describeWatch(settings)).toEqual([
      'watching 2 IPv4 prefixes, 1 IPv6 prefix, 1 AS, 1 hole in 2 groups',
      'shop: 1 IPv4 prefix, 1 hole',
      '  192.0.2.0/24  Shop  origins AS64500, to /26, next to them AS64501, serves shop.example',
      '  192.0.2.128/26  a hole: not watched',
      'default: 1 IPv4 prefix, 1 IPv6 prefix, 1 AS',
      '  2001:db8::/32  nobody may announce it',
      '  AS64500  all that it originates, from 3 peers on, at least critical',
      '  198.51.100.0/24  origins as learned',
    ]);
  });

  it('does not print a million lines', () => {
    const lines = Array.from({ length: 1_001 }, (_, n) => `{"asn":${n + 1}}`).join('\n');
    const described = describeWatch(watchlist(lines, 'w.ndjson'));
    expect(described).toHaveLength(1_003);
    expect(described.at(-1)).toBe('  and 1 more');
    expect(describeWatch(watchlist('watch: []'))).toEqual(['watching nothing in 0 groups']);
  });
});

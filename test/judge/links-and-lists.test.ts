/** Closed lists and the known links: families of the kinds, well-known services, links in either direction. */
import { describe, expect, it } from 'vitest';
import { KnownLinks, linkName } from '../../src/judge/links/known-links.ts';
import { isKnownMitigation, mitigationName } from '../../src/judge/mitigation.ts';
import { FAMILY_OF } from '../../src/judge/vocabulary.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('known links', () => {
  const linksOf = (): KnownLinks => new KnownLinks({ learnPeers: 3, learnAfterMs: DAY });
  const by = (peerAsn: number, isSnapshot = false): { peerAsn: number; isSnapshot: boolean } => ({
    peerAsn,
    isSnapshot,
  });

  it('are the same in either direction, and named with the lower number first', () => {
    const links = linksOf();
    links.see(7625, 174, by(1), 0);
    expect([links.has(7625, 174), links.has(174, 7625), links.has(174, 174)]).toEqual([true, true, false]);
    expect([linkName(7625, 174), linkName(174, 7625)]).toEqual(['174-7625', '174-7625']);
  });

  it('age only when enough peer ASes show them, for long enough', () => {
    const links = linksOf();
    for (const peer of [1, 2]) links.see(10, 20, by(peer), 0);
    links.see(10, 20, by(1), 9 * DAY);
    expect(links.hasAged(10, 20)).toBe(false);
    links.see(10, 20, by(3), 10 * DAY);
    expect(links.hasAged(10, 20)).toBe(false);
    links.see(10, 20, by(1), 11 * DAY - 1);
    expect(links.hasAged(10, 20)).toBe(false);
    links.see(10, 20, by(1), 11 * DAY + HOUR);
    expect(links.hasAged(10, 20)).toBe(true);
  });

  it('do not age by themselves: ten seconds at many peers are still ten seconds a year later', () => {
    const links = linksOf();
    for (let peer = 1; peer <= 20; peer += 1) links.see(10, 20, by(peer), 1_000 * peer);
    expect(links.hasAged(10, 20)).toBe(false);
  });

  it('that enough peer ASes of a snapshot show have aged', () => {
    const links = linksOf();
    for (const peer of [1, 2]) links.see(10, 20, by(peer, true), 0);
    links.see(10, 20, by(3), 0);
    expect(links.hasAged(10, 20)).toBe(false);
    links.see(10, 20, by(3, true), 0);
    expect(links.hasAged(10, 20)).toBe(true);
  });

  it('move their last sighting in steps, and say when there is something to write', () => {
    const links = linksOf();
    expect(links.see(10, 20, by(1), 0)).toBe(true);
    expect(links.isSettled(10, 20, 1, HOUR - 1)).toBe(true);
    expect(links.isSettled(20, 10, 2, HOUR - 1)).toBe(false);
    expect(links.see(10, 20, by(1), HOUR - 1)).toBe(false);
    expect(links.lastSeenMs(10, 20)).toBe(0);
    expect(links.see(10, 20, by(1), HOUR)).toBe(true);
    expect([links.lastSeenMs(10, 20), links.lastSeenMs(10, 21)]).toEqual([HOUR, Number.NEGATIVE_INFINITY]);
  });

  it('are the same after a restart', () => {
    const links = linksOf();
    for (const peer of [1, 2, 3]) links.see(10, 20, by(peer), 0);
    links.see(10, 20, by(1), 2 * DAY);
    for (const peer of [1, 2]) links.see(10, 30, by(peer, peer === 2), 0);
    const again = linksOf();
    for (const [a, b] of [
      [10, 20],
      [10, 30],
    ] as const)
      again.restore(a, b, links.written(a, b));
    for (const one of [links, again]) {
      expect([one.hasAged(10, 20), one.hasAged(10, 30), one.lastSeenMs(20, 10)]).toEqual([
        true,
        false,
        2 * DAY,
      ]);
      one.see(30, 10, by(3), HOUR);
      one.see(30, 10, by(3), HOUR + DAY);
      expect(one.hasAged(10, 30)).toBe(true);
    }
    again.restore(1, 2, '1');
    expect(again.has(1, 2)).toBe(false);
  });
});

it.each([
  3223, 13_335, 15_823, 19_551, 19_905, 25_773, 25_761, 26_415, 30_148, 32_421, 32_787, 34_309, 45_474,
  47_581, 48_851, 49_846, 55_002, 57_724, 59_796, 62_571, 197_068, 198_949, 199_524, 200_449, 209_242,
  396_998, 397_213, 397_222, 397_239,
])('AS%i is a mitigation service with a name', (asn) => {
  expect(isKnownMitigation(asn)).toBe(true);
  expect(mitigationName(asn)).toMatch(/^[A-Z]/);
  expect(isKnownMitigation(asn + 1_000_000)).toBe(false);
});

it('each kind is of its family', () => {
  expect(FAMILY_OF).toEqual({
    squatting: 'hijack',
    'sub-prefix': 'hijack',
    'origin-change': 'hijack',
    'forged-origin': 'hijack',
    'covering-prefix': 'hijack',
    'route-leak': 'path',
    'path-policy': 'path',
    'rpki-invalid': 'own',
    'unexpected-more-specific': 'own',
    misconfiguration: 'own',
    'unexpected-origination': 'own',
    'visibility-loss': 'visibility',
    'upstream-loss': 'visibility',
    'roa-expiring': 'own',
    'feed-blind': 'feed',
  });
});

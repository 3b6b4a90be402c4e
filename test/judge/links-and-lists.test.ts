/** Closed lists and the known links: families of the kinds, well-known services, links in either direction. */
import { describe, expect, it } from 'vitest';
import { KnownLinks } from '../../src/judge/known-links.ts';
import { isKnownMitigation, mitigationName } from '../../src/judge/mitigation.ts';
import { FAMILY_OF } from '../../src/judge/vocabulary.ts';

describe('known links', () => {
  it('are those of neighbours on a path, told once, the lower number first', () => {
    const links = new KnownLinks();
    expect(links.learnPath([3356, 174, 174, 7625])).toEqual(['174-3356', '174-7625']);
    expect(links.learnPath([7625, 174, 1299])).toEqual(['174-1299']);
    expect(links.learnPath([7625])).toEqual([]);
    expect([links.has(7625, 174), links.has(174, 7625)]).toEqual([true, true]);
    expect([links.has(3356, 7625), links.has(174, 174), links.has(1, 2)]).toEqual([false, false, false]);
  });

  it('are none across an AS_SET', () => {
    const links = new KnownLinks();
    expect(links.learnPath([1, [2, 3], 4, 5])).toEqual(['4-5']);
    expect(links.has(1, 4)).toBe(false);
    expect(links.learn(5, 4)).toBe(false);
    expect([links.learn(1, 4), links.refused]).toEqual([true, 0]);
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
    'feed-blind': 'feed',
  });
});

/** Findings of one attack share what they have in common, and read as they were judged. */
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/judge/finding.ts';
import { Sharing, writtenOut } from '../../src/judge/sharing.ts';

function findingOf(prefix: string, watched: string, neighbor = 7): Finding {
  return {
    kind: 'sub-prefix',
    watched: { prefix: { text: watched } },
    expectedOrigins: [1, 2],
    originAs: [666],
    rows: [
      { code: 'sub-prefix', weight: 4, source: 'watchlist', facts: [prefix, watched] },
      { code: 'new-link', weight: 4, source: 'rib', facts: [neighbor, 666] },
    ],
  } as unknown as Finding;
}

describe('findings of one attack', () => {
  it('share rows, origins and paths, whatever their prefixes are', () => {
    const sharing = new Sharing();
    const a = sharing.finding(findingOf('10.0.0.0/24', '10.0.0.0/16'), '10.0.0.0/24');
    const b = sharing.finding(findingOf('10.9.1.0/24', '10.9.0.0/16'), '10.9.1.0/24');
    expect([b.rows, b.originAs, b.expectedOrigins]).toEqual([a.rows, a.originAs, a.expectedOrigins]);
    expect(b.rows).toBe(a.rows);
    expect(b.originAs).toBe(a.originAs);
    expect(b.expectedOrigins).toBe(a.expectedOrigins);
    expect(sharing.path([1, 2])).toBe(sharing.path([1, 2]));
    expect(sharing.path([1, 2])).not.toBe(sharing.path([1, 3]));
  });

  it('read as they were judged, for each prefix', () => {
    const sharing = new Sharing();
    for (const [prefix, watched] of [
      ['10.0.0.0/24', '10.0.0.0/16'],
      ['10.0.0.0/16', '10.0.0.0/16'],
      ['10.9.1.0/24', '10.9.0.0/16'],
    ] as const) {
      const judged = findingOf(prefix, watched);
      expect(writtenOut(sharing.finding(judged, prefix).rows, prefix, watched)).toEqual(judged.rows);
    }
  });

  it('that differ in anything else share no rows', () => {
    const sharing = new Sharing();
    const a = sharing.finding(findingOf('10.0.0.0/24', '10.0.0.0/16'), '10.0.0.0/24');
    const b = sharing.finding(findingOf('10.0.0.0/24', '10.0.0.0/16', 8), '10.0.0.0/24');
    expect(b.rows).not.toBe(a.rows);
    expect(writtenOut(b.rows, '10.0.0.0/24', '10.0.0.0/16')[1]?.facts).toEqual([8, 666]);
  });
});

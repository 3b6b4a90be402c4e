/** Every captured event is found at its first hijack update, by its right name, and slips rank below hijacks. */
import { describe, expect, test } from 'vitest';
import { severityRank } from '../../src/bgp/severity.ts';
import { captureNames, hasEvents, readCapture, readReencoded } from './captures.ts';
import { type Measured, measure } from './evaluate.ts';
import { BEFORE, EXPECTED, UNTOLD_SLIPS } from './expectations.ts';

/** The largest captures have 9,000 frames; a machine may have others to serve. */
const PATIENCE_MS = 180_000;

const absent = hasEvents ? '' : ' (skipped: ../shared/data/events is not here)';
const measured = new Map<string, Measured>();

describe.skipIf(!hasEvents)(`captured events${absent}`, () => {
  test('the list of expectations is that of the captures', () => {
    expect(Object.keys(EXPECTED).sort()).toEqual(captureNames());
  });

  test.each(Object.entries(EXPECTED))(
    '%s is found at its first hijack update',
    async (name, expected) => {
      const one = await measure(readCapture(name));
      measured.set(name, one);
      expect(one.found).toMatchObject({ kind: expected.kind, offender: expected.offender });
      expect(one.before.map(({ kind, offender }) => `${kind} ${offender}`).sort()).toEqual(
        Object.keys(BEFORE[name] ?? {}).sort(),
      );
    },
    PATIENCE_MS,
  );

  test('slips rank below hijacks at the end', () => {
    const all = [...measured.values()];
    expect(all.length).toBe(Object.keys(EXPECTED).length);
    const isSlip = (one: Measured): boolean => one.category === 'prepend' || one.category === 'typo';
    const rank = (one: Measured): number =>
      (one.severityAtEnd === 'none' ? -1 : severityRank(one.severityAtEnd)) * 1_000 + one.scoreAtEnd;
    const slips = all.filter((one) => isSlip(one) && UNTOLD_SLIPS[one.event] === undefined);
    const hijacks = all.filter((one) => !isSlip(one));
    expect(Math.max(...slips.map(rank))).toBeLessThan(Math.min(...hijacks.map(rank)));
  });

  test('every hijack that takes traffic by a foreign origin is critical with its first update', () => {
    const hijacks = [...measured.values()].filter(
      ({ category, found }) =>
        (category === 'origin_change' || category === 'forged_as_path') && found?.family === 'hijack',
    );
    expect(hijacks.map(({ updatesToCritical }) => updatesToCritical)).toEqual(hijacks.map(() => 0));
  });
});

describe.skipIf(!hasEvents)(`captured events in RIS Live form${absent}`, () => {
  const changes = captureNames().filter((name) => readCapture(name).meta.category === 'origin_change');

  test.each(changes)('%s is found at the first hijack update', async (name) => {
    const { found } = await measure(readReencoded(name));
    expect(found).toMatchObject({ kind: EXPECTED[name]?.kind, offender: EXPECTED[name]?.offender });
  });
});

/** Every case of ARTEMIS and BGPalerter, and of what BGPalerter misses, through `replay`. */
import { describe, expect, test } from 'vitest';
import type { Alert } from '../../src/incident/alert.ts';
import { tell } from '../scenario.ts';
import { OTHERWISE } from './otherwise.ts';
import { alerterCases, artemisCases, type Case, claimsOf, hasVectors } from './vectors.ts';

const absent = hasVectors ? '' : ' (skipped: ../shared/data/vectors is not here)';
const all = [...artemisCases(), ...alerterCases('bgpalerter.json'), ...alerterCases('bgpalerter-gaps.json')];

describe.skipIf(!hasVectors)(`vectors${absent}`, () => {
  test('there are 22, 30 and 8 of them, and only known ones are decided otherwise', () => {
    expect(all.length).toBe(60);
    expect(Object.keys(OTHERWISE).filter((id) => !all.some((one) => one.id === id))).toEqual([]);
  });

  test.each(all.filter(({ id }) => OTHERWISE[id] === undefined))('$id passes', async (one) => {
    const alerts = await play(one);
    expect(claimsOf(alerts, one.kinds)).toEqual(one.expected);
    if (one.isOver) expect(alerts.at(-1)?.event).toBe('resolved');
  });

  test.each(all.filter(({ id }) => OTHERWISE[id] !== undefined))('$id is decided otherwise', async (one) => {
    const alerts = await play(one);
    const otherwise = OTHERWISE[one.id];
    expect(claimsOf(alerts)).toEqual(otherwise?.ours);
    // A case that passes as it is has no business in the list.
    const ends = one.isOver === alerts.some(({ event }) => event === 'resolved');
    expect(
      otherwise?.ends === undefined && ends && claimsOf(alerts, one.kinds).join() === one.expected.join(),
    ).toBe(false);
  });
});

async function play(one: Case): Promise<readonly Alert[]> {
  if (one.lines.length === 0) return [];
  const begin = JSON.parse(one.lines.at(-1) ?? '{}') as { data: { timestamp: number } };
  const vrps = one.vrps === undefined ? {} : { vrps: one.vrps };
  return (await tell({ ...one, ...vrps, steps: [], begin: begin.data.timestamp, until: 600 } as never))
    .alerts;
}

/** A kind that does not say why the fast path need not ask it makes every route go the slow path: slow, and never missed. */
import { expect, test } from 'vitest';
import { prefixOf } from '../../src/bgp/prefix.ts';
import { PlainJudge } from '../../src/engine/fast/plain-judge.ts';
import { ROUTE_KINDS } from '../../src/judge/kinds/index.ts';
import { configOf, Machine, watch } from './fixture.ts';

test.each([
  ['every kind has a proof', ROUTE_KINDS, true],
  ['one has none', [...ROUTE_KINDS, { kind: 'path-policy' as const, detect: () => undefined }], false],
])('where %s', (_, kinds, isAccepted) => {
  const machine = new Machine(configOf([watch('10.1.0.0/16', { origins: [100] })]));
  const { plan, world } = machine.core;
  const judge = new PlainJudge(plan, world, kinds);
  judge.begin({ cells: Int32Array.of(61, 20, 100), at: 0, count: 3 });
  expect(judge.conforms(plan.index.exact(prefixOf('10.1.0.0/16')), -1, 0)).toBe(isAccepted);
});

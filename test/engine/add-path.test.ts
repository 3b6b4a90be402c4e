/** Several paths of one session (ADD-PATH, RFC 7911) are several routes: each ends by itself, and the session counts once. */
import { describe, expect, it } from 'vitest';
import { parseAsPath } from '../../src/bgp/as-path.ts';
import { prefixOf } from '../../src/bgp/prefix.ts';
import { configOf, HOUR, Machine, MINUTE, SECOND, T0, watch } from './fixture.ts';

const OURS = watch('203.0.113.0/24', { origins: [64_500] });
const FOREIGN = '3356 666';
const GOOD = '3356 64510 64500';

interface Step {
  readonly path?: string;
  readonly announce?: readonly (readonly [string, number])[];
  readonly withdraw?: readonly (readonly [string, number])[];
  readonly from?: number;
  readonly areDeclared?: boolean;
}

/** One UPDATE of a session with path identifiers. */
function send(
  machine: Machine,
  atMs: number,
  { path = '', announce = [], withdraw = [], from = 1, areDeclared = true }: Step,
): void {
  const elements = parseAsPath(path) ?? [];
  const update = {
    vantagePoint: { collector: 'rrc00', peerAddress: `192.0.2.${from}`, peerAsn: 3356 },
    observedMs: atMs,
    path: elements,
    communities: [],
    announced: announce.map(([text]) => prefixOf(text)),
    withdrawn: withdraw.map(([text]) => prefixOf(text)),
    pathIds: {
      announced: announce.map(([, id]) => id),
      withdrawn: withdraw.map(([, id]) => id),
      areDeclared,
    },
  };
  machine.driver.apply({ type: 'update', feed: 'replay', via: 'replay', raw: '', update }, atMs);
  machine.driver.commit(true);
}

const story = (machine: Machine): string => machine.story().join(', ');

describe('several paths of one session', () => {
  it.each([
    ['withdrawn', { withdraw: [['203.0.113.0/24', 2]] }],
    ['replaced by a good one', { path: GOOD, announce: [['203.0.113.0/24', 2]] }],
  ] as [string, Step][])('end one by one: one %s leaves the hijack through the other', (_how, step) => {
    const machine = new Machine(configOf([OURS]));
    send(machine, T0, { path: FOREIGN, announce: [['203.0.113.0/24', 1]] });
    send(machine, T0 + SECOND, { path: `3356 2914 666`, announce: [['203.0.113.0/24', 2]] });
    send(machine, T0 + 2 * SECOND, step);
    machine.runTo(T0 + HOUR);
    expect(story(machine)).toBe('opened first-sighting');
    send(machine, T0 + HOUR, { withdraw: [['203.0.113.0/24', 1]] });
    machine.runTo(T0 + HOUR + 6 * MINUTE);
    expect(story(machine)).toBe('opened first-sighting, resolved ended');
  });

  it('may be good and bad at once, in any order, in one UPDATE too', () => {
    for (const order of [
      [1, 2],
      [2, 1],
    ] as const) {
      const machine = new Machine(configOf([OURS]));
      send(machine, T0, { path: FOREIGN, announce: [['203.0.113.0/24', order[0]]] });
      send(machine, T0 + SECOND, { path: GOOD, announce: [['203.0.113.0/24', order[1]]] });
      machine.runTo(T0 + HOUR);
      expect(story(machine)).toBe('opened first-sighting');
    }
    const machine = new Machine(configOf([OURS]));
    send(machine, T0, {
      path: FOREIGN,
      announce: [['203.0.113.0/24', 1]],
      withdraw: [['203.0.113.0/24', 2]],
    });
    machine.runTo(T0 + HOUR);
    expect(story(machine)).toBe('opened first-sighting');
  });

  it('make one vantage point: seeing, known, reach and peer ASes count it once', () => {
    const machine = new Machine(configOf([OURS]));
    for (let id = 1; id <= 20; id += 1)
      send(machine, T0 + id, { path: `3356 ${id} 666`, announce: [['203.0.113.0/24', id]] });
    machine.runTo(T0 + 30 * MINUTE);
    const { incident } = machine.alerts().at(-1) ?? expect.fail('no alert');
    expect(incident.routes[0]?.vantagePoints).toEqual({ seeing: 1, known: 1 });
    expect(incident.evidence.map(({ code }) => code)).not.toContain('reach');
    const [entry] = [...machine.engine.view.watchlist()];
    expect(entry?.visibility).toEqual({ seeing: 1, known: 1 });
    expect(entry?.origins).toEqual([{ origin: 666, vantagePoints: 1 }]);
  });

  it('are all kept over a restart, and what was withdrawn of them stays away', () => {
    const machine = new Machine(configOf([OURS]));
    send(machine, T0, { path: FOREIGN, announce: [['203.0.113.0/24', 1]] });
    send(machine, T0 + 1, { path: GOOD, announce: [['203.0.113.0/24', 4_294_967_295]] });
    send(machine, T0 + 2, { path: '3356 2914 666', announce: [['203.0.113.0/24', 3]] });
    send(machine, T0 + 3, { withdraw: [['203.0.113.0/24', 3]] });
    machine.crash(T0 + SECOND);
    const routes = machine.core.rib.routesAt(OURS.prefix);
    expect(routes.map(({ pathId, finding }) => [pathId, finding?.kind])).toEqual([
      [1, 'origin-change'],
      [4_294_967_295, undefined],
    ]);
    send(machine, T0 + MINUTE, { withdraw: [['203.0.113.0/24', 4_294_967_295]] });
    machine.runTo(T0 + HOUR);
    expect(story(machine)).toBe('opened first-sighting');
    send(machine, T0 + HOUR, { withdraw: [['203.0.113.0/24', 1]] });
    machine.runTo(T0 + HOUR + 6 * MINUTE);
    expect(story(machine)).toBe('opened first-sighting, resolved ended');
  });

  it('lose a watched prefix only with the last of them', () => {
    const machine = new Machine(configOf([OURS]));
    for (let from = 1; from <= 12; from += 1)
      for (const id of [1, 2])
        send(machine, T0 + from, { path: GOOD, announce: [['203.0.113.0/24', id]], from });
    for (let from = 1; from <= 12; from += 1)
      send(machine, T0 + MINUTE + from, { withdraw: [['203.0.113.0/24', 1]], from });
    expect(machine.story()).toEqual([]);
    for (let from = 1; from <= 12; from += 1)
      send(machine, T0 + 2 * MINUTE + from, { withdraw: [['203.0.113.0/24', 2]], from });
    const { incident } = machine.alerts().at(-1) ?? expect.fail('no alert');
    expect(incident.kind).toBe('visibility-loss');
    expect(incident.evidence[0]?.text.en).toContain('12');
  });

  it.each([
    ['an announcement without', 0, 5],
    ['a withdrawal without', 5, 0],
  ])(
    'that nobody declared are told by what they show: %s an identifier belongs to the only route',
    (_what, first, last) => {
      const prefix = '203.0.113.0/24';
      const machine = new Machine(configOf([OURS]));
      send(machine, T0, { path: FOREIGN, announce: [[prefix, first]], areDeclared: false });
      send(machine, T0 + SECOND, { withdraw: [[prefix, last]], areDeclared: false });
      machine.runTo(T0 + HOUR);
      expect(story(machine)).toBe('opened first-sighting, resolved ended');
    },
  );

  it.each([
    ['declared', true, [0], 5],
    ['declared', true, [5], 0],
    ['not declared, beside others', false, [5, 6], 0],
    ['not declared, another one', false, [5], 6],
  ] as const)(
    '%s: what was never announced withdraws nothing',
    (_what, areDeclared, announced, withdrawn) => {
      const prefix = '203.0.113.0/24';
      const machine = new Machine(configOf([OURS]));
      for (const id of announced)
        send(machine, T0 + id, { path: FOREIGN, announce: [[prefix, id]], areDeclared });
      send(machine, T0 + SECOND, { withdraw: [[prefix, withdrawn]], areDeclared });
      machine.runTo(T0 + HOUR);
      expect(story(machine)).toBe('opened first-sighting');
    },
  );
});

/**
 * A reload that changes entries in place against one that makes everything anew: the same story before, the same entries
 * after, and whatever is open, watched and expected has to be the same.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prefixOf } from '../../src/bgp/prefix.ts';
import type { EngineConfig } from '../../src/engine/config.ts';
import type { Finding } from '../../src/judge/finding.ts';
import type { PrefixEntry, WatchEntry } from '../../src/match/watchlist.ts';
import { configOf, HOUR, Machine, MINUTE, T0, watch, watchAs } from './fixture.ts';

/** Few prefixes, which lie in each other, next to each other and far from each other. */
const PREFIXES = [
  '10.0.0.0/8',
  '10.0.0.0/16',
  '10.0.0.0/20',
  '10.0.0.0/24',
  '10.0.1.0/24',
  '10.1.0.0/16',
  '10.1.2.0/24',
  '192.0.2.0/24',
  '198.51.100.0/22',
  '198.51.100.0/24',
  '2001:db8::/32',
  '2001:db8:1::/48',
];
const ORIGINS = [64_501, 64_502, 64_503];

const entry = fc.record({
  prefix: fc.constantFrom(...PREFIXES),
  more: fc.record({
    origins: fc.option(fc.subarray(ORIGINS, { minLength: 0 }), { nil: undefined }),
    group: fc.constantFrom('g', 'h'),
    name: fc.constantFrom('', 'one'),
    tags: fc.constantFrom<string[]>([], ['t']),
    minPeers: fc.constantFrom(1, 1, 2),
    moreSpecifics: fc.constantFrom('watch' as const, 'watch' as const, 'ignore' as const),
  }),
});
const hole = fc.record({
  prefix: fc.constantFrom(...PREFIXES),
  more: fc.record({ ignore: fc.constant(true), group: fc.constantFrom('g', 'h') }),
});
const prefixes = fc
  .uniqueArray(fc.oneof({ weight: 4, arbitrary: entry }, hole), {
    selector: ({ prefix }) => prefix,
    maxLength: 8,
  })
  .map((list) => list.map(({ prefix, more }): PrefixEntry => watch(prefix, more)));
const asns = fc.constantFrom<readonly WatchEntry[]>(
  [],
  [],
  [watchAs(64_501)],
  [watchAs(64_501), watchAs(64_503)],
);

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('announce' as const),
      prefix: fc.constantFrom(...PREFIXES),
      origin: fc.constantFrom(...ORIGINS, 64_666),
      from: fc.integer({ min: 1, max: 3 }),
    }),
  },
  fc.record({
    type: fc.constant('withdraw' as const),
    prefix: fc.constantFrom(...PREFIXES),
    origin: fc.constant(0),
    from: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    type: fc.constant('wait' as const),
    prefix: fc.constant(''),
    origin: fc.constant(0),
    from: fc.constantFrom(1, 90, 30 * 60),
  }),
);
const story = fc.array(step, { maxLength: 25 });
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

function play(machine: Machine, steps: Story, startMs: number): number {
  let nowMs = startMs;
  for (const { type, prefix, origin, from } of steps) {
    nowMs += 1_000;
    if (type === 'announce') machine.announce(nowMs, prefix, `${65_000 + from} 65010 ${origin}`, from);
    else if (type === 'withdraw') machine.withdraw(nowMs, prefix, from);
    else {
      nowMs += from * MINUTE;
      machine.runTo(nowMs);
    }
  }
  return nowMs;
}

/** Takes the change into force like the daemon: compared first, then swapped. */
function reloadInPlace(machine: Machine, config: EngineConfig, atMs: number): void {
  const comparing = machine.engine.view.compare(config.watchlist);
  let found = comparing.next();
  while (found.done !== true) found = comparing.next();
  machine.act({ type: 'config', config, change: found.value }, atMs);
  machine.driver.commit(true);
}

function stateOf(machine: Machine): unknown {
  const { core } = machine;
  const rows = [...core.rib.every()].map((prefix) => [
    prefix.text,
    core.rib
      .routesAt(prefix)
      .map(({ vantagePoint, finding }) => [vantagePoint, settled(finding)])
      .sort(),
  ]);
  const incidents = [...core.book.every()].map(({ key, state, routes }) => [
    key,
    state,
    routes
      .values()
      .map(({ prefixText, watch, originAs }) => `${prefixText} ${watch} ${originAs}`)
      .sort(),
  ]);
  const watched = [...core.plan.every()].map(({ prefix, name, entry }) => [prefix.text, name, entry]);
  const matches = PREFIXES.map((text) => core.plan.match(prefixOf(text)));
  const baseline = [...core.baseline.every()].map(
    ({ prefix, origin, source }) => `${prefix.text} ${origin} ${source}`,
  );
  const tags = PREFIXES.map((text) => core.tagsOf(text));
  // Of routes that weigh the same the first one speaks for an incident that goes on: that is a matter of its history.
  const story = machine
    .alerts()
    .map(({ event, reason, incident }) => `${event} ${reason} ${event === 'updated' ? '' : incident.kind}`);
  return {
    rows: sorted(rows),
    incidents: sorted(incidents),
    watched: sorted(watched),
    size: core.plan.size,
    matches,
    baseline: baseline.sort(),
    tags,
    story: story.sort(),
    holes: [...watched]
      .filter(([, , one]) => (one as PrefixEntry).ignore)
      .map(([text]) => holeFlag(machine, `${text}`)),
  };
}

/** Without what other routes of the RIB say for it: that depends on which of them was judged first, in both. */
function settled(finding: Finding | undefined): unknown {
  return finding && { ...finding, rows: finding.rows.filter(({ source }) => source !== 'rib') };
}

function holeFlag({ core }: Machine, text: string): number | undefined {
  const { plan } = core;
  return plan.holes()[plan.index.exact(prefixOf(text))];
}

function sorted(list: readonly unknown[]): readonly string[] {
  return list.map((one) => JSON.stringify(one)).sort();
}

describe('a reload in place', () => {
  it('leaves what a reload of everything leaves', () => {
    fc.assert(
      fc.property(
        prefixes,
        prefixes,
        prefixes,
        asns,
        story,
        story,
        (first, second, third, watchedAsns, before, after) => {
          const [inPlace, anew] = [first, first].map(() => new Machine(configOf([...first, ...watchedAsns])));
          if (inPlace === undefined || anew === undefined) return;
          let nowMs = T0;
          for (const next of [second, third]) {
            const config = configOf([...next, ...watchedAsns]);
            for (const machine of [inPlace, anew]) play(machine, before, nowMs);
            nowMs = play(inPlace, [], nowMs) + 30 * HOUR;
            for (const machine of [inPlace, anew]) machine.runTo(nowMs);
            reloadInPlace(inPlace, config, nowMs);
            anew.reload(config, nowMs);
            expect(stateOf(inPlace)).toEqual(stateOf(anew));
            for (const machine of [inPlace, anew]) play(machine, after, nowMs + MINUTE);
            nowMs += 60 * HOUR;
            for (const machine of [inPlace, anew]) machine.runTo(nowMs);
            expect(stateOf(inPlace)).toEqual(stateOf(anew));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('does so in a list that is too long to have a row for each origin before it is seen', () => {
    const list = Array.from({ length: 25_000 }, (_, n) =>
      watch(`172.${16 + (n >> 12)}.${(n >> 4) & 255}.${(n & 15) << 4}/28`, { origins: [64_501] }),
    );
    const changed = [...list.slice(1), watch('192.0.2.0/24', { origins: [64_502] })].map((one, n) =>
      n === 5 ? { ...one, origins: [64_503] } : n === 6 ? { ...one, ignore: true, origins: undefined } : one,
    );
    const [inPlace, anew] = [list, list].map((entries) => new Machine(configOf(entries)));
    if (inPlace === undefined || anew === undefined) return;
    for (const machine of [inPlace, anew])
      for (const [n, { prefix }] of list.slice(0, 12).entries())
        machine.announce(T0 + n * 1_000, prefix.text, '65001 65010 64501');
    reloadInPlace(inPlace, configOf(changed), T0 + HOUR);
    anew.reload(configOf(changed), T0 + HOUR);
    expect(stateOf(inPlace)).toEqual(stateOf(anew));
    expect(anew.alerts().map(({ incident }) => incident.kind)).toEqual(['origin-change']);
  });

  it('judges nothing but what lies inside or around the changed entries', () => {
    const entries = [
      watch('10.0.0.0/16', { origins: [64_501] }),
      watch('192.0.2.0/24', { origins: [64_501] }),
    ];
    const machine = new Machine(configOf(entries));
    for (const prefix of ['10.0.0.0/16', '10.0.0.0/8', '192.0.2.0/24'])
      machine.announce(T0, prefix, '65001 64501');
    const judged: string[] = [];
    const { core } = machine;
    const judge = core.judge.bind(core);
    core.judge = (prefix, ...rest) => {
      judged.push(prefix.text);
      return judge(prefix, ...rest);
    };
    reloadInPlace(
      machine,
      configOf([watch('10.0.0.0/16', { origins: [64_502] }), ...entries.slice(1)]),
      T0 + HOUR,
    );
    expect(judged).toEqual(['10.0.0.0/16', '10.0.0.0/8']);
  });

  it('refuses a change that was compared with another watchlist than that in force', () => {
    const machine = new Machine(configOf([watch('10.0.0.0/16')]));
    const { plan } = machine.core;
    const compared = [1, 2].map(() => {
      const comparing = plan.compare({ entries: [watch('10.0.0.0/24')] });
      let found = comparing.next();
      while (found.done !== true) found = comparing.next();
      return found.value;
    });
    for (const change of compared.slice(0, 1)) plan.change(change);
    expect(() => compared.slice(1).map((change) => plan.change(change))).toThrow('another watchlist');
  });
});

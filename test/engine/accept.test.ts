/**
 * The accept road against the reference: the same inputs to two engines, one of which may accept updates in numbers. What is
 * said, what is kept and what would be written must not differ, whatever comes.
 */
import { describe, expect, test } from 'vitest';
import { type Prefix, prefixOf } from '../../src/bgp/prefix.ts';
import type { Community, Update } from '../../src/bgp/update.ts';
import type { VantagePoint } from '../../src/bgp/vantage-point.ts';
import { DEFAULT_DETECTION } from '../../src/config/detection.ts';
import type { EngineConfig } from '../../src/engine/config.ts';
import { AcceptRoad } from '../../src/engine/fast/accept.ts';
import type { FeedInput } from '../../src/engine/ports.ts';
import type { RpkiView } from '../../src/judge/world.ts';
import { tapeOf } from '../match/tape-writer.ts';
import { randomOf } from '../simulation/world.ts';
import { configOf, HOUR, Machine, MINUTE, T0, watch, watchAs } from './fixture.ts';

/** The budget of the property is a number of cases, however slow the machine: `ACCEPT_ROUNDS=100` tries more. */
const ROUNDS = Number(process.env.ACCEPT_ROUNDS ?? 8);
const FIRST_SEED = Number(process.env.ACCEPT_SEED ?? 1);
const STEPS = 160;
const LOOK_EVERY = 20;
const FEED = 'ris';

const PREFIXES = [
  '10.0.0.0/8',
  '10.1.0.0/16',
  '10.1.1.0/24',
  '10.1.1.0/25',
  '10.2.0.0/16',
  '10.3.0.0/16',
  '10.4.0.0/16',
  '10.5.0.0/16',
  '10.9.0.0/16',
  '2001:db8::/32',
  '2001:db8:1::/48',
].map(prefixOf);

const ENTRIES = [
  watch('10.1.0.0/16', { origins: [100] }),
  watch('10.1.1.0/24', { origins: [100, 101], maxLength: 25 }),
  watch('10.2.0.0/16', { origins: [102], upstreams: [20, 21] }),
  watch('10.3.0.0/16'),
  watch('10.4.0.0/16', { origins: [100], path: { maxLength: 4 } }),
  watch('10.5.0.0/16', { ignore: true }),
  watch('2001:db8::/32', { origins: [100] }),
  watchAs(103),
];

/** The other configuration of a reload: somebody else is expected. */
const OTHERS = [
  watch('10.1.0.0/16', { origins: [101] }),
  watch('10.2.0.0/16', { origins: [102] }),
  watch('10.3.0.0/16', { origins: [104] }),
  watch('2001:db8::/32', { origins: [100], upstreams: [20] }),
];

const DETECTION = { ...DEFAULT_DETECTION, learnPeers: 2, learnAfterHours: 1 };

/** 100 has an ASPA that names 20 only; 10.2.0.0/16 of 102 is invalid. */
const RPKI: RpkiView = {
  validate: (prefix, origin) => {
    const isInvalid = prefix.text === '10.2.0.0/16' && origin === 102;
    return {
      state: isInvalid ? 'invalid' : 'not-found',
      reason: isInvalid ? 'origin' : undefined,
      covering: [],
    };
  },
  providersOf: (asn) => (asn === 100 ? new Set([20]) : undefined),
};

type Random = () => number;
const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

function pathFrom(random: Random, peer: number): number[] {
  const middle = pick(random, [[], [20], [21], [22, 20], [174, 20], [174, 3356, 20], [174, 30, 3356, 20]]);
  const origin = pick(random, [100, 100, 100, 101, 102, 102, 103, 104, 666]);
  const tail = pick(random, [[origin], [origin], [origin, origin], [origin, 20, origin]]);
  return [peer, ...middle, ...tail];
}

function updateFrom(random: Random, nowMs: number): Update {
  const point = Math.floor(random() * 4);
  const some = (most: number): Prefix[] =>
    Array.from({ length: Math.floor(random() * (most + 1)) }, () => pick(random, PREFIXES));
  const announced = random() < 0.8 ? [pick(random, PREFIXES), ...some(1)] : [];
  const communities = some(2).map(({ length }): Community => [65_535, length]);
  return {
    vantagePoint: { collector: 'rrc00', peerAddress: `192.0.2.${point}`, peerAsn: 60 + point },
    observedMs: random() < 0.97 ? nowMs - Math.floor(random() * 5_000) : nowMs + 2 * HOUR,
    path: announced.length > 0 ? pathFrom(random, 60 + point) : [],
    communities,
    announced,
    withdrawn: random() < 0.3 ? some(2) : [],
  };
}

/** A machine whose updates may take the accept road. */
class Pair {
  readonly slow: Machine;
  readonly fast: Machine;
  private readonly road: AcceptRoad;
  private point: VantagePoint | undefined;
  accepted = 0;

  constructor(config: EngineConfig) {
    this.slow = new Machine(config, { feeds: [FEED] });
    this.fast = new Machine(config, { feeds: [FEED] });
    const { core } = this.fast;
    this.road = new AcceptRoad(this.fast.engine, {
      pointOf: () => this.point,
      accepted: () => undefined,
      concerns: (tape, cell) => {
        const [shape, ...words] = tape.subarray(cell, cell + 5);
        const prefix = PREFIXES.find(
          (one) =>
            ((one.family << 8) | one.length) === shape &&
            one.words.every((word, n) => (word | 0) === words[n]),
        ) as Prefix;
        const match = core.plan.match(prefix);
        return match.type !== 'hole' && (match.type !== 'none' || core.plan.index.coveringOf(prefix) >= 0);
      },
    });
  }

  both(act: (machine: Machine) => void): void {
    act(this.slow);
    act(this.fast);
  }

  update(update: Update, nowMs: number): void {
    const input: FeedInput = { type: 'update', feed: FEED, via: 'live', update: decoded(update), raw: '' };
    this.slow.driver.apply(input, nowMs);
    if (this.offer(update, nowMs)) this.accepted += 1;
    else this.fast.driver.apply(input, nowMs);
    this.both(({ driver }) => driver.commit(true));
  }

  /** As the decoder leaves it: each prefix once, announced before withdrawn. The tape has it as it came. */
  private offer(update: Update, nowMs: number): boolean {
    this.point = update.vantagePoint;
    return this.road.accept(
      tapeOf(update, 7),
      7,
      Number(update.vantagePoint.peerAddress.at(-1)),
      nowMs,
      FEED,
    );
  }
}

function decoded(update: Update): Update {
  const announced = [...new Map(update.announced.map((prefix) => [prefix.text, prefix])).values()];
  const withdrawn = [...new Map(update.withdrawn.map((prefix) => [prefix.text, prefix])).values()];
  return {
    ...update,
    announced,
    withdrawn: withdrawn.filter(({ text }) => !announced.some((one) => one.text === text)),
  };
}

function stateOf({ core, engine, published, store }: Machine): unknown {
  return {
    published,
    order: core.order,
    nowMs: core.nowMs,
    observations: core.observations,
    nextDeadline: engine.view.nextDeadlineMs,
    rib: PREFIXES.map((prefix) => [prefix.text, core.rib.routesAt(prefix)]),
    baseline: [...core.baseline.every()].map((row) => [row, [...row.peerAsns], [...row.neighbors]]),
    lost: PREFIXES.map(({ text }) => [text, [...core.visibility.lostAt(text)]]),
    withdrawn: [...core.withdrawn],
    changed: PREFIXES.map((prefix) => core.plan.lastChangeMs(prefix)),
    heard: core.vantagePoints
      .every()
      .map(({ name, heard4Ms, heard6Ms, up }) => [name, heard4Ms, heard6Ms, up]),
    memory: [...store.remember().memory],
    stored: [...store.remember().baseline],
  };
}

/** What a watched AS is only being learned for stands in the RIB unjudged: its routes are for the judge. */
test('leaves to the judge what a watched AS originates', () => {
  const pair = new Pair(configOf([watchAs(103)], { detection: DETECTION }));
  pair.both((machine) => machine.feed(T0, 'live'));
  for (let n = 1; n <= 3; n += 1) {
    const update: Update = {
      vantagePoint: { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 61 },
      observedMs: T0 + n,
      path: [61, 174, 30, 3356, 20, 103],
      communities: [],
      announced: [prefixOf('10.9.0.0/16')],
      withdrawn: [],
    };
    pair.update(update, T0 + n);
    expect(stateOf(pair.fast)).toEqual(stateOf(pair.slow));
  }
  expect(pair.fast.story()).toEqual(['opened first-sighting']);
});

function announced(origin: number, from: number, prefix = '10.1.0.0/16', middle = [20]): Update {
  return {
    vantagePoint: { collector: 'rrc00', peerAddress: `192.0.2.${from}`, peerAsn: 60 + from },
    observedMs: T0,
    path: [60 + from, ...middle, origin],
    communities: [],
    announced: [prefixOf(prefix)],
    withdrawn: [],
  };
}

test('leaves everything to the judge while a planned change is expected', () => {
  const pair = new Pair(configOf([watch('10.1.0.0/16', { origins: [100] })], { detection: DETECTION }));
  pair.both((machine) => machine.feed(T0, 'live'));
  const silence = {
    match: { prefix: '10.1.0.0/16' },
    expectedOrigin: 666,
    startsAt: new Date(T0).toISOString(),
    endsAt: new Date(T0 + HOUR).toISOString(),
    by: 'kim',
    note: '',
  };
  pair.both(({ actions }) => actions.addSilence(silence, { by: 'kim', note: '' }, T0));
  pair.update(announced(666, 1), T0 + 1);
  pair.update(announced(666, 2), T0 + 2);
  pair.update(announced(666, 1), T0 + 3);
  expect(pair.accepted).toBe(0);
  expect(stateOf(pair.fast)).toEqual(stateOf(pair.slow));
  pair.both((machine) => machine.runTo(T0 + 2 * HOUR));
  expect(stateOf(pair.fast)).toEqual(stateOf(pair.slow));
  expect(pair.fast.story()).toEqual(pair.slow.story());
});

test('leaves a prefix to the judge of which an operator decided', () => {
  const pair = new Pair(configOf([watch('10.1.0.0/16', { origins: [100] })], { detection: DETECTION }));
  pair.both((machine) => machine.feed(T0, 'live'));
  pair.both(({ actions }) =>
    actions.decideOrigin(prefixOf('10.1.0.0/16'), 100, false, { by: 'kim', note: '' }, T0),
  );
  pair.update(announced(100, 1), T0 + 1);
  expect(pair.accepted).toBe(0);
  expect(stateOf(pair.fast)).toEqual(stateOf(pair.slow));
  expect(pair.fast.story()).toEqual(pair.slow.story());
});

/** An archive tells of a session with path identifiers, the live feed of the same one without. */
test('leaves a withdrawal to the reference where the vantage point carries the prefix by a path identifier', () => {
  const pair = new Pair(configOf(ENTRIES, { detection: DETECTION }));
  pair.both((machine) => machine.feed(T0, 'live'));
  const update: Update = {
    vantagePoint: { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 61 },
    observedMs: T0,
    path: [61, 666],
    communities: [],
    announced: [prefixOf('10.1.0.0/16')],
    withdrawn: [],
  };
  const pathIds = { announced: [5], withdrawn: [], areDeclared: true };
  const input: FeedInput = {
    type: 'update',
    feed: FEED,
    via: 'backfill',
    update: { ...update, pathIds },
    raw: '',
  };
  pair.both(({ driver }) => driver.apply(input, T0));
  expect(pair.fast.core.rib.routesAt(prefixOf('10.1.0.0/16'))).toHaveLength(1);
  pair.update({ ...update, path: [], announced: [], withdrawn: update.announced }, T0 + 1);
  expect(stateOf(pair.fast)).toEqual(stateOf(pair.slow));
  expect(pair.fast.core.rib.routesAt(prefixOf('10.1.0.0/16'))).toEqual([]);
});

function play(seed: number): Pair {
  const random = randomOf(seed);
  const config = configOf(ENTRIES, { detection: DETECTION });
  const pair = new Pair(config);
  let nowMs = T0;
  pair.both((machine) => machine.feed(nowMs, 'live'));
  for (let step = 0; step < STEPS; step += 1) {
    nowMs += pick(random, [0, 1, 500, MINUTE, 10 * MINUTE, HOUR]);
    const what = random();
    const from = Math.floor(random() * 4);
    if (what < 0.9) {
      const update = updateFrom(random, nowMs);
      pair.update(update, nowMs);
    } else if (what < 0.93)
      pair.both((machine) => machine.session(nowMs, from, random() < 0 ? 'up' : 'down'));
    else if (what < 0.95) pair.both((machine) => machine.feed(nowMs, step % 2 === 0 ? 'live' : 'stalled'));
    else if (what < 0.97)
      pair.both((machine) =>
        machine.reload(configOf(step % 3 === 0 ? OTHERS : ENTRIES, { detection: DETECTION }), nowMs),
      );
    else if (what < 0.985) pair.both((machine) => machine.rpki(step % 2 === 0 ? RPKI : undefined, nowMs));
    else
      pair.both(({ actions, driver }) => {
        actions.decideOrigin(prefixOf('10.1.0.0/16'), 666, step % 2 === 0, { by: 'kim', note: '' }, nowMs);
        driver.commit(true);
      });
    if (step % LOOK_EVERY === LOOK_EVERY - 1)
      expect(stateOf(pair.fast), `seed ${seed}, step ${step}: ACCEPT_SEED=${seed} ACCEPT_ROUNDS=1`).toEqual(
        stateOf(pair.slow),
      );
  }
  return pair;
}

describe('the accept road', () => {
  test('leaves behind exactly what the reference does, on any story', { timeout: 0 }, () => {
    let accepted = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + ROUNDS; seed += 1) accepted += play(seed).accepted;
    // It is taken, else this proves nothing.
    expect(accepted / (ROUNDS * STEPS)).toBeGreaterThan(0.08);
  });
});

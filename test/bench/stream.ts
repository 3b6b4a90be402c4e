/**
 * What the feed of the bench says, message by message, as real feeds do: a few busy prefixes make half of it, a vantage
 * point says the same again or tells another path, hunts for a path before it settles, withdraws and soon announces
 * again. Watched prefixes do the same. What is withdrawn comes back within a few hundred messages, so that no prefix
 * is ever lost at half of its vantage points; played in a circle the stream goes on where it began.
 */

import { type Scale, TABLE_SIZE, type World } from './world.ts';
import { POINTS, Writer } from './writer.ts';

const SHARE_6 = 0.35;
/** Half of the messages are about this share of the prefixes. */
const BUSY_SHARE = 0.02;
const RECENT = 1_024;

/** One thing said: by whom, about what, along which variant of the path; −1 withdraws. */
interface Saying {
  readonly point: number;
  readonly entries: readonly number[];
  readonly variant: number;
}

const WITHDRAWN = -1;

class Talk {
  private readonly world: World;
  private readonly scale: Scale;
  private readonly writer: Writer;
  private readonly recent: Saying[] = [];
  /** What is due at a later message. */
  private readonly due = new Map<number, Saying[]>();
  private waiting: Saying[] = [];
  private at = 0;

  constructor(world: World, scale: Scale, writer: Writer) {
    this.world = world;
    this.scale = scale;
    this.writer = writer;
  }

  next(): Saying {
    const due = this.due.get(this.at);
    if (due !== undefined) {
      this.due.delete(this.at);
      this.waiting.push(...due);
    }
    this.at += 1;
    const saying = this.waiting.shift() ?? this.fresh();
    if (saying.variant !== WITHDRAWN) this.recent[this.writer.below(RECENT)] = saying;
    return saying;
  }

  /** What was withdrawn and did not come back yet. */
  rest(): Saying[] {
    return [...this.waiting, ...[...this.due.values()].flat()];
  }

  private fresh(): Saying {
    const { writer } = this;
    const draw = writer.below(100);
    const known = this.recent[writer.below(RECENT)];
    if (draw < 24 && known !== undefined)
      return { ...known, variant: draw < 14 ? known.variant : writer.below(3) };
    const saying = { point: writer.below(POINTS), entries: this.subject(), variant: 0 };
    if (draw < 32) {
      this.later({ ...saying, variant: writer.below(3) });
      return { ...saying, variant: WITHDRAWN };
    }
    if (draw < 38) {
      this.later(saying);
      return { ...saying, variant: 3 + writer.below(3) };
    }
    return { ...saying, variant: draw < 80 ? 0 : 1 + writer.below(2) };
  }

  private later(saying: Saying): void {
    const at = this.at + 20 + this.writer.below(300);
    const due = this.due.get(at);
    if (due === undefined) this.due.set(at, [saying]);
    else due.push(saying);
  }

  /** Prefixes of one origin: 1.8 on average, 35 % of them IPv6. */
  private subject(): readonly number[] {
    const { writer, world, scale } = this;
    const isWatched = writer.chance(scale.hitShare);
    const wantSix = writer.chance(SHARE_6);
    const first = isWatched ? 0 : scale.watched;
    const range = isWatched ? scale.watched : TABLE_SIZE - scale.watched;
    let entry = 0;
    do {
      const busy = Math.max(1, Math.floor(range * BUSY_SHARE));
      entry = world.entryAt(first + writer.below(writer.chance(0.5) ? busy : range));
    } while ((world.family(entry) === 6) !== wantSix && (!isWatched || scale.watched > 100));
    const spread = writer.below(100);
    const count = spread < 62 ? 1 : spread < 84 ? 2 : 2 + writer.below(5);
    const group = (entry >> 3) << 3;
    return Array.from({ length: count }, (_, n) => group + ((entry + n) & 7));
  }
}

/** Renders `count` messages, and some more that bring back what is withdrawn at the end. */
export function* streamOf(world: World, scale: Scale, count: number, seed: number): Generator<string> {
  const writer = new Writer(world, seed);
  const talk = new Talk(world, scale, writer);
  for (let position = 0; position < count; position += 1) yield rendered(writer, talk.next());
  for (const saying of talk.rest()) yield rendered(writer, saying);
}

function rendered(writer: Writer, { point, entries, variant }: Saying): string {
  return variant === WITHDRAWN
    ? writer.withdrawal(point, entries)
    : writer.announcement(point, entries, variant);
}

/** How the watched space is shaken; each reel is played after `table`. */
export type StormName = 'table' | 'reset' | 'burst' | 'leak';

/** Vantage points that announce the whole watched space before a storm, and those that a leak reaches. */
const POINTS_OF = { table: 2, reset: 1, leak: 10 } as const;
export const BURST_ATTACKER = 397_999;
export const LEAKER = 397_998;
/** Prefixes in one message of a table that is sent at once. */
const PACKED = 8;

/**
 * `table`: two vantage points announce all that is watched. `reset`: one of them withdraws it all. `burst`: one
 * attacker takes each watched prefix, one message each. `leak`: ten bring the whole table through a leaker between
 * two networks without providers.
 */
export function* stormOf(world: World, scale: Scale, seed: number, name: StormName): Generator<string> {
  const writer = new Writer(world, seed);
  if (name === 'burst') {
    for (let order = 0; order < scale.watched; order += 1)
      yield writer.along(0, [220_001, BURST_ATTACKER], [world.entryAt(order)]);
    return;
  }
  const packs = packsOf(world, scale);
  for (let point = 0; point < POINTS_OF[name]; point += 1)
    for (const pack of packs) {
      if (name === 'reset') yield writer.withdrawal(point, pack);
      else if (name === 'table') yield writer.announcement(point, pack, 0);
      else {
        const entry = pack[0]!;
        yield writer.along(point, [1_299, LEAKER, 3_356, world.neighbor(entry), world.origin(entry)], pack);
      }
    }
}

/** Watched entries in the order of the table, cut where the origin changes. */
function packsOf(world: World, scale: Scale): number[][] {
  const entries = Array.from({ length: scale.watched }, (_, order) => world.entryAt(order)).sort(
    (a, b) => a - b,
  );
  const packs: number[][] = [];
  for (const entry of entries) {
    const last = packs.at(-1);
    if (last !== undefined && last.length < PACKED && world.origin(last[0]!) === world.origin(entry))
      last.push(entry);
    else packs.push([entry]);
  }
  return packs;
}

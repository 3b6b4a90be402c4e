/**
 * Renders single messages of the bench's Internet as RIS Live writes them: 439 bytes on average. What is announced
 * when, and by whom, is decided in `stream.ts`. Seeded: the same calls give the same bytes.
 */
import { attackerOf, randomOf, TABLE_SIZE, type World } from './world.ts';

/** Three hundred vantage points, each with an AS, an address for each family and a collector of its own. */
export const POINTS = 300;
const PEER_FIRST = 200_000;
const MIDDLE_FIRST = 210_000;

/** Injected hijacks take turns: the prefix, half of it, its origin forged, the space around it. */
export const HIJACK_KINDS = 4;
/**
 * Every fourth entry of the watchlist declares its neighbour, so that forging it shows. The whole table has its origins
 * alone: there a forged origin is nothing that anybody could see, and no hijack is of that kind.
 */
export function declaresNeighbor(order: number, watched: number): boolean {
  return watched < TABLE_SIZE && order % 4 === 0;
}

/** The hijack that ends a round: all before it is judged when its alert is seen. */
export const LAST_HIJACK = 999;

/** The place within a block of four watch entries that each kind of hijack takes: a declared neighbour for the forged ones. */
const PLACES = [1, 2, 0, 3];

/** The place in the watch order that the n-th hijack takes, another one for each n while there are enough. */
export function targetOf(n: number, watched: number): number {
  const block = ((n >> 2) * 7_919) % Math.max(1, watched >> 2);
  return block * 4 + PLACES[n % HIJACK_KINDS]!;
}

export class Writer {
  private readonly world: World;
  private readonly random: () => number;
  private serial = 0;

  constructor(world: World, seed: number) {
    this.world = world;
    this.random = randomOf(seed);
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  /**
   * The way from a vantage point to an entry. `variant` 0 is the usual one, others are detours, longer from 3 on as
   * in path hunting. The same arguments give the same path.
   */
  path(point: number, entry: number, variant: number): number[] {
    const origin = this.world.origin(entry);
    let draw = Math.imul(point * 31 + variant, 0x9e3779b1) ^ Math.imul(origin, 0x85ebca6b);
    const hops = variant >= 3 ? variant : (draw >>> 28) % 3;
    const path = [PEER_FIRST + point];
    for (let hop = 0; hop < hops; hop += 1) {
      draw = Math.imul(draw ^ (draw >>> 15), 0x2c1b3c6d) + hop;
      path.push(MIDDLE_FIRST + ((draw >>> 8) % 500));
    }
    path.push(this.world.neighbor(entry), origin);
    if ((draw & 15) === 0) path.push(origin);
    return path;
  }

  announcement(point: number, entries: readonly number[], variant: number): string {
    const entry = entries[0]!;
    const texts = entries.map((one) => this.world.prefix(one));
    return this.message(this.world.family(entry), point, this.path(point, entry, variant), texts, []);
  }

  withdrawal(point: number, entries: readonly number[]): string {
    const texts = entries.map((one) => this.world.prefix(one));
    return this.message(this.world.family(entries[0]!), point, [], [], texts);
  }

  /** The n-th hijack of a round, of the kind that is due, from an AS of its own. */
  hijack(round: number, n: number, watched: number): string {
    const { world } = this;
    const entry = world.entryAt(targetOf(n, watched));
    const attacker = attackerOf(round, n);
    const point = this.below(POINTS);
    const kind = n % HIJACK_KINDS;
    const tail = kind === 2 && watched < TABLE_SIZE ? [attacker, world.origin(entry)] : [220_001, attacker];
    const path = [PEER_FIRST + point, MIDDLE_FIRST + this.below(500), ...tail];
    const deeper = kind === 1 ? 1 : kind === 3 ? -1 : 0;
    return this.message(world.family(entry), point, path, [world.prefix(entry, deeper)], []);
  }

  /** Entries announced along a path of the caller's from behind the vantage point on. */
  along(point: number, behind: readonly number[], entries: readonly number[]): string {
    const texts = entries.map((one) => this.world.prefix(one));
    return this.message(this.world.family(entries[0]!), point, [PEER_FIRST + point, ...behind], texts, []);
  }

  private message(
    family: 4 | 6,
    point: number,
    path: readonly number[],
    announced: readonly string[],
    withdrawn: readonly string[],
  ): string {
    const peer =
      family === 4
        ? `193.203.${point & 7}.${point >> 3}`
        : `2001:7f8:${(point & 7) + 1}::${(point >> 3) + 1}`;
    const host = `rrc${String(point % 24).padStart(2, '0')}.ripe.net`;
    this.serial += 1;
    const stamp = (1_771_179_888 + this.serial / 50_000).toFixed(2);
    const id = `${peer}-019c628c${this.serial.toString(16).padStart(8, '0')}`;
    let tags = '';
    for (let left = path.length === 0 ? 0 : this.below(15); left > 0; left -= 1)
      tags += `${tags === '' ? '' : ','}[${200 + this.below(60_000)},${this.below(60_000)}]`;
    const hop = family === 4 ? peer : `${peer},fe80::8a90:900:d7f8:eac5`;
    const routes =
      announced.length === 0 ? '' : `{"next_hop":"${hop}","prefixes":["${announced.join('","')}"]}`;
    const gone = withdrawn.length === 0 ? '' : `"${withdrawn.join('","')}"`;
    const origin = path.length === 0 ? '' : '"origin":"IGP",';
    return `{"type":"ris_message","data":{"timestamp":${stamp},"peer":"${peer}","peer_asn":"${PEER_FIRST + point}","id":"${id}","host":"${host}","type":"UPDATE","path":[${path.join(',')}],"community":[${tags}],${origin}"announcements":[${routes}],"withdrawals":[${gone}]}}`;
  }
}

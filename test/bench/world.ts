/**
 * The bench's Internet: a routing table without overlaps, each prefix with its origin, and RIS Live messages about it.
 * Everything follows from a seed. The first W entries of the table are the watched ones; entries are spread over the
 * address space, so watched and foreign prefixes lie between each other.
 */

export const TABLE_4 = 1_000_000;
export const TABLE_6 = 230_000;
export const TABLE_SIZE: number = TABLE_4 + TABLE_6;
const SHARE_6 = 0.35;
const ATTACKER_FIRST = 398_000;
export const STORM_ATTACKER = 397_999;
/** Three hundred vantage points, each with an AS, an address for each family and a collector of its own. */
const PEER_FIRST = 200_000;

/** Who announces the n-th injected hijack (0…999) of a round (0…99): six digits. */
export function attackerOf(round: number, n: number): number {
  return ATTACKER_FIRST + round * 1_000 + n;
}

/** One scale of the bench: how much is watched, and how often the stream talks about it. */
export interface Scale {
  readonly watched: number;
  readonly hitShare: number;
}

export const SCALES: readonly Scale[] = [
  { watched: 10, hitShare: 0.0001 },
  { watched: 1_000, hitShare: 0.001 },
  { watched: 100_000, hitShare: 0.01 },
  { watched: TABLE_SIZE, hitShare: 1 },
];

/** Mulberry32: small, seeded, good enough to spread things. Returns 0…1. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Prefix texts and origins. Eight neighbours in the table share an origin, so that a message can carry several. */
export class World {
  private readonly words = new Uint32Array(TABLE_SIZE * 2);
  private readonly lengths = new Uint8Array(TABLE_SIZE);

  constructor(seed: number) {
    const random = randomOf(seed);
    this.fill4(random);
    this.fill6(random);
  }

  private fill4(random: () => number): void {
    const taken = new Uint8Array(1 << 24);
    for (let entry = 0; entry < TABLE_4; ) {
      const draw = random();
      const length = draw < 0.6 ? 24 : draw < 0.8 ? 23 : draw < 0.95 ? 22 : 20;
      const blocks = 1 << (24 - length);
      const first = Math.floor(random() * (1 << 24)) & -blocks;
      const top = first >>> 16;
      if (top === 0 || top === 10 || top === 127 || top >= 224) continue;
      if (taken.subarray(first, first + blocks).includes(1)) continue;
      taken.fill(1, first, first + blocks);
      this.words[entry * 2] = first * 256;
      this.lengths[entry] = length;
      entry += 1;
    }
  }

  /** Groups of eight: one /32, or eight /48 under one /32. */
  private fill6(random: () => number): void {
    const taken = new Set<number>();
    let top = 0;
    for (let offset = 0; offset < TABLE_6; offset += 1) {
      const entry = TABLE_4 + offset;
      const isWide = (offset >> 3) % 3 === 0;
      if (isWide || offset % 8 === 0) {
        do top = 0x24000000 + Math.floor(random() * 0x080f0000);
        while (taken.has(top));
        taken.add(top);
      }
      this.words[entry * 2] = top;
      this.words[entry * 2 + 1] = isWide ? 0 : ((offset % 8) * 0x1111) << 16;
      this.lengths[entry] = isWide ? 32 : 48;
    }
  }

  /** The n-th entry of the watch order: IPv4 and IPv6 mixed as in the table. */
  entryAt(order: number): number {
    const every = TABLE_SIZE / TABLE_6;
    const six = Math.floor(order / every);
    const isSix = Math.floor((order + 1) / every) > six && six < TABLE_6;
    return isSix ? TABLE_4 + six : Math.min(TABLE_4 - 1, order - six);
  }

  family(entry: number): 4 | 6 {
    return entry < TABLE_4 ? 4 : 6;
  }

  origin(entry: number): number {
    return 1_000_000 + (entry >> 3);
  }

  /** Text as RIS Live writes it, `deeper` bits longer. */
  prefix(entry: number, deeper = 0): string {
    const w0 = this.words[entry * 2]!;
    const w1 = this.words[entry * 2 + 1]!;
    const length = this.lengths[entry]! + deeper;
    if (entry < TABLE_4) return `${w0 >>> 24}.${(w0 >>> 16) & 255}.${(w0 >>> 8) & 255}.${w0 & 255}/${length}`;
    const third = w1 === 0 ? '' : `:${(w1 >>> 16).toString(16)}`;
    return `${(w0 >>> 16).toString(16)}:${(w0 & 65_535).toString(16)}${third}::/${length}`;
  }
}

/** Renders messages: 439 bytes, 1.8 prefixes and 35 % IPv6 on average. */
export class Writer {
  private readonly world: World;
  private readonly random: () => number;
  private serial = 0;

  constructor(world: World, seed: number) {
    this.world = world;
    this.random = randomOf(seed);
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  /** A message about watched space with the share of `scale`, else about foreign space. */
  ordinary(scale: Scale): string {
    const isWatched = this.random() < scale.hitShare;
    const wantSix = this.random() < SHARE_6;
    let entry = 0;
    do {
      const order = isWatched
        ? this.below(scale.watched)
        : scale.watched + this.below(TABLE_SIZE - scale.watched);
      entry = this.world.entryAt(order);
    } while ((this.world.family(entry) === 6) !== wantSix && (!isWatched || scale.watched > 100));
    const spread = this.random();
    const count = spread < 0.62 ? 1 : spread < 0.84 ? 2 : 2 + this.below(5);
    const group = (entry >> 3) << 3;
    const prefixes = Array.from({ length: count }, (_, n) => this.world.prefix(group + ((entry + n) & 7)));
    const distinct = [...new Set(prefixes)];
    // One message in ten withdraws; of watched space none does, else visibility would be judged too.
    return this.random() < 0.1 && !isWatched
      ? this.message(this.world.family(entry), [], [], distinct)
      : this.message(this.world.family(entry), this.pathTo(this.world.origin(entry)), distinct, []);
  }

  /** The n-th hijack: a watched prefix, or half of it, from an AS of its own. */
  hijack(n: number, watched: number): string {
    const entry = this.world.entryAt((n * 7_919) % watched);
    return this.message(
      this.world.family(entry),
      [...this.pathTo(0).slice(0, -1), attackerOf(0, n)],
      [this.world.prefix(entry, n % 2)],
      [],
    );
  }

  /** One of a storm: a watched prefix, whole, from the one attacker of all of them. */
  stormy(order: number): string {
    const entry = this.world.entryAt(order);
    const path = [PEER_FIRST, 220_001, STORM_ATTACKER];
    return this.message(this.world.family(entry), path, [this.world.prefix(entry)], []);
  }

  /** Transit differs, the AS next to the origin does not: a new neighbour would be a finding. */
  private pathTo(origin: number): number[] {
    const middle = Array.from({ length: this.below(3) }, () => 210_000 + this.below(500));
    return [PEER_FIRST + this.below(300), ...middle, 220_000 + (origin % 97), origin];
  }

  private message(family: 4 | 6, path: number[], announced: string[], withdrawn: string[]): string {
    const n = path.length === 0 ? this.below(300) : path[0]! - PEER_FIRST;
    const peer = family === 4 ? `193.203.${n & 7}.${n >> 3}` : `2001:7f8:${(n & 7) + 1}::${(n >> 3) + 1}`;
    const host = `rrc${String(n % 24).padStart(2, '0')}.ripe.net`;
    this.serial += 1;
    const stamp = (1_771_179_888 + this.serial / 50_000).toFixed(2);
    const id = `${peer}-019c628c${this.serial.toString(16).padStart(8, '0')}`;
    const tags = Array.from(
      { length: path.length === 0 ? 0 : this.below(15) },
      () => `[${200 + this.below(60_000)},${this.below(60_000)}]`,
    );
    const hop = family === 4 ? peer : `${peer},fe80::8a90:900:d7f8:eac5`;
    const routes =
      announced.length === 0 ? '' : `{"next_hop":"${hop}","prefixes":["${announced.join('","')}"]}`;
    const gone = withdrawn.length === 0 ? '' : `"${withdrawn.join('","')}"`;
    const origin = path.length === 0 ? '' : '"origin":"IGP",';
    return `{"type":"ris_message","data":{"timestamp":${stamp},"peer":"${peer}","peer_asn":"${PEER_FIRST + n}","id":"${id}","host":"${host}","type":"UPDATE","path":[${path}],"community":[${tags}],${origin}"announcements":[${routes}],"withdrawals":[${gone}]}}`;
  }
}

/** Every watched prefix once: announced by one attacker. */
export function stormOf(world: World, scale: Scale, seed: number): Buffer[] {
  const writer = new Writer(world, seed);
  return Array.from({ length: scale.watched }, (_, order) => Buffer.from(writer.stormy(order), 'latin1'));
}

/** A stream of `count` messages, hijacks spread evenly over it; `hijackAt` tells their positions. */
export function streamOf(
  world: World,
  scale: Scale,
  count: number,
  hijacks: number,
  seed: number,
): { messages: Buffer[]; hijackAt: Map<number, number> } {
  const writer = new Writer(world, seed);
  const hijackAt = new Map<number, number>();
  for (let n = 0; n < hijacks; n += 1) hijackAt.set(Math.floor(((n + 0.5) * count) / hijacks), n);
  const messages: Buffer[] = [];
  for (let position = 0; position < count; position += 1) {
    const n = hijackAt.get(position);
    messages.push(
      Buffer.from(n === undefined ? writer.ordinary(scale) : writer.hijack(n, scale.watched), 'latin1'),
    );
  }
  return { messages, hijackAt };
}

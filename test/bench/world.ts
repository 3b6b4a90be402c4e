/**
 * The bench's Internet: a routing table without overlaps, each prefix with its origin, and RIS Live messages about it.
 * Everything follows from a seed. The first W entries of the table are the watched ones; entries are spread over the
 * address space, so watched and foreign prefixes lie between each other.
 */

export const TABLE_4 = 1_000_000;
export const TABLE_6 = 230_000;
export const TABLE_SIZE: number = TABLE_4 + TABLE_6;

/** Who announces the n-th injected hijack (0…999) of a round (0…99): six digits. */
export function attackerOf(round: number, n: number): number {
  return 398_000 + round * 1_000 + n;
}

/** One scale of the bench: how much is watched, and how often the stream talks about it. */
export interface Scale {
  readonly watched: number;
  readonly hitShare: number;
}

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

  /** The AS next to the origin, always the same one: a new neighbour would be a finding. */
  neighbor(entry: number): number {
    return 220_000 + (this.origin(entry) % 97);
  }

  /** Text as RIS Live writes it, `deeper` bits longer; below 0 the prefix that covers it. */
  prefix(entry: number, deeper = 0): string {
    const length = this.lengths[entry]! + deeper;
    const isFour = entry < TABLE_4;
    const w0 = masked(this.words[entry * 2]!, length);
    const w1 = masked(this.words[entry * 2 + 1]!, length - 32);
    if (isFour) return `${w0 >>> 24}.${(w0 >>> 16) & 255}.${(w0 >>> 8) & 255}.${w0 & 255}/${length}`;
    const third = w1 === 0 ? '' : `:${(w1 >>> 16).toString(16)}`;
    return `${(w0 >>> 16).toString(16)}:${(w0 & 65_535).toString(16)}${third}::/${length}`;
  }
}

function masked(word: number, length: number): number {
  if (length >= 32) return word;
  return length <= 0 ? 0 : (word & (-1 << (32 - length))) >>> 0;
}

/**
 * What a daemon has seen announced so far, out of its database: for `check`, so that ROAs are held against what is
 * really announced and not only against the watchlist.
 */
import { existsSync } from 'node:fs';
import { originsOf } from '../bgp/as-path.ts';
import { type Prefix, parsePrefix } from '../bgp/prefix.ts';
import type { Remembered } from '../engine/ports.ts';
import { storedRoutes } from '../engine/stored-routes.ts';
import { isFirm } from '../judge/baseline.ts';
import type { Announced, AnnouncementKnowledge } from '../judge/roa-exposure.ts';
import { PrefixIndex } from '../match/prefix-index.ts';
import { openStore } from '../store/store.ts';

/** Routes looked at under one prefix. */
const INSIDE_MAX = 10_000;

export interface SeenSoFar {
  readonly knowledge: AnnouncementKnowledge;
  /** What each AS is remembered for and was not refused. */
  readonly originated: readonly Announced[];
}

/** Nothing is known where there is no database. */
export function seenSoFar(databasePath: string): SeenSoFar {
  if (!existsSync(databasePath)) return { knowledge: {}, originated: [] };
  const store = openStore(databasePath, { lock: false, readOnly: true });
  try {
    return knowledgeOf(store.remember());
  } finally {
    store.close();
  }
}

function knowledgeOf(remembered: Remembered): SeenSoFar {
  const expected = new Map<string, number[]>();
  const firmOf = new Map<number, Prefix[]>();
  const originated: Announced[] = [];
  for (const row of remembered.baseline) {
    const prefix = parsePrefix(row.prefix)?.prefix;
    if (prefix === undefined || row.source === 'rejected') continue;
    originated.push({ prefix, origin: row.origin });
    if (!isFirm(row.source)) continue;
    append(expected, prefix.text, row.origin);
    append(firmOf, row.origin, prefix);
  }
  const seen = new Seen();
  for (const { prefix, path } of storedRoutes(remembered))
    for (const origin of originsOf(path)) seen.add(prefix, origin);
  const knowledge: AnnouncementKnowledge = {
    expectedOrigins: ({ prefix }) => expected.get(prefix.text) ?? [],
    announcedBy: (asn) => firmOf.get(asn) ?? [],
    announcedInside: (outer) => seen.inside(outer),
  };
  return { knowledge, originated };
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

class Seen {
  private readonly index = new PrefixIndex();
  private readonly slots: { readonly prefix: Prefix; readonly origins: Set<number> }[] = [];

  add(prefix: Prefix, origin: number): void {
    const slot = this.index.exact(prefix);
    if (slot >= 0) {
      this.slots[slot]?.origins.add(origin);
      return;
    }
    this.index.insert(prefix, this.slots.length);
    this.slots.push({ prefix, origins: new Set([origin]) });
  }

  /** Itself included; undefined where nothing was seen: then it is not known. */
  inside(outer: Prefix): readonly Announced[] | undefined {
    const own = this.index.exact(outer);
    const slots = [...(own < 0 ? [] : [own]), ...this.index.insideOf(outer, INSIDE_MAX)];
    const found = slots.flatMap((slot) => {
      const row = this.slots[slot];
      return row === undefined ? [] : [...row.origins].map((origin) => ({ prefix: row.prefix, origin }));
    });
    return found.length === 0 ? undefined : found;
  }
}

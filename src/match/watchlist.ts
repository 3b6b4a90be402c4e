/**
 * The watchlist: what is ours and what is expected of it. Made by `config/`, read by match, judge and incident.
 * Plain immutable data; a reload makes a new one and swaps it whole.
 */
import type { Prefix } from '../bgp/prefix.ts';
import type { Severity } from '../bgp/severity.ts';

/** Path rules of an entry; patterns are router-style AS path regular expressions as the operator wrote them. */
export interface PathRules {
  readonly mustMatch?: string;
  readonly mustNotMatch?: string;
  /** Longest path allowed, in AS hops, prepending counted, an AS_SET as one. */
  readonly maxLength?: number;
}

interface EntryBase {
  readonly name: string;
  readonly group: string;
  readonly services: readonly string[];
  readonly tags: readonly string[];
  /** Open only when that many peer ASes show it. */
  readonly minPeers: number;
  readonly mitigation: readonly number[];
  /** ASes of which each must stand on some path to it; kind `upstream-loss`. */
  readonly mustSeeThrough: readonly number[];
  /** Kinds of this entry that no receiver is told of; they stay visible. */
  readonly mute: readonly string[];
  /** ASes allowed next to the origin; undefined: learned. */
  readonly upstreams: readonly number[] | undefined;
  readonly path: PathRules | undefined;
  /** Floor of the severity, for the hijack and path families. */
  readonly severity: Severity | undefined;
}

export interface PrefixEntry extends EntryBase {
  readonly type: 'prefix';
  readonly prefix: Prefix;
  /** A hole in the watch: nothing it covers is judged, unless a more specific entry does. */
  readonly ignore: boolean;
  /** undefined: learned baseline. Empty: nobody may announce it. */
  readonly origins: readonly number[] | undefined;
  /** How specific an expected origin may announce; the prefix's own length by default. */
  readonly maxLength: number;
  /** `ignore` is about more-specifics of expected origins only. */
  readonly moreSpecifics: 'watch' | 'ignore';
}

export interface AsnEntry extends EntryBase {
  readonly type: 'asn';
  readonly asn: number;
}

export type WatchEntry = PrefixEntry | AsnEntry;

/** Entries in their order: a plain list, or columns that make each entry when it is asked for (`watch-columns.ts`). */
export interface WatchEntries extends Iterable<WatchEntry> {
  readonly length: number;
}

export interface Watchlist {
  /** In the order of the files; each prefix and each AS at most once. */
  readonly entries: WatchEntries;
}

/** How an entry is named outside: its prefix, or `AS38099`. */
export function watchName(entry: WatchEntry): string {
  return entry.type === 'prefix' ? entry.prefix.text : `AS${entry.asn}`;
}

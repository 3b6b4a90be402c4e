/**
 * The checked settings: what `config/` makes of the YAML files, complete with defaults and resolved secrets.
 * Plain data. `daemon/` hands each room its own part.
 */

import type { Severity } from '../bgp/severity.ts';
import type { Contact } from '../incident/answer/contact.ts';
import type { Weights } from '../judge/vocabulary.ts';
import type { Organisations } from '../judge/world.ts';
import type { CheckedWatchlist } from './watchlist-files.ts';

/**
 * A secret that was resolved from `{ env }`, `{ file }` or `{ credential }`. It prints and serialises as
 * `[secret]`, so that it cannot slip into a log line or an answer; `reveal` is called where it is used.
 */
export interface Secret {
  reveal(): string;
}

/** How what goes out leaves this machine. */
export interface NetworkSettings {
  /** Hidden whole: it may hold a password. */
  readonly proxy: Secret | undefined;
  readonly noProxy: readonly string[];
  /** PEM: authorities to trust beside the usual ones. */
  readonly ca: string | undefined;
}

/** What every feed has, whatever its source. */
interface FeedBase {
  /** Its label in logs, metrics and coverage. */
  readonly name: string;
  /** Collectors to keep, without domain; empty: all. */
  readonly collectors: readonly string[];
  /** Vantage points that are not believed: AS numbers, addresses in canonical form. */
  readonly ignorePeers: readonly (number | string)[];
}

export interface RisLiveSettings extends FeedBase {
  readonly type: 'ris-live';
  readonly url: string;
  readonly subscribe: 'auto' | 'filtered' | 'firehose';
  readonly filterPrefixesMax: number;
}

export interface BmpSettings extends FeedBase {
  readonly type: 'bmp';
  readonly listen: { readonly host: string; readonly port: number };
  /** Who may connect: addresses in canonical form. */
  readonly routers: readonly { readonly address: string; readonly name: string }[];
  readonly view: 'auto' | 'pre-policy' | 'post-policy' | 'loc-rib';
  /** What these routers originate is what we announce. */
  readonly ours: boolean;
}

/** One feed, by its `type`; `feed/source-types.ts` has the source of each. */
export type FeedSettings = RisLiveSettings | BmpSettings;

/** A data file named in the configuration, as an absolute path, or the data itself. */
export interface KnowledgeSettings {
  readonly siblings: readonly (readonly number[])[];
  /** Lines `a|b|-1` (a is provider of b) or `a|b|0` (peers). */
  readonly topology: readonly { readonly a: number; readonly b: number; readonly relation: -1 | 0 }[];
  readonly asNames: ReadonlyMap<number, string>;
  readonly dropList: ReadonlySet<number>;
  /** Which ASes are one organisation. */
  readonly organisations: Organisations;
  /** How to reach the people of an AS; judging never asks. */
  readonly contacts: ReadonlyMap<number, readonly Contact[]>;
}

export interface DetectionSettings {
  readonly resolveAfterSeconds: number;
  readonly updateEverySeconds: number;
  readonly reopenWithinHours: number;
  readonly noEvidenceHours: number;
  readonly learnAfterHours: number;
  readonly learnPeers: number;
  readonly blindAfterSeconds: number;
  readonly criticalScore: number;
  readonly warningScore: number;
  readonly tier1: readonly number[];
  readonly weights: Weights;
}

interface ReceiverBase {
  readonly name: string;
  readonly minSeverity: Severity;
  readonly language: 'en' | 'ko';
}

/** One receiver; keys beyond `type` as in the YAML file, secrets resolved. `deliver/` knows what each type needs. */
export type ReceiverSettings = ReceiverBase & { readonly type: string } & Readonly<Record<string, unknown>>;

export interface RouteMatch {
  readonly group?: readonly string[];
  readonly kind?: readonly string[];
  readonly severity?: readonly string[];
  /** Any route of the incident overlaps one of these (canonical text). */
  readonly prefix?: readonly string[];
  readonly tags?: readonly string[];
}

export interface RouteSettings {
  /** Absent keys match everything; present ones must all match, each by any of its values. */
  readonly match: RouteMatch;
  readonly receivers: readonly string[];
  /** Send the alert again to these receivers when nobody acknowledged within the time. */
  readonly escalate: { readonly afterMinutes: number; readonly receivers: readonly string[] } | undefined;
  /** Remind while open and not acknowledged; undefined: never. */
  readonly repeatMinutes: number | undefined;
}

export interface TokenSettings {
  readonly name: string;
  readonly token: Secret;
  readonly scope: 'read' | 'write';
}

export interface ServeSettings {
  readonly host: string;
  readonly port: number;
  readonly hosts: readonly string[];
  /** Where people find the dashboard, with a slash at its end; undefined: not said. Its host is one of `hosts`. */
  readonly publicUrl: string | undefined;
  readonly tokens: readonly TokenSettings[];
}

/** What is asked for the time that a feed did not see; URLs end in a slash. */
export interface BackfillSettings {
  /** RIPEstat's data API; undefined: not asked. */
  readonly ripestat: string | undefined;
  /** The archive of RIS; undefined: not asked. */
  readonly archive: string | undefined;
  /** Older gaps are not filled. */
  readonly hoursMax: number;
  /** The section is there: what it promises and does not give is blindness. */
  readonly isConfigured: boolean;
}

/** An address that is called while all is well. */
export interface HeartbeatSettings {
  readonly url: Secret;
  readonly everySeconds: number;
}

export interface Settings {
  /** Absolute paths of every file these settings came from, for watching: configuration, watchlists, data, secrets. */
  readonly files: readonly string[];
  readonly watchlist: CheckedWatchlist;
  /** As configured, made absolute; undefined: `$STATE_DIRECTORY`, else ./var under the working directory. */
  readonly stateDirectory: string | undefined;
  readonly feeds: readonly FeedSettings[];
  readonly backfill: BackfillSettings;
  /** Names of the feeds by which routers of our own speak. */
  readonly ownFeeds: ReadonlySet<string>;
  readonly rpki: {
    readonly url: string | undefined;
    readonly file: string | undefined;
    readonly refreshMinutes: number;
    /** Validators spoken to by RTR, tried in this order; while one of them answers, the export is the fallback. */
    readonly rtr: readonly { readonly host: string; readonly port: number }[];
  };
  readonly network: NetworkSettings;
  readonly heartbeat: HeartbeatSettings | undefined;
  readonly knowledge: KnowledgeSettings;
  readonly detection: DetectionSettings;
  readonly receivers: readonly ReceiverSettings[];
  readonly routes: readonly RouteSettings[];
  readonly serve: ServeSettings;
  readonly log: { readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' };
}

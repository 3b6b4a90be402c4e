/**
 * The cases of other detectors in our terms: their rules as a watchlist, their messages as frames, their alerts as
 * kinds. Mapping: `../shared/data/README.md`. Where detection.md decides otherwise the case stands in `otherwise.ts`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { covers, type Prefix, parsePrefix } from '../../src/bgp/prefix.ts';
import type { Alert } from '../../src/incident/alert.ts';
import type { Kind } from '../../src/judge/vocabulary.ts';

const VECTORS = new URL('../../../shared/data/vectors/', import.meta.url).pathname;
export const hasVectors = existsSync(VECTORS);

/** `kind prefix offender`, for instance `sub-prefix 10.0.0.0/25 AS100`; sorted. */
export type Claims = readonly string[];

export interface Case {
  readonly id: string;
  readonly watch: readonly Record<string, unknown>[];
  readonly lines: readonly string[];
  readonly vrps: Record<string, unknown> | undefined;
  /** What their alerts come to; undefined offender: theirs names none. */
  readonly expected: Claims;
  /** The kinds that the case is about; others that we find besides are not its subject. */
  readonly kinds: readonly Kind[] | undefined;
  /** True when theirs says that it is over at the end. */
  readonly isOver: boolean;
}

export function claimsOf(alerts: readonly Alert[], kinds?: readonly Kind[]): Claims {
  const claims = new Set<string>();
  for (const { incident } of alerts) {
    for (const route of incident.routes) {
      if (kinds !== undefined && !kinds.includes(route.kind)) continue;
      claims.add(
        `${route.kind} ${route.prefix} ${incident.offender === null ? '-' : `AS${incident.offender}`}`,
      );
    }
  }
  return [...claims].sort();
}

function read(name: string): unknown {
  return hasVectors ? (JSON.parse(readFileSync(`${VECTORS}${name}`, 'utf8')) as unknown) : undefined;
}

// ---------------------------------------------------------------- ARTEMIS

interface ArtemisHijack {
  readonly type: string;
  readonly prefix: string;
  readonly hijack_as: number;
}
interface ArtemisVector {
  readonly id: string;
  readonly config: {
    readonly rules: readonly {
      readonly prefixes: readonly string[];
      readonly origin_asns: readonly number[] | '*';
      readonly neighbors: readonly number[] | '*';
    }[];
  };
  readonly messages: readonly {
    readonly type: 'A' | 'W';
    readonly prefix: string;
    readonly path: readonly number[];
    readonly peer: number;
    readonly ts: number;
  }[];
  readonly expected: {
    readonly alerts: readonly ArtemisHijack[];
    readonly final: { readonly active?: boolean } | null;
  };
}

/** Prefix letter and path letter of their taxonomy; the other two (data plane, policy) have no counterpart. */
const ARTEMIS_KINDS: Readonly<Record<string, Kind>> = {
  'E|0': 'origin-change',
  'S|0': 'sub-prefix',
  'Q|0': 'squatting',
  'E|1': 'forged-origin',
  'S|1': 'forged-origin',
  'S|-': 'unexpected-more-specific',
  'E|P': 'path-policy',
};

const ARTEMIS_BEGIN = 1_700_000_000;

export function artemisCases(): readonly Case[] {
  const file = read('artemis.json') as { vectors: readonly ArtemisVector[] } | undefined;
  return (file?.vectors ?? []).map(artemisCase);
}

function artemisCase(vector: ArtemisVector): Case {
  const touched = vector.messages.map(({ prefix }) => prefixOf(prefix));
  const watch = oncePerPrefix(
    vector.config.rules.flatMap(({ prefixes, origin_asns, neighbors }) =>
      // Their length operators (`/23^-`) stand on prefixes that no message touches.
      prefixes
        .filter((text) => !text.includes('^') && touched.some((prefix) => overlap(prefixOf(text), prefix)))
        .map((prefix) => ({
          prefix,
          ...(origin_asns === '*' ? {} : { origins: origin_asns }),
          ...(neighbors === '*' || neighbors.length === 0 ? {} : { upstreams: neighbors }),
        })),
    ),
  );
  const lines = vector.messages.map((message) => {
    const peer = `192.0.2.${message.peer % 250}`;
    const body =
      message.type === 'W'
        ? { withdrawals: [prefixOf(message.prefix).text] }
        : {
            path: message.path,
            announcements: [{ next_hop: peer, prefixes: [prefixOf(message.prefix).text] }],
          };
    const data = {
      timestamp: ARTEMIS_BEGIN + message.ts,
      peer,
      peer_asn: String(message.peer),
      host: 'rrc00.ripe.net',
    };
    return JSON.stringify({ type: 'ris_message', data: { ...data, type: 'UPDATE', ...body } });
  });
  const expected = vector.expected.alerts.map(({ type, prefix, hijack_as }) => {
    const kind = ARTEMIS_KINDS[type.slice(0, 3)];
    const offender = hijack_as === -1 ? originOf(vector, prefix) : hijack_as;
    return `${kind} ${prefixOf(prefix).text} AS${offender}`;
  });
  return {
    id: vector.id,
    watch,
    lines,
    vrps: undefined,
    expected: expected.sort(),
    kinds: undefined,
    isOver: vector.expected.final?.active === false,
  };
}

/** Their alternatives for one prefix are one entry of ours with all of their neighbours. */
function oncePerPrefix(
  entries: readonly { prefix: string; origins?: readonly number[]; upstreams?: readonly number[] }[],
): readonly Record<string, unknown>[] {
  const merged = new Map<string, (typeof entries)[number]>();
  for (const entry of entries) {
    const before = merged.get(entry.prefix);
    const upstreams = [...(before?.upstreams ?? []), ...(entry.upstreams ?? [])];
    merged.set(entry.prefix, { ...before, ...entry, ...(upstreams.length === 0 ? {} : { upstreams }) });
  }
  return [...merged.values()];
}

/** Theirs names nobody for a more-specific of the expected origin; ours names the origin. */
function originOf(vector: ArtemisVector, prefix: string): number {
  return vector.messages.find((message) => message.prefix === prefix)?.path.at(-1) ?? 0;
}

// ---------------------------------------------------------------- BGPalerter

interface AlerterVector {
  readonly id: string;
  readonly watch: readonly {
    readonly prefix: string;
    readonly asn: readonly number[];
    readonly ignoreMorespecifics: boolean;
    readonly ignore?: boolean;
    readonly path?: readonly {
      readonly match?: string;
      readonly notMatch?: string;
      readonly maxLength?: number;
    }[];
  }[];
  readonly monitorASns: readonly { readonly asn: number; readonly upstreams?: readonly number[] | null }[];
  readonly vrps: readonly Record<string, unknown>[];
  readonly settings: { readonly thresholdMinPeers?: { readonly misconfiguration: number } };
  readonly monitors: readonly string[];
  readonly messages: readonly Record<string, unknown>[];
  readonly expected?: readonly AlerterAlert[];
  readonly desired?: readonly AlerterAlert[];
}
interface AlerterAlert {
  readonly type: string;
  readonly prefix: string | null;
  readonly kind?: 'exact' | 'subprefix';
  readonly origin?: readonly number[];
  readonly neighbor?: number;
  readonly asn?: number;
}

const ALERTER_KINDS: Readonly<Record<string, readonly Kind[]>> = {
  hijack: ['origin-change', 'sub-prefix', 'squatting', 'covering-prefix'],
  newprefix: ['unexpected-more-specific'],
  visibility: ['visibility-loss'],
  path: ['path-policy'],
  misconfiguration: ['unexpected-origination'],
  rpki: ['rpki-invalid'],
  'path-neighbors': ['forged-origin', 'route-leak'],
};

export function alerterCases(name: 'bgpalerter.json' | 'bgpalerter-gaps.json'): readonly Case[] {
  return ((read(name) as readonly AlerterVector[] | undefined) ?? []).map(alerterCase);
}

function alerterCase(vector: AlerterVector): Case {
  const touched = vector.messages.flatMap(prefixesOf);
  const declared = vector.watch.filter(({ prefix }) =>
    touched.some((other) => overlap(prefixOf(prefix), other)),
  );
  const upstreams = new Map(vector.monitorASns.map(({ asn, upstreams }) => [asn, upstreams ?? undefined]));
  const watch = [
    ...declared.map((rule) => watchEntry(rule, upstreams)),
    // `monitorAS` means: all that it originates is on the list. So something of it has to be known.
    ...vector.monitorASns.flatMap(({ asn }, index) => [
      { asn, minPeers: minPeersOf(vector) },
      { prefix: `192.0.${index + 2}.0/24`, origins: [asn] },
    ]),
  ];
  const alerts = vector.expected ?? vector.desired ?? [];
  return {
    id: vector.id,
    watch: watch.length === 0 ? [{ prefix: '192.0.2.0/24', origins: [1] }] : watch,
    lines: vector.messages.map((data) =>
      JSON.stringify({ type: 'ris_message', data: withOwnPeerAs(vector, data) }),
    ),
    vrps: vector.vrps.length === 0 ? undefined : { roas: vector.vrps },
    expected: [...new Set(alerts.map((alert) => claimOf(alert, vector)))].sort(),
    kinds: vector.monitors.flatMap((monitor) => ALERTER_KINDS[monitor] ?? []),
    isOver: false,
  };
}

function minPeersOf({ monitors, settings }: AlerterVector): number {
  return monitors.includes('misconfiguration') ? (settings.thresholdMinPeers?.misconfiguration ?? 1) : 1;
}

function watchEntry(
  rule: AlerterVector['watch'][number],
  upstreams: ReadonlyMap<number, readonly number[] | undefined>,
): Record<string, unknown> {
  const prefix = prefixOf(rule.prefix).text;
  if (rule.ignore === true) return { prefix, ignore: true };
  const allowed = rule.asn.flatMap((asn) => upstreams.get(asn) ?? []);
  const [path] = rule.path ?? [];
  // Theirs alerts on a path that matches `match` and not `notMatch`; `match` is the origin's own tail in all of them.
  const rules = {
    ...(path?.notMatch === undefined ? {} : { mustMatch: path.notMatch }),
    ...(path?.maxLength === undefined ? {} : { maxLength: path.maxLength }),
  };
  return {
    prefix,
    origins: rule.asn,
    ...(rule.ignoreMorespecifics ? { moreSpecifics: 'ignore' } : {}),
    ...(allowed.length === 0 ? {} : { upstreams: allowed }),
    ...(Object.keys(rules).length === 0 ? {} : { path: rules }),
  };
}

/** Theirs counts peer addresses, ours peer ASes: where that count is the subject, each address is an AS of its own. */
function withOwnPeerAs(vector: AlerterVector, data: Record<string, unknown>): Record<string, unknown> {
  if (!vector.monitors.includes('misconfiguration') || vector.monitorASns.length === 0) return data;
  return { ...data, peer_asn: String(60_000 + Number(String(data.peer).split('.').at(-1))) };
}

function claimOf(alert: AlerterAlert, vector: AlerterVector): string {
  const { type, origin = [] } = alert;
  const prefix = alert.prefix === null ? '' : prefixOf(alert.prefix).text;
  const lowest = Math.min(...(origin.length > 0 ? origin : originsIn(vector, prefix)));
  switch (type) {
    case 'hijack':
      return `${alert.kind === 'subprefix' ? 'sub-prefix' : 'origin-change'} ${prefix} AS${lowest}`;
    case 'less-specific':
      return `covering-prefix ${prefix} AS${lowest}`;
    case 'path-neighbors':
    case 'new-upstream-or-path':
      return `forged-origin ${prefix} AS${alert.neighbor}`;
    case 'visibility':
      return `visibility-loss ${prefix} -`;
    default:
      return `${ALERTER_KINDS[type]?.[0]} ${prefix} AS${lowest}`;
  }
}

function originsIn(vector: AlerterVector, prefix: string): readonly number[] {
  const frame = vector.messages.find((message) => prefixesOf(message).some(({ text }) => text === prefix));
  const last = (frame?.path as readonly unknown[] | undefined)?.at(-1);
  return typeof last === 'number' ? [last] : ((last as readonly number[] | undefined) ?? [0]);
}

function prefixesOf(message: Record<string, unknown>): readonly Prefix[] {
  const announced = ((message.announcements ?? []) as readonly { prefixes: readonly string[] }[]).flatMap(
    ({ prefixes }) => prefixes,
  );
  return [...announced, ...((message.withdrawals ?? []) as readonly string[])].map(prefixOf);
}

function overlap(a: Prefix, b: Prefix): boolean {
  return covers(a, b) || covers(b, a);
}

function prefixOf(text: string): Prefix {
  const parsed = parsePrefix(text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`);
  if (parsed === undefined) throw new Error(`no prefix: ${text}`);
  return parsed.prefix;
}

/**
 * Who hears of an alert, and why: routes, each receiver's `minSeverity`, silences, and what was told before.
 * Pure. Between the life cycle, which made the alert, and the outbox rows, which carry it out. `explain` prints the
 * reasons; `deliver/` never decides about them again.
 *
 * The rules, in this order:
 *   1. `resolved` goes to whoever was told that the incident stands, silence or not, and to nobody else.
 *   2. A silence that covers every route of the incident keeps all other alerts back while it lasts.
 *      So does `mute` of the watch entries, where each route that stands is of a kind that its entry mutes.
 *   3. The first route that matches names the receivers. With routes and no match nobody hears of it; without
 *      routes everybody does.
 *   4. Of those, each hears what reaches its `minSeverity`.
 */
import { covers, overlaps, type Prefix, parsePrefix } from '../bgp/prefix.ts';
import { type Severity, severityRank } from '../bgp/severity.ts';
import type { Alert, Incident, IncidentRoute } from './alert.ts';

export interface RoutedReceiver {
  readonly name: string;
  readonly minSeverity: Severity;
}

/** As `RouteSettings` of the configuration. Absent keys match everything; present ones must all match. */
export interface RouteRule {
  readonly match: {
    readonly group?: readonly string[];
    readonly kind?: readonly string[];
    readonly severity?: readonly string[];
    readonly prefix?: readonly string[];
    readonly tags?: readonly string[];
  };
  readonly receivers: readonly string[];
  readonly escalate?: { readonly afterMinutes: number; readonly receivers: readonly string[] } | undefined;
  readonly repeatMinutes?: number | undefined;
}

/** As `Silence` of the ports: ISO times, the end exclusive. */
export interface SilenceRule {
  readonly id: string;
  readonly match: {
    readonly group?: string;
    readonly prefix?: string;
    readonly kind?: string;
    readonly offender?: number;
  };
  readonly startsAt: string;
  readonly endsAt: string;
  readonly expectedOrigin: number | null;
  readonly by: string;
}

export interface RoutingPlan {
  readonly receivers: readonly RoutedReceiver[];
  readonly routes: readonly RouteRule[];
  readonly silences: readonly SilenceRule[];
  /** Tags of the watch entry of this name (its prefix, or `AS38099`); empty when there is none. */
  readonly tagsOf: (watch: string) => readonly string[];
  /** Kinds of this watch entry that nobody is told of. */
  readonly mutedBy?: (watch: string) => readonly string[];
}

export interface Decision {
  readonly receiver: string;
  readonly notify: boolean;
  /** One English clause, for `explain` and the log. */
  readonly reason: string;
}

/**
 * One decision per receiver, in the order of `plan.receivers`. `told`: receivers that were told that this incident
 * opened, reopened, escalated or grew. `nowMs` is the arrived time that silences are held against.
 */
export function planDeliveries(
  alert: Alert,
  told: ReadonlySet<string>,
  plan: RoutingPlan,
  nowMs: number,
): readonly Decision[] {
  if (alert.event === 'resolved') return plan.receivers.map((receiver) => decideEnd(receiver, told));
  const silence = silenceOf(alert.incident, plan.silences, nowMs);
  if (silence !== undefined) {
    const reason = `silenced until ${silence.endsAt} by ${silence.by}`;
    return plan.receivers.map(({ name }) => ({ receiver: name, notify: false, reason }));
  }
  if (isMuted(alert.incident, plan)) {
    const reason = 'its watch entry mutes this kind';
    return plan.receivers.map(({ name }) => ({ receiver: name, notify: false, reason }));
  }
  const routed = routeOf(alert.incident, plan);
  return plan.receivers.map((receiver) => decideNews(receiver, alert.incident.severity, routed));
}

/** Each route that stands is of a kind that its watch entry mutes. More routes than are listed are never wholly known. */
export function isMuted(incident: Incident, { mutedBy }: Pick<RoutingPlan, 'mutedBy'>): boolean {
  if (mutedBy === undefined || incident.routesTotal > incident.routes.length) return false;
  const standing = incident.routes.filter(({ active }) => active);
  return standing.length > 0 && standing.every(({ kind, watch }) => mutedBy(watch).includes(kind));
}

function decideEnd(receiver: RoutedReceiver, told: ReadonlySet<string>): Decision {
  return told.has(receiver.name)
    ? { receiver: receiver.name, notify: true, reason: 'was told of the incident, so it is told of the end' }
    : {
        receiver: receiver.name,
        notify: false,
        reason: 'was never told of the incident, so its end is no news',
      };
}

function decideNews(receiver: RoutedReceiver, severity: Severity, routed: Routed): Decision {
  const { name, minSeverity } = receiver;
  if (routed.rule !== undefined && !routed.rule.receivers.includes(name)) {
    return { receiver: name, notify: false, reason: `${routed.reason}, which does not name it` };
  }
  if (routed.rule === undefined && !routed.everybody) {
    return { receiver: name, notify: false, reason: routed.reason };
  }
  if (severityRank(severity) < severityRank(minSeverity)) {
    return {
      receiver: name,
      notify: false,
      reason: `${routed.reason}; ${severity} is below its minSeverity ${minSeverity}`,
    };
  }
  return {
    receiver: name,
    notify: true,
    reason: `${routed.reason}; ${severity} reaches its minSeverity ${minSeverity}`,
  };
}

/** What the routes say of an incident. `rule` is undefined when no route decided. */
export interface Routed {
  readonly rule: RouteRule | undefined;
  /** Position among the routes, from 1; 0 when no route decided. */
  readonly number: number;
  /** True when there are no routes at all. */
  readonly everybody: boolean;
  readonly reason: string;
}

/** The first route that matches. */
export function routeOf(incident: Incident, plan: Pick<RoutingPlan, 'routes' | 'tagsOf'>): Routed {
  if (plan.routes.length === 0) {
    return { rule: undefined, number: 0, everybody: true, reason: 'no routes: every receiver is asked' };
  }
  const index = plan.routes.findIndex((rule) => ruleMatches(rule, incident, plan.tagsOf));
  const rule = plan.routes[index];
  if (rule === undefined) {
    const reason = `none of the ${plan.routes.length} routes matches: nobody is told`;
    return { rule, number: 0, everybody: false, reason };
  }
  const because = describeMatch(rule);
  return { rule, number: index + 1, everybody: false, reason: `route ${index + 1} matches (${because})` };
}

function describeMatch(rule: RouteRule): string {
  const parts = Object.entries(rule.match)
    .filter(([, values]) => values !== undefined)
    .map(([key, values]) => `${key} ${values.join(' or ')}`);
  return parts.length === 0 ? 'everything' : parts.join(', ');
}

function ruleMatches(rule: RouteRule, incident: Incident, tagsOf: RoutingPlan['tagsOf']): boolean {
  const { group, kind, severity, prefix, tags } = rule.match;
  if (group !== undefined && !group.includes(incident.group)) return false;
  if (severity !== undefined && !severity.includes(incident.severity)) return false;
  if (kind !== undefined && !kindsOf(incident).some((own) => kind.includes(own))) return false;
  if (prefix !== undefined && !anyRouteOverlaps(incident, prefix)) return false;
  if (tags !== undefined) {
    return incident.routes.some((route) => tagsOf(route.watch).some((tag) => tags.includes(tag)));
  }
  return true;
}

function kindsOf(incident: Incident): readonly string[] {
  return [incident.kind, ...incident.routes.map((route) => route.kind)];
}

function anyRouteOverlaps(incident: Incident, texts: readonly string[]): boolean {
  const wanted = texts.map(readPrefix).filter((prefix) => prefix !== undefined);
  return incident.routes.some((route) => {
    const own = readPrefix(route.prefix);
    return own !== undefined && wanted.some((other) => overlaps(own, other));
  });
}

function readPrefix(text: string): Prefix | undefined {
  return parsePrefix(text)?.prefix;
}

/**
 * The silence that keeps this incident quiet at `nowMs`, the one that lasts longest; undefined when none does.
 * A planned change (`expectedOrigin`) is no silence of this sort: it makes its origin expected, and any other
 * origin still alerts.
 */
export function silenceOf(
  incident: Incident,
  silences: readonly SilenceRule[],
  nowMs: number,
): SilenceRule | undefined {
  let longest: SilenceRule | undefined;
  for (const silence of silences) {
    if (silence.expectedOrigin !== null || !lasts(silence, nowMs) || !quiets(silence, incident)) continue;
    if (longest === undefined || Date.parse(silence.endsAt) > Date.parse(longest.endsAt)) longest = silence;
  }
  return longest;
}

function lasts(silence: SilenceRule, nowMs: number): boolean {
  return Date.parse(silence.startsAt) <= nowMs && nowMs < Date.parse(silence.endsAt);
}

/**
 * A silence by prefix or kind holds only when each route that stands is meant: quieting one prefix must not quiet
 * another that the same attacker takes. An incident with more routes than are listed is never wholly known.
 */
function quiets(silence: SilenceRule, incident: Incident): boolean {
  const { group, offender, kind, prefix } = silence.match;
  if (group !== undefined && group !== incident.group) return false;
  if (offender !== undefined && offender !== incident.offender) return false;
  if (kind === undefined && prefix === undefined) return true;
  if (incident.routesTotal > incident.routes.length) return false;
  const active = incident.routes.filter((route) => route.active);
  const meant = active.length > 0 ? active : incident.routes;
  if (meant.length === 0) return prefix === undefined && kind === incident.kind;
  if (kind !== undefined && !meant.every((route) => route.kind === kind)) return false;
  const outer = prefix === undefined ? undefined : readPrefix(prefix);
  if (prefix !== undefined && outer === undefined) return false;
  return outer === undefined || meant.every((route) => isWithin(outer, route));
}

/** The route's prefix, or the whole watched prefix it is about, lies inside the silenced one. */
function isWithin(outer: Prefix, route: IncidentRoute): boolean {
  return [route.prefix, route.watch].some((text) => {
    const inner = readPrefix(text);
    return inner !== undefined && covers(outer, inner);
  });
}

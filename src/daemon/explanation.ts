/**
 * What an announcement would cause, stage by stage: match → expectation → RPKI → kinds → score → incident → whom to
 * tell. Nothing is judged here: an engine restored from the state directory answers each question, and at the end the
 * announcement is applied to it, a copy in memory whose effects are thrown away.
 */
import { type AsPath, formatAsPath, neighborOf, originsOf } from '../bgp/as-path.ts';
import { formatAsn } from '../bgp/asn.ts';
import type { Prefix } from '../bgp/prefix.ts';
import type { Severity } from '../bgp/severity.ts';
import type { Community } from '../bgp/update.ts';
import type { Vrp } from '../bgp/vrp.ts';
import type { Settings } from '../config/settings.ts';
import { type Answer, judgeAnnouncement } from '../engine/appraise.ts';
import type { Core } from '../engine/core.ts';
import type { Engine } from '../engine/engine.ts';
import type { Silence } from '../engine/ports.ts';
import type { Alert, Incident } from '../incident/alert.ts';
import type { IncidentState } from '../incident/incident-state.ts';
import { renderIncident } from '../incident/render.ts';
import { type Decision, planDeliveries, type RoutingPlan, routeOf } from '../incident/routing.ts';
import { severityOf } from '../incident/score.ts';
import { asLabel, evidenceOf } from '../judge/evidence-words.ts';
import type { Expectation, Finding } from '../judge/finding.ts';
import { COVERING_LENGTH_MIN } from '../judge/judge.ts';
import { type Evidence, FAMILY_OF, type Kind, type Words } from '../judge/vocabulary.ts';
import { askKinds, both, type KindAnswer } from './explanation-kinds.ts';

export interface Asked {
  readonly prefix: Prefix;
  readonly path: AsPath;
  readonly communities: readonly Community[];
}

export interface Explanation {
  readonly announcement: {
    readonly prefix: string;
    readonly path: string;
    readonly origins: readonly number[];
    readonly neighbor: number | null;
    readonly communities: readonly string[];
  };
  readonly match: {
    readonly type: 'covered' | 'hole' | 'covering' | 'none';
    /** The entry it is judged against. */
    readonly watch: string | null;
    readonly name: string | null;
    readonly group: string | null;
    /** Watched prefixes that it covers. */
    readonly inside: readonly string[];
    readonly reason: string;
  };
  readonly expectation: ExplainedExpectation | null;
  readonly rpki: {
    readonly state: 'valid' | 'invalid' | 'not-found' | 'unknown';
    readonly reason: string;
    readonly covering: readonly {
      readonly prefix: string;
      readonly maxLength: number;
      readonly asn: number;
    }[];
  };
  readonly kinds: readonly KindAnswer[];
  readonly finding: ExplainedFinding | null;
  /** Why there is no finding; null when there is one. */
  readonly nothing: string | null;
  readonly plannedChange: Silence | null;
  readonly incident: {
    readonly key: { readonly group: string; readonly family: string; readonly offender: number };
    readonly id: string | null;
    readonly outcome: 'opened' | 'escalated' | 'updated' | 'reopened' | 'resolved' | 'none';
    readonly reason: string;
    readonly severity: Severity | null;
    readonly score: number | null;
    readonly summary: Words | null;
  } | null;
  readonly notify: readonly Decision[];
  readonly escalation: { readonly afterMinutes: number; readonly receivers: readonly string[] } | null;
}

export interface ExplainedExpectation {
  readonly state: Expectation['state'];
  readonly reason: string;
  readonly origins: readonly {
    readonly origin: number;
    readonly maxLength: number;
    readonly neighbors: {
      readonly allowed: readonly number[];
      readonly source: 'declared' | 'learned';
    } | null;
  }[];
}

export interface ExplainedFinding {
  readonly kind: Kind;
  readonly taxonomy: string | null;
  readonly offender: number;
  readonly expectedOrigins: readonly number[];
  readonly originAs: readonly number[];
  readonly evidence: readonly Evidence[];
  readonly score: number;
  readonly severity: Severity;
  /** How the score became the severity. */
  readonly reason: string;
}

const FEED = 'explain';

/** Asks `engine` and then applies the announcement to it: nobody else may hold it. */
export function explainAnnouncement(
  engine: Engine,
  settings: Settings,
  asked: Asked,
  nowMs: number,
): Explanation {
  const { core } = engine;
  const { prefix, path, communities } = asked;
  const [first] = path;
  const point = {
    collector: FEED,
    peerAddress: prefix.family === 4 ? '192.0.2.1' : '2001:db8::1',
    peerAsn: typeof first === 'number' ? first : 0,
  };
  const { id } = core.vantagePoints.meet(point, FEED);
  const answer = judgeAnnouncement(core.plan, core.world, {
    ...asked,
    vantagePoint: id,
    peerAsn: point.peerAsn,
  });
  const { finding } = answer;
  const isPlanned = finding !== undefined && core.silences.expects(finding, prefix, nowMs);
  const stages = {
    announcement: {
      prefix: prefix.text,
      path: formatAsPath(path),
      origins: originsOf(path),
      neighbor: neighborOf(path) ?? null,
      communities: communities.map((pair) => pair.join(':')),
    },
    match: explainMatch(answer, asked),
    expectation: explainExpectation(answer),
    rpki: explainRpki(core, settings, asked),
    kinds: explainKinds(core, answer),
    finding: finding === undefined ? null : explainFinding(core, finding),
    nothing: finding === undefined ? whyNothing(answer, asked) : null,
    plannedChange: finding !== undefined && isPlanned ? plannedOf(core, finding, nowMs) : null,
  };
  const update = {
    vantagePoint: point,
    observedMs: nowMs,
    path,
    communities,
    announced: [prefix],
    withdrawn: [],
  };
  const before = finding === undefined ? undefined : snapshotOf(core, finding);
  core.effects.take();
  engine.apply({ type: 'update', feed: FEED, via: 'live', update, raw: '' }, nowMs);
  const { alerts } = core.effects.take().batch;
  if (finding === undefined || isPlanned)
    return {
      ...stages,
      incident: null,
      ...tellNobody(core, 'nothing is wrong, so there is nothing to tell'),
    };
  return { ...stages, ...explainIncident(core, finding, alerts, before, nowMs) };
}

// ---------------------------------------------------------------- stages

function explainMatch({ match, watched }: Answer, { prefix }: Asked): Explanation['match'] {
  const inside = match.type === 'covering' ? match.inside.map((one) => one.prefix.text) : [];
  const entry = match.type === 'hole' ? match.watched : watched;
  const about = {
    type: match.type,
    watch: entry?.name ?? null,
    name: entry?.entry.name ?? null,
    group: entry?.entry.group ?? null,
    inside,
  };
  switch (match.type) {
    case 'covered': {
      const { prefix: own, entry: line, name } = match.watched;
      const known = line.type === 'asn' ? `${own.text}, which ${name} is known to originate,` : own.text;
      return { ...about, reason: `${known} is the most specific entry that covers it` };
    }
    case 'hole':
      return {
        ...about,
        reason: `the most specific entry that covers it is the hole ${match.watched.name} (ignore: true)`,
      };
    case 'covering': {
      const count = inside.length === 1 ? `the watched ${inside[0]}` : `${inside.length} watched prefixes`;
      const short = prefix.length < COVERING_LENGTH_MIN[prefix.family];
      const bound = `, but shorter than /${COVERING_LENGTH_MIN[prefix.family]} it covers everybody and nobody`;
      return { ...about, reason: `no entry covers it; it covers ${count}${short ? bound : ''}` };
    }
    case 'none': {
      const asn = watched?.entry.type === 'asn' ? watched.entry.asn : undefined;
      const whose =
        asn === undefined
          ? ', and its origin is no watched AS'
          : `; its origin ${formatAsn(asn)} is a watched AS`;
      return { ...about, reason: `no entry covers it and it covers none${whose}` };
    }
  }
}

const EXPECTATION_REASONS: Readonly<Record<Expectation['state'], string>> = {
  declared: 'the watchlist names the origins',
  learned: 'the baseline has learned the origins, or an operator accepted them',
  provisional: 'the first origin that enough peer ASes showed; not yet firm',
  none: 'the watchlist says that nobody may announce it',
  unknown: 'no origins in the watchlist and none in the baseline yet: it is learned first',
};

function explainExpectation({ expectation }: Answer): ExplainedExpectation | null {
  if (expectation === undefined) return null;
  return {
    state: expectation.state,
    reason: EXPECTATION_REASONS[expectation.state],
    origins: expectation.origins.map((origin) => {
      const known = expectation.neighborsOf(origin);
      const allowed = [...(known?.allowed ?? [])].sort((a, b) => a - b);
      const neighbors =
        known === undefined
          ? null
          : { allowed, source: known.isDeclared ? ('declared' as const) : ('learned' as const) };
      return { origin, maxLength: expectation.maxLengthOf(origin), neighbors };
    }),
  };
}

function explainRpki(core: Core, settings: Settings, { prefix, path }: Asked): Explanation['rpki'] {
  if (core.rpki === undefined) {
    const reason =
      settings.rpki.url === undefined
        ? 'no VRPs: neither rpki.vrps in the configuration nor --vrps'
        : 'the VRPs of the configuration come from a URL, which is not fetched here: give --vrps FILE';
    return { state: 'unknown', reason, covering: [] };
  }
  const isSet = typeof path.at(-1) === 'object';
  const [origin] = originsOf(path);
  const { state, reason, covering } = core.rpki.validate(prefix, isSet ? undefined : origin);
  return { state, reason: rpkiWord(state, reason), covering: covering.map(plainVrp) };
}

function rpkiWord(state: 'valid' | 'invalid' | 'not-found', reason: 'origin' | 'length' | undefined): string {
  if (state === 'valid') return 'a VRP names this origin for this prefix';
  if (state === 'not-found') return 'no VRP covers it';
  return reason === 'length'
    ? 'a VRP names this origin, but the prefix is too long'
    : 'no VRP that covers it names this origin';
}

function plainVrp({ prefix, maxLength, asn }: Vrp): Explanation['rpki']['covering'][number] {
  return { prefix: prefix.text, maxLength, asn };
}

function explainKinds(core: Core, answer: Answer): readonly KindAnswer[] {
  const { route, watched, expectation, finding, match } = answer;
  if (match.type === 'covered') {
    if (route === undefined || watched === undefined || expectation === undefined) return [];
    return askKinds({ route, watched, expectation, world: core.world }, asNames(core));
  }
  if (match.type === 'hole' || route === undefined) return [];
  return [
    outside('unexpected-origination', finding, core, 'the origin is no watched AS, or is known for it'),
    outside(
      'covering-prefix',
      finding,
      core,
      'it covers no watched prefix whose expected origins it contradicts',
    ),
  ];
}

/** The kinds of prefixes that no entry covers. */
function outside(kind: Kind, finding: Finding | undefined, core: Core, whyNot: string): KindAnswer {
  const [own] = finding?.rows ?? [];
  if (finding?.kind !== kind || own === undefined)
    return { kind, holds: false, isTheKind: false, reason: both(whyNot) };
  return { kind, holds: true, isTheKind: true, reason: evidenceOf(own, asNames(core)).text };
}

function asNames(core: Core): (asn: number) => string | undefined {
  return (asn) => core.config.knowledge.asNames.get(asn);
}

function whyNothing({ match, learnFor, expectation, isOurs }: Answer, { prefix }: Asked): string {
  if (match.type === 'hole') return 'it falls into a hole of the watch: nothing is judged';
  if (learnFor !== undefined)
    return `${formatAsn(learnFor.asn)} is still being learned: this prefix is learned for it`;
  if (match.type === 'covering' && prefix.length < COVERING_LENGTH_MIN[prefix.family])
    return 'a prefix this short is not judged';
  if (!isOurs) return 'it is not watched: nothing is judged';
  if (expectation?.state === 'unknown')
    return 'there is no expectation yet to hold it against: it is learned';
  return 'it is as expected';
}

function explainFinding(core: Core, finding: Finding): ExplainedFinding {
  const { kind, taxonomy, offender, expectedOrigins, originAs, rows } = finding;
  const score = Math.max(
    0,
    rows.reduce((sum, row) => sum + row.weight, 0),
  );
  const { criticalScore, warningScore, weights } = core.config.detection;
  const floor = finding.watched.entry.severity;
  const severity = severityOf(score, FAMILY_OF[kind], floor, { criticalScore, warningScore, weights });
  return {
    kind,
    taxonomy,
    offender,
    expectedOrigins,
    originAs,
    evidence: rows.map((row) => evidenceOf(row, asNames(core))),
    score,
    severity,
    reason: severityReason(finding, criticalScore, warningScore),
  };
}

function severityReason({ kind, watched }: Finding, criticalScore: number, warningScore: number): string {
  const family = FAMILY_OF[kind];
  const floor = watched.entry.severity;
  const cap = family === 'own' ? '; the family own rises to warning at most' : '';
  const own =
    floor === undefined || family === 'visibility' || family === 'feed'
      ? ''
      : `; the entry asks for ${floor}`;
  return `critical from ${criticalScore}, warning from ${warningScore}${cap}${own}`;
}

function plannedOf(core: Core, finding: Finding, nowMs: number): Silence | null {
  const { originAs } = finding;
  const planned = core.silences.inForce(nowMs);
  return (
    planned.find(({ expectedOrigin }) => expectedOrigin !== null && originAs.includes(expectedOrigin)) ?? null
  );
}

// ---------------------------------------------------------------- incident and notification

interface Before {
  readonly state: IncidentState['state'];
  readonly told: ReadonlySet<string>;
}

function incidentOf(core: Core, { watched, kind, offender }: Finding): IncidentState | undefined {
  const family = FAMILY_OF[kind];
  for (const incident of core.book.every())
    if (
      incident.group === watched.entry.group &&
      incident.family === family &&
      incident.offender === offender
    )
      return incident;
  return undefined;
}

function snapshotOf(core: Core, finding: Finding): Before | undefined {
  const incident = incidentOf(core, finding);
  return incident === undefined
    ? undefined
    : { state: incident.state, told: new Set(incident.toldReceivers) };
}

function explainIncident(
  core: Core,
  finding: Finding,
  alerts: readonly Alert[],
  before: Before | undefined,
  nowMs: number,
): Pick<Explanation, 'incident' | 'notify' | 'escalation'> {
  const after = incidentOf(core, finding);
  const family = FAMILY_OF[finding.kind];
  const { group } = finding.watched.entry;
  const alert = alerts.findLast(
    ({ incident }) =>
      incident.group === group && incident.family === family && incident.offender === finding.offender,
  );
  const shown =
    alert?.incident ??
    (after === undefined || after.state === 'pending'
      ? undefined
      : renderIncident(after, core.renderPorts()));
  const reason = outcomeReason(core, finding, alert, after, before);
  const incident: Explanation['incident'] = {
    key: { group, family, offender: finding.offender },
    id: before === undefined ? null : (shown?.id ?? null),
    outcome: alert?.event ?? 'none',
    reason,
    severity: shown?.severity ?? null,
    score: shown?.score ?? null,
    summary: shown?.summary ?? null,
  };
  if (alert === undefined)
    return { incident, ...tellNobody(core, `no alert: ${reason}`), escalation: escalationOf(core, shown) };
  const notify = planDeliveries(alert, before?.told ?? new Set(), routingPlan(core, nowMs), nowMs);
  return { incident, notify, escalation: escalationOf(core, alert.incident) };
}

function outcomeReason(
  core: Core,
  finding: Finding,
  alert: Alert | undefined,
  after: IncidentState | undefined,
  before: Before | undefined,
): string {
  if (alert !== undefined)
    return `${alert.reason}: ${before === undefined ? 'no incident of this group, family and offender is open' : `one was ${before.state} already`}`;
  const { minPeers } = finding.watched.entry;
  if (after === undefined || after.state === 'pending')
    return `the entry asks for ${minPeers} peer ASes (minPeers), and this is one`;
  if (after.state === 'resolved') return 'an operator resolved it: it reopens on new evidence only';
  if (after.told.pending !== undefined)
    return `it joins the open incident; further news are collected for ${core.config.detection.updateEverySeconds} s`;
  return 'it joins the open incident, which has been told already, and brings nothing new';
}

function routingPlan(core: Core, nowMs: number): RoutingPlan {
  return {
    receivers: core.config.receivers,
    routes: core.config.routes,
    silences: core.silences.inForce(nowMs),
    tagsOf: (watch) => core.tagsOf(watch),
  };
}

function tellNobody(core: Core, reason: string): Pick<Explanation, 'notify' | 'escalation'> {
  return {
    notify: core.config.receivers.map(({ name }) => ({ receiver: name, notify: false, reason })),
    escalation: null,
  };
}

function escalationOf(core: Core, incident: Incident | undefined): Explanation['escalation'] {
  if (incident === undefined) return null;
  const { rule } = routeOf(incident, { routes: core.config.routes, tagsOf: (watch) => core.tagsOf(watch) });
  return rule?.escalate ?? null;
}

/** `AS9457 (DREAMX)`. */
export function labelIn(settings: Settings, asn: number): string {
  return asLabel(asn, (number) => settings.knowledge.asNames.get(number));
}

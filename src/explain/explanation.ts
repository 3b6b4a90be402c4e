/**
 * What an announcement would cause, stage by stage: match → expectation → RPKI → kinds → score → incident → whom to
 * tell. Nothing is judged here: an engine restored from the state directory answers each question, and at the end the
 * announcement is applied to it, a copy in memory whose effects are thrown away.
 */
import { formatAsPath, neighborOf, originsOf } from '../bgp/as-path.ts';
import { formatAsn } from '../bgp/asn.ts';
import type { Vrp } from '../bgp/vrp.ts';
import type { Settings } from '../config/settings.ts';
import { type Answer, judgeAnnouncement } from '../engine/appraise.ts';
import { asNameOf } from '../engine/config.ts';
import type { Core } from '../engine/core.ts';
import { type Engine, stateOf } from '../engine/engine.ts';
import type { Silence } from '../engine/ports.ts';
import { severityOf } from '../incident/score.ts';
import { evidenceOf } from '../judge/evidence-words.ts';
import type { Expectation, Finding } from '../judge/finding.ts';
import { COVERING_LENGTH_MIN } from '../judge/judge.ts';
import { writtenOut } from '../judge/sharing.ts';
import { spreadOf, withSpread } from '../judge/spread.ts';
import { FAMILY_OF, type Kind } from '../judge/vocabulary.ts';
import { explainIncident, snapshotOf, tellNobody } from './explanation-incident.ts';
import { askKinds, both } from './explanation-kinds.ts';
import type {
  Asked,
  ExplainedExpectation,
  ExplainedFinding,
  Explanation,
  KindAnswer,
} from './explanation-shape.ts';

const FEED = 'explain';

/** Asks `engine` and then applies the announcement to it: nobody else may hold it. */
export function explainAnnouncement(
  engine: Engine,
  settings: Settings,
  asked: Asked,
  nowMs: number,
): Explanation {
  const core = stateOf(engine);
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
    finding: finding === undefined ? null : explainFinding(core, finding, asked),
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
  core.takeBatch(false, 0);
  engine.apply({ type: 'update', feed: FEED, via: 'live', update, raw: '' }, nowMs);
  const { alerts } = core.takeBatch(false, 0).batch;
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
  if (!core.rpki.holds())
    return { state: 'unknown', reason: 'every VRP of the export is past its end', covering: [] };
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
  return (asn) => asNameOf(core.config.knowledge, asn);
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

function explainFinding(core: Core, finding: Finding, { prefix, path }: Asked): ExplainedFinding {
  const { kind, taxonomy, offender, expectedOrigins, originAs, watched } = finding;
  // With those who carry the same already: some rows are true of all of them only.
  const others = core.rib
    .routesAt(prefix)
    .flatMap((route) =>
      route.finding?.offender === offender
        ? [{ vantagePoint: route.vantagePoint, path: route.path, finding: route.finding }]
        : [],
    );
  const spread = spreadOf(core.world, prefix, [...others, { vantagePoint: -1, path, finding }]);
  const rows = writtenOut(
    withSpread(finding.rows, spread, core.world.weights),
    prefix.text,
    watched.prefix.text,
  );
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

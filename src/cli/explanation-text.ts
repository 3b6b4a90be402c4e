/** An explanation as people read it, one stage after the other. Words of evidence stand in both languages. */
import { formatAsn } from '../bgp/asn.ts';
import type { Settings } from '../config/settings.ts';
import type { ExplainedExpectation, ExplainedFinding, Explanation } from '../explain/explanation-shape.ts';
import { asLabel } from '../judge/evidence-words.ts';
import { printable } from '../words/printable.ts';
import { signed } from './incident-text.ts';
import { localTime, tableLines } from './table.ts';

/** `state`: one line about what is remembered. */
export function explanationLines(explanation: Explanation, settings: Settings, state: string): string[] {
  const { announcement, match } = explanation;
  const origins = announcement.origins.map((asn) => labelIn(settings, asn)).join(', ');
  const entry =
    match.watch === null ? [] : [`entry ${match.watch}  ${match.name ?? ''}  group ${match.group ?? ''}`];
  return [
    ...stage('announcement', [`${announcement.prefix} by ${origins}, path ${announcement.path}`, state]),
    ...stage('match', [`${match.type}: ${match.reason}`, ...entry]),
    ...stage('expectation', expectationLines(explanation.expectation)),
    ...stage('RPKI', rpkiLines(explanation.rpki)),
    ...stage('kinds', kindLines(explanation)),
    ...stage('score', scoreLines(explanation, settings)),
    ...stage('incident', incidentLines(explanation, settings)),
    ...stage('notification', notifyLines(explanation)),
  ].map(printable);
}

function stage(name: string, lines: readonly string[]): string[] {
  return [name, ...lines.map((line) => `  ${line}`)];
}

function expectationLines(expectation: ExplainedExpectation | null): readonly string[] {
  if (expectation === null) return ['none asked'];
  const origins = expectation.origins.map(({ origin, maxLength, neighbors }) => {
    const next =
      neighbors === null
        ? 'neighbours not known'
        : `next to it ${neighbors.allowed.map(formatAsn).join(', ') || 'nobody'} (${neighbors.source})`;
    return `${formatAsn(origin)} down to /${maxLength}, ${next}`;
  });
  return [`${expectation.state}: ${expectation.reason}`, ...origins];
}

function rpkiLines({ state, reason, covering }: Explanation['rpki']): readonly string[] {
  return [
    `${state}: ${reason}`,
    ...covering.map((vrp) => `VRP ${vrp.prefix}-${vrp.maxLength} ${formatAsn(vrp.asn)}`),
  ];
}

function kindLines({ kinds }: Explanation): readonly string[] {
  if (kinds.length === 0) return ['none asked'];
  const width = Math.max(...kinds.map(({ kind }) => kind.length));
  return kinds.map(({ kind, holds, isTheKind, reason }) => {
    const word = isTheKind ? 'YES ' : holds ? 'also' : 'no  ';
    return `${kind.padEnd(width)}  ${word}  ${reason.en}`;
  });
}

function scoreLines({ finding, nothing, plannedChange }: Explanation, settings: Settings): readonly string[] {
  if (finding === null) return [`nothing is wrong: ${nothing ?? ''}`];
  const lines = [
    `${finding.kind}${finding.taxonomy === null ? '' : ` [${finding.taxonomy}]`}, offender ${labelIn(settings, finding.offender)}`,
  ];
  for (const { code, weight, source, text } of finding.evidence)
    lines.push(
      `${signed(weight).padStart(3)}  ${code} (${source})`,
      `       ${text.en}`,
      `       ${text.ko}`,
    );
  lines.push(sumLine(finding));
  if (plannedChange !== null)
    lines.push(
      `a planned change expects this origin until ${localTime(plannedChange.endsAt)}, by ${plannedChange.by}: nothing opens`,
    );
  return lines;
}

function sumLine({ score, severity, reason }: ExplainedFinding): string {
  return `score ${score}: ${severity} (${reason})`;
}

function incidentLines({ incident, finding }: Explanation, settings: Settings): readonly string[] {
  if (incident === null) return [finding === null ? 'none' : 'none: the change is planned'];
  const { key, outcome, reason, severity, score, summary, id } = incident;
  const lines = [
    `key: group ${key.group}, family ${key.family}, offender ${labelIn(settings, key.offender)}`,
  ];
  lines.push(
    outcome === 'none'
      ? `no alert: ${reason}`
      : `${outcome} (${reason}), severity ${severity}, score ${score}`,
  );
  if (id !== null && id !== '') lines.push(`id ${id}`);
  if (summary !== null) lines.push(summary.en, summary.ko);
  return lines;
}

/** Who hears of it, and why; also by itself, for `notify route`. */
export function notifyLines({ notify, escalation }: Explanation): readonly string[] {
  if (notify.length === 0)
    return ['no receivers are configured: alerts show on the dashboard and in the API only'];
  const lines = tableLines(
    ['RECEIVER', 'TOLD', 'WHY'],
    notify.map((decision) => [decision.receiver, decision.notify ? 'yes' : 'no', decision.reason]),
  );
  if (escalation === null) return lines;
  return [
    ...lines,
    `when nobody acknowledges within ${escalation.afterMinutes} minutes: ${escalation.receivers.join(', ')}`,
  ];
}

/** `AS9457 (DREAMX)`. */
function labelIn(settings: Settings, asn: number): string {
  return asLabel(asn, (number) => settings.knowledge.asNames.get(number));
}

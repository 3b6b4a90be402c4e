/**
 * Proposed watch entries as text: lines of a YAML watchlist with their comments, lines of NDJSON, and JSON for programs.
 * An entry in doubt is written as a comment, complete, so that taking it in is removing the `#`.
 */
import { printable } from '../words/printable.ts';
import type { Proposal, ProposedEntry, SourceName } from './watch-proposal.ts';

/** Columns of a comment. */
const WIDTH = 110;

const SOURCE_WORDS: Readonly<Record<SourceName, string>> = { rib: 'RIB', ripestat: 'RIPEstat', vrps: 'VRPs' };

export interface Written {
  /** Group of the entries; undefined: the file's default. */
  readonly group: string | undefined;
}

/** A whole new watchlist. `heading`: what it was made from. */
export function watchlistLines(
  proposal: Proposal,
  heading: readonly string[],
  options: Written,
): readonly string[] {
  const lines = [
    `# Watchlist of ${proposal.asns.map((asn) => `AS${asn}`).join(', ')}, written by originwatch init.`,
    ...heading.flatMap((text) => comment(text, '')),
    '# CHECK marks what looks wrong: look at it, then remove the mark. Entries that stand as comments rest on something',
    '# that looks wrong; they are not watched until you remove the # in front of them.',
    '',
    'watch:',
  ];
  for (const asn of proposal.asns) {
    lines.push(...asnLines(asn, '  ', options), '');
    for (const entry of entriesOf(proposal, asn)) lines.push(...entryLines(entry, '  ', options));
    if (lines.at(-1) !== '') lines.push('');
  }
  while (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Each entry stands with the first of its origins that was asked for. */
export function entriesOf(proposal: Proposal, asn: number): readonly ProposedEntry[] {
  return proposal.entries.filter(({ origins }) => proposal.asns.find((one) => origins.includes(one)) === asn);
}

export function asnLines(asn: number, indent: string, { group }: Written): readonly string[] {
  return [
    ...comment(`AS${asn}: everything it originates, and anything new that it starts to originate.`, indent),
    `${indent}- asn: ${asn}`,
    ...(group === undefined ? [] : [`${indent}  group: ${quoted(group)}`]),
  ];
}

/** The entry in block style, `- ` at `indent`. */
export function entryLines(entry: ProposedEntry, indent: string, options: Written): readonly string[] {
  const [first = '', ...rest] = pairsOf(entry, options).map(([key, value]) => `${key}: ${value}`);
  const lines = [`- ${first}`, ...rest.map((line) => `  ${line}`)];
  const mark = entry.isTrusted ? '' : '# ';
  return [...entryComment(entry, indent), ...lines.map((line) => `${indent}${mark}${line}`)];
}

/** What is known of the entry, then what looks wrong. */
export function entryComment(entry: ProposedEntry, indent: string): readonly string[] {
  return [
    ...comment(factsOf(entry), indent),
    ...entry.checks.flatMap(({ code, text }) => comment(`CHECK ${code}: ${text}`, indent)),
  ];
}

/** `12 of 12 vantage points; from RIB, VRPs; RPKI valid`. */
export function factsOf({ seen, sources, rpki, notes }: ProposedEntry): string {
  const parts = [
    seen === undefined
      ? 'nobody was asked who sees it'
      : `seen by ${seen.vantagePoints} of ${seen.known} vantage points`,
    `from ${sources.map((source) => SOURCE_WORDS[source]).join(', ')}`,
    ...(rpki === undefined ? [] : [`RPKI ${rpki}`]),
    ...notes,
  ];
  return parts.join('; ');
}

/** Keys with their values in flow style, which is JSON too but for the quotes of the prefix. */
export function pairsOf(
  entry: ProposedEntry,
  { group }: Written,
): readonly (readonly [key: string, value: string])[] {
  return [
    ['prefix', entry.prefix.text],
    ...(group === undefined ? [] : [['group', quoted(group)] as const]),
    ...expectationPairs(entry),
  ];
}

/** What is expected of the prefix. */
export function expectationPairs({
  prefix,
  origins,
  upstreams,
  maxLength,
}: ProposedEntry): readonly (readonly ['origins' | 'upstreams' | 'maxLength', string])[] {
  return [
    ['origins', `[${origins.join(', ')}]`],
    ...(upstreams === undefined ? [] : [['upstreams', `[${upstreams.join(', ')}]`] as const]),
    ...(maxLength === prefix.length ? [] : [['maxLength', `${maxLength}`] as const]),
  ];
}

/** One entry on one line, JSON; for NDJSON and for lists in brackets. */
export function entryJsonLine(entry: ProposedEntry, options: Written): string {
  const pairs = pairsOf(entry, options).map(
    ([key, value]) => `"${key}": ${key === 'prefix' ? JSON.stringify(value) : value}`,
  );
  return `{ ${pairs.join(', ')} }`;
}

export function asnJsonLine(asn: number, { group }: Written): string {
  return `{ "asn": ${asn}${group === undefined ? '' : `, "group": ${JSON.stringify(group)}`} }`;
}

/** For programs. */
export function proposalJson({ asns, entries }: Proposal): Record<string, unknown> {
  return {
    asns,
    entries: entries.map((entry) => ({
      prefix: entry.prefix.text,
      origins: entry.origins,
      upstreams: entry.upstreams ?? null,
      maxLength: entry.maxLength,
      trusted: entry.isTrusted,
      vantagePoints:
        entry.seen === undefined ? null : { seeing: entry.seen.vantagePoints, known: entry.seen.known },
      rpki: entry.rpki ?? null,
      sources: entry.sources,
      notes: entry.notes,
      checks: entry.checks,
    })),
  };
}

/** A comment of as many lines as it takes; outside text can't leave it. */
export function comment(text: string, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of printable(text).split(' ')) {
    if (line !== '' && indent.length + line.length + word.length + 3 > WIDTH) {
      lines.push(line);
      line = ' ';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line].map((one) => `${indent}# ${one}`);
}

/** JSON strings are YAML strings. */
function quoted(text: string): string {
  return /^[a-z][a-z0-9-]*$/i.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

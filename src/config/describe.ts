/**
 * Settings in words, for `check`: what will be watched, by group.
 */
import { formatAsn } from '../bgp/asn.ts';
import type { PrefixEntry, WatchEntry } from '../match/watchlist.ts';
import { watchName } from '../match/watchlist.ts';
import type { Settings } from './settings.ts';

/** Entries of one group that are shown; a list of machines has a million. */
const SHOWN_MAX = 1_000;

/** Lines for people, without final newline: a total, then each group with its entries. */
export function describeWatch(settings: Settings): string[] {
  const all = new Tally();
  const groups = new Map<string, { readonly tally: Tally; readonly lines: string[] }>();
  for (const entry of settings.watchlist.entries) {
    const group = groups.get(entry.group) ?? { tally: new Tally(), lines: [] };
    groups.set(entry.group, group);
    all.add(entry);
    group.tally.add(entry);
    if (group.lines.length < SHOWN_MAX) group.lines.push(`  ${describeEntry(entry)}`);
  }
  const lines = [`watching ${all.text()} in ${plural(groups.size, 'group')}`];
  for (const [group, { tally, lines: shown }] of groups) {
    lines.push(`${group}: ${tally.text()}`, ...shown);
    if (tally.total > SHOWN_MAX) lines.push(`  and ${tally.total - SHOWN_MAX} more`);
  }
  return lines;
}

/** `211.249.216.0/21  Kakao developers  origins AS7625, next to them AS10158, to /24`. */
export function describeEntry(entry: WatchEntry): string {
  const facts = entry.type === 'prefix' ? prefixFacts(entry) : ['all that it originates'];
  if (entry.upstreams !== undefined) facts.push(`next to them ${listed(entry.upstreams)}`);
  if (entry.minPeers > 1) facts.push(`from ${entry.minPeers} peers on`);
  if (entry.mitigation.length > 0) facts.push(`mitigation ${listed(entry.mitigation)}`);
  if (entry.mustSeeThrough.length > 0) facts.push(`seen through ${listed(entry.mustSeeThrough)}`);
  if (entry.mute.length > 0) facts.push(`nobody told of ${entry.mute.join(', ')}`);
  if (entry.path !== undefined) facts.push('path rules');
  if (entry.severity !== undefined) facts.push(`at least ${entry.severity}`);
  if (entry.services.length > 0) facts.push(`serves ${entry.services.join(', ')}`);
  return [watchName(entry), entry.name, facts.join(', ')].filter((part) => part !== '').join('  ');
}

function prefixFacts(entry: PrefixEntry): string[] {
  if (entry.ignore) return ['a hole: not watched'];
  const { origins, prefix, maxLength } = entry;
  const facts: string[] = [];
  if (origins === undefined) facts.push('origins as learned');
  else facts.push(origins.length === 0 ? 'nobody may announce it' : `origins ${listed(origins)}`);
  if (maxLength > prefix.length) facts.push(`to /${maxLength}`);
  if (entry.moreSpecifics === 'ignore') facts.push('own more-specifics ignored');
  return facts;
}

function listed(asns: readonly number[]): string {
  return asns.length === 0 ? 'nobody' : asns.map(formatAsn).join(', ');
}

/** How many entries of which sort. */
class Tally {
  total = 0;
  private ipv4 = 0;
  private ipv6 = 0;
  private asns = 0;
  private holes = 0;

  add(entry: WatchEntry): void {
    this.total += 1;
    if (entry.type === 'asn') this.asns += 1;
    else if (entry.ignore) this.holes += 1;
    else if (entry.prefix.family === 4) this.ipv4 += 1;
    else this.ipv6 += 1;
  }

  text(): string {
    const { ipv4, ipv6, asns, holes } = this;
    const parts = [ipv4 > 0 ? plural(ipv4, 'IPv4 prefix') : '', ipv6 > 0 ? plural(ipv6, 'IPv6 prefix') : ''];
    parts.push(asns > 0 ? plural(asns, 'AS') : '', holes > 0 ? plural(holes, 'hole') : '');
    const said = parts.filter((part) => part !== '');
    return said.length === 0 ? 'nothing' : said.join(', ');
  }
}

function plural(number: number, word: string): string {
  if (number === 1) return `1 ${word}`;
  return `${number} ${/(x|S)$/.test(word) ? `${word}es` : `${word}s`}`;
}

/**
 * A route as `bgpdump -m` prints it: one line, fields parted by `|`. What is deliberately not copied from bgpdump
 * stands in decision 0010.
 */
import { type Address, formatAddress, parseAddress } from '../../bgp/address.ts';
import type { Prefix } from '../../bgp/prefix.ts';
import type { Community } from '../../bgp/update.ts';
import type { PathAttributes } from '../bgp/update-attributes.ts';
import { AS_SEQUENCE, AS_SET, CONFED_SET, type PathSegment } from '../bgp/update-path.ts';
import type { PrintedRecord, RouteRecord } from '../route-record.ts';

/** The line, without its end. */
export function bgpdumpLine(record: PrintedRecord): string {
  const { vantagePoint } = record;
  const peer = `${printedAddress(vantagePoint.peerAddress)}|${vantagePoint.peerAsn}`;
  const stamp = printedStamp(record);
  if (record.type === 'STATE')
    return `${record.format}|${stamp}|STATE|${peer}|${record.oldState}|${record.newState}`;
  const head = `${printedFormat(record)}|${stamp}|${record.type}|${peer}|${printedPrefix(record.prefix)}`;
  const pathId = record.pathId === undefined ? '' : `|${record.pathId}`;
  if (record.type === 'W' || record.attributes === undefined) return `${head}${pathId}`;
  return `${head}${pathId}|${printedAttributes(record, record.attributes)}`;
}

function printedFormat(record: RouteRecord): string {
  const local = record.direction === 'sent' ? '_LOCAL' : '';
  return `${record.format}${local}${record.pathId === undefined ? '' : '_AP'}`;
}

function printedStamp({ seconds, microseconds }: PrintedRecord): string {
  return microseconds === undefined ? `${seconds}` : `${seconds}.${String(microseconds).padStart(6, '0')}`;
}

function printedAttributes(record: RouteRecord, attributes: PathAttributes): string {
  const { aggregator, communities } = attributes;
  const nextHop = record.nextHop === undefined ? '255.255.255.255' : printedAddress(record.nextHop);
  const pairs = communities === undefined ? '' : communities.map(printedCommunity).join(' ');
  const aggregated = attributes.atomicAggregate === true ? 'AG' : 'NAG';
  const by = aggregator === undefined ? '' : `${aggregator.asn} ${aggregator.address}`;
  const head = `${printedPath(attributes)}|${originName(attributes.origin)}|${nextHop}`;
  return `${head}|${attributes.localPref ?? 0}|${attributes.med ?? 0}|${pairs}|${aggregated}|${by}|`;
}

/** RFC 4271 §4.3; bgpdump has but three words. */
export function originName(origin: number | undefined): 'IGP' | 'EGP' | 'INCOMPLETE' {
  if (origin === 0) return 'IGP';
  return origin === 1 ? 'EGP' : 'INCOMPLETE';
}

function printedPath(attributes: PathAttributes): string {
  if (attributes.pathBroken === true) return '! Error !';
  let text = '';
  let isApart = false;
  for (const segment of attributes.segments ?? []) {
    text += `${isApart ? ' ' : ''}${printedSegment(segment)}`;
    // Nothing parts an empty segment from the next.
    isApart = segment.asns.length > 0;
  }
  return text;
}

/** `1 2`, `{1,2}`, `(1 2)`, `[1,2]`. */
function printedSegment({ type, asns }: PathSegment): string {
  if (type === AS_SEQUENCE) return asns.join(' ');
  if (type === AS_SET) return `{${asns.join(',')}}`;
  return type === CONFED_SET ? `[${asns.join(',')}]` : `(${asns.join(' ')})`;
}

/** RFC 1997 names three. */
function printedCommunity([high, low]: Community): string {
  if (high === 65_535) {
    if (low === 65_281) return 'no-export';
    if (low === 65_282) return 'no-advertise';
    if (low === 65_283) return 'local-AS';
  }
  return `${high}:${low}`;
}

function printedPrefix({ family, words, length, text }: Prefix): string {
  return family === 4 ? text : `${printedAddress6(words)}/${length}`;
}

function printedAddress(text: string): string {
  // Only where a single zero group may stand, or a dotted quad, does bgpdump differ from the canonical text.
  if (!text.includes(':') || (text.includes('::') && !text.startsWith('::'))) return text;
  const address = parseAddress(text);
  return address === undefined ? text : printedAddress6(address.words);
}

/**
 * As bgpdump's own `inet_ntop` does it, which is older than RFC 5952: even a single zero group becomes `::`, and
 * IPv4-mapped and -compatible addresses end in a dotted quad.
 */
function printedAddress6(words: Address['words']): string {
  const [word0, word1, word2, word3] = words;
  const embeds = word0 === 0 && word1 === 0 && (word2 === 0xffff || (word2 === 0 && word3 > 0xffff));
  if (embeds) return `${word2 === 0 ? '::' : '::ffff:'}${formatAddress(4, [word3, 0, 0, 0])}`;
  const text = formatAddress(6, words);
  if (text.includes('::')) return text;
  // No run of two or more: the first single zero is the longest.
  return text.replace(/(^|:)0(:|$)/, '::');
}

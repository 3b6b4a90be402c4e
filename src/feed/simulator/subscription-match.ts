/**
 * Which subscriptions take which message: the server's side of RIS Live, as its manual describes it. Used by the
 * simulator. Filters within one subscription must all hold; several subscriptions are a union (the caller's loop).
 */
import { parseAddress } from '../../bgp/address.ts';
import { covers, type Prefix, parsePrefix } from '../../bgp/prefix.ts';
import { collectorName } from '../../bgp/vantage-point.ts';
import { decodeRisLive } from '../../decode/ris-live/ris-live.ts';

type Json = Readonly<Record<string, unknown>>;

/** A message taken apart once, to be held against every subscription of every client. */
export interface RoutedMessage {
  readonly data: Json;
  readonly announced: readonly Prefix[];
  readonly withdrawn: readonly Prefix[];
}

/** Undefined when the text is no `ris_message`. */
export function routeMessage(text: string): RoutedMessage | undefined {
  const decoded = decodeRisLive(text);
  if (decoded.type === 'control' || decoded.type === 'bad') return undefined;
  const frame = JSON.parse(text) as Json;
  const data = (frame.type === 'ris_message' ? frame.data : frame) as Json;
  const { announced, withdrawn } =
    decoded.type === 'update' ? decoded.update : { announced: [], withdrawn: [] };
  return { data, announced, withdrawn };
}

/** True when one subscription, the `data` of `ris_subscribe`, takes the message. */
export function subscriptionTakes(subscription: Json, message: RoutedMessage): boolean {
  const { data } = message;
  const { host, type, peer, require, path } = subscription;
  if (typeof host === 'string' && collectorName(host) !== collectorName(String(data.host))) return false;
  if (typeof type === 'string' && type !== data.type) return false;
  if (typeof peer === 'string' && !sameAddress(peer, String(data.peer))) return false;
  if (require === 'announcements' && message.announced.length === 0) return false;
  if (require === 'withdrawals' && message.withdrawn.length === 0) return false;
  if (path !== undefined && path !== null && !pathMatches(String(path), data.path)) return false;
  return prefixMatches(subscription, message);
}

function sameAddress(a: string, b: string): boolean {
  return JSON.stringify(parseAddress(a)) === JSON.stringify(parseAddress(b));
}

/** `moreSpecific` is true by default, `lessSpecific` false; announced or withdrawn, either counts. */
function prefixMatches(subscription: Json, message: RoutedMessage): boolean {
  const { prefix, moreSpecific = true, lessSpecific = false } = subscription;
  if (prefix === undefined || prefix === null) return true;
  const wanted = (Array.isArray(prefix) ? prefix : [prefix]).map((text) => parsePrefix(String(text))?.prefix);
  return [...message.announced, ...message.withdrawn].some((found) =>
    wanted.some((want) => {
      if (want === undefined) return false;
      if (want.text === found.text) return true;
      return (moreSpecific === true && covers(want, found)) || (lessSpecific === true && covers(found, want));
    }),
  );
}

/**
 * A path filter: ASes separated by commas that stand in the path in this order without a gap. `^` in front binds it
 * to the first (the peer), `$` at the end to the origin, `!` in front turns it round; an AS_SET is `[789,10111]`,
 * ascending. A message without a path is taken by no path filter.
 */
export function pathMatches(pattern: string, path: unknown): boolean {
  if (!Array.isArray(path) || path.length === 0) return false;
  const inverted = pattern.startsWith('!');
  const body = inverted ? pattern.slice(1) : pattern;
  const atStart = body.startsWith('^');
  const atEnd = body.endsWith('$');
  const wanted = body.slice(atStart ? 1 : 0, atEnd ? -1 : undefined).match(/\[[^\]]*\]|[^,]+/g) ?? [];
  const elements = path.map(elementText);
  const last = elements.length - wanted.length;
  const starts = Array.from({ length: Math.max(0, last + 1) }, (_, start) => start).filter(
    (start) => !(atStart && start !== 0) && !(atEnd && start !== last),
  );
  const found = starts.some((start) =>
    wanted.every((text, index) => text.trim() === elements[start + index]),
  );
  return found !== inverted;
}

function elementText(element: unknown): string {
  if (!Array.isArray(element)) return String(element);
  return `[${element
    .map(Number)
    .sort((a, b) => a - b)
    .join(',')}]`;
}

/**
 * Address space that nobody on the public Internet announces rightfully: the IANA special-purpose registries (RFC 6890,
 * RFC 5735, RFC 4291, RFC 9637) and prefixes too short to be anybody's. Vocabulary; imports only its neighbours.
 */
import { covers, type Prefix, prefixOf } from './prefix.ts';

const SPECIAL: readonly (readonly [prefix: Prefix, what: string])[] = (
  [
    ['0.0.0.0/8', 'this network'],
    ['10.0.0.0/8', 'private'],
    ['100.64.0.0/10', 'shared by carriers'],
    ['127.0.0.0/8', 'loopback'],
    ['169.254.0.0/16', 'link-local'],
    ['172.16.0.0/12', 'private'],
    ['192.0.0.0/24', 'protocol assignments'],
    ['192.168.0.0/16', 'private'],
    ['224.0.0.0/4', 'multicast'],
    ['240.0.0.0/4', 'reserved'],
    ['2002::/16', '6to4'],
  ] as const
).map(([text, what]) => [prefixOf(text), what] as const);

const FOR_EXAMPLES: readonly (readonly [prefix: Prefix, what: string])[] = (
  [
    ['192.0.2.0/24', 'documentation'],
    ['198.18.0.0/15', 'benchmarks'],
    ['198.51.100.0/24', 'documentation'],
    ['203.0.113.0/24', 'documentation'],
    ['2001:db8::/32', 'documentation'],
    ['3fff::/20', 'documentation'],
  ] as const
).map(([text, what]) => [prefixOf(text), what] as const);

const GLOBAL_UNICAST6 = prefixOf('2000::/3');
const LENGTH_MIN: Readonly<Record<4 | 6, number>> = { 4: 8, 6: 16 };

export interface Bogon {
  /** What the space is for, or what else is wrong. */
  readonly what: string;
  /** Space for documentation and benchmarks: wrong on the Internet, at home in laboratories. */
  readonly isForExamples: boolean;
}

/** Undefined for what may be announced. */
export function bogonOf(prefix: Prefix): Bogon | undefined {
  const special = SPECIAL.find(([space]) => covers(space, prefix));
  if (special !== undefined) return { what: special[1], isForExamples: false };
  const example = FOR_EXAMPLES.find(([space]) => covers(space, prefix));
  if (example !== undefined) return { what: example[1], isForExamples: true };
  if (prefix.length < LENGTH_MIN[prefix.family])
    return { what: `shorter than /${LENGTH_MIN[prefix.family]}`, isForExamples: false };
  if (prefix.family === 6 && !covers(GLOBAL_UNICAST6, prefix))
    return { what: 'outside of global unicast', isForExamples: false };
  return undefined;
}

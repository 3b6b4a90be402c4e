/**
 * Announcements as lines for routers, to be pasted: FRR (vtysh), BIRD 2, Junos (set form) and IOS; and the lines that
 * take them back. Each prefix gets a route to nowhere of its own, so that BGP originates it whatever the IGP does;
 * longer routes inside keep the traffic. Pure.
 */
import { type Prefix, parsePrefix } from '../../bgp/prefix.ts';
import type { Announcement } from './announcements.ts';

export const ROUTERS = ['frr', 'bird', 'junos', 'ios'] as const;
export type Router = (typeof ROUTERS)[number];

export interface RouterLines {
  /** Announces; several lines, without final newline. */
  readonly announce: string;
  /** Takes it back. */
  readonly withdraw: string;
}

/** Empty texts where nothing is to be announced. */
export function routerLines(announce: readonly Announcement[]): Readonly<Record<Router, RouterLines>> {
  const origins = [...new Set(announce.map(({ origin }) => origin))];
  const each = (
    comment: string,
    lines: (origin: number, prefixes: readonly Prefix[]) => RouterLines,
  ): RouterLines => {
    const blocks = origins.map((origin) => {
      const own = announce.filter((one) => one.origin === origin);
      return {
        origin,
        ...lines(
          origin,
          own.flatMap(({ prefix }) => parsePrefix(prefix)?.prefix ?? []),
        ),
      };
    });
    const joined = (key: keyof RouterLines): string =>
      blocks
        .map((block) =>
          origins.length > 1 ? `${comment} on routers of AS${block.origin}\n${block[key]}` : block[key],
        )
        .join('\n');
    return { announce: joined('announce'), withdraw: joined('withdraw') };
  };
  return {
    frr: each('!', frr),
    bird: each('#', bird),
    junos: each('#', junos),
    ios: each('!', ios),
  };
}

const FAMILIES = [4, 6] as const;
type Family = (typeof FAMILIES)[number];

/** The part of each family that has prefixes. */
function byFamily(
  prefixes: readonly Prefix[],
  lines: (family: Family, own: readonly Prefix[]) => readonly string[],
): string[] {
  return FAMILIES.flatMap((family) => {
    const own = prefixes.filter((prefix) => prefix.family === family);
    return own.length === 0 ? [] : lines(family, own);
  });
}

function pair(announce: readonly string[], withdraw: readonly string[]): RouterLines {
  return { announce: announce.join('\n'), withdraw: withdraw.join('\n') };
}

// ---------------------------------------------------------------- FRR

function frr(origin: number, prefixes: readonly Prefix[]): RouterLines {
  const lines = (no: string): string[] => [
    ...prefixes.map(({ family, text }) => `${no}${family === 4 ? 'ip' : 'ipv6'} route ${text} blackhole 250`),
    `router bgp ${origin}`,
    ...byFamily(prefixes, (family, own) => [
      ` address-family ipv${family} unicast`,
      ...own.map(({ text }) => `  ${no}network ${text}`),
      ' exit-address-family',
    ]),
    'exit',
  ];
  return pair(
    ['! FRR, in configure terminal; let your outbound prefix lists pass these', ...lines('')],
    lines('no '),
  );
}

// ---------------------------------------------------------------- BIRD 2

function bird(origin: number, prefixes: readonly Prefix[]): RouterLines {
  const names = byFamily(prefixes, (family) => [`originwatch_as${origin}_v${family}`]);
  return pair(
    [
      '# BIRD 2: put this into a file that bird.conf includes, then "birdc configure";',
      `# let the export filters of your BGP sessions pass proto = "${names.join('" and "')}"`,
      ...byFamily(prefixes, (family, own) => [
        `protocol static originwatch_as${origin}_v${family} {`,
        `  ipv${family};`,
        ...own.map(({ text }) => `  route ${text} blackhole;`),
        '}',
      ]),
    ],
    ['# BIRD 2: empty that file again, then "birdc configure"'],
  );
}

// ---------------------------------------------------------------- Junos

const POLICY = 'ORIGINWATCH-ANSWER';

function junos(_origin: number, prefixes: readonly Prefix[]): RouterLines {
  const table = (family: Family): string =>
    family === 4 ? 'routing-options static' : 'routing-options rib inet6.0 static';
  const routes = (verb: string): string[] =>
    prefixes.map(
      ({ family, text }) => `${verb} ${table(family)} route ${text}${verb === 'set' ? ' discard' : ''}`,
    );
  const term = `policy-options policy-statement ${POLICY} term answer`;
  return pair(
    [
      `# Junos, in configuration mode; then put ${POLICY} before the other export policies of your external groups:`,
      `# set protocols bgp group GROUP export ${POLICY}`,
      ...routes('set'),
      `set ${term} from protocol static`,
      ...prefixes.map(({ text }) => `set ${term} from route-filter ${text} exact`),
      `set ${term} then accept`,
    ],
    [...routes('delete'), `delete policy-options policy-statement ${POLICY}`],
  );
}

// ---------------------------------------------------------------- IOS

function ios(origin: number, prefixes: readonly Prefix[]): RouterLines {
  const route = (prefix: Prefix): string =>
    prefix.family === 4
      ? `ip route ${withMask(prefix, ' ')} Null0 250`
      : `ipv6 route ${prefix.text} Null0 250`;
  const lines = (no: string): string[] => [
    ...prefixes.map((prefix) => `${no}${route(prefix)}`),
    `router bgp ${origin}`,
    ...byFamily(prefixes, (family, own) => [
      ` address-family ipv${family} unicast`,
      ...own.map((prefix) => `  ${no}network ${family === 4 ? withMask(prefix, ' mask ') : prefix.text}`),
      ' exit-address-family',
    ]),
    'end',
  ];
  return pair(
    ['! IOS, in configure terminal; let your outbound prefix lists pass these', ...lines('')],
    lines('no '),
  );
}

/** `192.0.2.0 mask 255.255.255.0`. */
function withMask({ text, length }: Prefix, between: string): string {
  const mask = length === 0 ? 0 : (-1 << (32 - length)) >>> 0;
  const dotted = [24, 16, 8, 0].map((shift) => (mask >>> shift) & 255).join('.');
  return `${text.slice(0, text.indexOf('/'))}${between}${dotted}`;
}

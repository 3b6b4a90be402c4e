/**
 * The hijack of Kakao's addresses on 3 February 2022 as a story that can be played: what was announced when, and what
 * people noticed. Played by `demo` and by tests through the RIS Live simulator.
 *
 * Documented: the two /24s, their origin AS9457 behind AS6461, the first update at 01:04:18 UTC (10:04:18 KST), the
 * regular origins AS7625 and AS38099 behind AS10158, what users saw from about 11:20 KST on, the first stolen coins at
 * 11:31:41 KST, the end at about 13:28 KST (one account; others differ).
 * Stand-ins, because no public record was found: every vantage point, its path to AS6461 or AS15412, and how the routes
 * spread and went. Each step says which it is. AS9457 may have been impersonated: the origin is what the routes said.
 */

export interface ScenarioVantagePoint {
  readonly collector: string;
  readonly peerAddress: string;
  readonly peerAsn: number;
}

export interface ScenarioRoute {
  readonly from: ScenarioVantagePoint;
  readonly prefix: string;
  /** Undefined: withdrawn. */
  readonly path: readonly number[] | undefined;
}

export interface ScenarioStep {
  /** When it was, or is taken to have been. ISO 8601. */
  readonly at: string;
  /** Pause before it when played at the usual pace. */
  readonly pauseSeconds: number;
  /** True where the routes of this step are not from a record of the incident. */
  readonly isStandIn: boolean;
  readonly say: string;
  /** What somebody asks at this moment: *is it BGP?* */
  readonly asks?: string;
  readonly routes: readonly ScenarioRoute[];
}

export const WATCHED = [
  {
    prefix: '211.249.216.0/21',
    origin: 7625,
    upstream: 10158,
    name: 'Kakao developers API and SDK',
    service: 'developers.kakao.com',
  },
  {
    prefix: '121.53.104.0/23',
    origin: 38099,
    upstream: 10158,
    name: 'Kakao front ends',
    service: 'developers.gl.kakao.com',
  },
] as const;

export const HIJACKED = ['211.249.221.0/24', '121.53.104.0/24'] as const;
export const OFFENDER = 9457;

/** The way AS6461 told it. */
const FALSE_PATH = [6461, OFFENDER] as const;

/** Where the first false route was seen; in 2022 that was a RouteViews peer, here it stands at a RIS collector. */
export const FIRST_SEEN_AT: ScenarioVantagePoint = {
  collector: 'rrc00',
  peerAddress: '192.0.2.61',
  peerAsn: 6461,
};

/** Stand-in peers: large networks, at collectors near and far. */
const PEERS = [
  174, 1299, 2497, 2516, 2914, 3257, 3356, 3491, 4637, 4713, 4739, 4766, 5511, 6453, 6762, 6830, 6939, 7018,
  7473, 7575, 7713, 9318, 9304, 9680, 12956, 13030, 15412, 18106, 20473, 20932, 24516, 25091, 34854, 37100,
  50763,
];
const COLLECTORS = ['rrc00', 'rrc06', 'rrc23', 'rrc25', 'rrc01'] as const;

export const VANTAGE_POINTS: readonly ScenarioVantagePoint[] = [
  FIRST_SEEN_AT,
  ...PEERS.map((peerAsn, index) => ({
    collector: COLLECTORS[index % COLLECTORS.length] ?? 'rrc00',
    peerAddress: `198.51.100.${index + 1}`,
    peerAsn,
  })),
];

/** Those that came to prefer the longer match, in this order; the others never heard of it. */
const SPREAD = VANTAGE_POINTS.slice(1, 19);

const withPeer = (peerAsn: number, path: readonly number[]): readonly number[] =>
  path[0] === peerAsn ? path : [peerAsn, ...path];

function regularRoutes(): readonly ScenarioRoute[] {
  return VANTAGE_POINTS.flatMap((from) =>
    WATCHED.map(({ prefix, upstream, origin }) => ({
      from,
      prefix,
      path: withPeer(from.peerAsn, [15412, upstream, origin]),
    })),
  );
}

function falseRoutes(from: readonly ScenarioVantagePoint[], prefixes: readonly string[]): ScenarioRoute[] {
  return from.flatMap((point) =>
    prefixes.map((prefix) => ({ from: point, prefix, path: withPeer(point.peerAsn, FALSE_PATH) })),
  );
}

function gone(from: readonly ScenarioVantagePoint[]): readonly ScenarioRoute[] {
  return from.flatMap((point) => HIJACKED.map((prefix) => ({ from: point, prefix, path: undefined })));
}

/** One regular route takes another way for a while: what a quiet day looks like. */
function detour(index: number): readonly ScenarioRoute[] {
  const from = VANTAGE_POINTS[index];
  if (from === undefined) return [];
  const path = withPeer(from.peerAsn, [4766, 10158, 7625]);
  return [{ from, prefix: WATCHED[0].prefix, path }];
}

export const KAKAO_2022: readonly ScenarioStep[] = [
  {
    at: '2022-02-02T01:00:00Z',
    pauseSeconds: 0,
    isStandIn: true,
    say: `The day before. Kakao announces 211.249.216.0/21 from AS7625 and 121.53.104.0/23 from AS38099, and ${VANTAGE_POINTS.length} vantage points carry both. Nothing to report.`,
    routes: regularRoutes(),
  },
  {
    at: '2022-02-02T07:12:00Z',
    pauseSeconds: 6,
    isStandIn: true,
    say: 'Some routes take another way. The origin stays what it was: Originwatch keeps quiet.',
    routes: [...detour(4), ...detour(9), ...detour(17)],
  },
  {
    at: '2022-02-03T01:04:18Z',
    pauseSeconds: 8,
    isStandIn: false,
    say: 'AS6461 passes on a route to 211.249.221.0/24 from AS9457: a piece of Kakao’s /21, from a network that is not Kakao. Longest match wins, so the traffic follows it.',
    routes: falseRoutes([FIRST_SEEN_AT], HIJACKED.slice(0, 1)),
  },
  {
    at: '2022-02-03T01:04:18Z',
    pauseSeconds: 3,
    isStandIn: false,
    say: 'And 121.53.104.0/24, of the same origin. One attacker: it joins the same incident.',
    routes: falseRoutes([FIRST_SEEN_AT], HIJACKED.slice(1)),
  },
  {
    at: '2022-02-03T01:05:10Z',
    pauseSeconds: 7,
    isStandIn: true,
    say: 'The routes spread: four more networks believe them.',
    routes: falseRoutes(SPREAD.slice(0, 4), HIJACKED),
  },
  {
    at: '2022-02-03T01:12:00Z',
    pauseSeconds: 9,
    isStandIn: true,
    say: 'Half of the vantage points carry them by now. 211.249.216.0/21 itself looks perfectly healthy everywhere: who watches only that sees nothing.',
    routes: falseRoutes(SPREAD.slice(4), HIJACKED),
  },
  {
    at: '2022-02-03T02:20:00Z',
    pauseSeconds: 14,
    isStandIn: false,
    say: '75 minutes later. QR check-in, maps and Daum fail for people at lunch. Kakao’s own servers are fine; whoever asks "is it BGP?" has had the answer since 10:04.',
    asks: 'developers.kakao.com',
    routes: [],
  },
  {
    at: '2022-02-03T02:31:41Z',
    pauseSeconds: 10,
    isStandIn: false,
    say: 'With a certificate that the false route got it, a script at the wrong end sends the first KLAYswap user’s coins elsewhere. In the end about two million dollars are moved.',
    routes: [],
  },
  {
    at: '2022-02-03T04:28:00Z',
    pauseSeconds: 14,
    isStandIn: true,
    say: 'The false routes are withdrawn, one vantage point after the other.',
    routes: gone([FIRST_SEEN_AT, ...SPREAD]),
  },
];

/** The frame in which a vantage point's collector tells of one route, as RIS Live words it. */
export function frameOf({ from, prefix, path }: ScenarioRoute, atMs: number): string {
  const route =
    path === undefined
      ? { announcements: [], withdrawals: [prefix] }
      : { path, community: [], origin: 'IGP', announcements: [announcement(from, prefix)], withdrawals: [] };
  const data = {
    timestamp: atMs / 1_000,
    peer: from.peerAddress,
    peer_asn: String(from.peerAsn),
    id: `${from.peerAddress}-${atMs}-${prefix}`,
    host: `${from.collector}.ripe.net`,
    type: 'UPDATE',
    ...route,
  };
  return JSON.stringify({ type: 'ris_message', data });
}

function announcement(from: ScenarioVantagePoint, prefix: string) {
  return { next_hop: from.peerAddress, prefixes: [prefix] };
}

/**
 * A vantage point: one BGP session into a collector. A peer AS may have many. Vocabulary; imports nothing.
 */
export interface VantagePoint {
  /** Collector without its domain: `rrc00`, `route-views.sydney`. */
  readonly collector: string;
  /** Address of the peer, canonical text. */
  readonly peerAddress: string;
  /** AS of the peer; 0 where the input does not say. */
  readonly peerAsn: number;
}

/** Whose route of a prefix is meant. */
export interface RouteOwner {
  /** Number of the vantage point, as whoever keeps routes counts them. */
  readonly vantagePoint: number;
  /** RFC 7911: several paths of one session are several routes. Absent: 0, as where the session has but one. */
  readonly pathId?: number;
}

/** `rrc00 192.0.2.1`: the name people read and the key machines use. */
export function vantagePointName(vantagePoint: VantagePoint): string {
  return `${vantagePoint.collector} ${vantagePoint.peerAddress}`;
}

/** `rrc25.ripe.net` and `rrc25` are the same collector; `route-views.sydney.routeviews.org` is `route-views.sydney`. */
export function collectorName(host: string): string {
  return host.toLowerCase().replace(/\.(ripe\.net|routeviews\.org)$/, '');
}

/** Whose collectors show something: they are independent of each other. */
export type SightSource = 'ris' | 'routeviews' | 'own-routers' | 'unknown';

/** Routers of the operator's own, which connect by BMP. */
export const OWN_ROUTERS: SightSource = 'own-routers';

/** By the collector's name: `rrc00` is of RIS, `route-views.sydney` of RouteViews. */
export function sightSourceOf({ collector }: VantagePoint): SightSource {
  if (/^rrc\d+$/.test(collector)) return 'ris';
  return collector.startsWith('route-views') ? 'routeviews' : 'unknown';
}

/** What the engine is told by the operator: structurally a part of `Settings`, so that `daemon/` hands it over as it is. */
import type { RoutedReceiver, RouteRule } from '../incident/routing.ts';
import type { TopologyEdge } from '../judge/topology.ts';
import type { Weights } from '../judge/vocabulary.ts';
import type { Organisations } from '../judge/world.ts';
import type { Watchlist } from '../match/watchlist.ts';

export interface EngineConfig {
  readonly watchlist: Watchlist;
  readonly knowledge: {
    readonly siblings: readonly (readonly number[])[];
    readonly topology: readonly TopologyEdge[];
    readonly asNames: ReadonlyMap<number, string>;
    readonly dropList: ReadonlySet<number>;
    readonly organisations?: Organisations;
  };
  readonly detection: {
    readonly resolveAfterSeconds: number;
    readonly updateEverySeconds: number;
    readonly reopenWithinHours: number;
    readonly noEvidenceHours: number;
    readonly learnAfterHours: number;
    readonly learnPeers: number;
    readonly blindAfterSeconds: number;
    readonly criticalScore: number;
    readonly warningScore: number;
    readonly tier1: readonly number[];
    readonly weights: Weights;
  };
  /** Names of the feeds by which routers of our own speak. */
  readonly ownFeeds?: ReadonlySet<string>;
  readonly receivers: readonly RoutedReceiver[];
  readonly routes: readonly RouteRule[];
}

/** The name of an AS for people: its own, else that of its organisation. */
export function asNameOf(
  { asNames, organisations }: EngineConfig['knowledge'],
  asn: number,
): string | undefined {
  const organisation = organisations?.of.get(asn);
  return (
    asNames.get(asn) ?? (organisation === undefined ? undefined : organisations?.names.get(organisation))
  );
}

/**
 * Is a link between two ASes known well enough to speak for somebody? What was learned (`known-links.ts`) with what stands in the watched
 * RIB: routes of the watched prefix that have stood for long, or at this moment at ten peer ASes. A path through the AS that is accused
 * never counts at this moment, nor does one on which an AS returns: both are cheap to make (detection.md §3).
 */
import { type AsPath, asnsOf, returnsOnPath } from '../../bgp/as-path.ts';
import type { Prefix } from '../../bgp/prefix.ts';
import type { Finding } from '../finding.ts';
import type { World } from '../world.ts';

/** A link that nobody showed for longer is known no more. */
const KNOWN_FOR_MS = 60 * 86_400_000;
/** So many peer ASes at one moment stand for age. */
const PEERS_NOW = 10;

export interface Beside {
  /** The watched prefix, whose routes are looked at. */
  readonly prefix: Prefix;
  /** The AS that is accused. */
  readonly offender: number;
}

export function isFirmLink(world: World, a: number, b: number, beside: Beside): boolean {
  const { links, baseline } = world;
  const sinceMs = world.nowMs() - KNOWN_FOR_MS;
  if (baseline.remembersNeighbor(a, b, sinceMs) || baseline.remembersNeighbor(b, a, sinceMs)) return true;
  if (!links.has(a, b)) return false;
  const hasAged = links.hasAged(a, b);
  if (hasAged && links.lastSeenMs(a, b) >= sinceMs) return true;
  const standing = standingOf(world, a, b, beside);
  if (hasAged) return standing.peers.size > 0;
  return standing.old.size >= links.rules.learnPeers || standing.others.size >= PEERS_NOW;
}

interface Standing {
  /** Peer ASes whose route of the watched prefix shows the link now. */
  readonly peers: ReadonlySet<number>;
  /** Of those, whose route has not changed for `learnAfterHours`. */
  readonly old: ReadonlySet<number>;
  /** Of those, whose path does not lead through the offender. */
  readonly others: ReadonlySet<number>;
}

function standingOf(world: World, a: number, b: number, { prefix, offender }: Beside): Standing {
  const { rib, vantagePoints, links } = world;
  const oldMs = world.nowMs() - links.rules.learnAfterMs;
  const peers = new Set<number>();
  const old = new Set<number>();
  const others = new Set<number>();
  for (const { path, finding, vantagePoint, arrivedMs } of rib.routesAt(prefix)) {
    if (!isInnocent(finding) || !showsLink(path, a, b) || returnsOnPath(path)) continue;
    const { peerAsn } = vantagePoints.byId(vantagePoint).point;
    const [first] = path;
    const peer = peerAsn === 0 && typeof first === 'number' ? first : peerAsn;
    peers.add(peer);
    if (arrivedMs <= oldMs) old.add(peer);
    if (finding !== undefined || !asnsOf(path).has(offender)) others.add(peer);
  }
  return { peers, old, others };
}

/** A slip of our own was told as one because its neighbour was known: it takes nothing from that. */
function isInnocent(finding: Finding | undefined): boolean {
  return finding === undefined || finding.kind === 'misconfiguration';
}

function showsLink(path: AsPath, a: number, b: number): boolean {
  for (let at = 1; at < path.length; at += 1) {
    const [left, right] = [path[at - 1], path[at]];
    if ((left === a && right === b) || (left === b && right === a)) return true;
  }
  return false;
}

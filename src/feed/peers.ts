/** Which vantage points of a feed the operator does not believe (`feeds[].ignorePeers`). Pure. */
import type { VantagePoint } from '../bgp/vantage-point.ts';

/** `peers`: AS numbers, and addresses in canonical form. */
export function ignoring(peers: readonly (number | string)[]): (vantagePoint: VantagePoint) => boolean {
  if (peers.length === 0) return () => false;
  const listed = new Set(peers);
  return ({ peerAsn, peerAddress }) => listed.has(peerAsn) || listed.has(peerAddress);
}

/**
 * An update as a frame of RIS Live: what is fetched from elsewhere is kept, recorded and shown in the one form that everything
 * reads. `decode/ris-live/` reads it back to the same update.
 */
import type { Update } from '../../bgp/update.ts';

export function writtenFrame(update: Update): string {
  const { vantagePoint, observedMs, path, communities, announced, withdrawn } = update;
  const { collector, peerAddress, peerAsn } = vantagePoint;
  const data = {
    ...(observedMs === undefined ? {} : { timestamp: observedMs / 1_000 }),
    peer: peerAddress,
    peer_asn: String(peerAsn),
    id: '',
    host: collector,
    type: 'UPDATE',
    path,
    community: communities,
    announcements: announced.length === 0 ? [] : [{ prefixes: announced.map(({ text }) => text) }],
    withdrawals: withdrawn.map(({ text }) => text),
  };
  return JSON.stringify({ type: 'ris_message', data });
}

/**
 * What a router says by BMP, written as RIS Live would write it: the form in which raw evidence is kept and shown. `path_id`
 * is ours and stands where a session carries several paths. Pure.
 */
import type { AsPath } from '../../bgp/as-path.ts';
import type { Update } from '../../bgp/update.ts';
import type { VantagePoint } from '../../bgp/vantage-point.ts';

export function updateText(update: Update): string {
  const { announced, withdrawn, communities, pathIds } = update;
  const pathId = pathIds?.announced[0] ?? pathIds?.withdrawn[0];
  return lineOf(update.vantagePoint, update.observedMs, {
    type: 'UPDATE',
    path: pathItems(update.path),
    community: communities,
    announcements:
      announced.length === 0 ? [] : [{ next_hop: '', prefixes: announced.map(({ text }) => text) }],
    withdrawals: withdrawn.map(({ text }) => text),
    ...(pathId === undefined ? {} : { path_id: pathId }),
  });
}

function lineOf(
  { collector, peerAddress, peerAsn }: VantagePoint,
  observedMs: number | undefined,
  data: Readonly<Record<string, unknown>>,
): string {
  const stamp = observedMs === undefined ? {} : { timestamp: observedMs / 1_000 };
  return JSON.stringify({
    type: 'ris_message',
    data: { ...stamp, peer: peerAddress, peer_asn: String(peerAsn), host: collector, ...data },
  });
}

function pathItems(path: AsPath): readonly unknown[] {
  return path.map((item) => (typeof item === 'number' ? item : [...item]));
}

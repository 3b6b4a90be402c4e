/**
 * What one RTR cache says now: VRPs and ASPAs as a set that answers to withdrawals. A change is collected apart and takes
 * effect whole at End of Data (RFC 8210 §8.2), so a connection that breaks in the middle leaves what was. Pure state.
 */
import type { RpkiRows, VrpRow } from '../../bgp/vrp.ts';
import type { RtrAspaPdu, RtrPrefixPdu } from '../../decode/rpki/rtr-pdu.ts';

type Row = RtrPrefixPdu | RtrAspaPdu;

/** Rows of one cache: a bound far above the whole RPKI (0.8 million VRPs in 2026). */
const ROWS_MAX = 4_000_000;

export class RtrPayload {
  /** Each VRP as 11 or 23 octets in Latin-1: 600,000 objects would cost ten times as much. */
  private readonly vrps = new Set<string>();
  private readonly aspas = new Map<
    string,
    { readonly customer: number; readonly providers: readonly number[] }
  >();

  /** VRPs that it holds. */
  get size(): number {
    return this.vrps.size;
  }

  get aspaCount(): number {
    return this.aspas.size;
  }

  /** False for a withdrawal of what was never announced, or beyond the bound: the two sides do not agree any more. */
  apply(row: Row): boolean {
    if (row.type === 'aspa') return this.applyAspa(row);
    const key = keyOf(row);
    if (!row.isAnnounced) return this.vrps.delete(key);
    this.vrps.add(key);
    return this.vrps.size <= ROWS_MAX;
  }

  /** An ASPA of the newer layout replaces what its customer said before; of the older one, for its address family. */
  private applyAspa({ afi, customer, isAnnounced, providers }: RtrAspaPdu): boolean {
    const key = `${customer} ${afi ?? ''}`;
    if (!isAnnounced) return this.aspas.delete(key);
    this.aspas.set(key, { customer, providers });
    return this.aspas.size <= ROWS_MAX;
  }

  /** Hands out every row; after each `slice` of them it yields, so that the event loop has its turn. */
  *rows(into: RpkiRows, slice: number): Generator<void> {
    let count = 0;
    for (const key of this.vrps) {
      into.vrp(rowOf(key));
      count += 1;
      if (count % slice === 0) yield;
    }
    for (const aspa of this.aspas.values()) into.aspa(aspa);
  }
}

function keyOf({ family, words, length, maxLength, asn }: RtrPrefixPdu): string {
  const octets = Buffer.allocUnsafe(family === 4 ? 11 : 23);
  octets[0] = length;
  octets[1] = maxLength;
  octets.writeUInt32BE(asn, 2);
  octets[6] = family;
  const wordCount = family === 4 ? 1 : 4;
  for (let index = 0; index < wordCount; index += 1)
    octets.writeUInt32BE(words[index] as number, 7 + 4 * index);
  return octets.toString('latin1');
}

function rowOf(key: string): VrpRow {
  const octets = Buffer.from(key, 'latin1');
  const family = octets[6] as 4 | 6;
  const word = (index: number): number =>
    family === 4 && index > 0 ? 0 : octets.readUInt32BE(7 + 4 * index);
  const words = [word(0), word(1), word(2), word(3)] as const;
  return {
    family,
    words,
    length: octets[0] as number,
    maxLength: octets[1] as number,
    asn: octets.readUInt32BE(2),
  };
}

/**
 * Signs of life: a session whose messages touch nothing of interest is up all the same, and counts among the vantage
 * points that are known. So once an hour one of its messages of each family is let through, and so is the first row of
 * each peer of a RIB. Costs a hash of the address per message, and no allocation.
 */
import type { Slice } from '../bgp/update.ts';
import { u16 } from '../octets.ts';
import type { MessageEnvelope, Session } from './mrt-bgp4mp.ts';
import type { MrtFrame } from './mrt-framing.ts';
import type { TablePeer } from './mrt-rib.ts';

const HEARD_SECONDS = 3_600;
/** Rows of a RIB that are looked through for peers not yet heard of. */
const ROWS_MAX = 10_000;
/** Distinct sessions and families; the memory starts over beyond it. */
const SESSIONS_MAX = 65_536;

interface Expected {
  readonly peers: Set<TablePeer>;
  rowsLeft: number;
}

export class HeardSessions {
  readonly #last = new Map<number, number>();
  #expected: Readonly<Record<4 | 6, Expected>> = expected([]);

  /** True when this session has not come through for an hour with prefixes of this family; remembers that it did. */
  isNews({ bytes, seconds }: MrtFrame, { session, body }: MessageEnvelope): boolean {
    if (session.addressAt < 0 || isEndOfRib(body)) return false;
    const key = sessionHash(bytes, session, hasClassicLists(body) ? 4 : 6);
    const last = this.#last.get(key);
    if (last !== undefined && Math.abs(seconds - last) < HEARD_SECONDS) return false;
    if (this.#last.size >= SESSIONS_MAX) this.#last.clear();
    this.#last.set(key, seconds);
    return true;
  }

  /** A RIB begins, with these peers. */
  expect(peers: readonly TablePeer[]): void {
    this.#expected = expected(peers);
  }

  /** True while rows of this family are worth looking through; counts them. */
  listensTo(family: 4 | 6): boolean {
    const { peers, rowsLeft } = this.#expected[family];
    if (peers.size === 0 || rowsLeft === 0) return false;
    this.#expected[family].rowsLeft -= 1;
    return true;
  }

  /** True for the first row of a peer. */
  isNewPeer(family: 4 | 6, peer: TablePeer): boolean {
    return this.#expected[family].peers.delete(peer);
  }
}

function expected(peers: readonly TablePeer[]): Readonly<Record<4 | 6, Expected>> {
  return {
    4: { peers: new Set(peers), rowsLeft: ROWS_MAX },
    6: { peers: new Set(peers), rowsLeft: ROWS_MAX },
  };
}

/** FNV-1a over what tells sessions apart, in 30 bits so that it stays unboxed: a clash would hide a sign of life, no more. */
function sessionHash(bytes: Uint8Array, session: Session, family: 4 | 6): number {
  let hash = 0x811c9dc5 ^ session.peerAsn ^ family;
  const end = session.addressAt + (session.family === 4 ? 4 : 16);
  for (let at = session.addressAt; at < end; at += 1)
    hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return (hash ^ (hash >>> 15)) & 0x3fffffff;
}

/** RFC 4724 §2: no prefixes at all. */
function isEndOfRib({ start, end }: Slice): boolean {
  return end - start <= 4;
}

function hasClassicLists({ bytes, start, end }: Slice): boolean {
  return u16(bytes, start) > 0 || start + 4 + u16(bytes, start + 2) < end;
}

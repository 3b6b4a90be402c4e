/**
 * One router's BMP connection: bytes → inputs for the engine. Which views are judged, which sessions are up, and what is only
 * a sign of life. Pure state over the decoder; `listener.ts` owns the socket.
 *
 * A view that is judged is a path of its own of the same vantage point (RFC 7911 does the same for paths): a route stands
 * while any judged view carries it, and one session counts once. So an import policy that refuses a hijack hides nothing, and
 * neither does a router that announces only after its policy (FRR without `soft-reconfiguration inbound`).
 */
import type { PathIds, Update } from '../../bgp/update.ts';
import type { VantagePoint } from '../../bgp/vantage-point.ts';
import type { Interest } from '../../decode/bgp/update.ts';
import { BmpDecoder, type BmpItem } from '../../decode/bmp/bmp.ts';
import { BmpFramer } from '../../decode/bmp/bmp-framing.ts';
import type { BmpPeer, BmpView } from '../../decode/bmp/bmp-peer.ts';

/** Which view is judged where a router sends several. `auto`: what came in, before and after policy; the Loc-RIB where nothing else is sent. */
export type JudgedView = 'auto' | 'pre-policy' | 'post-policy' | 'loc-rib';

export interface SessionPorts {
  readonly router: string;
  readonly view: JudgedView;
  readonly interest: Interest | undefined;
  readonly nowMs: () => number;
  readonly update: (update: Update) => void;
  readonly state: (vantagePoint: VantagePoint, observedMs: number | undefined, state: 'up' | 'down') => void;
  /** A sign of life that announces nothing of interest: at most once a minute for each vantage point. */
  readonly heard: (vantagePoint: VantagePoint) => void;
  readonly said: (fields: Readonly<Record<string, unknown>>) => void;
  readonly problem: (code: string) => void;
}

/** Paths of the view after the policy are told apart from those before it by the top bit of their identifier. */
const POST_POLICY = 0x8000_0000;
const HEARD_EVERY_MS = 60_000;

export class RouterSession {
  readonly #ports: SessionPorts;
  readonly #framer = new BmpFramer();
  readonly #decoder: BmpDecoder;
  /** Vantage points that are up, by name, with the number of their views that are. */
  readonly #up = new Map<string, { readonly vantagePoint: VantagePoint; readonly views: Set<BmpView> }>();
  readonly #heardMs = new Map<string, number>();
  /** Vantage points of the Loc-RIB, which is judged only while nothing else is sent. */
  readonly #own = new Map<string, VantagePoint>();
  #hasPeers = false;

  constructor(ports: SessionPorts) {
    this.#ports = ports;
    this.#decoder = new BmpDecoder(ports.router, ports.interest);
  }

  /** Why the stream cannot be read any further; undefined while it can. */
  get lost(): string | undefined {
    return this.#framer.lost;
  }

  /** Octets of a message that never became whole. */
  get unread(): number {
    return this.#framer.unread;
  }

  /** Reads a chunk; returns how many messages it made whole. */
  take(chunk: Uint8Array): number {
    this.#framer.push(chunk);
    const before = this.#framer.messages;
    while (this.#framer.next()) {
      const problems: { code: string; detail: string }[] = [];
      for (const item of this.#decoder.read(this.#framer, problems)) this.#follow(item);
      for (const { code } of problems) this.#ports.problem(code);
    }
    return this.#framer.messages - before;
  }

  /** The connection ended: what this router showed is in doubt, and nothing of it is withdrawn. */
  end(): void {
    for (const { vantagePoint } of this.#up.values()) this.#ports.state(vantagePoint, undefined, 'down');
    this.#up.clear();
  }

  #follow(item: BmpItem): void {
    switch (item.type) {
      case 'initiation':
        this.#ports.said({ event: 'bmp.router', system: item.name, description: item.description });
        return;
      case 'termination':
        this.#ports.said({ event: 'bmp.terminated', reason: item.reason ?? null, notes: item.notes });
        return;
      case 'peer':
        this.#peer(item.peer, item.vantagePoint, item.state);
        return;
      case 'update':
        if (this.#isJudged(item.peer)) this.#update(item.update, item.peer);
        return;
      case 'heard':
      case 'end-of-rib':
        if (this.#isJudged(item.peer)) this.#heard(item.vantagePoint);
        return;
      case 'statistics':
        this.#heard(this.#vantagePointOf(item.peer));
        return;
      case 'mirroring':
        return;
    }
  }

  #vantagePointOf({ key, address, asn }: BmpPeer): VantagePoint {
    return (
      this.#up.get(key)?.vantagePoint ?? { collector: this.#ports.router, peerAddress: address, peerAsn: asn }
    );
  }

  #isJudged({ view }: BmpPeer): boolean {
    if (view === 'adj-rib-out') return false;
    if (view !== 'loc-rib') this.#sawPeers();
    const { view: wanted } = this.#ports;
    if (wanted !== 'auto') return view === wanted;
    return view !== 'loc-rib' || !this.#hasPeers;
  }

  /** From now on the Loc-RIB is only a copy: what it showed is in doubt, and its place is taken by the sessions. */
  #sawPeers(): void {
    if (this.#hasPeers) return;
    this.#hasPeers = true;
    if (this.#ports.view !== 'auto') return;
    for (const [key, vantagePoint] of this.#own) {
      this.#up.delete(key);
      this.#ports.state(vantagePoint, undefined, 'down');
    }
    this.#own.clear();
  }

  #peer(peer: BmpPeer, vantagePoint: VantagePoint, state: 'up' | 'down'): void {
    if (!this.#isJudged(peer)) return;
    const known = this.#up.get(peer.key);
    if (state === 'up') {
      if (known === undefined) this.#isUp(peer, vantagePoint);
      else known.views.add(peer.view);
      return;
    }
    if (known === undefined) return;
    known.views.delete(peer.view);
    if (known.views.size > 0) return;
    this.#up.delete(peer.key);
    this.#ports.state(vantagePoint, peer.observedMs, 'down');
  }

  #isUp(peer: BmpPeer, vantagePoint: VantagePoint): void {
    this.#up.set(peer.key, { vantagePoint, views: new Set([peer.view]) });
    if (peer.view === 'loc-rib') this.#own.set(peer.key, vantagePoint);
    this.#ports.state(vantagePoint, peer.observedMs, 'up');
  }

  /** A peer that never came up is taken at its word: some routers do not say of new neighbours that they are there. */
  #update(update: Update, peer: BmpPeer): void {
    if (!this.#up.has(peer.key)) this.#isUp(peer, update.vantagePoint);
    else this.#up.get(peer.key)?.views.add(peer.view);
    this.#heardMs.set(peer.key, this.#ports.nowMs());
    for (const one of byPathId(update, peer.view)) this.#ports.update(one);
  }

  #heard(vantagePoint: VantagePoint): void {
    const name = `${vantagePoint.collector} ${vantagePoint.peerAddress}`;
    const nowMs = this.#ports.nowMs();
    if (nowMs - (this.#heardMs.get(name) ?? Number.NEGATIVE_INFINITY) < HEARD_EVERY_MS) return;
    this.#heardMs.set(name, nowMs);
    this.#ports.heard(vantagePoint);
  }
}

/** One update for each path identifier: routes of the view before the policy without identifiers stay as they are. */
function byPathId(update: Update, view: BmpView): readonly Update[] {
  const offset = view === 'post-policy' ? POST_POLICY : 0;
  const { pathIds, announced, withdrawn } = update;
  if (pathIds === undefined && offset === 0) return [update];
  const ids = new Set<number>(pathIds === undefined ? [0] : [...pathIds.announced, ...pathIds.withdrawn]);
  return [...ids].map((id) => {
    const ours = announced.filter((_, at) => (pathIds?.announced[at] ?? 0) === id);
    const gone = withdrawn.filter((_, at) => (pathIds?.withdrawn[at] ?? 0) === id);
    const shifted = (id ^ offset) >>> 0;
    const of = (prefixes: readonly unknown[]): number[] => prefixes.map(() => shifted);
    const declared: PathIds = { announced: of(ours), withdrawn: of(gone), areDeclared: true };
    return { ...update, announced: ours, withdrawn: gone, pathIds: declared };
  });
}

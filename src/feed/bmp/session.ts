/**
 * One router's BMP connection: bytes → inputs for the engine. Which views are judged, which sessions are up, and what is only
 * a sign of life. Pure state over the decoder; `listener.ts` owns the socket.
 *
 * A view that is judged is a path of its own of the same vantage point (RFC 7911 does the same for paths): a route stands
 * while any judged view carries it, and one session counts once. So an import policy that refuses a hijack hides nothing, and
 * neither does a router that announces only after its policy (FRR without `soft-reconfiguration inbound`).
 */
import type { Prefix } from '../../bgp/prefix.ts';
import type { PathIds, Update } from '../../bgp/update.ts';
import type { VantagePoint } from '../../bgp/vantage-point.ts';
import type { Interest } from '../../decode/bgp/update.ts';
import { BmpDecoder, type BmpItem } from '../../decode/bmp/bmp.ts';
import { BmpFramer } from '../../decode/bmp/bmp-framing.ts';
import type { BmpPeer, BmpView } from '../../decode/bmp/bmp-peer.ts';

/** Which view is judged where a router sends several. `auto`: what came in, before and after policy; the Loc-RIB where nothing else is sent. */
export type JudgedView = 'auto' | 'pre-policy' | 'post-policy' | 'loc-rib';

/** Routes that are nobody's but the router's own. */
export interface OwnChange {
  readonly announced: readonly { readonly prefix: Prefix; readonly origin: number }[];
  readonly withdrawn: readonly Prefix[];
}

export interface SessionPorts {
  readonly router: string;
  readonly view: JudgedView;
  readonly interest: Interest | undefined;
  readonly nowMs: () => number;
  readonly update: (update: Update) => void;
  readonly state: (vantagePoint: VantagePoint, observedMs: number | undefined, state: 'up' | 'down') => void;
  /** What the router itself originates, as this session and view of it show it; undefined: not seen any more. */
  readonly own: (from: string, change: OwnChange | undefined) => void;
  /** A sign of life that announces nothing of interest; `isRegular`: one that comes in a rhythm. */
  readonly heard: (vantagePoint: VantagePoint, isRegular: boolean) => void;
  readonly said: (fields: Readonly<Record<string, unknown>>) => void;
  readonly problem: (code: string) => void;
}

const ROUTE_MONITORING = 0;
/** Paths of the view after the policy are told apart from those before it by the top bit of their identifier. */
const POST_POLICY = 0x8000_0000;
/** Who is up and speaks of other things is said to be up again after this long: who was not heard for a day is not counted. */
const UP_AGAIN_MS = 3_600_000;

export class RouterSession {
  readonly #ports: SessionPorts;
  readonly #framer = new BmpFramer();
  readonly #decoder: BmpDecoder;
  /** Vantage points that are up, by name, with the number of their views that are. */
  readonly #up = new Map<string, { readonly vantagePoint: VantagePoint; readonly views: Set<BmpView> }>();
  readonly #heardMs = new Map<string, number>();
  /** Sessions and views that show what the router originates. */
  readonly #showsOwn = new Set<string>();
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

  /** Reads a chunk; returns how many messages it made whole, and how many of them carried routes. */
  take(chunk: Uint8Array): { readonly messages: number; readonly routes: number } {
    this.#framer.push(chunk);
    const before = this.#framer.messages;
    let routes = 0;
    while (this.#framer.next()) {
      if (this.#framer.type === ROUTE_MONITORING) routes += 1;
      const problems: { code: string; detail: string }[] = [];
      for (const item of this.#decoder.read(this.#framer, problems)) this.#follow(item);
      for (const { code } of problems) this.#ports.problem(code);
    }
    return { messages: this.#framer.messages - before, routes };
  }

  /** The connection ended: what this router showed is in doubt, and nothing of it is withdrawn. */
  end(): void {
    for (const { vantagePoint } of this.#up.values()) this.#ports.state(vantagePoint, undefined, 'down');
    this.#up.clear();
    for (const from of this.#showsOwn) this.#ports.own(from, undefined);
    this.#showsOwn.clear();
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
        this.#ownIn(item.update, item.peer);
        if (this.#isJudged(item.peer)) this.#update(item.update, item.peer);
        return;
      case 'heard':
      case 'end-of-rib':
        this.#showOwn(item.peer, [], []);
        if (this.#isJudged(item.peer)) this.#heard(item.peer, item.vantagePoint);
        return;
      case 'statistics':
        this.#statistics(item.peer);
        return;
      case 'mirroring':
        return;
    }
  }

  /** Statistics come in a rhythm of the router's own, so that its silence can be told. */
  #statistics({ key, address, asn }: BmpPeer): void {
    const unknown = { collector: this.#ports.router, peerAddress: address, peerAsn: asn };
    this.#ports.heard(this.#up.get(key)?.vantagePoint ?? unknown, true);
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

  /** A path on which only one AS stands, in what the router uses or sends, is of its own making. Whatever else is there now is not. */
  #ownIn({ path, announced, withdrawn }: Update, peer: BmpPeer): void {
    const [origin] = path;
    const isOwn = typeof origin === 'number' && path.every((asn) => asn === origin);
    const own = isOwn ? announced.map((prefix) => ({ prefix, origin })) : [];
    this.#showOwn(peer, own, isOwn ? withdrawn : [...withdrawn, ...announced]);
  }

  /** That the view is seen is told once, even where nothing of interest stands in it. */
  #showOwn({ key, view }: BmpPeer, announced: OwnChange['announced'], withdrawn: readonly Prefix[]): void {
    if (view !== 'loc-rib' && view !== 'adj-rib-out') return;
    const from = `${this.#ports.router} ${view} ${key}`;
    const isKnown = this.#showsOwn.has(from);
    this.#showsOwn.add(from);
    if (!isKnown || announced.length + withdrawn.length > 0) this.#ports.own(from, { announced, withdrawn });
  }

  #peer(peer: BmpPeer, vantagePoint: VantagePoint, state: 'up' | 'down'): void {
    const from = `${this.#ports.router} ${peer.view} ${peer.key}`;
    if (state === 'down' && this.#showsOwn.delete(from)) this.#ports.own(from, undefined);
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
    this.#know(peer, vantagePoint);
    this.#ports.state(vantagePoint, peer.observedMs, 'up');
  }

  #know(peer: BmpPeer, vantagePoint: VantagePoint): void {
    this.#up.set(peer.key, { vantagePoint, views: new Set([peer.view]) });
    this.#heardMs.set(peer.key, this.#ports.nowMs());
    if (peer.view === 'loc-rib') this.#own.set(peer.key, vantagePoint);
  }

  /** A peer that never came up is taken at its word: some routers do not say of new neighbours that they are there. */
  #update(update: Update, peer: BmpPeer): void {
    const known = this.#up.get(peer.key);
    if (known === undefined) this.#know(peer, update.vantagePoint);
    else known.views.add(peer.view);
    this.#heardMs.set(peer.key, this.#ports.nowMs());
    for (const one of byPathId(update, peer.view)) this.#ports.update(one);
  }

  #heard(peer: BmpPeer, vantagePoint: VantagePoint): void {
    this.#ports.heard(vantagePoint, false);
    const nowMs = this.#ports.nowMs();
    if (!this.#up.has(peer.key) || nowMs - (this.#heardMs.get(peer.key) ?? nowMs) < UP_AGAIN_MS) return;
    this.#heardMs.set(peer.key, nowMs);
    this.#ports.state(vantagePoint, peer.observedMs, 'up');
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

/**
 * The RPKI as it is at the engine's clock: what is past its end counts for nothing, live as under replay. Whatever was asked about and ends by
 * itself sets the deadline `rpki`, at which the watched RIB is judged anew. Pure; between the export (`judge/rpki-data.ts`) and the judge.
 */
import type { Prefix } from '../../bgp/prefix.ts';
import type { RpkiView } from '../../judge/world.ts';
import type { Core } from '../core.ts';

export class RpkiNow implements RpkiView {
  private readonly data: RpkiView;
  private readonly nowMs: () => number;
  private readonly endsAt: (ms: number) => void;

  /** `endsAt`: something that was asked about changes by itself at that time. */
  constructor(data: RpkiView, nowMs: () => number, endsAt: (ms: number) => void) {
    this.data = data;
    this.nowMs = nowMs;
    this.endsAt = endsAt;
  }

  validate(prefix: Prefix, origin: number | undefined): ReturnType<RpkiView['validate']> {
    this.note(prefix);
    return this.data.validate(prefix, origin, this.nowMs());
  }

  providersOf(customer: number): ReadonlySet<number> | undefined {
    const providers = this.data.providersOf(customer, this.nowMs());
    if (providers !== undefined) this.note(customer);
    return providers;
  }

  holds(): boolean {
    return this.data.holds?.(this.nowMs()) ?? true;
  }

  roaEndsMs(prefix: Prefix, origin: number): readonly number[] {
    return this.data.roaEndsMs?.(prefix, origin, this.nowMs()) ?? [];
  }

  private note(about: Prefix | number): void {
    const atMs = this.data.nextEndMs?.(about, this.nowMs()) ?? Number.POSITIVE_INFINITY;
    if (atMs < Number.POSITIVE_INFINITY) this.endsAt(atMs);
  }
}

/** The data in force, and when something that was asked about ends next. */
export class RpkiKeeper {
  now: RpkiNow | undefined;
  private readonly core: Core;
  private endsMs = Number.POSITIVE_INFINITY;

  constructor(core: Core) {
    this.core = core;
  }

  /** The caller judges the RIB anew. */
  set(data: RpkiView | undefined): void {
    const { core } = this;
    core.deadlines.clear('rpki');
    this.endsMs = Number.POSITIVE_INFINITY;
    const nowMs = (): number => core.nowMs;
    this.now = data === undefined ? undefined : new RpkiNow(data, nowMs, (ms) => this.noteEnd(ms));
    core.world = { ...core.world, rpki: this.now };
    core.roas.look(core.nowMs);
  }

  private noteEnd(atMs: number): void {
    if (atMs >= this.endsMs) return;
    this.endsMs = atMs;
    this.core.deadlines.set('rpki', atMs);
  }

  /** Something came to its end: what was told from it is forgotten, and all is judged anew. `roa`: only ROAs are looked at. */
  onDeadline(kind: 'rpki' | 'roa', atMs: number): void {
    const { core } = this;
    if (kind === 'rpki') {
      this.endsMs = Number.POSITIVE_INFINITY;
      core.world = { ...core.world };
      core.rejudge.all('replaced', atMs);
    }
    core.roas.look(atMs);
  }
}

/**
 * The RPKI as it is at the engine's clock: what is past its end counts for nothing, live as under replay. Whatever was asked about and ends by
 * itself sets the deadline `rpki`, at which the watched RIB is judged anew. Pure; between the export (`judge/rpki-data.ts`) and the judge.
 */
import type { Prefix } from '../bgp/prefix.ts';
import type { RpkiView } from '../judge/world.ts';

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

/**
 * roa-expiring: the ROA that alone makes an expected origin of a watched prefix valid ends soon and no other takes over, or it is gone while the
 * announcement stands (detection.md §1). By the ROA's own `notAfter` where the export has it; an `expires` of the chain is renewed all the time, and
 * only its passing counts. Asked with each new export, each change of the watchlist, and at the deadline `roa`.
 */

import { originsOf } from '../../bgp/as-path.ts';
import type { Prefix } from '../../bgp/prefix.ts';
import { expectationOf } from '../../judge/expectation.ts';
import type { Row, Watched } from '../../judge/finding.ts';
import type { Core } from '../core.ts';

const DAY_MS = 86_400_000;
const SOON_MS = 14 * DAY_MS;
const AT_ONCE_MS = 2 * DAY_MS;
/** Entries that are asked about; a longer watchlist is that of somebody who watches others. */
const ENTRIES_MAX = 20_000;

export class RoaKeeper {
  private readonly core: Core;
  /** `prefix AS` that was valid when it was asked last. */
  private readonly valid = new Set<string>();
  /** What is held: `prefix AS` → the group of its entry. */
  private readonly held = new Map<string, string>();

  constructor(core: Core) {
    this.core = core;
  }

  restore(key: string): void {
    this.valid.add(key);
  }

  /** Looks at every watched prefix. Without RPKI data that hold nothing is known, and nothing changes. */
  look(nowMs: number): void {
    const { core } = this;
    if (core.rpki === undefined || !core.rpki.holds() || core.plan.size > ENTRIES_MAX) return;
    let nextMs = Number.POSITIVE_INFINITY;
    const asked = new Set<string>();
    for (const watched of core.plan.every()) {
      if (watched.entry.type === 'prefix' && watched.entry.ignore) continue;
      for (const origin of this.expectedOf(watched)) {
        const key = `${watched.prefix.text} ${origin}`;
        asked.add(key);
        nextMs = Math.min(nextMs, this.lookAt(watched, origin, key, nowMs));
      }
    }
    for (const [key, group] of [...this.held]) if (!asked.has(key)) this.release(key, group, nowMs);
    if (nextMs < Number.POSITIVE_INFINITY) core.deadlines.set('roa', nextMs);
    else core.deadlines.clear('roa');
  }

  /** A watched prefix is announced by nobody any more: a ROA that is gone is no trouble then. */
  withdrawn(nowMs: number): void {
    if (this.held.size > 0) this.look(nowMs);
  }

  private expectedOf({ entry, prefix, name }: Watched): readonly number[] {
    if (entry.type === 'asn') return [entry.asn];
    return entry.origins ?? expectationOf({ entry, prefix, name }, prefix, this.core.world).origins;
  }

  /** When there may be something else to say, ms. */
  private lookAt(watched: Watched, origin: number, key: string, nowMs: number): number {
    const { rpki, effects } = this.core;
    const { prefix, entry } = watched;
    const isValid = rpki?.validate(prefix, origin).state === 'valid';
    if (isValid && !this.valid.has(key)) effects.remember(`roa/${key}`, '1');
    if (isValid) this.valid.add(key);
    const endMs = isValid ? Math.max(...(rpki?.roaEndsMs(prefix, origin) ?? [])) : Number.NEGATIVE_INFINITY;
    const leftMs = endMs - nowMs;
    const isGone = !isValid && this.valid.has(key);
    if (isGone && !this.isAnnounced(prefix, origin)) this.forget(key);
    if (isValid ? leftMs <= SOON_MS : isGone && this.isAnnounced(prefix, origin))
      this.hold(watched, origin, isValid ? endMs : undefined, nowMs);
    else if (this.held.has(key)) this.release(key, entry.group, nowMs);
    const nextMs = [endMs - SOON_MS, endMs - AT_ONCE_MS, endMs].filter(
      (ms) => Number.isFinite(ms) && ms > nowMs,
    );
    return Math.min(Number.POSITIVE_INFINITY, ...nextMs);
  }

  private isAnnounced(prefix: Prefix, origin: number): boolean {
    return this.core.rib.routesAt(prefix).some(({ path }) => originsOf(path).includes(origin));
  }

  /** The prefix is announced no more: a ROA for it need not be there. */
  private forget(key: string): void {
    this.valid.delete(key);
    this.core.effects.remember(`roa/${key}`, '');
  }

  private hold(
    { prefix, entry, name }: Watched,
    origin: number,
    endMs: number | undefined,
    nowMs: number,
  ): void {
    const { book, config, lastVia } = this.core;
    const full = config.detection.weights['roa-expiring'];
    const isNear = endMs === undefined || endMs - nowMs <= AT_ONCE_MS;
    const day = endMs === undefined ? '' : new Date(endMs).toISOString().slice(0, 10);
    const row: Row = {
      code: 'roa-expiring',
      weight: isNear ? full : Math.floor(full / 2),
      source: 'rpki',
      facts: [prefix.text, origin, day],
    };
    this.held.set(`${prefix.text} ${origin}`, entry.group);
    book.hold(
      {
        group: entry.group,
        kind: 'roa-expiring',
        offender: origin,
        prefix,
        prefixText: prefix.text,
        watch: name,
        name: entry.name,
        expectedOrigins: [origin],
        rows: [row],
        isKnown: true,
        observedMs: nowMs,
        via: lastVia,
      },
      nowMs,
    );
  }

  private release(key: string, group: string, nowMs: number): void {
    const [text = '', origin = ''] = key.split(' ');
    this.held.delete(key);
    const gone = { cause: 'replaced', observedMs: nowMs, offender: Number(origin) } as const;
    this.core.book.release(group, 'roa-expiring', text, gone, nowMs);
  }
}

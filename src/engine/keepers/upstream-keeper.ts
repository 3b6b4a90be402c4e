/**
 * upstream-loss: an entry names ASes through which its prefix must be seen (`mustSeeThrough`), and for five minutes one of them stands on no path
 * to it at any vantage point, though sessions that showed it there are up. What a session that is down last said counts neither way. Called by the
 * engine whenever a route of a watched prefix changed; the time is the deadline `upstream`.
 */

import { asnsOf } from '../../bgp/as-path.ts';
import { formatAsn } from '../../bgp/asn.ts';
import type { Prefix } from '../../bgp/prefix.ts';
import type { Watched } from '../../judge/finding.ts';
import type { Core } from '../core.ts';

/** So long nobody shows it before it is said. */
const LOST_AFTER_MS = 300_000;

interface Shown {
  /** Vantage points that showed the AS on their path last. */
  points: ReadonlySet<number>;
  /** Since when nobody shows it, ms; undefined: somebody does. */
  missingSinceMs: number | undefined;
}

export class UpstreamKeeper {
  private readonly core: Core;
  /** Watched prefix → AS → who showed it. */
  private readonly shown = new Map<string, Map<number, Shown>>();

  constructor(core: Core) {
    this.core = core;
  }

  /** A route of this watched prefix changed, or a session of those that showed it. */
  changed(watched: Watched, nowMs: number): void {
    const { mustSeeThrough } = watched.entry;
    const text = watched.prefix.text;
    if (mustSeeThrough.length === 0 && !this.shown.has(text)) return;
    const shown = this.shown.get(text) ?? new Map<number, Shown>();
    this.shown.set(text, shown);
    for (const asn of [...shown.keys()]) if (!mustSeeThrough.includes(asn)) shown.delete(asn);
    const now = this.pointsBy(watched.prefix);
    for (const asn of mustSeeThrough) this.look(text, shown, asn, now.get(asn), nowMs);
    this.assess(watched, shown, nowMs);
  }

  /** AS → vantage points that are up, or all of them, and have it on their path. */
  private pointsBy(prefix: Prefix, isOfAll = false): ReadonlyMap<number, ReadonlySet<number>> {
    const points = new Map<number, Set<number>>();
    const { rib, vantagePoints } = this.core;
    for (const { path, vantagePoint, order } of rib.routesAt(prefix)) {
      const isKnown = vantagePoints.isUp(vantagePoint) && vantagePoints.doubtOf(vantagePoint, order) < 2;
      if (!isKnown && !isOfAll) continue;
      for (const asn of asnsOf(path)) points.set(asn, (points.get(asn) ?? new Set()).add(vantagePoint));
    }
    return points;
  }

  private look(
    text: string,
    shown: Map<number, Shown>,
    asn: number,
    points: ReadonlySet<number> | undefined,
    nowMs: number,
  ): void {
    const known = shown.get(asn);
    if (points !== undefined) {
      shown.set(asn, { points, missingSinceMs: undefined });
      if (known?.missingSinceMs !== undefined) this.core.effects.remember(`through/${text} ${asn}`, '');
    } else if (known !== undefined && known.missingSinceMs === undefined && this.someUp(known.points)) {
      shown.set(asn, { ...known, missingSinceMs: nowMs });
      const names = [...known.points].map((id) => this.core.vantagePoints.byId(id).name);
      this.core.effects.remember(`through/${text} ${asn}`, JSON.stringify([nowMs, names]));
    }
  }

  private someUp(points: ReadonlySet<number>): boolean {
    return [...points].some((id) => this.core.vantagePoints.isUp(id));
  }

  /** Says what is lost for long enough, takes back what is not, and waits for what may be. */
  private assess(watched: Watched, shown: ReadonlyMap<number, Shown>, nowMs: number): void {
    const { book, deadlines } = this.core;
    const text = watched.prefix.text;
    const missing = [...shown].filter(([, one]) => one.missingSinceMs !== undefined);
    const isLost = ([, one]: [number, Shown]): boolean =>
      nowMs - (one.missingSinceMs ?? nowMs) >= LOST_AFTER_MS;
    const lost = missing.filter((one) => isLost(one) && this.someUp(one[1].points));
    const waiting = missing
      .filter((one) => !isLost(one))
      .map(([, one]) => (one.missingSinceMs ?? 0) + LOST_AFTER_MS);
    if (waiting.length > 0) deadlines.set(`upstream\u0000${text}`, Math.min(...waiting));
    else deadlines.clear(`upstream\u0000${text}`);
    if (lost.length > 0)
      this.hold(
        watched,
        lost.map(([asn]) => asn),
        nowMs,
      );
    else if (missing.length === 0)
      book.release(
        watched.entry.group,
        'upstream-loss',
        text,
        { cause: 'replaced', observedMs: nowMs },
        nowMs,
      );
  }

  private hold({ prefix, entry, name }: Watched, lost: readonly number[], nowMs: number): void {
    const { book, config, lastVia } = this.core;
    const weight = config.detection.weights['upstream-loss'];
    const facts = [lost.map(formatAsn).join(', '), prefix.text];
    book.hold(
      {
        group: entry.group,
        kind: 'upstream-loss',
        prefix,
        prefixText: prefix.text,
        watch: name,
        name: entry.name,
        expectedOrigins: entry.type === 'prefix' ? (entry.origins ?? []) : [entry.asn],
        rows: [{ code: 'upstream-loss', weight, source: 'watchlist', facts }],
        isKnown: true,
        observedMs: nowMs,
        via: lastVia,
      },
      nowMs,
    );
  }

  onDeadline(text: string, nowMs: number): void {
    const prefix = this.core.prefixOfText(text);
    const watched = prefix === undefined ? undefined : this.core.plan.exact(prefix);
    if (watched !== undefined) this.changed(watched, nowMs);
  }

  /** After a restart: who showed an AS before it did so, whatever the session is like now. */
  seed(nowMs: number): void {
    for (const watched of this.asking()) {
      const { entry, prefix } = watched;
      const shown = this.shown.get(prefix.text) ?? new Map<number, Shown>();
      this.shown.set(prefix.text, shown);
      const before = this.pointsBy(prefix, true);
      for (const asn of entry.mustSeeThrough) {
        const points = before.get(asn);
        if (points !== undefined && !shown.has(asn)) shown.set(asn, { points, missingSinceMs: undefined });
      }
      this.assess(watched, shown, nowMs);
    }
  }

  /** Watch entries may be other: every entry that asks is looked at. */
  all(nowMs: number): void {
    for (const text of [...this.shown.keys()]) this.forgetUnwatched(text, nowMs);
    for (const watched of this.asking()) this.changed(watched, nowMs);
  }

  private asking(): readonly Watched[] {
    return this.core.plan.watchedWith(({ mustSeeThrough }) => mustSeeThrough.length > 0);
  }

  /** Nobody watches it any more, or nobody asks: what was held ends. */
  private forgetUnwatched(text: string, nowMs: number): void {
    const prefix = this.core.prefixOfText(text);
    const watched = prefix === undefined ? undefined : this.core.plan.exact(prefix);
    if (watched === undefined) this.shown.delete(text);
    else this.changed(watched, nowMs);
  }

  /** From the store: missing since then, and who had shown it. */
  restore(key: string, value: string): void {
    const [text = '', asn = ''] = key.split(' ');
    const [sinceMs, names] = JSON.parse(value) as [number, string[]];
    const points = new Set(names.map((name) => this.core.vantagePoints.idOf(name)).filter((id) => id >= 0));
    const shown = this.shown.get(text) ?? new Map<number, Shown>();
    this.shown.set(text, shown.set(Number(asn), { points, missingSinceMs: sinceMs }));
  }
}

/**
 * Silences in force (detection.md §4, planned changes). With an expected origin, a silence makes that origin an
 * expected one while it lasts: nothing opens, and when it ends what still stands is judged anew. Without one,
 * incidents open and are recorded, receivers are not told, and at the end they hear of what still stands.
 */
import { overlaps, type Prefix } from '../bgp/prefix.ts';
import { isoTime } from '../incident/alert.ts';
import type { Notice } from '../incident/incident-book.ts';
import type { IncidentState } from '../incident/incident-state.ts';
import type { Finding } from '../judge/finding.ts';
import type { Core } from './core.ts';
import type { DeadlineName } from './deadlines.ts';
import type { Silence } from './ports.ts';

export class SilenceKeeper {
  private readonly core: Core;
  private readonly all = new Map<string, Silence>();

  constructor(core: Core) {
    this.core = core;
  }

  every(): readonly Silence[] {
    return [...this.all.values()];
  }

  /** A planned change is under way. */
  expectsSomething(nowMs: number): boolean {
    for (const silence of this.all.values())
      if (silence.expectedOrigin !== null && isInForce(silence, nowMs)) return true;
    return false;
  }

  get(id: string): Silence | undefined {
    return this.all.get(id);
  }

  /** Puts a remembered silence back. */
  restore(silence: Silence): void {
    this.all.set(silence.id, silence);
    const startMs = Date.parse(silence.startsAt);
    const endMs = Date.parse(silence.endsAt);
    if (startMs > this.core.nowMs) this.core.deadlines.set(startName(silence.id), startMs);
    this.core.deadlines.set(endName(silence.id), Math.max(endMs, this.core.nowMs));
  }

  add(silence: Silence, nowMs: number): void {
    this.restore(silence);
    this.core.effects.silence(silence);
    if (isInForce(silence, nowMs) && silence.expectedOrigin !== null)
      this.core.rejudge.all('accepted', nowMs);
  }

  /** Ended early: what it held back comes up now. */
  remove(id: string, nowMs: number): readonly Notice[] {
    const silence = this.all.get(id);
    if (silence === undefined) return [];
    this.all.delete(id);
    this.core.deadlines.clear(startName(id));
    this.core.deadlines.clear(endName(id));
    this.core.effects.silenceGone(id);
    return this.ended(silence, nowMs);
  }

  /** Silences begin and end by the clock; the row stays for the record. */
  onDeadline(nowMs: number): readonly Notice[] {
    const notices: Notice[] = [];
    for (const silence of this.all.values()) {
      const endMs = Date.parse(silence.endsAt);
      if (endMs <= nowMs && !this.over.has(silence.id)) {
        this.over.add(silence.id);
        notices.push(...this.ended(silence, nowMs));
      } else if (isInForce(silence, nowMs) && silence.expectedOrigin !== null)
        this.core.rejudge.all('accepted', nowMs);
    }
    return notices;
  }

  private readonly over = new Set<string>();

  private ended(silence: Silence, nowMs: number): readonly Notice[] {
    if (silence.expectedOrigin !== null) {
      this.core.rejudge.all('replaced', nowMs);
      return [];
    }
    const notices: Notice[] = [];
    for (const incident of this.core.book.every()) {
      if (incident.state === 'open' && this.concerns(silence, incident))
        notices.push(...this.core.book.remind(incident, nowMs));
    }
    return notices;
  }

  private concerns(silence: Silence, incident: IncidentState): boolean {
    const { match } = silence;
    if (match.group !== undefined && match.group !== incident.group) return false;
    if (match.kind !== undefined && match.kind !== incident.kind) return false;
    if (match.offender !== undefined && match.offender !== incident.offender) return false;
    if (match.prefix === undefined) return true;
    const wanted = this.core.prefixOfText(match.prefix);
    return (
      wanted !== undefined &&
      incident.routes.values().some((route) => route.prefix !== undefined && overlaps(route.prefix, wanted))
    );
  }

  /** True when a planned change makes this finding an expected one now. */
  expects(finding: Finding, prefix: Prefix, nowMs: number): boolean {
    if (this.all.size === 0) return false;
    for (const silence of this.all.values()) {
      const { match, expectedOrigin } = silence;
      if (expectedOrigin === null || !isInForce(silence, nowMs)) continue;
      if (!finding.originAs.every((origin) => origin === expectedOrigin)) continue;
      if (match.group !== undefined && match.group !== finding.watched.entry.group) continue;
      if (match.kind !== undefined && match.kind !== finding.kind) continue;
      if (match.offender !== undefined && match.offender !== finding.offender) continue;
      const wanted = match.prefix === undefined ? undefined : this.core.prefixOfText(match.prefix);
      if (wanted !== undefined && !overlaps(prefix, wanted)) continue;
      return true;
    }
    return false;
  }

  /** Those that hold receivers back now. */
  inForce(nowMs: number): readonly Silence[] {
    return [...this.all.values()].filter((silence) => isInForce(silence, nowMs));
  }
}

function isInForce(silence: Silence, nowMs: number): boolean {
  const now = isoTime(nowMs);
  return silence.startsAt <= now && now < silence.endsAt;
}

function startName(id: string): DeadlineName {
  return `silence\u0000start ${id}`;
}

function endName(id: string): DeadlineName {
  return `silence\u0000end ${id}`;
}

/**
 * visibility-loss as a condition of the book: asked whenever somebody lost a watched prefix, carries it again, or a session of those that lost it
 * went down. The reckoning is `judge/visibility.ts`.
 */
import type { Prefix } from '../../bgp/prefix.ts';
import type { Finding } from '../../judge/finding.ts';
import type { Core } from '../core.ts';

/** `lostMs`: when it was lost, where that is told late. */
export function assessVisibility(
  core: Core,
  prefix: Prefix,
  observedMs: number,
  nowMs: number,
  lostMs = nowMs,
): void {
  const watched = core.plan.exact(prefix);
  if (watched === undefined) return;
  const carrying = core.rib.countWhere(prefix, (id) => core.vantagePoints.isUp(id));
  const loss = core.visibility.assess(prefix.text, carrying, lostMs);
  const { group } = watched.entry;
  if (loss === undefined) {
    core.book.release(group, 'visibility-loss', prefix.text, { cause: 'replaced', observedMs }, nowMs);
    core.effects.remember(`lost/${prefix.text}`, '');
    return;
  }
  const full = core.config.detection.weights['visibility-loss'];
  const expected = watched.entry.type === 'prefix' ? (watched.entry.origins ?? []) : [watched.entry.asn];
  core.book.hold(
    {
      group,
      kind: 'visibility-loss',
      prefix,
      prefixText: prefix.text,
      watch: watched.name,
      name: watched.entry.name,
      expectedOrigins: expected,
      rows: [
        {
          code: 'visibility-loss',
          weight: loss.isSevere ? full * 2 : full,
          source: 'rib',
          facts: [loss.lost, loss.carried, prefix.text],
        },
      ],
      isKnown: loss.isKnown,
      observedMs,
      via: core.lastVia,
    },
    nowMs,
  );
  const lost = [...core.visibility.lostAt(prefix.text)].map(([id, atMs]) => [
    core.vantagePoints.byId(id).name,
    atMs,
    core.visibility.isSilent(prefix.text, id),
  ]);
  core.effects.remember(`lost/${prefix.text}`, JSON.stringify(lost));
}

/** The route of a watched prefix has an origin that is not foreign there. */
export function isOurs(finding: Finding | undefined): boolean {
  return finding?.kind !== 'origin-change' && finding?.kind !== 'squatting';
}

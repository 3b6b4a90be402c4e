/** Plays one captured event and measures what was made of it: one line of the table. */
import type { Severity } from '../../src/bgp/severity.ts';
import type { Alert, Incident } from '../../src/incident/alert.ts';
import { tell } from '../scenario.ts';
import { type Capture, type Meta, watchOf } from './captures.ts';

export interface Measured {
  readonly event: string;
  readonly category: Meta['category'];
  /** The incident of the hijack, as its first alert had it; undefined: not found at the first hijack update. */
  readonly found: Incident | undefined;
  readonly severityAtFirst: Severity | 'none';
  readonly severityAtEnd: Severity | 'none';
  readonly scoreAtFirst: number;
  readonly scoreAtEnd: number;
  /** Frames from the first hijack update to the alert that said critical; 0: the first said it. Undefined: never. */
  readonly updatesToCritical: number | undefined;
  /** Incidents above info that opened before the hijack. */
  readonly before: readonly Incident[];
  readonly alerts: readonly Alert[];
}

export async function measure(capture: Capture): Promise<Measured> {
  const { meta, lines } = capture;
  const { alerts } = await tell({ watch: watchOf(capture), steps: [], lines });
  const firstMs = firstHijackMs(capture);
  const opened = alerts.find((alert) => Date.parse(alert.at) === firstMs && showsHijack(alert, meta));
  const own = alerts.filter((alert) => alert.incident.id === opened?.incident.id);
  const critical = own.find((alert) => alert.incident.severity === 'critical');
  const last = own.at(-1)?.incident;
  return {
    event: meta.event,
    category: meta.category,
    found: opened?.incident,
    severityAtFirst: opened?.incident.severity ?? 'none',
    severityAtEnd: last?.severity ?? 'none',
    scoreAtFirst: opened?.incident.score ?? 0,
    scoreAtEnd: last?.score ?? 0,
    updatesToCritical:
      critical === undefined ? undefined : framesBetween(lines, firstMs, Date.parse(critical.at)),
    before: latest(
      alerts.filter((alert) => Date.parse(alert.at) < firstMs && alert.incident.peakSeverity !== 'info'),
    ),
    alerts,
  };
}

/**
 * The stamp of the meta line. Where that is the first path *through* the network, which as a rightful upstream of the
 * victim is on paths all day (the typing errors in AS numbers): the first update that it originates.
 */
function firstHijackMs({ meta, lines }: Capture): number {
  if (meta.category !== 'typo') return meta.first_hijacker_update * 1000;
  const first = lines
    .map((line) => (JSON.parse(line) as { data: { timestamp: number; path?: readonly number[] } }).data)
    .find(({ path }) => path?.at(-1) === Number(meta.hijack_as));
  return (first?.timestamp ?? meta.first_hijacker_update) * 1000;
}

/** One for each incident, as its last alert had it. */
function latest(alerts: readonly Alert[]): readonly Incident[] {
  return [...new Map(alerts.map(({ incident }) => [incident.id, incident])).values()];
}

/** The alert is about the announced prefix and a path with the AS that did it. */
function showsHijack(alert: Alert, meta: Meta): boolean {
  return alert.incident.routes.some(
    (route) =>
      route.prefix === meta.hijack_prefix &&
      route.paths.some(({ path }) => path.split(/[ {},]/).includes(meta.hijack_as)),
  );
}

function framesBetween(lines: readonly string[], fromMs: number, toMs: number): number {
  if (toMs === fromMs) return 0;
  const stamps = lines.map((line) => Number(/"timestamp": ?([\d.]+)/.exec(line)?.[1]) * 1000);
  return stamps.filter((ms) => ms >= fromMs && ms < toMs).length;
}

/**
 * Alerts that stand in no feed: the notice that a receiver fails, for people at the other receivers, and the marked
 * test of `notify test`. They have the shape of any alert, so that they take the same way, and say what they are.
 */
import { createHash } from 'node:crypto';
import { type Alert, type Incident, type IncidentRoute, NO_CASE, type Words } from '../incident/alert.ts';
import { timeText } from './message.ts';
import type { ReceiverState } from './receiver-health.ts';

/** What people read when `state.receiver` has failed for a while. */
export function failureNotice(state: ReceiverState, nowMs: number): Alert {
  const since = state.failingSince ?? new Date(nowMs).toISOString();
  const error = state.lastError ?? '';
  const summary: Words = {
    en: `Receiver ${state.receiver} (${state.type}) has not taken alerts since ${timeText(since, 'en')}: ${error}. ${state.pending} waiting.`,
    ko: `수신처 ${state.receiver} (${state.type}): ${timeText(since, 'ko')}부터 알림 전달 실패, ${error}. 대기 ${state.pending}건.`,
  };
  const next: readonly Words[] = [
    {
      en: 'Check the address, the token and the network of that receiver; what waits is sent when it works again.',
      ko: '해당 수신처의 주소, 토큰, 네트워크를 확인하세요. 대기 중인 알림은 복구되면 전송됩니다.',
    },
  ];
  const incident = plainIncident({
    id: idOf('receiver', `${state.receiver} ${since}`),
    atMs: nowMs,
    summary,
    advice: { benign: { en: '', ko: '' }, next },
    routes: [],
  });
  const blind: Incident = {
    ...incident,
    group: 'originwatch',
    family: 'feed',
    kind: 'feed-blind',
    offender: null,
  };
  return alertOf({ ...blind, severity: 'warning', peakSeverity: 'warning' }, 'opened', nowMs);
}

const EVIDENCE: Incident['evidence'] = [
  {
    code: 'sub-prefix',
    weight: 6,
    source: 'watchlist',
    text: {
      en: 'TEST: more specific than the watched prefix',
      ko: '테스트: 감시 대상보다 세부적인 프리픽스',
    },
  },
];

const TEST: Words = {
  en: 'TEST, not an incident. AS64511 announces 192.0.2.128/25, inside 192.0.2.0/24, which AS64496 should originate. This message only shows that the receiver works.',
  ko: '테스트 메시지이며 실제 인시던트가 아닙니다. AS64511 광고 192.0.2.128/25, 감시 대상 192.0.2.0/24 (기대 오리진 AS64496). 수신처 동작 확인용입니다.',
};

/** A realistic alert with documentation numbers (RFC 5737, RFC 5398), marked as a test in words and id. */
export function testAlert(nowMs: number, event: 'opened' | 'resolved' = 'opened'): Alert {
  const at = new Date(nowMs).toISOString();
  const ended = event === 'resolved';
  const route: IncidentRoute = {
    kind: 'sub-prefix',
    taxonomy: 'S|0',
    prefix: '192.0.2.128/25',
    watch: '192.0.2.0/24',
    name: 'TEST',
    expectedOrigins: [64_496],
    originAs: [64_511],
    active: !ended,
    firstSeenAt: at,
    lastSeenAt: at,
    vantagePoints: { seeing: ended ? 0 : 3, known: 350 },
    peerAsns: ended ? [] : [64_500],
    paths: ended ? [] : [{ path: '64500 64511', vantagePoints: 3 }],
  };
  const advice = {
    benign: { en: 'This is a test.', ko: '테스트입니다.' },
    next: [{ en: 'Nothing to do.', ko: '조치할 것 없음.' }],
  };
  const incident = plainIncident({
    id: `test-${idOf('test', at)}`,
    atMs: nowMs,
    summary: TEST,
    advice,
    routes: [route],
  });
  const resolved = ended
    ? ({ state: 'resolved', endedAt: at, resolvedAt: at, resolution: 'withdrawn' } as const)
    : {};
  const alert = alertOf({ ...incident, ...resolved }, event, nowMs);
  return { ...alert, id: `test-${alert.id}`, incident: { ...alert.incident, score: 6, evidence: EVIDENCE } };
}

interface Plain {
  readonly id: string;
  readonly atMs: number;
  readonly summary: Words;
  readonly advice: Incident['advice'];
  readonly routes: readonly IncidentRoute[];
}

function plainIncident(plain: Plain): Incident {
  const at = new Date(plain.atMs).toISOString();
  return {
    id: plain.id,
    group: 'test',
    family: 'hijack',
    kind: 'sub-prefix',
    severity: 'info',
    peakSeverity: 'info',
    score: 0,
    state: 'open',
    ...NO_CASE,
    peak: { seeing: 0, known: 0, at },
    offender: 64_511,
    summary: plain.summary,
    routes: plain.routes,
    routesTotal: plain.routes.length,
    evidence: [],
    advice: plain.advice,
    firstSeenAt: at,
    openedAt: at,
    updatedAt: at,
    endedAt: null,
    resolvedAt: null,
    resolution: null,
    reopenedCount: 0,
    detectedBy: 'live',
  };
}

function alertOf(incident: Incident, event: 'opened' | 'resolved', nowMs: number): Alert {
  const id = idOf('alert', `${incident.id} ${event}`);
  const reason = event === 'opened' ? 'first-sighting' : 'ended';
  return { seq: 0, id, event, at: new Date(nowMs).toISOString(), reason, incident };
}

/** UUID form, made of what it names (RFC 9562 §5.8). */
function idOf(sort: string, name: string): string {
  const hex = createHash('sha256').update(`originwatch ${sort} ${name}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

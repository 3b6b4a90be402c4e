/** Alerts for the tests of delivering: an incident's story in a few words. */
import type { Severity } from '../../src/bgp/severity.ts';
import {
  type Alert,
  type AlertEvent,
  type Incident,
  type IncidentRoute,
  NO_CASE,
} from '../../src/incident/alert.ts';

const AT = '2022-02-03T01:04:18.000Z';

export function routeOf(over: Partial<IncidentRoute> = {}): IncidentRoute {
  return {
    kind: 'sub-prefix',
    taxonomy: 'S|0',
    prefix: '192.0.2.128/25',
    watch: '192.0.2.0/24',
    name: 'Example platform',
    expectedOrigins: [64496],
    originAs: [64511],
    active: true,
    firstSeenAt: AT,
    lastSeenAt: AT,
    vantagePoints: { seeing: 3, known: 350 },
    peerAsns: [64500],
    paths: [{ path: '64500 64511', vantagePoints: 3 }],
    ...over,
  };
}

export function incidentOf(over: Partial<Incident> = {}): Incident {
  return {
    id: '0194c8e2-0000-8000-a000-000000000001',
    group: 'kakao',
    family: 'hijack',
    kind: 'sub-prefix',
    severity: 'critical',
    peakSeverity: 'critical',
    score: 14,
    state: 'open',
    ...NO_CASE,
    peak: { seeing: 3, known: 350, at: '2022-02-03T01:04:18.000Z' },
    offender: 64511,
    summary: {
      en: 'AS64511 announces 192.0.2.128/25, inside 192.0.2.0/24, which AS64496 should originate.',
      ko: 'AS64511이 192.0.2.0/24 안의 192.0.2.128/25를 광고합니다. 기대 오리진은 AS64496입니다.',
    },
    routes: [routeOf()],
    routesTotal: 1,
    evidence: [
      { code: 'sub-prefix', weight: 6, source: 'watchlist', text: { en: 'more specific', ko: '더 세부적' } },
      { code: 'new-link', weight: 4, source: 'rib', text: { en: 'link never seen', ko: '처음 보는 연결' } },
    ],
    advice: {
      benign: { en: 'A customer with its own number.', ko: '자체 번호를 쓰는 고객일 수 있음.' },
      next: [{ en: 'Call the NOC of AS64511.', ko: 'AS64511 NOC에 연락.' }],
    },
    firstSeenAt: AT,
    openedAt: AT,
    updatedAt: AT,
    endedAt: null,
    resolvedAt: null,
    resolution: null,
    reopenedCount: 0,
    detectedBy: 'live',
    ...over,
  };
}

export function alertOf(
  over: Partial<Omit<Alert, 'incident'>> = {},
  incident: Partial<Incident> = {},
): Alert {
  return {
    seq: 1,
    id: '0194c8e2-0000-8000-a000-0000000000a1',
    event: 'opened',
    at: AT,
    reason: 'first-sighting',
    incident: incidentOf(incident),
    ...over,
  };
}

/** The n-th alert of the n-th step: ids and seq differ by number. */
export function numbered(
  seq: number,
  incident: string,
  event: AlertEvent = 'updated',
  severity: Severity = 'warning',
): Alert {
  return alertOf({ seq, id: `alert-${seq}`, event }, { id: incident, severity, peakSeverity: severity });
}

/** The same alert with a hostile text wherever a text from outside can stand. */
export function hostileAlert(text: string): Alert {
  const words = { en: text, ko: text };
  const route = routeOf({ name: text, watch: text, prefix: text, paths: [{ path: text, vantagePoints: 1 }] });
  return alertOf(
    {},
    {
      group: text,
      summary: words,
      routes: Array.from({ length: 7 }, () => route),
      routesTotal: 5000,
      evidence: Array.from({ length: 15 }, () => ({
        code: 'new-link' as const,
        weight: 4,
        source: text,
        text: words,
      })),
      advice: { benign: words, next: Array.from({ length: 7 }, () => words) },
    },
  );
}

export const HOSTILE: Readonly<Record<string, string>> = {
  'Slack markup': '<!channel> <@U1234> <https://evil.example|click> *bold* _it_ ~no~ `code` > quote & :boom:',
  'markdown and HTML':
    '[click](https://evil.example) **x** <script>alert(1)</script> <at>everyone</at> # head',
  mentions: '@channel @here @everyone #tag /command http://evil.example',
  quotes: `"'\`\\"]}); DROP TABLE alerts; -- $(reboot) \${x} %s %n`,
  'line and header breaks': 'a\r\nBcc: evil@example.org\r\n\r\n.\r\nQUIT\r\n\u2028\u2029\u0085b',
  'control characters': `${Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join('')}\u007f\u009b31m`,
  'bidirectional marks': '\u202eevil\u202c \u2066x\u2069 \u200f\u061c \u200b\ufeff\u{e0041}',
  'half surrogates': `\ud800 x \udc00 ${'😀'.repeat(600)}`,
  '100 kB': '가<&>'.repeat(25_000),
};

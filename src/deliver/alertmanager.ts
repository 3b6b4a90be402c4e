/**
 * Alertmanager API v2: the incident as one alert, kept firing until its end.
 *
 * Alertmanager knows an alert by its labels. `severity` is one, because people route on it; so when it changes, the
 * alerts under the other severities are ended in the same request. Ending one that never fired does nothing there.
 */
import { formatAsn } from '../bgp/asn.ts';
import { SEVERITIES } from '../bgp/severity.ts';
import type { Alert } from '../incident/alert.ts';
import { cleanText } from './clean-text.ts';
import { postJson } from './http.ts';
import { messageOf, routeLines } from './message.ts';
import { type Receiver, type ReceiverConfig, type ReceiverDeps, SEND_TIMEOUT_MS } from './receiver.ts';
import { optionalText, requiredUrl } from './settings.ts';
import type { Language } from './words.ts';

/** Without an end Alertmanager forgets an alert after five minutes; ours stands until we say so. */
const STANDS_MS = 30 * 86_400_000;

export function createAlertmanager(config: ReceiverConfig, deps: ReceiverDeps): Receiver {
  const url = apiUrl(requiredUrl(config, 'url'));
  const token = optionalText(config, 'bearerToken');
  const secrets = token === undefined ? [url] : [token, url];
  return {
    name: config.name,
    type: config.type,
    concurrency: 4,
    forPeople: false,
    keepsState: true,
    digestFrom: undefined,
    send: (alert, context) => {
      const headers: Record<string, string> = { 'idempotency-key': alert.id };
      if (token !== undefined) headers.authorization = `Bearer ${token}`;
      return postJson({
        outside: deps.outside,
        url,
        headers,
        json: alertsOf(alert, config.language, deps.linkOf?.(alert.incident.id)),
        timeoutMs: deps.timeoutMs ?? SEND_TIMEOUT_MS,
        signal: context.signal,
        secrets,
        nowMs: deps.clock.nowMs(),
      });
    },
  };
}

/** The address may be Alertmanager's own, with or without its path prefix, or already that of the API. */
function apiUrl(text: string): string {
  const url = new URL(text);
  if (!url.pathname.endsWith('/api/v2/alerts'))
    url.pathname = `${url.pathname.replace(/\/$/, '')}/api/v2/alerts`;
  return url.href;
}

function alertsOf(alert: Alert, language: Language, link: string | undefined): readonly unknown[] {
  const { incident } = alert;
  const message = messageOf(alert, { language, link, reminder: undefined });
  const annotations = {
    summary: message.summary,
    description: [
      ...message.routes.flatMap((route) => routeLines(route, language)),
      ...message.evidence,
    ].join('\n'),
    title: message.title,
    kind: incident.kind,
    incident: incident.id,
  };
  const base = {
    annotations,
    startsAt: incident.openedAt,
    ...(link === undefined ? {} : { generatorURL: link }),
  };
  const until = new Date(Date.parse(alert.at) + STANDS_MS).toISOString();
  return SEVERITIES.map((severity) => {
    const stands = incident.state === 'open' && severity === incident.severity;
    return { labels: labelsOf(alert, severity), ...base, endsAt: stands ? until : alert.at };
  });
}

function labelsOf(alert: Alert, severity: string): Readonly<Record<string, string>> {
  const { incident } = alert;
  const offender = incident.offender === null ? {} : { offender: formatAsn(incident.offender) };
  const group = cleanText(incident.group, 200);
  return {
    alertname: 'Originwatch',
    severity,
    family: incident.family,
    group,
    incident_id: incident.id,
    ...offender,
  };
}

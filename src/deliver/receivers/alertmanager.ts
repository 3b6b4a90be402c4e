/**
 * Alertmanager API v2: the incident as one alert, kept firing until its end. Alertmanager keeps little over a restart and
 * ends an alert by itself when nobody repeats it, so what stands is told again every minute and a half, as it stands then.
 *
 * Alertmanager knows an alert by its labels. `severity` is one, because people route on it; so when it changes, the
 * alerts under the other severities are ended in the same request. Ending one that never fired does nothing there.
 */

import { formatAsn } from '../../bgp/asn.ts';
import { SEVERITIES } from '../../bgp/severity.ts';
import { type Incident, isoTime } from '../../incident/alert.ts';
import { cleanText } from '../clean-text.ts';
import { postJson } from '../http.ts';
import { messageOf, routeLines, standingAlert } from '../message.ts';
import {
  type Receiver,
  type ReceiverConfig,
  type ReceiverDeps,
  SEND_TIMEOUT_MS,
  type SendContext,
} from '../receiver.ts';
import type { ReceiverType } from '../receiver-type.ts';
import { optionalText, requiredUrl } from '../settings.ts';
import type { Language } from '../words.ts';

/** Every alert is told again so often while it stands … */
const REPEAT_MS = 90_000;
/** … and ends by itself this long after the last time: some rounds may fail, and ours may be a restart. */
const STANDS_MS = 4 * REPEAT_MS;

export const alertmanager: ReceiverType = {
  keys: { secrets: { bearerToken: 'text' }, addresses: ['url'], needs: [['url']] },
  create: createAlertmanager,
};

function createAlertmanager(config: ReceiverConfig, deps: ReceiverDeps): Receiver {
  const url = apiUrl(requiredUrl(config, 'url'));
  const token = optionalText(config, 'bearerToken');
  const tell = (incidents: readonly Incident[], endedAt: string, key: string, context: SendContext) => {
    const headers: Record<string, string> = { 'idempotency-key': key };
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    const wallMs = deps.clock.wallMs();
    const until = isoTime(wallMs + STANDS_MS);
    return postJson({
      outside: deps.outside,
      url,
      headers,
      json: incidents.flatMap((incident) =>
        alertsOf(incident, { language: config.language, link: linkTo(incident, deps), until, endedAt }),
      ),
      timeoutMs: deps.timeoutMs ?? SEND_TIMEOUT_MS,
      signal: context.signal,
      secrets: token === undefined ? [url] : [token, url],
      wallMs,
    });
  };
  return {
    name: config.name,
    type: config.type,
    concurrency: 4,
    forPeople: false,
    keepsState: true,
    digestFrom: undefined,
    send: (alert, context) => tell([alert.incident], alert.at, alert.id, context),
    repeats: {
      everyMs: REPEAT_MS,
      send: (incidents, context) => {
        const at = isoTime(deps.clock.wallMs());
        return tell(incidents, at, `repeat ${at}`, context);
      },
    },
  };
}

/** Alertmanager shows it as the source: without a public address, the one that we listen on is better than none. */
function linkTo(incident: Incident, deps: ReceiverDeps): string | undefined {
  return deps.linkOf?.(incident.id) ?? deps.ownLinkOf?.(incident.id);
}

/** The address may be Alertmanager's own, with or without its path prefix, or already that of the API. */
function apiUrl(text: string): string {
  const url = new URL(text);
  if (!url.pathname.endsWith('/api/v2/alerts'))
    url.pathname = `${url.pathname.replace(/\/$/, '')}/api/v2/alerts`;
  return url.href;
}

interface Telling {
  readonly language: Language;
  readonly link: string | undefined;
  /** ISO: when it ends by itself. */
  readonly until: string;
  /** ISO: when that ended which does not stand. */
  readonly endedAt: string;
}

function alertsOf(incident: Incident, { language, link, until, endedAt }: Telling): readonly unknown[] {
  const message = messageOf(standingAlert(incident), { language, link, reminder: undefined });
  const annotations = {
    summary: message.summary,
    description: [
      ...(message.concerned === undefined ? [] : [message.concerned]),
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
  return SEVERITIES.map((severity) => {
    const stands = incident.state === 'open' && severity === incident.severity;
    return { labels: labelsOf(incident, severity), ...base, endsAt: stands ? until : endedAt };
  });
}

function labelsOf(incident: Incident, severity: string): Readonly<Record<string, string>> {
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

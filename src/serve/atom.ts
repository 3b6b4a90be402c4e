/**
 * The Atom feed (RFC 4287) of the last alerts. Everything in it may come from outside, so every text is escaped and
 * loses what XML 1.0 can't hold and what could reorder it on a screen.
 */
import { type Alert, type Incident, type IncidentRoute, isoTime } from '../incident/alert.ts';

export const ATOM_TYPE = 'application/atom+xml; charset=utf-8';
export const ATOM_ALERTS = 100;

/** `base`: the address the feed was asked at, without a final slash. `alerts`: newest first. */
export function atomFeed(alerts: readonly Alert[], base: string, nowMs: number): string {
  const updated = alerts[0]?.at ?? isoTime(nowMs);
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<feed xmlns="http://www.w3.org/2005/Atom">',
    '<id>urn:originwatch:alerts</id>',
    '<title>Originwatch alerts</title>',
    `<updated>${xml(updated)}</updated>`,
    '<author><name>Originwatch</name></author>',
    `<link rel="self" type="application/atom+xml" href="${xml(base)}/feed.atom"/>`,
    `<link rel="alternate" type="text/html" href="${xml(base)}/"/>`,
    ...alerts.map((alert) => atomEntry(alert, base)),
    '</feed>',
    '',
  ].join('\n');
}

function atomEntry(alert: Alert, base: string): string {
  const { incident } = alert;
  const title = `${incident.severity.toUpperCase()} ${alert.event}: ${incident.summary.en}`;
  const link = `${base}/#/incidents/${encodeURIComponent(incident.id)}`;
  const terms = [incident.kind, incident.severity, alert.event, incident.group].filter((term) => term !== '');
  return [
    '<entry>',
    `<id>urn:uuid:${xml(alert.id)}</id>`,
    `<title type="text">${xml(title)}</title>`,
    `<published>${xml(alert.at)}</published>`,
    `<updated>${xml(alert.at)}</updated>`,
    `<link rel="alternate" type="text/html" href="${xml(link)}"/>`,
    ...terms.map((term) => `<category term="${xml(term)}"/>`),
    `<content type="text">${xml(atomContent(alert))}</content>`,
    '</entry>',
  ].join('\n');
}

/** A blind feed has no routes to list; what went is not counted; what people said stands below. */
function atomContent({ incident }: Alert): string {
  const listed = incident.family === 'feed' ? [] : incident.routes;
  const isMore = incident.family !== 'feed' && incident.routesTotal > listed.length;
  const more = isMore ? [`… ${incident.routesTotal} routes in all`] : [];
  const routes = listed.map((route) => routeLine(route, incident.family));
  const notes = incident.notes.map(({ at, by, text }) => `${at} ${by}: ${text}`);
  return [incident.summary.en, incident.summary.ko, '', ...routes, ...more, ...notes].join('\n');
}

function routeLine(route: IncidentRoute, family: Incident['family']): string {
  const origins = route.originAs.map((asn) => `AS${asn}`).join(', ') || 'nobody';
  const { seeing, known } = route.vantagePoints;
  const parts = [
    `${route.prefix} (${route.kind})`,
    ...(family === 'visibility' ? [] : [`originated by ${origins}`]),
    `watched: ${route.watch}`,
    route.active ? `seen by ${seeing} of ${known} vantage points` : 'gone',
  ];
  return parts.join(', ');
}

const MARKUP: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as XML 1.0 may hold it: no control characters but tab and line ends, no half pairs, no bidirectional marks. */
export function xml(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{7e}\u{a0}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/[&<>"']/g, (character) => MARKUP[character] ?? '');
}

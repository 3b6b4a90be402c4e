/**
 * PagerDuty Events API v2: one PagerDuty alert per incident (`dedup_key` is the incident's id), triggered by news and
 * resolved by its end.
 */

import { formatAsn } from '../../bgp/asn.ts';
import type { Alert } from '../../incident/alert.ts';
import { cleanText, shorten } from '../clean-text.ts';
import { gradeAnswer, post } from '../http.ts';
import { type Message, messageOf, routeLines } from '../message.ts';
import {
  type Receiver,
  type ReceiverConfig,
  type ReceiverDeps,
  SEND_TIMEOUT_MS,
  tryAgain,
} from '../receiver.ts';
import type { ReceiverType } from '../receiver-type.ts';
import { optionalUrl, requiredText } from '../settings.ts';
import type { Language } from '../words.ts';

const SUMMARY_MAX = 1024;

export const pagerduty: ReceiverType = {
  keys: { plain: { url: 'url' }, secrets: { routingKey: 'text' }, needs: [['routingKey']] },
  create: createPagerduty,
};

function createPagerduty(config: ReceiverConfig, deps: ReceiverDeps): Receiver {
  const routingKey = requiredText(config, 'routingKey');
  const url = optionalUrl(config, 'url', 'https://events.pagerduty.com/v2/enqueue');
  return {
    name: config.name,
    type: config.type,
    concurrency: 4,
    forPeople: true,
    keepsState: true,
    digestFrom: undefined,
    send: async (alert, context) => {
      const link = deps.linkOf?.(alert.incident.id);
      const message = messageOf(alert, { language: config.language, link, reminder: context.reminder });
      const secrets = [routingKey, url];
      const answer = await post({
        outside: deps.outside,
        url,
        headers: { 'content-type': 'application/json; charset=utf-8', 'idempotency-key': alert.id },
        body: JSON.stringify({ routing_key: routingKey, ...pagerdutyBody(alert, message, config.language) }),
        timeoutMs: deps.timeoutMs ?? SEND_TIMEOUT_MS,
        signal: context.signal,
        secrets,
        wallMs: deps.clock.wallMs(),
      });
      // 400 for a routing key that is wrong: somebody may put that right.
      const isKey = answer.answered && answer.status === 400 && isAboutTheKey(answer.body);
      return isKey ? tryAgain('HTTP 400: the routing key is not accepted') : gradeAnswer(answer, secrets);
    },
  };
}

function pagerdutyBody(
  alert: Alert,
  message: Message,
  language: Language,
): Readonly<Record<string, unknown>> {
  const { incident } = alert;
  if (alert.event === 'resolved') return { event_action: 'resolve', dedup_key: incident.id };
  const summary = [message.reminder, message.summary].filter((text) => text !== undefined).join(' ');
  return {
    event_action: 'trigger',
    dedup_key: incident.id,
    client: 'Originwatch',
    ...(message.link === undefined
      ? {}
      : { client_url: message.link, links: [{ href: message.link, text: 'Originwatch' }] }),
    payload: {
      summary: shorten(`${message.title}: ${summary}`, SUMMARY_MAX),
      source: incident.offender === null ? 'originwatch' : formatAsn(incident.offender),
      severity: incident.severity,
      timestamp: alert.at,
      component: message.routes[0]?.prefix ?? message.id,
      group: cleanText(incident.group, 200),
      class: incident.kind,
      custom_details: {
        facts: Object.fromEntries(message.facts),
        concerned: message.concerned ?? '',
        routes: message.routes.map((route) => routeLines(route, language).join(' ')),
        evidence: message.evidence,
        benign: message.benign ?? '',
        next: message.next,
        times: Object.fromEntries(message.times),
        incident: message.id,
      },
    },
  };
}

/** `{ "errors": ["Length of 'routing_key' is incorrect …"] }`. */
function isAboutTheKey(body: string): boolean {
  try {
    const { errors } = JSON.parse(body) as { errors?: unknown };
    return Array.isArray(errors) && errors.some((error) => /routing[ _]?key/i.test(String(error)));
  } catch {
    return false;
  }
}

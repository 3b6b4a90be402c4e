/**
 * Generic webhook: the alert as a CloudEvent 1.0 in structured mode, signed when there is a secret.
 *
 * How a receiver checks the signature: read `t` and `v1` from `Originwatch-Signature`, compute HMAC-SHA256 over
 * `t`, a dot and the raw body with the shared secret, compare in constant time, and refuse when `t` is minutes old.
 */

import { createHmac } from 'node:crypto';
import type { Alert } from '../../incident/alert.ts';
import { boundedAlert } from '../bounded-alert.ts';
import { gradeAnswer, post, sendSmaller } from '../http.ts';
import { type Receiver, type ReceiverConfig, type ReceiverDeps, SEND_TIMEOUT_MS } from '../receiver.ts';
import type { ReceiverType } from '../receiver-type.ts';
import { optionalText, requiredUrl } from '../settings.ts';

/** Bytes of a body: the most that is ever sent, and what is tried where that is too large. */
const BODY_BYTES: readonly number[] = [262_144, 65_536, 16_384, 4_096];
/** Of the envelope around the alert. */
const ENVELOPE_BYTES = 512;

export const webhook: ReceiverType = {
  keys: { secrets: { secret: 'text' }, addresses: ['url'], needs: [['url']] },
  create: createWebhook,
};

function createWebhook(config: ReceiverConfig, deps: ReceiverDeps): Receiver {
  const url = requiredUrl(config, 'url');
  const secret = optionalText(config, 'secret');
  const secrets = secret === undefined ? [url] : [secret, url];
  return {
    name: config.name,
    type: config.type,
    // One after the other: a program that reads the feed here gets it in the order of `seq`.
    concurrency: 1,
    forPeople: false,
    keepsState: false,
    digestFrom: undefined,
    send: (alert, context) =>
      sendSmaller(BODY_BYTES, async (bytesMax) => {
        const body = JSON.stringify(cloudEventOf(boundedAlert(alert, bytesMax - ENVELOPE_BYTES)));
        const wallMs = deps.clock.wallMs();
        const headers: Record<string, string> = {
          'content-type': 'application/cloudevents+json',
          'idempotency-key': alert.id,
        };
        if (secret !== undefined) headers['originwatch-signature'] = signatureOf(secret, body, wallMs);
        const { outside } = deps;
        const timeoutMs = deps.timeoutMs ?? SEND_TIMEOUT_MS;
        const { signal } = context;
        return gradeAnswer(
          await post({ outside, url, headers, body, timeoutMs, signal, secrets, wallMs }),
          secrets,
        );
      }),
  };
}

/** CloudEvents 1.0, JSON format. */
function cloudEventOf(alert: Alert): Readonly<Record<string, unknown>> {
  return {
    specversion: '1.0',
    id: alert.id,
    source: 'urn:originwatch',
    type: `org.originwatch.alert.${alert.event}`,
    subject: alert.incident.id,
    time: alert.at,
    datacontenttype: 'application/json',
    data: alert,
  };
}

/** `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`. */
function signatureOf(secret: string, body: string, wallMs: number): string {
  const seconds = Math.floor(wallMs / 1000);
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`, 'utf8').digest('hex');
  return `t=${seconds},v1=${mac}`;
}

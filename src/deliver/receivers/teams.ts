/**
 * Microsoft Teams by a workflow webhook: an adaptive card. All text stands in `TextRun`s, which Teams shows as it is;
 * a `TextBlock` would read Markdown, and with it links and mentions out of other people's data.
 */

import type { Alert } from '../../incident/alert.ts';
import { postJson } from '../http.ts';
import { type Message, messageOf, routeLines } from '../message.ts';
import { type Receiver, type ReceiverConfig, type ReceiverDeps, SEND_TIMEOUT_MS } from '../receiver.ts';
import type { ReceiverType } from '../receiver-type.ts';
import { requiredUrl } from '../settings.ts';
import { type Language, WORDS } from '../words.ts';

/** Teams refuses a card beyond 28 KB. */
const CARD_BYTES_MAX = 25_000;

const COLOUR = { critical: 'Attention', warning: 'Warning', info: 'Accent' } as const;

export const teams: ReceiverType = {
  keys: { secrets: { webhookUrl: 'url' }, needs: [['webhookUrl']] },
  create: createTeams,
};

function createTeams(config: ReceiverConfig, deps: ReceiverDeps): Receiver {
  const url = requiredUrl(config, 'webhookUrl');
  return {
    name: config.name,
    type: config.type,
    concurrency: 1,
    forPeople: true,
    keepsState: false,
    digestFrom: undefined,
    send: (alert, context) => {
      const link = deps.linkOf?.(alert.incident.id);
      const message = messageOf(alert, { language: config.language, link, reminder: context.reminder });
      return postJson({
        outside: deps.outside,
        url,
        headers: { 'idempotency-key': alert.id },
        json: cardOf(alert, message, config.language),
        timeoutMs: deps.timeoutMs ?? SEND_TIMEOUT_MS,
        signal: context.signal,
        secrets: [url],
        wallMs: deps.clock.wallMs(),
      });
    },
  };
}

function cardOf(alert: Alert, message: Message, language: Language): unknown {
  const { label, button } = WORDS[language];
  const colour = alert.event === 'resolved' ? 'Good' : COLOUR[alert.incident.severity];
  const body = [run(message.title, { size: 'Large', weight: 'Bolder', color: colour })];
  if (message.reminder !== undefined) body.push(run(message.reminder, { weight: 'Bolder' }));
  body.push(run(message.summary, {}));
  body.push(run(message.facts.map(([name, value]) => `${name}: ${value}`).join(' · '), {}));
  if (message.concerned !== undefined) body.push(run(message.concerned, {}));
  for (const route of message.routes) body.push(...routeLines(route, language).map((line) => run(line, {})));
  if (message.moreRoutes !== undefined) body.push(run(message.moreRoutes, {}));
  const tail = [
    ...message.evidence.map((row) => run(`${label.evidence} ${row}`, { isSubtle: true })),
    ...(message.benign === undefined ? [] : [run(`${label.benign}: ${message.benign}`, {})]),
    ...message.next.map((step, index) => run(`${label.next} ${index + 1}: ${step}`, {})),
  ];
  const times = message.times.map(([name, value]) => `${name}: ${value}`).join(' · ');
  const foot = run(`${times} · ${label.incident} ${message.id}`, { isSubtle: true, size: 'Small' });
  const actions =
    message.link === undefined ? [] : [{ type: 'Action.OpenUrl', title: button.open, url: message.link }];
  while (bytesOf([...body, ...tail, foot, ...actions]) > CARD_BYTES_MAX && tail.length > 0) tail.pop();
  const card = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [...body, ...tail, foot],
    actions,
    msteams: { width: 'Full' },
  };
  return {
    type: 'message',
    attachments: [
      { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: card },
    ],
  };
}

function run(text: string, look: Readonly<Record<string, unknown>>): unknown {
  return { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text, ...look }] };
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

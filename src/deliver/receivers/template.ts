/**
 * Any program that takes HTTP: method, headers, address and body as the operator writes them, another body, address and
 * method for the end where the other side wants one. Ready examples stand in `config/examples/`.
 */
import { formatAsn } from '../../bgp/asn.ts';
import { SEVERITIES } from '../../bgp/severity.ts';
import type { Alert } from '../../incident/alert.ts';
import { cleanText } from '../clean-text.ts';
import { gradeAnswer, post } from '../http.ts';
import { messageOf, plainLines } from '../message.ts';
import {
  type Outcome,
  type Receiver,
  type ReceiverConfig,
  type ReceiverDeps,
  SEND_TIMEOUT_MS,
  type SendContext,
} from '../receiver.ts';
import type { KeyComplaint, ReceiverType } from '../receiver-type.ts';
import { hiddenTexts, optionalText, requiredText } from '../settings.ts';
import {
  type Escaping,
  parseTemplate,
  renderTemplate,
  type Template,
  type TemplateValues,
} from '../template-text.ts';
import { kindName } from '../words.ts';

/** Every value that a template can name. */
const NAMES = [
  'event',
  'reason',
  'state',
  'severity',
  'peakSeverity',
  'score',
  'kind',
  'kindName',
  'family',
  'group',
  'offender',
  'incident',
  'alert',
  'seq',
  'at',
  'atSeconds',
  'openedAt',
  'resolvedAt',
  'resolution',
  'title',
  'summary',
  'extent',
  'next',
  'details',
  'prefixes',
  'watches',
  'link',
] as const;

const METHODS = { oneOf: ['POST', 'PUT', 'PATCH'] } as const;
const LIST_MAX = 20;
const TEXT_MAX = 2_000;
const DETAILS_MAX = 3_000;

export const template: ReceiverType = {
  keys: {
    plain: {
      method: METHODS,
      contentType: 'word',
      body: 'text',
      closeMethod: METHODS,
      closeUrl: 'text',
      closeBody: 'text',
    },
    hiddenMaps: ['headers'],
    addresses: ['url'],
    needs: [['url', 'body']],
  },
  check,
  create,
};

interface Call {
  readonly method: string;
  readonly url: (values: TemplateValues) => string;
  readonly body: Template;
}

function create(config: ReceiverConfig, deps: ReceiverDeps): Receiver {
  const contentType = optionalText(config, 'contentType') ?? 'application/json';
  const escaping = escapingOf(contentType);
  const headers = hiddenTexts(config, 'headers');
  const url = requiredText(config, 'url');
  const secrets = [url, ...Object.values(headers)];
  const open = callOf(url, requiredText(config, 'body'), optionalText(config, 'method'));
  const close = callOf(
    optionalText(config, 'closeUrl') ?? url,
    optionalText(config, 'closeBody') ?? requiredText(config, 'body'),
    optionalText(config, 'closeMethod') ?? optionalText(config, 'method'),
  );
  return {
    name: config.name,
    type: config.type,
    // A program that keeps a state gets its alerts in their order.
    concurrency: 1,
    forPeople: true,
    keepsState:
      optionalText(config, 'closeBody') !== undefined || optionalText(config, 'closeUrl') !== undefined,
    digestFrom: undefined,
    send: async (alert, context): Promise<Outcome> => {
      const values = valuesOf(alert, config, deps, context);
      const call = alert.event === 'resolved' ? close : open;
      const answer = await post({
        outside: deps.outside,
        url: call.url(values),
        method: call.method,
        headers: { 'content-type': contentType, 'idempotency-key': alert.id, ...headers },
        body: renderTemplate(call.body, values, escaping),
        timeoutMs: deps.timeoutMs ?? SEND_TIMEOUT_MS,
        signal: context.signal,
        secrets,
        wallMs: deps.clock.wallMs(),
      });
      return gradeAnswer(answer, secrets);
    },
  };
}

function callOf(url: string, body: string, method: string | undefined): Call {
  const address = parseTemplate(url, NAMES);
  return {
    method: method ?? 'POST',
    url: (values) => renderTemplate(address, values, 'url'),
    body: parseTemplate(body, NAMES),
  };
}

function escapingOf(contentType: string): Escaping {
  if (/[/+]json\b/i.test(contentType)) return 'json';
  return /x-www-form-urlencoded/i.test(contentType) ? 'url' : 'none';
}

function valuesOf(
  alert: Alert,
  config: ReceiverConfig,
  deps: ReceiverDeps,
  context: SendContext,
): TemplateValues {
  const { incident } = alert;
  const { language } = config;
  const link = deps.linkOf?.(incident.id);
  const message = messageOf(alert, { language, link, reminder: context.reminder });
  const few = (texts: readonly string[]): string => [...new Set(texts)].slice(0, LIST_MAX).join(', ');
  const title = message.reminder === undefined ? message.title : `${message.reminder}: ${message.title}`;
  const values: Record<(typeof NAMES)[number], string> = {
    event: alert.event,
    reason: alert.reason,
    state: incident.state,
    severity: incident.severity,
    peakSeverity: incident.peakSeverity,
    score: String(incident.score),
    kind: incident.kind,
    kindName: kindName(incident.kind, language),
    family: incident.family,
    group: cleanText(incident.group, 200),
    offender: incident.offender === null ? '' : formatAsn(incident.offender),
    incident: incident.id,
    alert: alert.id,
    seq: String(alert.seq),
    at: alert.at,
    atSeconds: String(Math.floor(Date.parse(alert.at) / 1000)),
    openedAt: incident.openedAt,
    resolvedAt: incident.resolvedAt ?? '',
    resolution: incident.resolution ?? '',
    title,
    summary: cleanText(message.summary, TEXT_MAX),
    extent: message.extent,
    next: message.next[0] ?? '',
    details: plainLines(message, language).join('\n').slice(0, DETAILS_MAX),
    prefixes: few(incident.routes.map(({ prefix }) => cleanText(prefix, 60))),
    watches: few(incident.routes.map(({ name, watch }) => cleanText(name === '' ? watch : name, 200))),
    link: link ?? '',
  };
  return values;
}

/** A template that names what is not there, or renders no JSON, is a mistake of the configuration. */
function check(values: Readonly<Record<string, unknown>>): KeyComplaint | undefined {
  const isJson = escapingOf(String(values.contentType ?? 'application/json')) === 'json';
  for (const key of ['body', 'closeBody', 'closeUrl']) {
    const text = values[key];
    if (typeof text !== 'string') continue;
    const complaint = complaintOf(key, text, isJson && key !== 'closeUrl');
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}

/** Quotes, a line end and a backslash: whatever is not escaped breaks the JSON here already. */
const HOSTILE = 'a "quoted" \\ text\nof 5 lines';
/** Values of which only these forms come: they may stand without quotes, or be mapped to what may. */
const CLOSED: TemplateValues = {
  event: 'opened',
  reason: 'first-sighting',
  state: 'open',
  score: '5',
  seq: '5',
  atSeconds: '5',
  kind: 'sub-prefix',
  family: 'hijack',
};

function complaintOf(key: string, text: string, isJson: boolean): KeyComplaint | undefined {
  try {
    const parsed = parseTemplate(text, NAMES);
    for (const severity of isJson ? SEVERITIES : []) {
      const free = Object.fromEntries(NAMES.map((name) => [name, HOSTILE]));
      JSON.parse(renderTemplate(parsed, { ...free, ...CLOSED, severity, peakSeverity: severity }, 'json'));
    }
    return undefined;
  } catch (error) {
    const found = error instanceof SyntaxError ? 'makes no JSON' : (error as Error).message;
    return { key, found: `${key}: ${found}`, remedy: 'see config/examples/ for templates that work' };
  }
}

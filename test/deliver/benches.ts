/** One bench per receiver type: a stand-in, the settings that point to it, and what of the contract applies. */
import type { ReceiverConfig } from '../../src/deliver/receiver.ts';
import type { ReceiverTypeName } from '../../src/deliver/receiver-types.ts';
import type { Alert } from '../../src/incident/alert.ts';
import { httpStandIn, type Mode, type StandIn, smtpStandIn, syslogStandIn } from './stand-ins.ts';

/** Every secret of every bench: none of them may ever show. */
export const SECRETS = [
  's3cr3t-path',
  's3cr3t-token',
  's3cr3t-key',
  's3cr3t-password',
  's3cr3t-hmac',
] as const;

export function secret(text: (typeof SECRETS)[number] | string): { reveal(): string } {
  return { reveal: () => text };
}

export interface Bench {
  readonly type: string;
  readonly label: string;
  readonly http: boolean;
  /** What this transport cannot show: UDP confirms nothing, TCP syslog takes anything. */
  readonly lacks: ReadonlySet<Mode | 'tls'>;
  readonly start: (port?: number, tls?: boolean) => Promise<StandIn>;
  readonly settings: (port: number, scheme: 'http' | 'https') => Readonly<Record<string, unknown>>;
  /** Programs get the alert itself, where others get words about it. */
  readonly alertIn?: (body: string) => Alert;
}

const SLACK_OK = JSON.stringify({ ok: true, ts: '1643850258.000100', channel: 'C01' });

function http(
  type: string,
  settings: Bench['settings'],
  over: {
    label?: string;
    answer?: { status: number; body: string };
    alertIn?: (body: string) => Alert;
  } = {},
): Bench {
  return {
    type,
    label: over.label ?? type,
    http: true,
    lacks: new Set(),
    start: async (port, tls) => {
      const standIn = await httpStandIn({ ...(port === undefined ? {} : { port }), tls: tls ?? false });
      if (over.answer !== undefined) standIn.answer = () => over.answer ?? { status: 200, body: '' };
      return standIn;
    },
    settings,
    ...(over.alertIn === undefined ? {} : { alertIn: over.alertIn }),
  };
}

const at = (scheme: string, port: number, path = ''): string => `${scheme}://127.0.0.1:${port}${path}`;

/** Complete by type: a receiver without a bench does not compile. */
const BENCHES_OF: Readonly<Record<ReceiverTypeName, readonly Bench[]>> = {
  slack: [
    http('slack', (port, scheme) => ({ webhookUrl: secret(at(scheme, port, '/services/s3cr3t-path')) })),
    http(
      'slack',
      (port, scheme) => ({
        botToken: secret('s3cr3t-token'),
        channel: 'C01',
        apiUrl: at(scheme, port, '/api'),
      }),
      { label: 'slack with a bot token', answer: { status: 200, body: SLACK_OK } },
    ),
  ],
  webhook: [
    http(
      'webhook',
      (port, scheme) => ({ url: secret(at(scheme, port, '/s3cr3t-path')), secret: secret('s3cr3t-hmac') }),
      { alertIn: (body) => JSON.parse(body).data },
    ),
  ],
  alertmanager: [
    http('alertmanager', (port, scheme) => ({
      url: at(scheme, port, '/am'),
      bearerToken: secret('s3cr3t-token'),
    })),
  ],
  pagerduty: [
    http(
      'pagerduty',
      (port, scheme) => ({ routingKey: secret('s3cr3t-key'), url: at(scheme, port, '/v2/enqueue') }),
      { answer: { status: 202, body: '{"status":"success"}' } },
    ),
  ],
  teams: [
    http('teams', (port, scheme) => ({ webhookUrl: secret(at(scheme, port, '/s3cr3t-path')) }), {
      answer: { status: 202, body: '' },
    }),
  ],
  telegram: [
    http('telegram', (port, scheme) => ({
      botToken: secret('s3cr3t-token'),
      chatId: '-100',
      apiUrl: at(scheme, port),
    })),
  ],
  template: [
    http('template', (port, scheme) => ({
      url: secret(at(scheme, port, '/s3cr3t-path')),
      headers: { Authorization: secret('s3cr3t-token'), 'X-Team': 'noc' },
      body: '{ "title": "{{ title }}", "text": "{{ summary }}", "all": {{ details | json }}, "for": "{{ watches }}" }',
    })),
  ],
  email: [
    {
      type: 'email',
      label: 'email',
      http: false,
      lacks: new Set(['endless', 'redirect']),
      start: (port) => smtpStandIn(port),
      settings: (port, scheme) => ({
        host: '127.0.0.1',
        port,
        secure: scheme === 'https',
        user: 'originwatch',
        password: secret('s3cr3t-password'),
        from: 'originwatch@example.org',
        to: ['noc@example.org', 'lead@example.org'],
      }),
    },
  ],
  syslog: [
    {
      type: 'syslog',
      label: 'syslog over TCP',
      http: false,
      lacks: new Set(['hang', 'slow', 'refuse', 'busy', 'limit', 'endless', 'redirect', 'echo', 'tls']),
      start: (port) => syslogStandIn('tcp', port),
      settings: (port) => ({ host: '127.0.0.1', port, protocol: 'tcp' }),
    },
  ],
  command: [
    {
      type: 'command',
      label: 'command',
      http: false,
      lacks: new Set(['endless', 'redirect', 'tls']),
      start: (port) => httpStandIn(port === undefined ? {} : { port }),
      settings: (port) => ({ command: [process.execPath, '-e', HANDS_ON, String(port)] }),
      alertIn: (body) => JSON.parse(body),
    },
  ],
};

/** A program of the operator's that hands its input on by HTTP and exits as it was answered. */
const HANDS_ON = `
  const http = require('node:http'), chunks = [];
  process.stdin.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
    http.request({ host: '127.0.0.1', port: process.argv[1], method: 'POST' }, (answer) => {
      const { statusCode } = answer;
      answer.resume().on('end', () => process.exit(statusCode < 300 ? 0 : statusCode === 400 ? 65 : 1));
    }).on('error', () => process.exit(1)).end(Buffer.concat(chunks));
  });`;

export const BENCHES: readonly Bench[] = Object.values(BENCHES_OF).flat();

/** The settings of a bench as `config/` would hand them over. */
export function configOf(
  bench: Bench,
  port: number,
  over: Partial<ReceiverConfig> = {},
  scheme: 'http' | 'https' = 'http',
): ReceiverConfig {
  const base = { name: 'bench', type: bench.type, minSeverity: 'info', language: 'en' } as const;
  return { ...base, ...bench.settings(port, scheme), ...over };
}

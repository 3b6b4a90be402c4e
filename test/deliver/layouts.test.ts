/** What each receiver's message looks like on the wire, beside what the conformance suite asks of all. */
import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/deliver/clock.ts';
import { readRetryAfter } from '../../src/deliver/http.ts';
import type { Outcome, ReceiverConfig, ReceiverDeps, SendContext } from '../../src/deliver/receiver.ts';
import { createReceiver, RECEIVER_TYPES } from '../../src/deliver/receiver-types.ts';
import { syslogLine } from '../../src/deliver/receivers/syslog.ts';
import type { Alert } from '../../src/incident/alert.ts';
import { Network } from '../../src/outside/network.ts';
import { Outside } from '../../src/outside/outside.ts';
import { alertOf, HOSTILE, hostileAlert } from './alerts.ts';
import { secret } from './benches.ts';
import {
  type HttpStandIn,
  httpStandIn,
  type StandIn,
  smtpStandIn,
  syslogStandIn,
  udpStandIn,
} from './stand-ins.ts';
import { TEST_CERTIFICATE } from './tls.ts';
import { VirtualClock } from './virtual-clock.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((standIn) => standIn.close()));
});

function kept<T extends StandIn>(standIn: T): T {
  open.push(standIn);
  return standIn;
}

function tell(
  settings: Partial<ReceiverConfig>,
  alert: Alert,
  deps: Partial<ReceiverDeps> = {},
  reminder?: SendContext['reminder'],
): Promise<Outcome> {
  const base = { name: 'bench', type: '', minSeverity: 'info', language: 'en' } as const;
  const receiver = createReceiver(
    { ...base, ...settings },
    { clock: systemClock(), timeoutMs: 5_000, ...deps },
  );
  const signal = new AbortController().signal;
  return receiver.send(alert, { signal, reminder, memo: () => undefined, setMemo: () => undefined });
}

async function web(): Promise<HttpStandIn & { readonly url: string; json(index?: number): never }> {
  const standIn = kept(await httpStandIn());
  const json = (index = 0) => JSON.parse(standIn.received[index]?.body ?? 'null') as never;
  return Object.assign(standIn, { url: `http://127.0.0.1:${standIn.port}`, json });
}

const RESOLVED = alertOf(
  { event: 'resolved', reason: 'ended', id: 'a2' },
  { state: 'resolved', resolution: 'withdrawn', severity: 'warning', endedAt: '2022-02-03T03:00:00.000Z' },
);

describe('webhook', () => {
  it('sends a CloudEvent 1.0 in structured mode with the alert as data', async () => {
    const standIn = await web();
    await tell({ type: 'webhook', url: standIn.url }, alertOf());
    expect(standIn.received[0]?.headers['content-type']).toBe('application/cloudevents+json');
    expect(standIn.received[0]?.headers).not.toHaveProperty('originwatch-signature');
    const { data, ...attributes } = standIn.json() as { data: unknown };
    expect(data).toEqual(alertOf());
    expect(attributes).toEqual({
      specversion: '1.0',
      id: '0194c8e2-0000-8000-a000-0000000000a1',
      source: 'urn:originwatch',
      type: 'org.originwatch.alert.opened',
      subject: '0194c8e2-0000-8000-a000-000000000001',
      time: '2022-02-03T01:04:18.000Z',
      datacontenttype: 'application/json',
    });
  });

  it('signs the body that is sent, with the time of sending', async () => {
    const standIn = await web();
    const clock = new VirtualClock(1_643_850_258_999);
    await tell({ type: 'webhook', url: standIn.url, secret: secret('hmac key') }, alertOf(), { clock });
    const signature = String(standIn.received[0]?.headers['originwatch-signature']);
    const mac = createHmac('sha256', 'hmac key')
      .update(`1643850258.${standIn.received[0]?.body}`)
      .digest('hex');
    expect(signature).toBe(`t=1643850258,v1=${mac}`);
  });

  it('keeps the id when an alert is told again as a reminder', async () => {
    const standIn = await web();
    await tell({ type: 'webhook', url: standIn.url }, alertOf(), {}, { type: 'repeat', number: 1 });
    expect(standIn.received[0]?.headers['idempotency-key']).toBe(alertOf().id);
  });
});

describe('alertmanager', () => {
  interface Posted {
    readonly labels: Readonly<Record<string, string>>;
    readonly endsAt: string;
    readonly startsAt: string;
  }

  it('keeps the incident firing under its severity and ends it under the others', async () => {
    const standIn = await web();
    await tell({ type: 'alertmanager', url: `${standIn.url}/prefix/` }, alertOf());
    expect(standIn.received[0]?.path).toBe('/prefix/api/v2/alerts');
    const posted: readonly Posted[] = standIn.json();
    const firing = posted.filter(({ endsAt }) => endsAt > alertOf().at);
    expect(firing.map(({ labels }) => labels)).toEqual([
      {
        alertname: 'Originwatch',
        severity: 'critical',
        family: 'hijack',
        group: 'kakao',
        incident_id: '0194c8e2-0000-8000-a000-000000000001',
        offender: 'AS64511',
      },
    ]);
    expect(posted).toHaveLength(3);
  });

  it('ends it everywhere once it is resolved', async () => {
    const standIn = await web();
    await tell({ type: 'alertmanager', url: standIn.url, bearerToken: secret('tok') }, RESOLVED);
    const posted: readonly Posted[] = standIn.json();
    expect(posted.every(({ endsAt }) => endsAt === RESOLVED.at)).toBe(true);
    expect(standIn.received[0]?.headers.authorization).toBe('Bearer tok');
  });
});

describe('pagerduty', () => {
  it('triggers and resolves one alert per incident', async () => {
    const standIn = await web();
    const settings = { type: 'pagerduty', url: standIn.url, routingKey: secret('key') };
    const linkOf = (id: string) => `https://watch.example/${id}`;
    await tell(settings, alertOf(), { linkOf });
    await tell(settings, RESOLVED);
    expect(standIn.json(0)).toMatchObject({
      routing_key: 'key',
      event_action: 'trigger',
      dedup_key: alertOf().incident.id,
      client_url: `https://watch.example/${alertOf().incident.id}`,
      payload: {
        severity: 'critical',
        source: 'AS64511',
        class: 'sub-prefix',
        group: 'kakao',
        component: '192.0.2.128/25',
      },
    });
    expect(standIn.json(1)).toEqual({
      routing_key: 'key',
      event_action: 'resolve',
      dedup_key: alertOf().incident.id,
    });
  });
});

describe('teams', () => {
  it('puts every text into a run that reads no Markdown', async () => {
    const standIn = await web();
    await tell(
      { type: 'teams', webhookUrl: secret(standIn.url) },
      hostileAlert(HOSTILE['markdown and HTML'] ?? ''),
    );
    const body = standIn.received[0]?.body ?? '';
    expect(body).not.toContain('"TextBlock"');
    expect(body).not.toContain('"FactSet"');
    expect(standIn.json()).toMatchObject({
      type: 'message',
      attachments: [
        { contentType: 'application/vnd.microsoft.card.adaptive', content: { type: 'AdaptiveCard' } },
      ],
    });
  });

  it('stays below 28 KB whatever the text', async () => {
    const standIn = await web();
    await tell({ type: 'teams', webhookUrl: secret(standIn.url) }, hostileAlert(HOSTILE['100 kB'] ?? ''));
    expect(Buffer.byteLength(standIn.received[0]?.body ?? '')).toBeLessThan(28_000);
  });
});

describe('telegram', () => {
  it('sends plain text of which nothing becomes a mention, a tag, a command or a link', async () => {
    const standIn = await web();
    const settings = { type: 'telegram', botToken: secret('1:tok'), chatId: -100, apiUrl: standIn.url };
    await tell(settings, hostileAlert(HOSTILE.mentions ?? ''));
    expect(standIn.received[0]?.path).toBe('/bot1:tok/sendMessage');
    const body = standIn.json() as { text: string };
    expect(body).toMatchObject({ chat_id: '-100', link_preview_options: { is_disabled: true } });
    expect(body).not.toHaveProperty('parse_mode');
    expect(body.text).not.toMatch(/@|#|:\/\/|\s\/\w/);
    expect(body.text.length).toBeLessThanOrEqual(4096);
  });

  it('waits as long as the body of a 429 says', async () => {
    const standIn = await web();
    standIn.answer = () => ({ status: 429, body: '{"ok":false,"parameters":{"retry_after":31}}' });
    const settings = { type: 'telegram', botToken: secret('1:tok'), chatId: '5', apiUrl: standIn.url };
    expect(await tell(settings, alertOf())).toEqual({
      ok: false,
      retryable: true,
      retryAfterMs: 31_000,
      error: 'HTTP 429',
    });
  });
});

describe('email', () => {
  it('has one subject line, no injected header, and a thread per incident', async () => {
    const standIn = kept(await smtpStandIn());
    const settings = {
      type: 'email',
      host: '127.0.0.1',
      port: standIn.port,
      from: 'a@example.org',
      to: ['b@example.org'],
    };
    expect(await tell(settings, hostileAlert(HOSTILE['line and header breaks'] ?? ''))).toEqual({ ok: true });
    const mail = standIn.received[0]?.body ?? '';
    const [head = ''] = mail.split('\r\n\r\n');
    expect(head).not.toMatch(/^Bcc:/im);
    expect(head.match(/^Subject:/gim)).toHaveLength(1);
    expect(head).toMatch(/^Message-ID: <0194c8e2-0000-8000-a000-0000000000a1@originwatch\.invalid>/im);
    expect(head).toMatch(
      /^References:\s+<0194c8e2-0000-8000-a000-000000000001@incident\.originwatch\.invalid>/im,
    );
    expect(head).toMatch(/^Content-Type: text\/plain/im);
  });
});

describe('syslog', () => {
  const FORM =
    /^<26>1 2022-02-03T01:04:18\.000Z \S+ originwatch \d+ opened \[originwatch@32473 seq="1" id="[^"]+" [^\]]+\] \ufeffCritical/;

  it('is RFC 5424 over UDP', async () => {
    const standIn = await udpStandIn();
    open.push(standIn);
    const next = standIn.next();
    const settings = { type: 'syslog', host: '127.0.0.1', port: standIn.port, protocol: 'udp' };
    expect(await tell(settings, alertOf())).toEqual({ ok: true });
    expect(await next).toMatch(FORM);
  });

  it('is counted in octets over TLS, and only to who is trusted', async () => {
    const standIn = kept(await syslogStandIn('tls'));
    const settings = { type: 'syslog', host: 'localhost', port: standIn.port, protocol: 'tls' };
    expect(await tell(settings, alertOf())).toMatchObject({
      ok: false,
      retryable: true,
      error: 'self-signed certificate',
    });
    expect(
      await tell(settings, alertOf(), {
        outside: new Outside(new Network({ ca: TEST_CERTIFICATE })),
      }),
    ).toEqual({ ok: true });
    expect(standIn.received).toHaveLength(1);
    expect(standIn.received[0]?.body).toMatch(FORM);
  });

  it('tries again when the connection is cut or TCP finds nobody', async () => {
    const standIn = kept(await syslogStandIn('tcp'));
    standIn.mode = 'cut';
    const settings = { type: 'syslog', host: '127.0.0.1', port: standIn.port, protocol: 'tcp' };
    expect(await tell(settings, alertOf())).toMatchObject({ ok: false, retryable: true });
  });

  it.each(Object.entries(HOSTILE))('escapes values and stays short: %s', (_, text) => {
    const line = syslogLine(hostileAlert(text), 'ko', 2048);
    expect(line.length).toBeLessThanOrEqual(2048);
    const data = /\[originwatch@32473 ((?:[a-z]+="(?:[^"\\\]]|\\["\\\]])*" ?)+)\]/.exec(line.toString());
    expect(data).not.toBeNull();
  });
});

describe('command', () => {
  const node = (script: string) => [process.execPath, '-e', script];

  it('gets the alert as JSON on its input, no shell, and none of our secrets', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'originwatch-'));
    const file = join(folder, 'seen.json');
    process.env.ORIGINWATCH_TEST_SECRET = 's3cr3t';
    const script = `let s='';process.stdin.on('data',(c)=>s+=c).on('end',()=>require('fs').writeFileSync(process.argv[1],JSON.stringify({alert:JSON.parse(s),env:process.env,argv:process.argv.slice(1)})))`;
    const command = [...node(script), file, '$(reboot); `x`'];
    const alert = hostileAlert(HOSTILE.quotes ?? '');
    expect(await tell({ type: 'command', command }, alert)).toEqual({ ok: true });
    const seen = JSON.parse(await readFile(file, 'utf8'));
    await rm(folder, { recursive: true });
    delete process.env.ORIGINWATCH_TEST_SECRET;
    expect(seen.alert).toEqual(alert);
    expect(seen.argv[1]).toBe('$(reboot); `x`');
    expect(JSON.stringify(seen.env)).not.toContain('s3cr3t');
    expect(seen.env.ORIGINWATCH_ALERT_ID).toBe(alert.id);
  });

  it.each([
    ['exit code 1', node('process.exit(1)'), true],
    ['exit code 64', node('process.exit(64)'), false],
    ['ended by SIGTERM', node('process.kill(process.pid, "SIGTERM"); setInterval(() => 0, 1000)'), true],
    ['cannot be started: the program was not found', ['/nowhere/at/all'], true],
  ])('ends with %s', async (error, command, retryable) => {
    expect(await tell({ type: 'command', command }, alertOf())).toEqual({ ok: false, retryable, error });
  });

  it('is ended, with what it started, when it takes too long', async () => {
    const command = node('setInterval(() => 0, 1000)');
    const outcome = await tell({ type: 'command', command, timeoutSeconds: 0.2 }, alertOf());
    expect(outcome).toEqual({ ok: false, retryable: true, error: 'no end within 200 ms' });
  });

  it('may leave a large input unread', async () => {
    const outcome = await tell(
      { type: 'command', command: node('process.exit(0)') },
      hostileAlert('x'.repeat(100_000)),
    );
    expect(outcome).toEqual({ ok: true });
  });
});

describe('settings', () => {
  it('that are missing or wrong are named without their value', () => {
    const make = (over: Partial<ReceiverConfig>) => () =>
      createReceiver(
        { name: 'noc', type: 'slack', minSeverity: 'info', language: 'ko', ...over },
        { clock: systemClock() },
      );
    expect(make({})).toThrow('receiver noc: webhookUrl is missing');
    expect(make({ webhookUrl: secret('s3cr3t not an address') })).toThrow(
      'receiver noc: webhookUrl is not an http(s) URL',
    );
    expect(make({ type: 'pager' })).toThrow(`receiver noc: type must be one of ${RECEIVER_TYPES.join(', ')}`);
    expect(make({ type: 'constructor' })).toThrow('type must be one of');
    expect(make({ type: 'syslog', host: 'x', protocol: 'smoke' })).toThrow(
      'protocol is none of udp, tcp, tls',
    );
  });
});

describe('Retry-After', () => {
  const NOW = Date.parse('2022-02-03T01:00:00.000Z');

  it.each([
    ['7', 7_000],
    ['0.5', 500],
    ['Thu, 03 Feb 2022 01:01:00 GMT', 60_000],
    ['Thu, 03 Feb 2022 00:01:00 GMT', 0],
    ['soon', undefined],
    ['-3 apples', undefined],
    [null, undefined],
  ])('%s', (value, ms) => {
    expect(readRetryAfter(value, NOW)).toBe(ms);
  });
});

/** Alerts that cannot be delivered now: each arrives later, or is named as given up, and none keeps others from arriving. */
import { lookup } from 'node:dns/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/deliver/clock.ts';
import { Dispatcher } from '../../src/deliver/dispatcher.ts';
import type { Outcome, Receiver, ReceiverConfig, SendContext } from '../../src/deliver/receiver.ts';
import { createReceiver } from '../../src/deliver/receiver-types.ts';
import type { DeliveryTrouble } from '../../src/deliver/troubles.ts';
import type { Alert, Incident } from '../../src/incident/alert.ts';
import { Network } from '../../src/outside/network.ts';
import { Outside } from '../../src/outside/outside.ts';
import { httpProxy } from '../outside/proxy-stand-in.ts';
import { alertOf, incidentOf, numbered, routeOf } from './alerts.ts';
import { secret } from './benches.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import { httpStandIn, smtpStandIn, syslogStandIn, udpStandIn } from './stand-ins.ts';
import { VirtualClock } from './virtual-clock.ts';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function closing<T extends { close(): unknown }>(standIn: T): T {
  closers.push(() => standIn.close());
  return standIn;
}

const MEMO = new Map<string, string>();

function contextOn(memo = new Map<string, string>()): SendContext {
  return {
    signal: new AbortController().signal,
    reminder: undefined,
    memo: (key) => memo.get(key),
    setMemo: (key, value) => memo.set(key, value),
  };
}

function receiverOf(settings: Partial<ReceiverConfig>, outside = new Outside()): Receiver {
  const base = { name: 'noc', type: '', minSeverity: 'info', language: 'en' } as const;
  return createReceiver({ ...base, ...settings }, { clock: systemClock(), timeoutMs: 5_000, outside });
}

/** A dispatcher on a virtual clock whose receiver answers as told, one after the other. */
function stage(behave: (alert: Alert) => Outcome | Promise<Outcome>, over: Partial<Receiver> = {}) {
  const clock = new VirtualClock();
  const outbox = new MemoryOutbox();
  const [waiting, givenUp]: [DeliveryTrouble[], DeliveryTrouble[]] = [[], []];
  const told: number[] = [];
  const receiver: Receiver = {
    name: 'noc',
    type: 'fake',
    concurrency: 1,
    forPeople: false,
    keepsState: false,
    digestFrom: undefined,
    send: async (alert) => {
      const outcome = await behave(alert);
      if (outcome.ok) told.push(alert.seq);
      return outcome;
    },
    ...over,
  };
  const dispatcher = new Dispatcher([receiver], {
    outbox,
    clock,
    onWaiting: (trouble) => waiting.push(trouble),
    onGivenUp: (trouble) => givenUp.push(trouble),
    onBroken: (error) => {
      throw error;
    },
  });
  const put = (alert: Alert): void => {
    outbox.add({ receiver: 'noc', alert });
    dispatcher.wake();
  };
  return { clock, outbox, told, waiting, givenUp, put };
}

const again = (error: string): Outcome => ({ ok: false, retryable: true, error });

describe('a webhook that fails, bars us and comes back', () => {
  it('gets everything, in the order of the feed', async () => {
    const standIn = closing(await httpStandIn());
    const webhook = receiverOf({ type: 'webhook', url: `http://127.0.0.1:${standIn.port}/` });
    const { clock, outbox, put, givenUp } = stage((alert) => webhook.send(alert, contextOn()));
    for (const [seq, mode] of (
      ['busy', 'barred', 'locked', 'missing', 'gone', 'redirect'] as const
    ).entries()) {
      standIn.mode = mode;
      put(numbered(seq + 1, `i${seq}`, 'opened', 'critical'));
      await expect.poll(() => clock.advance(20_000).then(() => standIn.received.length)).toBe(0);
    }
    standIn.mode = 'ok';
    await expect.poll(() => clock.advance(300_000).then(() => outbox.pending('noc'))).toBe(0);
    expect(standIn.received.map(({ body }) => JSON.parse(body).data.seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(givenUp).toEqual([]);
  });

  it('keeps the order even when it comes back between two tries', async () => {
    let tries = 0;
    const { clock, put, told } = stage(() => {
      tries += 1;
      return tries <= 5 ? again('HTTP 500') : { ok: true };
    });
    for (let seq = 1; seq <= 6; seq += 1) put(numbered(seq, `i${seq}`));
    await clock.advance(120_000);
    expect([...told].sort()).toEqual([1, 2, 3, 4, 5, 6]);
    // One that was tried beside the oldest may have been the first to pass; the oldest is the next.
    expect(told.indexOf(1)).toBeLessThan(2);
  });
});

describe('an alert that waits', () => {
  it('is named once, with those behind it, and named again when it is given up', async () => {
    const { clock, put, waiting, givenUp } = stage(() => again('HTTP 403'));
    for (let seq = 1; seq <= 3; seq += 1) put(numbered(seq, `i${seq}`, 'opened', 'critical'));
    await clock.advance(60_000);
    expect(waiting.map(({ alert }) => alert).sort()).toEqual(['alert-1', 'alert-2', 'alert-3']);
    expect(waiting[0]).toMatchObject({
      receiver: 'noc',
      incident: 'i1',
      severity: 'critical',
      error: 'HTTP 403',
    });
    await clock.advance(7 * 86_400_000 - 120_000);
    expect(givenUp).toEqual([]);
    await clock.advance(900_000);
    expect(givenUp.map(({ alert }) => alert)).toContain('alert-1');
    expect(givenUp[0]?.error).toMatch(/^given up after \d+ tries: HTTP 403$/);
  });

  it('alone lets others pass, also those of a digest that was refused', async () => {
    const refusing: Partial<Receiver> = {
      digestFrom: 3,
      sendDigest: async () => ({ ok: false, retryable: false, error: 'HTTP 400' }),
    };
    const { clock, put, told, outbox, givenUp } = stage(
      (alert) => (alert.seq === 2 ? { ...again('put off'), isAlone: true } : { ok: true }),
      refusing,
    );
    for (let seq = 1; seq <= 5; seq += 1) outbox.add({ receiver: 'noc', alert: numbered(seq, `i${seq}`) });
    put(numbered(6, 'i6'));
    await clock.advance(10_000);
    expect([...told].sort()).toEqual([1, 3, 4, 5, 6]);
    expect(givenUp).toEqual([]);
  });
});

describe('a body that is too large', () => {
  const huge = alertOf(
    {},
    {
      routesTotal: 4_000,
      routes: Array.from({ length: 100 }, (_, index) =>
        routeOf({
          prefix: `10.${index}.0.0/16`,
          peerAsns: Array.from({ length: 500 }, (_unused, peer) => 4_200_000_000 + peer),
          paths: Array.from({ length: 20 }, () => ({ path: '64500 '.repeat(300), vantagePoints: 1 })),
        }),
      ),
    },
  );

  it('is never sent: a webhook gets at most 256 KiB, with the heaviest routes and the whole count', async () => {
    const standIn = closing(await httpStandIn());
    const webhook = receiverOf({ type: 'webhook', url: `http://127.0.0.1:${standIn.port}/` });
    expect(JSON.stringify(huge).length).toBeGreaterThan(2_500_000);
    expect(await webhook.send(huge, contextOn())).toEqual({ ok: true });
    const body = standIn.received[0]?.body ?? '';
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(262_144);
    const { incident } = JSON.parse(body).data as Alert;
    expect(incident.routesTotal).toBe(4_000);
    expect(incident.routes.length).toBeGreaterThanOrEqual(20);
    expect(incident.routes[0]?.prefix).toBe('10.0.0.0/16');
    expect(incident.routes[0]?.paths.length).toBeGreaterThan(0);
  });

  it('is sent smaller where the other side says so (413), and tried again where even the least is too large', async () => {
    const standIn = closing(await httpStandIn());
    const webhook = receiverOf({ type: 'webhook', url: `http://127.0.0.1:${standIn.port}/` });
    standIn.mode = 'small';
    expect(await webhook.send(huge, contextOn())).toEqual({ ok: true });
    expect(Buffer.byteLength(standIn.received[0]?.body ?? '')).toBeLessThanOrEqual(20_000);
    standIn.mode = 'ok';
    standIn.answer = () => ({ status: 413, body: '' });
    expect(await webhook.send(huge, contextOn())).toMatchObject({
      ok: false,
      retryable: true,
      error: 'HTTP 413',
    });
  });

  it('whatever in it is long: sets of origins, texts, names', async () => {
    const standIn = closing(await httpStandIn());
    const webhook = receiverOf({ type: 'webhook', url: `http://127.0.0.1:${standIn.port}/` });
    const text = { en: '한'.repeat(200_000), ko: 'ㅎ'.repeat(200_000) };
    const origins = Array.from({ length: 60_000 }, (_, index) => index);
    const alert = alertOf(
      {},
      { summary: text, routes: [routeOf({ originAs: origins, expectedOrigins: origins })] },
    );
    expect(await webhook.send(alert, contextOn())).toEqual({ ok: true });
    const body = standIn.received[0]?.body ?? '';
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(262_144);
    expect(JSON.parse(body).data.incident.id).toBe(alert.incident.id);
  });
});

describe('a Telegram group that became a supergroup', () => {
  it('is followed at once, and known from then on', async () => {
    const standIn = closing(await httpStandIn());
    const chats: string[] = [];
    standIn.answer = ({ body }) => {
      const { chat_id } = JSON.parse(body) as { chat_id: string };
      chats.push(chat_id);
      if (chat_id === '-1001') return { status: 200, body: '{"ok":true}' };
      const parameters = { migrate_to_chat_id: -1001 };
      const description = 'Bad Request: group chat was upgraded to a supergroup chat';
      return { status: 400, body: JSON.stringify({ ok: false, error_code: 400, description, parameters }) };
    };
    const telegram = receiverOf({
      type: 'telegram',
      botToken: secret('t'),
      chatId: '-7',
      apiUrl: `http://127.0.0.1:${standIn.port}`,
    });
    const context = contextOn(MEMO);
    expect(await telegram.send(alertOf(), context)).toEqual({ ok: true });
    expect(await telegram.send(alertOf({ id: 'a2' }), context)).toEqual({ ok: true });
    expect(chats).toEqual(['-7', '-1001', '-1001']);
  });

  it.each([
    ['Bad Request: chat not found', true],
    ['Bad Request: not enough rights to send text messages to the chat', true],
    ['Bad Request: message text is empty', false],
  ])('%s is tried again: %s', async (description, retryable) => {
    const standIn = closing(await httpStandIn());
    standIn.answer = () => ({
      status: 400,
      body: JSON.stringify({ ok: false, error_code: 400, description }),
    });
    const apiUrl = `http://127.0.0.1:${standIn.port}`;
    const telegram = receiverOf({ type: 'telegram', botToken: secret('t'), chatId: '-7', apiUrl });
    expect(await telegram.send(alertOf(), contextOn())).toMatchObject({ ok: false, retryable });
  });
});

describe('PagerDuty', () => {
  it('is asked again when it does not know the routing key', async () => {
    const standIn = closing(await httpStandIn());
    const errors = ["Length of 'routing_key' is incorrect (should be 32 characters)"];
    standIn.answer = () => ({ status: 400, body: JSON.stringify({ status: 'invalid event', errors }) });
    const url = `http://127.0.0.1:${standIn.port}/`;
    const receiver = receiverOf({ type: 'pagerduty', routingKey: secret('k'), url });
    expect(await receiver.send(alertOf(), contextOn())).toMatchObject({ ok: false, retryable: true });
  });
});

describe('a mail to several people', () => {
  const to = ['noc@example.org', 'lead@example.org', 'gone@example.org'];

  it('is sent again to whom the server put off, and to nobody else', async () => {
    const standIn = closing(await smtpStandIn());
    const memo = new Map<string, string>();
    const email = receiverOf({
      type: 'email',
      host: '127.0.0.1',
      port: standIn.port,
      from: 'ow@example.org',
      to,
    });
    standIn.recipients.set('lead@example.org', '451 greylisted').set('gone@example.org', '550 no such user');
    const first = await email.send(alertOf(), contextOn(memo));
    expect(first).toMatchObject({
      retryable: true,
      isAlone: true,
      error: '1 of 3 recipients put off (SMTP 451)',
    });
    standIn.recipients.delete('lead@example.org');
    expect(await email.send(alertOf(), contextOn(memo))).toEqual({ ok: true });
    expect(standIn.received.map(({ path }) => path)).toEqual(['noc@example.org', 'lead@example.org']);
    await email.send(alertOf({ id: 'another' }), contextOn(memo));
    expect(standIn.received.at(-1)?.path).toBe('noc@example.org lead@example.org');
  });

  it.each([
    ['451 greylisted', { retryable: true, error: '3 of 3 recipients put off (SMTP 451)' }],
    ['550 no such user', { retryable: false, error: '3 of 3 recipients refused (SMTP 550)' }],
  ])('all of whom are answered %s', async (answer, outcome) => {
    const standIn = closing(await smtpStandIn());
    for (const address of to) standIn.recipients.set(address, answer);
    const email = receiverOf({
      type: 'email',
      host: '127.0.0.1',
      port: standIn.port,
      from: 'ow@example.org',
      to,
    });
    expect(await email.send(alertOf(), contextOn())).toMatchObject(outcome);
  });
});

describe('through the proxy', () => {
  it('go mail and syslog, too', async () => {
    const proxy = closing(
      await httpProxy({ names: { 'mail.example': '127.0.0.1', 'log.example': '127.0.0.1' } }),
    );
    const outside = new Outside(new Network({ proxy: `http://127.0.0.1:${proxy.port}` }));
    const mail = closing(await smtpStandIn());
    const log = closing(await syslogStandIn('tcp'));
    const email = {
      type: 'email',
      host: 'mail.example',
      port: mail.port,
      from: 'a@example.org',
      to: 'b@example.org',
    };
    expect(await receiverOf(email, outside).send(alertOf(), contextOn())).toEqual({ ok: true });
    const syslog = { type: 'syslog', host: 'log.example', port: log.port, protocol: 'tcp' };
    expect(await receiverOf(syslog, outside).send(alertOf(), contextOn())).toEqual({ ok: true });
    expect(proxy.asked).toEqual([`CONNECT mail.example:${mail.port}`, `CONNECT log.example:${log.port}`]);
    expect([mail.received.length, log.received.length]).toEqual([1, 1]);
  });
});

describe('syslog over UDP', async () => {
  const { family } = await lookup('ip6-localhost').catch(() => ({ family: 0 }));

  it.runIf(family === 6)('reaches a name with an IPv6 address only', async () => {
    const standIn = closing(await udpStandIn('::1'));
    const next = standIn.next();
    const syslog = receiverOf({ type: 'syslog', host: 'ip6-localhost', port: standIn.port, protocol: 'udp' });
    expect(await syslog.send(alertOf(), contextOn())).toEqual({ ok: true });
    expect(await next).toContain('192.0.2.128/25');
  });

  it('reaches an IPv6 address', async () => {
    const standIn = closing(await udpStandIn('::1'));
    const next = standIn.next();
    const syslog = receiverOf({ type: 'syslog', host: '::1', port: standIn.port, protocol: 'udp' });
    expect(await syslog.send(alertOf(), contextOn())).toEqual({ ok: true });
    expect(await next).toContain('192.0.2.128/25');
  });

  it('says that a name is not there', async () => {
    const syslog = receiverOf({ type: 'syslog', host: 'no-such-name.invalid', protocol: 'udp' });
    const outcome = await syslog.send(alertOf(), contextOn());
    expect(outcome).toMatchObject({
      retryable: true,
      error: expect.stringMatching(/^name not (?:found|resolved)/),
    });
  });
});

describe('Alertmanager', () => {
  it('is told again what stands, as it stands, until it is over', async () => {
    const standIn = closing(await httpStandIn());
    const clock = new VirtualClock();
    const outside = new Outside();
    const ownLinkOf = (id: string) => `http://127.0.0.1:8480/#/incidents/${id}`;
    const base = { name: 'am', type: 'alertmanager', minSeverity: 'info', language: 'en' } as const;
    const receiver = createReceiver(
      { ...base, url: `http://127.0.0.1:${standIn.port}` },
      { clock, timeoutMs: 5_000, outside, ownLinkOf },
    );
    let standing: readonly Incident[] = Array.from({ length: 150 }, (_, index) =>
      incidentOf({ id: `i${index}`, severity: index === 0 ? 'warning' : 'critical' }),
    );
    const dispatcher = new Dispatcher([receiver], {
      outbox: new MemoryOutbox(),
      clock,
      standing: () => standing,
      onBroken: (error) => {
        throw error;
      },
    });
    dispatcher.start();
    closers.push(() => dispatcher.stop(0));
    const posts = () => expect.poll(() => clock.advance(0).then(() => standIn.received.length));
    await clock.advance(1_000);
    await posts().toBe(2);
    const told = standIn.received.flatMap(({ body }) => JSON.parse(body) as Posted[]);
    expect(new Set(told.map(({ labels }) => labels.incident_id)).size).toBe(150);
    const firing = told.filter(({ endsAt }) => Date.parse(endsAt) > clock.nowMs());
    expect(firing.find(({ labels }) => labels.incident_id === 'i0')?.labels.severity).toBe('warning');
    expect(firing[0]?.generatorURL).toBe('http://127.0.0.1:8480/#/incidents/i0');
    const periods = (Date.parse(firing[0]?.endsAt ?? '') - clock.nowMs()) / 90_000;
    expect(periods).toBeGreaterThan(3);
    standing = standing.slice(0, 1);
    await clock.advance(90_000);
    await posts().toBe(3);
    standing = [];
    await clock.advance(300_000);
    await posts().toBe(3);
  });
});

interface Posted {
  readonly labels: Readonly<Record<string, string>>;
  readonly endsAt: string;
  readonly generatorURL?: string;
}

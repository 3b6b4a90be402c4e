import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Clock, systemClock } from '../../src/deliver/clock.ts';
import { timeText } from '../../src/deliver/message.ts';
import type { Receiver, ReceiverConfig, ReceiverDeps, SendContext } from '../../src/deliver/receiver.ts';
import { createReceiver } from '../../src/deliver/receiver-types.ts';
import {
  digestMessage,
  incidentMessage,
  type SlackMessage,
  threadMessage,
} from '../../src/deliver/receivers/slack/blocks.ts';
import type { Author, Operator, Silence } from '../../src/engine/ports.ts';
import type { Alert } from '../../src/incident/alert.ts';
import { alertOf, HOSTILE, hostileAlert, incidentOf, numbered, routeOf } from './alerts.ts';
import { secret } from './benches.ts';
import { type HttpStandIn, httpStandIn } from './stand-ins.ts';
import { VirtualClock } from './virtual-clock.ts';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const EN = { language: 'en', link: undefined, reminder: undefined, buttons: false } as const;

/** Every text object of a message. */
function textsOf(value: unknown): readonly { readonly type: string; readonly text: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = 'text' in value && typeof value.text === 'string' && 'type' in value ? [value as never] : [];
  return [...own, ...Object.values(value).flatMap(textsOf)];
}

function allText(message: SlackMessage): string {
  return textsOf([message.blocks, message.attachments])
    .map(({ text }) => text)
    .join('\n');
}

describe('a message', () => {
  it('says in English all that an engineer needs', () => {
    const text = allText(incidentMessage(alertOf(), { ...EN, link: 'https://watch.example/i/1' }));
    const needed = [
      'Critical · Sub-prefix hijack · Opened',
      'AS64511 announces 192.0.2.128/25',
      '192.0.2.128/25',
      '192.0.2.0/24 (Example platform)',
      'Expected origin: AS64496, Seen origin: AS64511, Vantage points: 3 of 350',
      '64500 64511 (×3)',
      '+6 sub-prefix: more specific',
      'Benign reading: A customer with its own number.',
      'Call the NOC of AS64511.',
      'First seen: 2022-02-03 01:04:18 UTC',
      '0194c8e2-0000-8000-a000-000000000001',
    ];
    for (const part of needed) expect(text).toContain(part);
  });

  it('says it in Korean, with Korean time and UTC beside it', () => {
    const message = incidentMessage(alertOf(), { ...EN, language: 'ko' });
    const text = allText(message);
    for (const part of [
      '심각',
      '하위 프리픽스 하이재킹',
      '기대 오리진 AS: AS64496',
      '350곳 중 3곳',
      '지금 할 일',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toContain('2022-02-03 10:04:18 KST (2022-02-03 01:04:18 UTC)');
    expect(message.text).toContain('AS64511이 192.0.2.0/24 안의');
  });

  it('shows Korean time across midnight', () => {
    expect(timeText('2022-12-31T15:00:00.000Z', 'ko')).toBe(
      '2023-01-01 00:00:00 KST (2022-12-31 15:00:00 UTC)',
    );
  });

  it('puts what comes from outside into plain text, escaped', () => {
    const message = incidentMessage(hostileAlert(HOSTILE['Slack markup'] ?? ''), EN);
    for (const { type, text } of textsOf([message.blocks, message.attachments])) {
      expect(type).toBe('plain_text');
      expect(text).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
    }
    expect(message.text).toContain('&lt;!channel&gt;');
    expect(message.text).not.toMatch(/[<>]/);
    expect(message).toMatchObject({ mrkdwn: false, unfurl_links: false, unfurl_media: false });
  });

  it.each(Object.entries(HOSTILE))('stays within the limits of Slack: %s', (_, text) => {
    const message = incidentMessage(hostileAlert(text), {
      ...EN,
      buttons: true,
      link: 'https://watch.example/i/1',
    });
    expect(message.blocks.length).toBeLessThanOrEqual(50);
    const header = message.blocks[0] as unknown as { text: { text: string } };
    expect(header.text.text.length).toBeLessThanOrEqual(150);
    for (const { text: part } of textsOf([message.blocks, message.attachments])) {
      expect(part.length).toBeGreaterThan(0);
      expect(part.length).toBeLessThanOrEqual(3000);
      expect(part).not.toMatch(/&(?!amp;|lt;|gt;)/);
    }
    expect(allText(message).length).toBeLessThan(9_000);
    expect(message.text.length).toBeLessThanOrEqual(3_000);
    expect(JSON.stringify(message.blocks.at(-1))).toContain('originwatch.acknowledge');
  });

  it('has no buttons once the incident is resolved', () => {
    const alert = alertOf({ event: 'resolved' }, { state: 'resolved', resolution: 'withdrawn' });
    expect(JSON.stringify(incidentMessage(alert, { ...EN, buttons: true }))).not.toContain('originwatch.');
  });
});

/** The incident's visible part: what stands above the fold. */
function visible(alert: Alert, over: object = {}): readonly string[] {
  return textsOf(incidentMessage(alert, { ...EN, ...over }).blocks).flatMap(({ text }) => text.split('\n'));
}

const NOTE = { at: '2022-02-03T01:20:00.000Z', by: 'kim', text: 'called their NOC' };

describe('three lines', () => {
  it('say what and how bad, since when and how far, what to do now; the details are folded under them', () => {
    expect(visible(alertOf()).slice(0, 4)).toEqual([
      '🔴 Critical · Sub-prefix hijack · Opened',
      'AS64511 announces 192.0.2.128/25, inside 192.0.2.0/24, which AS64496 should originate.',
      'Since: 2022-02-03 01:04:18 UTC · 3 of 350 vantage points',
      'Do now: Call the NOC of AS64511.',
    ]);
    const [details] = incidentMessage(alertOf(), EN).attachments ?? [];
    expect(details?.color).toBe('#c81e1e');
    expect(JSON.stringify(details)).toContain('64500 64511');
  });

  it('speak of the past once it is over, and ask for nothing', () => {
    const over = {
      state: 'resolved',
      resolution: 'operator',
      resolvedBy: 'kim',
      endedAt: '2022-02-03T01:25:18.000Z',
      resolvedAt: '2022-02-03T01:30:18.000Z',
      peak: { seeing: 40, known: 350, at: '2022-02-03T01:10:00.000Z' },
      notes: [NOTE],
      routes: [routeOf({ active: false, vantagePoints: { seeing: 0, known: 350 } })],
      advice: { benign: { en: '', ko: '' }, next: [] },
    } as const;
    const message = incidentMessage(alertOf({ event: 'resolved' }, over), EN);
    const text = allText(message);
    expect(text).toContain('Lasted: 21 min · Widest reach: 40 of 350 vantage points');
    expect(text).toContain('Resolved by\nkim');
    expect(text).toContain('2022-02-03 01:20:00 UTC, kim: called their NOC');
    expect(text).not.toMatch(/Do now|Call the NOC|\b0 of 350/);
    expect(message.attachments?.[0]?.color).toBe('#2e9e4f');
  });

  it('of a blind feed are no hijack: no origin, no offender, no vantage points', () => {
    const summary = {
      en: 'The feed ris-live does not deliver.',
      ko: '피드 ris-live에서 데이터가 오지 않습니다.',
    };
    const feed = {
      family: 'feed',
      kind: 'feed-blind',
      severity: 'warning',
      offender: null,
      group: 'ris-live',
      summary,
      routes: [
        routeOf({
          prefix: 'ris-live',
          expectedOrigins: [],
          originAs: [],
          vantagePoints: { seeing: 0, known: 0 },
        }),
      ],
    } as const;
    const text = allText(incidentMessage(alertOf({}, feed), EN));
    expect(text).toContain('Feed\nris-live');
    expect(text).not.toMatch(/origin|Offender|vantage|none|nobody|0 of 0|Score|Benign/i);
    const lost = { ...feed, family: 'visibility', kind: 'visibility-loss' } as const;
    const visibility = {
      ...lost,
      routes: [routeOf({ originAs: [], vantagePoints: { seeing: 4, known: 20 } })],
    };
    const said = allText(incidentMessage(alertOf({}, visibility), EN));
    expect(said).toContain('Vantage points: 4 of 20');
    expect(said).not.toMatch(/origin:|Offender/i);
  });

  it('call whom the configuration names, for what is critical and new', () => {
    const mention = '<!subteam^S0123ABC>';
    const called = (alert: Alert, over: object = {}): boolean =>
      JSON.stringify(incidentMessage(alert, { ...EN, mention, ...over })).includes('<!subteam^S0123ABC>');
    expect(called(alertOf())).toBe(true);
    expect(called(alertOf({ event: 'escalated' }))).toBe(true);
    expect(called(alertOf({ event: 'updated' }))).toBe(false);
    expect(called(alertOf({ event: 'updated' }), { reminder: { type: 'repeat', number: 1 } })).toBe(true);
    expect(called(alertOf({}, { severity: 'warning' }))).toBe(false);
    expect(called(alertOf({ event: 'resolved' }, { state: 'resolved' }))).toBe(false);
  });
});

describe('an incident that takes of several watch entries', () => {
  const watches = Array.from({ length: 8 }, (_, index) => `198.51.100.${index * 16}/28`);
  const routes = watches.map((watch, index) => routeOf({ watch, name: `Site ${index}`, prefix: watch }));

  it('names every one, in the first message and in each later line', () => {
    const incident = { routes, routesTotal: 8 };
    const named = watches.map((watch, index) => `Site ${index} (${watch})`).join(', ');
    expect(allText(incidentMessage(alertOf({}, incident), EN))).toContain(`Concerned: ${named}`);
    for (const event of ['updated', 'escalated', 'resolved'] as const)
      expect(allText(threadMessage(alertOf({ event }, incident), EN))).toContain(`Concerned: ${named}`);
  });

  it('names them by prefix alone where the names would be cut', () => {
    const many = Array.from({ length: 100 }, (_, index) =>
      routeOf({ watch: `10.0.${index}.0/24`, name: `A service with a rather long name, number ${index}` }),
    );
    const text = allText(threadMessage(alertOf({}, { routes: many, routesTotal: 100 }), EN));
    for (const { watch } of many) expect(text).toContain(watch);
  });

  it('has no such line where there is one entry alone', () => {
    const one = { routes: routes.slice(0, 1).flatMap((route) => [route, route]), routesTotal: 2 };
    expect(allText(incidentMessage(alertOf({}, one), EN))).not.toContain('Concerned');
  });
});

describe('a digest', () => {
  it('names the worst first, counts all, and says where to look', () => {
    const alerts = Array.from({ length: 60 }, (_, index) =>
      numbered(index + 1, `i${index + 1}`, 'opened', index === 55 ? 'critical' : 'info'),
    );
    const message = digestMessage(alerts, { language: 'en', link: 'https://watch.example/' });
    const texts = textsOf(message.blocks).map(({ text }) => text);
    expect(texts[0]).toContain('60 alerts at once');
    expect(texts[1]).toBe('1 critical, 0 warning, 59 info');
    expect(texts[2]).toBe('Concerned: Example platform (192.0.2.0/24) ×60');
    expect(texts[3]).toMatch(/Critical[\s\S]*i56$/);
    expect(texts.at(-2)).toBe('and 40 more');
    expect(texts.at(-1)).toBe('All of them: https://watch.example/');
  });

  it('names everything critical, however much it is, and never loses the count of the rest', () => {
    const alerts = Array.from({ length: 100 }, (_, index) => {
      const alert = numbered(index + 1, `i${index + 1}`, 'opened', index < 90 ? 'critical' : 'info');
      return { ...alert, incident: { ...alert.incident, offender: 1_001 + index } };
    });
    const texts = textsOf(digestMessage(alerts, { language: 'en', link: undefined }).blocks);
    const said = texts.map(({ text }) => text).join('\n');
    for (let offender = 1_001; offender <= 1_090; offender += 1) expect(said).toContain(`AS${offender}`);
    expect(texts.at(-2)?.text).toBe('and 10 more');
  });
});

// ---------------------------------------------------------------- over the wire

async function slackStandIn(): Promise<HttpStandIn> {
  const standIn = await httpStandIn();
  let posts = 0;
  standIn.answer = ({ path }) => {
    if (path.endsWith('chat.postMessage')) posts += 1;
    return {
      status: 200,
      body: JSON.stringify({ ok: true, ts: `1643850258.00000${posts}`, channel: 'C01' }),
    };
  };
  closers.push(() => standIn.close());
  return standIn;
}

function unhurried(): Clock {
  const clock = systemClock();
  return { ...clock, after: (ms, action) => clock.after(ms > 5_000 ? ms : 0, action) };
}

function bot(port: number, deps: Partial<ReceiverDeps> = {}, over: Partial<ReceiverConfig> = {}): Receiver {
  const config = {
    name: 'noc',
    type: 'slack',
    minSeverity: 'info',
    language: 'en',
    channel: '#noc',
  } as const;
  const settings = { botToken: secret('xoxb-s3cr3t'), apiUrl: `http://127.0.0.1:${port}/api` };
  return createReceiver(
    { ...config, ...settings, ...over },
    { clock: unhurried(), timeoutMs: 5_000, ...deps },
  );
}

function contextOn(memo: Map<string, string>, over: Partial<SendContext> = {}): SendContext {
  return {
    signal: new AbortController().signal,
    reminder: undefined,
    memo: (key) => memo.get(key),
    setMemo: (key, value) => memo.set(key, value),
    ...over,
  };
}

function callsOf(standIn: HttpStandIn): readonly (readonly [string, Record<string, unknown>])[] {
  return standIn.received.map(({ path, body }) => [path.replace('/api/', ''), JSON.parse(body)] as const);
}

const STORY: readonly Alert[] = [
  alertOf({ seq: 1, id: 'a1' }),
  alertOf({ seq: 2, id: 'a2', event: 'updated' }),
  alertOf({ seq: 3, id: 'a3', event: 'resolved' }, { state: 'resolved', resolution: 'withdrawn' }),
];

describe('with a bot token', () => {
  it('keeps one thread per incident, whose first message shows how it stands', async () => {
    const standIn = await slackStandIn();
    const memo = new Map<string, string>();
    for (const alert of STORY)
      expect(await bot(standIn.port).send(alert, contextOn(memo))).toEqual({ ok: true });
    const calls = callsOf(standIn);
    expect(calls.map(([method]) => method)).toEqual([
      'chat.postMessage',
      'chat.update',
      'chat.postMessage',
      'chat.update',
      'chat.postMessage',
    ]);
    expect(calls[1]?.[1]).toMatchObject({ channel: 'C01', ts: '1643850258.000001' });
    expect(calls[2]?.[1]).toMatchObject({
      channel: 'C01',
      thread_ts: '1643850258.000001',
      reply_broadcast: false,
    });
    expect(JSON.stringify(calls[3]?.[1])).toContain('Resolved');
    expect(standIn.received[0]?.headers).toMatchObject({
      authorization: 'Bearer xoxb-s3cr3t',
      'idempotency-key': 'a1',
    });
  });

  it('shows an escalation and a reminder in the channel, too', async () => {
    const standIn = await slackStandIn();
    const memo = new Map<string, string>();
    await bot(standIn.port).send(alertOf(), contextOn(memo));
    await bot(standIn.port).send(alertOf({ id: 'a2', event: 'escalated' }), contextOn(memo));
    const reminder = { type: 'escalate', number: 1 } as const;
    await bot(standIn.port).send(alertOf({ id: 'a2', event: 'escalated' }), contextOn(memo, { reminder }));
    const replies = callsOf(standIn).filter(([, body]) => 'thread_ts' in body);
    expect(replies.map(([, body]) => body.reply_broadcast)).toEqual([true, true]);
    expect(JSON.stringify(replies[1])).toContain('nobody acknowledged');
  });

  it('shows in the first message, once, that the incident was acknowledged elsewhere', async () => {
    const standIn = await slackStandIn();
    const memo = new Map<string, string>();
    const receiver = bot(standIn.port, { memo: (_, key) => memo.get(key) });
    const alert = alertOf();
    receiver.changed?.({ ...alert.incident, acknowledged: true });
    await receiver.send(alert, contextOn(memo));
    receiver.changed?.(alert.incident);
    receiver.changed?.({ ...alert.incident, acknowledged: true });
    receiver.changed?.({ ...alert.incident, acknowledged: true });
    await receiver.send(alertOf({ id: 'a2', event: 'updated' }, { acknowledged: true }), contextOn(memo));
    const [, drawn, ...rest] = callsOf(standIn);
    expect(drawn?.[0]).toBe('chat.update');
    expect(drawn?.[1]).toMatchObject({ channel: 'C01', ts: '1643850258.000001' });
    expect(JSON.stringify(drawn)).toContain('Acknowledged');
    expect(rest.map(([method]) => method)).toEqual(['chat.update', 'chat.postMessage']);
    await receiver.stop?.();
  });

  it('shows the present state after a restart, too, and what people said in the thread, once', async () => {
    const standIn = await slackStandIn();
    const memo = new Map<string, string>();
    await bot(standIn.port).send(alertOf(), contextOn(memo));
    const restarted = bot(standIn.port, {
      memo: (_, key) => memo.get(key),
      setMemo: (_, key, value) => void memo.set(key, value),
    });
    const acknowledgedAt = '2022-02-03T01:15:00.000Z';
    const changed = incidentOf({ acknowledged: true, acknowledgedBy: 'kim', acknowledgedAt, notes: [NOTE] });
    restarted.changed?.(changed);
    await expect.poll(() => standIn.received.length).toBe(4);
    restarted.changed?.({ ...changed, assignee: 'lee' });
    await expect.poll(() => standIn.received.length).toBe(5);
    const [, drawn, ...rest] = callsOf(standIn);
    expect(drawn?.[0]).toBe('chat.update');
    expect(JSON.stringify(drawn)).toContain('acknowledged by kim');
    expect(rest.map(([method]) => method)).toEqual(['chat.postMessage', 'chat.postMessage', 'chat.update']);
    expect(rest.map(([, body]) => body.text).slice(0, 2)).toEqual([
      'acknowledged by kim',
      '2022-02-03 01:20:00 UTC, kim: called their NOC',
    ]);
    await restarted.stop?.();
  });

  it('begins anew when somebody deleted the first message', async () => {
    const standIn = await slackStandIn();
    const memo = new Map<string, string>();
    await bot(standIn.port).send(alertOf(), contextOn(memo));
    const { answer } = standIn;
    standIn.answer = (request) =>
      request.path.endsWith('chat.update')
        ? { status: 200, body: '{"ok":false,"error":"message_not_found"}' }
        : answer(request);
    expect(await bot(standIn.port).send(alertOf({ id: 'a2', event: 'updated' }), contextOn(memo))).toEqual({
      ok: true,
    });
    expect(callsOf(standIn).at(-1)?.[1]).not.toHaveProperty('thread_ts');
    expect([...memo.values()][0]).toContain('1643850258.000002');
  });

  it.each([
    ['ratelimited', true],
    ['internal_error', true],
    ['invalid_auth', true],
    ['not_in_channel', true],
    ['msg_too_long', false],
    ['invalid_blocks', false],
  ])('grades the error %s that comes with status 200', async (error, retryable) => {
    const standIn = await slackStandIn();
    standIn.answer = () => ({ status: 200, body: JSON.stringify({ ok: false, error }) });
    const outcome = await bot(standIn.port).send(alertOf(), contextOn(new Map()));
    expect(outcome).toEqual({ ok: false, retryable, error: `chat.postMessage: ${error}` });
  });
});

describe('an incoming webhook', () => {
  it('gets the bare words where it does not take the layout', async () => {
    const standIn = await slackStandIn();
    standIn.answer = ({ body }) =>
      body.includes('"blocks"') ? { status: 400, body: 'invalid_blocks' } : { status: 200, body: 'ok' };
    const config = { name: 'noc', type: 'slack', minSeverity: 'info', language: 'en' } as const;
    const webhookUrl = secret(`http://127.0.0.1:${standIn.port}/services/T/B/x`);
    const receiver = createReceiver({ ...config, webhookUrl }, { clock: unhurried() });
    expect(await receiver.send(alertOf(), contextOn(new Map()))).toEqual({ ok: true });
    expect(standIn.received.at(-1)?.body).toContain('AS64511 announces 192.0.2.128/25');
  });

  it('is told an update in short, with the way back to the details', async () => {
    const standIn = await slackStandIn();
    const config = { name: 'noc', type: 'slack', minSeverity: 'info', language: 'en' } as const;
    const webhookUrl = secret(`http://127.0.0.1:${standIn.port}/services/T/B/x`);
    const linkOf = (id: string) => `https://watch.example/#/incidents/${id}`;
    const receiver = createReceiver({ ...config, webhookUrl }, { clock: unhurried(), linkOf });
    await receiver.send(alertOf(), contextOn(new Map()));
    await receiver.send(alertOf({ id: 'a2', event: 'updated' }), contextOn(new Map()));
    const [opened, updated] = standIn.received.map(({ body }) => body);
    expect(updated?.length).toBeLessThan((opened?.length ?? 0) / 2);
    expect(updated).toContain('https://watch.example/#/incidents/');
    expect(updated).not.toContain('64500 64511');
  });

  it('gets one message a second and no more', async () => {
    const standIn = await slackStandIn();
    const clock = new VirtualClock();
    const config = { name: 'noc', type: 'slack', minSeverity: 'info', language: 'ko' } as const;
    const webhookUrl = secret(`http://127.0.0.1:${standIn.port}/services/T/B/x`);
    const receiver = createReceiver({ ...config, webhookUrl }, { clock });
    const context = contextOn(new Map());
    await receiver.send(numbered(1, 'a'), context);
    const second = receiver.send(numbered(2, 'b'), context);
    await clock.advance(999);
    expect(standIn.received).toHaveLength(1);
    await clock.advance(1);
    expect(await second).toEqual({ ok: true });
    expect(standIn.received.map(({ headers }) => headers['idempotency-key'])).toEqual(['alert-1', 'alert-2']);
  });
});

// ---------------------------------------------------------------- Socket Mode

/** What the buttons did. */
function recorder(): {
  readonly operator: Operator;
  readonly done: (readonly [string, unknown, Author | undefined])[];
} {
  const done: (readonly [string, unknown, Author | undefined])[] = [];
  const operator = {
    acknowledge: (id: string, author: Author) => {
      done.push(['acknowledge', id, author]);
      return incidentOf({ acknowledged: true });
    },
    resolve: (id: string, author: Author) => {
      done.push(['resolve', id, author]);
      return { refused: 'conflict', detail: 'already resolved' } as const;
    },
    addSilence: (silence: Omit<Silence, 'id'>) => {
      done.push(['silence', silence, undefined]);
      return { id: 's1', ...silence };
    },
  };
  return { operator: operator as unknown as Operator, done };
}

/** Slack's side of Socket Mode. */
async function socketStage() {
  const standIn = await slackStandIn();
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  closers.push(async () => {
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
  });
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/link?ticket=s3cr3t`;
  const { answer } = standIn;
  standIn.answer = (request) =>
    request.path.endsWith('apps.connections.open')
      ? { status: 200, body: JSON.stringify({ ok: true, url }) }
      : answer(request);
  const memo = new Map<string, string>();
  const { operator, done } = recorder();
  const deps = { operator: () => operator, memo: (_: string, key: string) => memo.get(key) };
  const receiver = bot(standIn.port, deps, { appToken: secret('xapp-s3cr3t') });
  const connected = async (): Promise<WebSocket> => {
    const [socket] = (await once(server, 'connection')) as [WebSocket];
    socket.send(JSON.stringify({ type: 'hello', num_connections: 1 }));
    return socket;
  };
  closers.push(async () => receiver.stop?.());
  return { standIn, receiver, memo, done, connected };
}

function press(action: string, value: string, channel = 'C01', envelope = `e-${action}`): string {
  const user = { id: 'U1', username: 'kim\u202e<!here>', name: 'kim' };
  const actions = [{ action_id: `originwatch.${action}`, value }];
  return JSON.stringify({
    type: 'interactive',
    envelope_id: envelope,
    payload: { type: 'block_actions', user, channel: { id: channel }, actions },
  });
}

describe('buttons through Socket Mode', () => {
  it('acknowledge, silence and resolve for whoever pressed, and say so in the thread', async () => {
    const { standIn, receiver, memo, done, connected } = await socketStage();
    await receiver.send(alertOf(), contextOn(memo));
    expect(standIn.received[0]?.body).toContain('originwatch.acknowledge');
    const connection = connected();
    receiver.start?.();
    const socket = await connection;
    const { id } = incidentOf();
    for (const action of ['acknowledge', 'silence', 'resolve']) {
      socket.send(press(action, id));
      const [ack] = (await once(socket, 'message')) as [Buffer];
      expect(JSON.parse(ack.toString())).toEqual({ envelope_id: `e-${action}` });
    }
    const who = 'kim�<!here> (U1)';
    await expect.poll(() => standIn.received.length).toBeGreaterThanOrEqual(6);
    expect(done[0]).toEqual(['acknowledge', id, { by: `slack: ${who}`, note: 'button in Slack (noc)' }]);
    expect(done[1]?.[1]).toMatchObject({
      match: { group: 'kakao', offender: 64511 },
      expectedOrigin: null,
      by: `slack: ${who}`,
    });
    const [, silenced] = done[1] ?? [];
    const { startsAt, endsAt } = silenced as Silence;
    expect(Date.parse(endsAt) - Date.parse(startsAt)).toBe(3_600_000);
    const replies = callsOf(standIn)
      .filter(([, body]) => 'thread_ts' in body)
      .map(([, body]) => String(body.text));
    expect(replies).toContain('Acknowledged by kim�&lt;!here&gt; (U1)');
    expect(replies).toContain('Not done: already resolved');
    const redrawn = callsOf(standIn).find(([method]) => method === 'chat.update');
    expect(JSON.stringify(redrawn)).toContain('Acknowledged');
  });

  it('do nothing for an incident of another channel, an unknown one, or an envelope sent twice', async () => {
    const { receiver, memo, done, connected } = await socketStage();
    await receiver.send(alertOf(), contextOn(memo));
    const connection = connected();
    receiver.start?.();
    const socket = await connection;
    const { id } = incidentOf();
    const frames = [
      press('acknowledge', id, 'C99', 'e1'),
      press('acknowledge', 'other', 'C01', 'e2'),
      'no JSON',
      JSON.stringify({ type: 'interactive', envelope_id: 'e3', payload: null }),
      press('acknowledge', id, 'C01', 'e4'),
      press('acknowledge', id, 'C01', 'e4'),
    ];
    const acks: unknown[] = [];
    socket.on('message', (data) => acks.push(data));
    for (const frame of frames) socket.send(frame);
    await expect.poll(() => acks.length).toBe(5);
    expect(done).toHaveLength(1);
  });

  it('come back after Slack renews the connection or it breaks', async () => {
    const { receiver, memo, done, connected } = await socketStage();
    await receiver.send(alertOf(), contextOn(memo));
    const first = connected();
    receiver.start?.();
    const one = await first;
    const second = connected();
    one.send(JSON.stringify({ type: 'disconnect', reason: 'refresh_requested' }));
    const two = await second;
    const third = connected();
    two.terminate();
    const three = await third;
    three.send(press('acknowledge', incidentOf().id));
    await once(three, 'message');
    expect(done).toHaveLength(1);
  });
});

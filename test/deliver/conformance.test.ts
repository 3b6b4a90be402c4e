/** One suite for every receiver: what each of them has to do when the other side does this or that. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/deliver/clock.ts';
import { Dispatcher } from '../../src/deliver/dispatcher.ts';
import type { Outcome, Receiver, SendContext } from '../../src/deliver/receiver.ts';
import { createReceiver } from '../../src/deliver/receiver-types.ts';
import { sendTest } from '../../src/deliver/send-test.ts';
import { alertOf, HOSTILE, hostileAlert, numbered } from './alerts.ts';
import { BENCHES, type Bench, configOf, SECRETS } from './benches.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import { closedPort, type Mode, type StandIn } from './stand-ins.ts';

const QUICK_MS = 150;
const open: StandIn[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((standIn) => standIn.close()));
});

async function started(bench: Bench, port?: number, tls?: boolean): Promise<StandIn> {
  const standIn = await bench.start(port, tls);
  open.push(standIn);
  return standIn;
}

/** The real time, but nobody waits: pacing is not what is tested here. */
function hastyClock(): Clock {
  const after = (_: number, action: () => void): (() => void) => {
    setImmediate(action);
    return () => undefined;
  };
  return { ...systemClock(), after };
}

function receiverOf(
  bench: Bench,
  port: number,
  timeoutMs = 5_000,
  scheme: 'http' | 'https' = 'http',
): Receiver {
  return createReceiver(configOf(bench, port, {}, scheme), { clock: hastyClock(), timeoutMs });
}

function contextOf(over: Partial<SendContext> = {}): SendContext {
  const memo = new Map<string, string>();
  return {
    signal: new AbortController().signal,
    reminder: undefined,
    memo: (key) => memo.get(key),
    setMemo: (key, value) => memo.set(key, value),
    ...over,
  };
}

function expectNoSecret(text: string): void {
  for (const secret of SECRETS) expect(text).not.toContain(secret);
  expect(text).not.toContain(Buffer.from('s3cr3t-password').toString('base64').slice(0, 12));
}

/** What the outcome has to be; its error never holds a secret and is one short line. */
function expectFailure(outcome: Outcome, retryable: boolean): void {
  expect(outcome).toMatchObject({ ok: false, retryable });
  if (outcome.ok) return;
  expectNoSecret(outcome.error);
  expect(outcome.error).toMatch(/^[^\n\r]{3,200}$/);
}

const FAILURES: readonly (readonly [string, Mode, boolean])[] = [
  ['does not answer in time', 'hang', true],
  ['begins to answer and never ends', 'slow', true],
  ['cuts the connection', 'cut', true],
  ['refuses for good (4xx)', 'refuse', false],
  ['fails (5xx)', 'busy', true],
  ['has enough (429)', 'limit', true],
  ['refuses and sends everything back', 'echo', false],
  ['sends it elsewhere', 'redirect', true],
  ['knows us not (401)', 'locked', true],
  ['bars us (403)', 'barred', true],
  ['is not there (404)', 'missing', true],
  ['is gone (410)', 'gone', true],
];

describe.each(BENCHES)('$label', (bench) => {
  it('takes an alert', async () => {
    const standIn = await started(bench);
    const outcome = await receiverOf(bench, standIn.port).send(alertOf(), contextOf());
    expect(outcome).toEqual({ ok: true });
    expect(standIn.received).toHaveLength(1);
    expect(standIn.received[0]?.body).toContain('192.0.2.128/25');
    if (bench.http) expect(standIn.received[0]?.headers['idempotency-key']).toBe(alertOf().id);
  });

  it('takes all five sorts of an incident, in Korean, and as a reminder', async () => {
    const standIn = await started(bench);
    const receiver = createReceiver(configOf(bench, standIn.port, { language: 'ko' }), {
      clock: hastyClock(),
    });
    for (const event of ['opened', 'escalated', 'updated', 'resolved', 'reopened'] as const) {
      const ended = event === 'resolved' ? ({ state: 'resolved', resolution: 'withdrawn' } as const) : {};
      const alert = alertOf({ event }, { ...ended, id: `incident-${event}` });
      const reminder = { type: 'repeat', number: 2 } as const;
      expect(await receiver.send(alert, contextOf({ reminder }))).toEqual({ ok: true });
    }
    expect(standIn.received).toHaveLength(5);
    expect(receiver.type).toBe(bench.type);
  });

  it.each(FAILURES.filter(([, mode]) => !bench.lacks.has(mode)))(
    'says so when the other side %s',
    async (_, mode, retryable) => {
      const standIn = await started(bench);
      standIn.mode = mode;
      const quick = mode === 'hang' || mode === 'slow';
      const outcome = await receiverOf(bench, standIn.port, quick ? QUICK_MS : 5_000).send(
        alertOf(),
        contextOf(),
      );
      if (!bench.http && (mode === 'redirect' || /^(?:locked|barred|missing|gone)$/.test(mode))) return;
      // What a mail server echoes is a password that it refuses: somebody may put that right.
      expectFailure(outcome, retryable || (mode === 'echo' && bench.type === 'email'));
      if (mode === 'limit' && bench.http) expect(outcome).toMatchObject({ retryAfterMs: 7_000 });
    },
  );

  it('tries again where nobody listens', async () => {
    expectFailure(await receiverOf(bench, await closedPort()).send(alertOf(), contextOf()), true);
  });

  it.skipIf(bench.lacks.has('tls'))('tries again when TLS fails, and trusts no stranger', async () => {
    const standIn = bench.http ? await started(bench, undefined, true) : await started(bench);
    const outcome = await receiverOf(bench, standIn.port, 5_000, 'https').send(alertOf(), contextOf());
    expectFailure(outcome, true);
    expect(standIn.received).toEqual([]);
  });

  it.skipIf(bench.lacks.has('hang'))('lets go at once when the daemon stops', async () => {
    const standIn = await started(bench);
    standIn.mode = 'hang';
    const stop = new AbortController();
    const sending = receiverOf(bench, standIn.port, 60_000).send(
      alertOf(),
      contextOf({ signal: stop.signal }),
    );
    setImmediate(() => stop.abort());
    expectFailure(await sending, true);
  });

  it.skipIf(!bench.http)('reads no more of an endless answer than it needs', async () => {
    const standIn = await started(bench);
    standIn.mode = 'endless';
    const outcome = await receiverOf(bench, standIn.port, 5_000).send(alertOf(), contextOf());
    expect(outcome.ok || outcome.retryable).toBe(true);
  });

  it('survives a restart in the middle: everything arrives, in order, with its own id', async () => {
    const first = await started(bench);
    const outbox = new MemoryOutbox();
    const clock = systemClock();
    const hasty = {
      ...clock,
      after: (ms: number, action: () => void) => clock.after(ms > 60_000 ? ms : ms / 50, action),
    };
    const receiver = createReceiver(configOf(bench, first.port), { clock: hasty, timeoutMs: 2_000 });
    const dispatcher = new Dispatcher([receiver], {
      outbox,
      clock: { ...hasty, nowMs: () => clock.nowMs() * 50 },
      onBroken: () => undefined,
    });
    outbox.add({ receiver: 'bench', alert: numbered(1, 'a') });
    dispatcher.wake();
    await expect.poll(() => outbox.pending('bench'), { timeout: 10_000 }).toBe(0);
    await first.close();
    for (const seq of [2, 3, 4])
      outbox.add({ receiver: 'bench', alert: numbered(seq, seq === 4 ? 'b' : 'a') });
    dispatcher.wake();
    await expect
      .poll(() => dispatcher.state('bench')?.lastError, { timeout: 10_000 })
      .toEqual(expect.any(String));
    const second = await started(bench, first.port);
    await expect.poll(() => outbox.pending('bench'), { timeout: 20_000 }).toBe(0);
    await dispatcher.stop();
    expect(outbox.rows.map((row) => row.state)).toEqual(['delivered', 'delivered', 'delivered', 'delivered']);
    expect(second.received.length).toBeGreaterThanOrEqual(3);
    expectNoSecret(JSON.stringify(dispatcher.states()));
  });

  it.each(Object.entries(HOSTILE))('carries hostile text as text: %s', async (_, text) => {
    const standIn = await started(bench);
    const outcome = await receiverOf(bench, standIn.port).send(hostileAlert(text), contextOf());
    expect(outcome).toEqual({ ok: true });
    const body = standIn.received[0]?.body ?? '';
    expectNoSecret(body.replaceAll('s3cr3t-key', bench.type === 'pagerduty' ? '' : 's3cr3t-key'));
    if (bench.alertIn !== undefined) {
      const said = bench.alertIn(body).incident.summary.en;
      expect(said.endsWith('…') ? text.startsWith(said.slice(0, -1)) : said === text).toBe(true);
      if (bench.http) expect(Buffer.byteLength(body)).toBeLessThanOrEqual(262_144);
      return;
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the point
    expect(body.replace(/\r\n[ \t]?|\n/g, '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(readable(body)).not.toMatch(/[\u200b-\u200f\u202a-\u202e\u2066-\u2069\u061c]/);
    expect(Buffer.byteLength(body)).toBeLessThan(64_000);
  });

  it('passes a marked test and reports what came back', async () => {
    const standIn = await started(bench);
    const report = await sendTest(
      receiverOf(bench, standIn.port),
      systemClock(),
      new AbortController().signal,
    );
    expect(report).toMatchObject({ receiver: 'bench', type: bench.type, outcome: { ok: true } });
    expect(standIn.received).toHaveLength(
      bench.type === 'pagerduty' || bench.type === 'alertmanager' ? 2 : 1,
    );
    expect(readable(standIn.received[0]?.body ?? '')).toMatch(/TEST, not an incident/);
    standIn.mode = 'refuse';
    if (bench.lacks.has('refuse')) return;
    const bad = await sendTest(receiverOf(bench, standIn.port), systemClock(), new AbortController().signal);
    expectFailure(bad.outcome, false);
  });
});

/** JSON escapes and quoted-printable or base64 mail bodies undone. */
function readable(body: string): string {
  const text = body.replace(/\\u([0-9a-f]{4})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const base64 = /\r\n\r\n([A-Za-z0-9+/=\r\n]+)$/.exec(text)?.[1];
  if (base64 !== undefined && /base64/i.test(text)) return text + Buffer.from(base64, 'base64').toString();
  return text.replace(/=\r\n/g, '');
}

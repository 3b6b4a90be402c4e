import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GIVE_UP_AFTER_MS } from '../../src/deliver/backoff.ts';
import { Dispatcher, NOTICE_AFTER_MS } from '../../src/deliver/dispatcher.ts';
import type { LaneOptions } from '../../src/deliver/lane.ts';
import {
  type Outcome,
  type Receiver,
  refused,
  type SendContext,
  tryAgain,
} from '../../src/deliver/receiver.ts';
import type { ReceiverState } from '../../src/deliver/receiver-health.ts';
import type { Alert } from '../../src/incident/alert.ts';
import { reminderKey } from '../../src/incident/reminders.ts';
import { numbered } from './alerts.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import { VirtualClock } from './virtual-clock.ts';

const DAY = 86_400_000;
const OK: Outcome = { ok: true };

type Behave = (alert: Alert, context: SendContext) => Outcome | Promise<Outcome>;

/** A receiver in memory that writes down what it took. */
class FakeReceiver implements Receiver {
  readonly type = 'fake';
  readonly keepsState = false;
  readonly name: string;
  readonly concurrency: number;
  readonly forPeople: boolean;
  readonly digestFrom: number | undefined;
  readonly taken: number[] = [];
  readonly digests: number[][] = [];
  readonly contexts: SendContext[] = [];
  readonly alerts: Alert[] = [];
  tries = 0;
  behave: Behave = () => OK;

  constructor(name: string, over: { concurrency?: number; forPeople?: boolean; digestFrom?: number } = {}) {
    this.name = name;
    this.concurrency = over.concurrency ?? 4;
    this.forPeople = over.forPeople ?? false;
    this.digestFrom = over.digestFrom;
  }

  async send(alert: Alert, context: SendContext): Promise<Outcome> {
    this.tries += 1;
    const outcome = await this.behave(alert, context);
    if (outcome.ok) {
      this.taken.push(alert.seq);
      this.alerts.push(alert);
      this.contexts.push(context);
    }
    return outcome;
  }

  async sendDigest(alerts: readonly Alert[], context: SendContext): Promise<Outcome> {
    const [first] = alerts;
    const outcome = first === undefined ? OK : await this.behave(first, context);
    if (outcome.ok) this.digests.push(alerts.map((alert) => alert.seq));
    return outcome;
  }
}

function stage(receivers: readonly Receiver[], over: Partial<LaneOptions> = {}) {
  const clock = new VirtualClock();
  const outbox = new MemoryOutbox();
  const counts: Record<string, number> = {};
  const failing: ReceiverState[] = [];
  const recovered: string[] = [];
  const dispatcher = new Dispatcher(receivers, {
    outbox,
    clock,
    deliveries: (receiver, result, rows) => {
      counts[`${receiver} ${result}`] = (counts[`${receiver} ${result}`] ?? 0) + rows;
    },
    onFailing: (state) => failing.push(state),
    onRecovered: (state) => recovered.push(state.receiver),
    onBroken: (error) => {
      throw error;
    },
    ...over,
  });
  const put = (alert: Alert, ...names: readonly string[]): void => {
    for (const receiver of names) outbox.add({ receiver, alert });
    dispatcher.wake();
  };
  return { clock, outbox, counts, failing, recovered, dispatcher, put };
}

describe('a receiver that works', () => {
  it('is told at once when a row was committed, without any timer', async () => {
    const noc = new FakeReceiver('noc');
    const { clock, put, counts, outbox } = stage([noc]);
    put(numbered(1, 'a'), 'noc');
    expect(noc.tries).toBe(1);
    await clock.advance(0);
    expect(counts).toEqual({ 'noc delivered': 1 });
    expect(outbox.pending('noc')).toBe(0);
  });

  it('costs nothing while there is nothing to tell', async () => {
    const { clock, dispatcher, outbox } = stage([new FakeReceiver('noc')]);
    dispatcher.start();
    await clock.advance(0);
    const { asked } = outbox;
    await clock.advance(DAY);
    expect(outbox.asked).toBe(asked);
    expect(clock.timers).toBe(0);
  });

  it('is told the alerts of one incident one after the other, those of others beside them', async () => {
    const noc = new FakeReceiver('noc', { concurrency: 2 });
    const releases: (() => void)[] = [];
    noc.behave = () => new Promise((resolve) => releases.push(() => resolve(OK)));
    const { clock, put } = stage([noc]);
    for (const [seq, incident] of [
      [1, 'a'],
      [2, 'a'],
      [3, 'b'],
      [4, 'c'],
    ] as const)
      put(numbered(seq, incident), 'noc');
    await clock.advance(0);
    expect(noc.tries).toBe(2);
    releases.shift()?.();
    await clock.advance(0);
    expect(noc.taken).toEqual([1]);
    while (releases.length > 0) {
      releases.shift()?.();
      await clock.advance(0);
    }
    expect([...noc.taken].sort()).toEqual([1, 2, 3, 4]);
    expect(noc.taken.indexOf(1)).toBeLessThan(noc.taken.indexOf(2));
  });

  it('hears that an alert is a reminder, and the row keeps its own key', async () => {
    const noc = new FakeReceiver('noc');
    const { clock, outbox, dispatcher, put } = stage([noc]);
    const alert = numbered(1, 'a');
    put(alert, 'noc');
    await clock.advance(0);
    outbox.add({ receiver: 'noc', alert, key: reminderKey(alert.id, { type: 'repeat', number: 2 }) });
    dispatcher.wake();
    await clock.advance(0);
    expect(noc.contexts.map((context) => context.reminder)).toEqual([
      undefined,
      { type: 'repeat', number: 2 },
    ]);
    expect(outbox.pending('noc')).toBe(0);
  });
});

describe('a receiver that is down', () => {
  it('for a day ends with every alert delivered in order and no id twice', async () => {
    const noc = new FakeReceiver('noc');
    const siem = new FakeReceiver('siem');
    const { clock, put, outbox, counts } = stage([noc, siem]);
    noc.behave = () => tryAgain('connection refused');
    for (let seq = 1; seq <= 288; seq += 1) {
      put(numbered(seq, `incident-${seq % 7}`), 'noc', 'siem');
      await clock.advance(DAY / 288);
    }
    expect(noc.taken).toEqual([]);
    expect(siem.taken).toHaveLength(288);
    expect(noc.tries).toBeGreaterThan(280);
    expect(noc.tries).toBeLessThan(1000);
    noc.behave = () => OK;
    await clock.advance(300_000);
    expect(noc.taken).toHaveLength(288);
    expect(new Set(noc.taken).size).toBe(288);
    for (let incident = 0; incident < 7; incident += 1) {
      const own = noc.taken.filter((seq) => seq % 7 === incident);
      expect(own).toEqual([...own].sort((a, b) => a - b));
    }
    expect(outbox.pending('noc')).toBe(0);
    expect(counts['noc failed']).toBeUndefined();
  });

  it('with one sending at a time is told in the order of the feed', async () => {
    const noc = new FakeReceiver('noc', { concurrency: 1 });
    const { clock, put } = stage([noc]);
    noc.behave = () => tryAgain('HTTP 503');
    for (let seq = 1; seq <= 20; seq += 1) {
      put(numbered(seq, `incident-${seq % 3}`), 'noc');
      await clock.advance(60_000);
    }
    noc.behave = () => OK;
    await clock.advance(600_000);
    expect(noc.taken).toHaveLength(20);
    expect(noc.taken[0]).toBe(1);
  });

  it('waits longer each time, up to five minutes', async () => {
    const noc = new FakeReceiver('noc');
    const { clock, put } = stage([noc]);
    const times: number[] = [];
    noc.behave = () => {
      times.push(clock.nowMs());
      return tryAgain('connection refused');
    };
    put(numbered(1, 'a'), 'noc');
    await clock.advance(3_600_000);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(gaps.slice(0, 4)).toEqual([750, 1500, 3000, 6000]);
    expect(Math.max(...gaps)).toBe(225_000);
    expect(gaps).toEqual([...gaps].sort((a, b) => a - b));
  });

  it('is asked again when it said, not before', async () => {
    const noc = new FakeReceiver('noc');
    const { clock, put } = stage([noc]);
    noc.behave = () => tryAgain('HTTP 429', 42_000);
    put(numbered(1, 'a'), 'noc');
    put(numbered(2, 'b'), 'noc');
    await clock.advance(41_999);
    const { tries } = noc;
    noc.behave = () => OK;
    expect(tries).toBeLessThanOrEqual(2);
    await clock.advance(1);
    await clock.advance(0);
    expect([...noc.taken].sort()).toEqual([1, 2]);
  });

  it('holds up nobody else, not even by never answering', async () => {
    const slow = new FakeReceiver('slow');
    const quick = new FakeReceiver('quick');
    slow.behave = () => new Promise(() => undefined);
    const { clock, put } = stage([slow, quick]);
    for (let seq = 1; seq <= 10; seq += 1) put(numbered(seq, `i${seq}`), 'slow', 'quick');
    await clock.advance(0);
    expect(quick.taken).toHaveLength(10);
  });

  it('is given up for a row after days of tries, and the row is shown as failed', async () => {
    const noc = new FakeReceiver('noc');
    const { clock, put, outbox, counts } = stage([noc]);
    noc.behave = () => tryAgain('connection refused');
    put(numbered(1, 'a'), 'noc');
    await clock.advance(GIVE_UP_AFTER_MS + 600_000);
    expect(outbox.rows[0]).toMatchObject({ state: 'failed' });
    expect(outbox.rows[0]?.error).toMatch(/^given up after \d+ tries: connection refused$/);
    expect(counts['noc failed']).toBe(1);
  });
});

describe('whatever a receiver does', () => {
  /** What the next try comes to; once the list is used up everything is taken. */
  const outcomes = fc.array(fc.constantFrom('ok', 'busy', 'limit', 'slow-ok', 'refuse'), { maxLength: 60 });
  const rows = fc.array(fc.record({ incident: fc.nat(4), afterMs: fc.nat(20_000) }), {
    minLength: 1,
    maxLength: 30,
  });

  it('each row ends delivered once or shown as failed, in the order of its incident', async () => {
    await fc.assert(
      fc.asyncProperty(outcomes, rows, fc.integer({ min: 1, max: 4 }), async (plan, wanted, concurrency) => {
        const noc = new FakeReceiver('noc', { concurrency });
        const { clock, put, outbox } = stage([noc]);
        noc.behave = async () => {
          const next = plan.shift() ?? 'ok';
          if (next === 'slow-ok') await new Promise<void>((resolve) => clock.after(5_000, resolve));
          if (next === 'busy') return tryAgain('HTTP 503');
          if (next === 'limit') return tryAgain('HTTP 429', 3_000);
          return next === 'refuse' ? refused('HTTP 400') : OK;
        };
        for (const [index, { incident, afterMs }] of wanted.entries()) {
          put(numbered(index + 1, `i${incident}`), 'noc');
          await clock.advance(afterMs);
        }
        await clock.advance(2 * DAY);
        expect(outbox.pending('noc')).toBe(0);
        const delivered = outbox.rows.filter((row) => row.state === 'delivered').map((row) => row.alert.seq);
        expect([...noc.taken].sort((a, b) => a - b)).toEqual(delivered);
        for (let incident = 0; incident <= 4; incident += 1) {
          const own = noc.alerts
            .filter((alert) => alert.incident.id === `i${incident}`)
            .map((alert) => alert.seq);
          expect(own).toEqual([...own].sort((a, b) => a - b));
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('one row that cannot be delivered', () => {
  it('is recorded as failed when refused for good, and the next goes on', async () => {
    const noc = new FakeReceiver('noc', { concurrency: 1 });
    noc.behave = (alert) => (alert.seq === 1 ? refused('HTTP 400') : OK);
    const { clock, put, outbox, counts, failing, recovered } = stage([noc]);
    put(numbered(1, 'a'), 'noc');
    put(numbered(2, 'a'), 'noc');
    await clock.advance(0);
    expect(outbox.rows.map((row) => row.state)).toEqual(['failed', 'delivered']);
    expect(counts).toEqual({ 'noc failed': 1, 'noc delivered': 1 });
    expect(failing.map((state) => state.lastError)).toEqual(['HTTP 400']);
    expect(recovered).toEqual(['noc']);
  });

  it('keeps the order for four tries, and lets another row pass from the fifth', async () => {
    const noc = new FakeReceiver('noc', { concurrency: 1 });
    const tried: number[] = [];
    noc.behave = (alert) => {
      tried.push(alert.seq);
      return alert.seq === 1 ? tryAgain('HTTP 500') : OK;
    };
    const { clock, put } = stage([noc]);
    put(numbered(1, 'poison'), 'noc');
    put(numbered(2, 'sound'), 'noc');
    await clock.advance(60_000);
    expect(tried.slice(0, 6)).toEqual([1, 1, 1, 1, 1, 2]);
    expect(noc.taken).toEqual([2]);
  });

  it('does not hold up those of other incidents by failing for ever', async () => {
    const noc = new FakeReceiver('noc', { concurrency: 1 });
    noc.behave = (alert) => (alert.seq === 1 ? tryAgain('HTTP 500') : OK);
    const { clock, put, outbox } = stage([noc]);
    put(numbered(1, 'poison'), 'noc');
    for (let seq = 2; seq <= 30; seq += 1) {
      put(numbered(seq, `i${seq}`), 'noc');
      await clock.advance(30_000);
    }
    await clock.advance(60_000);
    expect(noc.taken).toHaveLength(29);
    expect(outbox.rows[0]?.state).toBe('pending');
  });
});

describe('a storm', () => {
  it('is told as one digest, and every row of it is done', async () => {
    const slack = new FakeReceiver('slack', { concurrency: 1, digestFrom: 10 });
    const { clock, outbox, dispatcher, counts } = stage([slack]);
    for (let seq = 1; seq <= 25; seq += 1) outbox.add({ receiver: 'slack', alert: numbered(seq, `i${seq}`) });
    dispatcher.start();
    await clock.advance(0);
    expect(slack.digests).toEqual([Array.from({ length: 25 }, (_, index) => index + 1)]);
    expect(slack.taken).toEqual([]);
    expect(counts).toEqual({ 'slack delivered': 25 });
  });

  it('after an outage, too, and below the threshold one by one', async () => {
    const slack = new FakeReceiver('slack', { concurrency: 1, digestFrom: 10 });
    const { clock, put } = stage([slack]);
    slack.behave = () => tryAgain('HTTP 503');
    for (let seq = 1; seq <= 12; seq += 1) put(numbered(seq, `i${seq}`), 'slack');
    await clock.advance(3_600_000);
    slack.behave = () => OK;
    await clock.advance(300_000);
    expect(slack.digests.flat().sort((a, b) => a - b)).toEqual(
      Array.from({ length: 12 }, (_, index) => index + 1),
    );
    for (let seq = 13; seq <= 15; seq += 1) put(numbered(seq, `i${seq}`), 'slack');
    await clock.advance(0);
    expect(slack.taken).toEqual([13, 14, 15]);
  });
});

describe('a failing receiver', () => {
  it('is shown with its error and since when, and called out once', async () => {
    const noc = new FakeReceiver('noc');
    noc.behave = () => tryAgain('TLS failed (CERT_HAS_EXPIRED)');
    const { clock, put, failing, recovered, dispatcher } = stage([noc]);
    put(numbered(1, 'a'), 'noc');
    await clock.advance(60_000);
    expect(failing).toHaveLength(1);
    expect(dispatcher.state('noc')).toMatchObject({
      receiver: 'noc',
      pending: 1,
      failingSince: '2022-02-03T01:04:18.000Z',
      lastError: 'TLS failed (CERT_HAS_EXPIRED)',
      lastDeliveredAt: null,
    });
    noc.behave = () => OK;
    await clock.advance(60_000);
    expect(recovered).toEqual(['noc']);
    expect(dispatcher.states()[0]).toMatchObject({ failingSince: null, consecutiveFailures: 0, pending: 0 });
  });

  it('is told to people at the others when it lasts, not to programs', async () => {
    const down = new FakeReceiver('down');
    const chat = new FakeReceiver('chat', { forPeople: true });
    const siem = new FakeReceiver('siem');
    down.behave = () => tryAgain('connection refused');
    const { clock, put } = stage([down, chat, siem]);
    put(numbered(1, 'a'), 'down');
    await clock.advance(NOTICE_AFTER_MS - 60_000);
    expect(chat.alerts).toEqual([]);
    await clock.advance(120_000);
    expect(chat.alerts).toHaveLength(1);
    expect(chat.alerts[0]?.incident.summary.en).toMatch(
      /^Receiver down \(fake\) has not taken alerts since .*refused/,
    );
    expect(siem.alerts).toEqual([]);
    await clock.advance(DAY);
    expect(chat.alerts).toHaveLength(1);
  });

  it('that comes back in time is told to nobody', async () => {
    const down = new FakeReceiver('down');
    const chat = new FakeReceiver('chat', { forPeople: true });
    down.behave = () => tryAgain('connection refused');
    const { clock, put } = stage([down, chat]);
    put(numbered(1, 'a'), 'down');
    await clock.advance(60_000);
    down.behave = () => OK;
    await clock.advance(DAY);
    expect(chat.alerts).toEqual([]);
  });
});

describe('stopping', () => {
  it('waits for what is on its way and starts nothing more', async () => {
    const noc = new FakeReceiver('noc', { concurrency: 1 });
    let release: () => void = () => undefined;
    noc.behave = () => new Promise((resolve) => (release = () => resolve(OK)));
    const { clock, put, outbox, dispatcher } = stage([noc]);
    put(numbered(1, 'a'), 'noc');
    put(numbered(2, 'b'), 'noc');
    await clock.advance(0);
    const stopped = dispatcher.stop();
    release();
    await clock.advance(0);
    await stopped;
    expect(outbox.rows.map((row) => row.state)).toEqual(['delivered', 'pending']);
    expect(clock.timers).toBe(0);
  });

  it('breaks off what takes too long and leaves it pending, uncounted', async () => {
    const noc = new FakeReceiver('noc');
    noc.behave = (_, { signal }) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(tryAgain('stopped'))));
    const { clock, put, outbox, dispatcher, counts } = stage([noc]);
    put(numbered(1, 'a'), 'noc');
    const stopped = dispatcher.stop(2_000);
    await clock.advance(2_000);
    await stopped;
    expect(outbox.rows[0]).toMatchObject({ state: 'pending', attempts: 0 });
    expect(counts).toEqual({});
  });

  it('leaves what a next process takes up again with the same id', async () => {
    const noc = new FakeReceiver('noc');
    noc.behave = () => tryAgain('connection refused');
    const { clock, put, outbox, dispatcher } = stage([noc]);
    put(numbered(1, 'a'), 'noc');
    await clock.advance(10_000);
    await dispatcher.stop();
    noc.behave = () => OK;
    const next = new Dispatcher([noc], { outbox, clock, onBroken: () => undefined });
    next.start();
    await clock.advance(300_000);
    expect(noc.alerts.map((alert) => alert.id)).toEqual(['alert-1']);
  });
});

describe('an outbox that breaks', () => {
  it('is handed on once, and the lane ends', async () => {
    const noc = new FakeReceiver('noc');
    const errors: unknown[] = [];
    const { clock, put, outbox, dispatcher } = stage([noc], { onBroken: (error) => errors.push(error) });
    outbox.delivered = () => {
      throw new Error('store-write');
    };
    put(numbered(1, 'a'), 'noc');
    await clock.advance(0);
    dispatcher.wake();
    await clock.advance(DAY);
    expect(errors).toHaveLength(1);
    expect(noc.tries).toBe(1);
  });
});

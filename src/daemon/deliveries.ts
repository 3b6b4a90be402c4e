/** The receivers of one configuration at work: created, dispatched to, tested, counted. */
import type { Logger } from 'pino';
import type { ReceiverSettings } from '../config/settings.ts';
import { type Clock, systemClock } from '../deliver/clock.ts';
import { Dispatcher } from '../deliver/dispatcher.ts';
import type { Receiver } from '../deliver/receiver.ts';
import type { ReceiverState } from '../deliver/receiver-health.ts';
import { createReceiver } from '../deliver/receiver-types.ts';
import { sendTest } from '../deliver/send-test.ts';
import type { ErrorCode } from '../engine/errors.ts';
import type { Answer, Operator, Outbox } from '../engine/ports.ts';
import type { Incident } from '../incident/alert.ts';
import type { Outside } from '../outside/outside.ts';
import type { NotifyTestResult } from '../serve/changes.ts';
import type { Metrics } from '../serve/metrics.ts';

export interface DeliveriesOptions {
  readonly receivers: readonly ReceiverSettings[];
  readonly outbox: Outbox;
  /** Stamps of arrival, and the wall clock. */
  readonly time: Pick<Clock, 'nowMs' | 'wallMs'>;
  /** The way out. */
  readonly outside: Outside;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly operator: () => Operator | undefined;
  /** Where people find the dashboard, with a slash at its end; asked for each message. */
  readonly home: () => string | undefined;
  /** Where we listen, with a slash at its end; empty before that. */
  readonly ownUrl: () => string;
  /** Open incidents that a receiver was told of, as they stand. */
  readonly standing: (receiver: string) => Iterable<Incident>;
  readonly onBroken: (error: unknown) => void;
}

function linkTo(home: string | undefined, incident: string): string | undefined {
  return home ? `${home}#/incidents/${encodeURIComponent(incident)}` : undefined;
}

const FAILED: ErrorCode = 'delivery-failed';
const REFUSED: ErrorCode = 'delivery-refused';

export class Deliveries {
  private readonly receivers: readonly Receiver[];
  private readonly dispatcher: Dispatcher;
  private readonly clock: Clock;
  private readonly abort = new AbortController();

  constructor(options: DeliveriesOptions) {
    const { outbox, metrics, log } = options;
    this.clock = systemClock(options.time);
    const deps = {
      clock: this.clock,
      operator: options.operator,
      linkOf: (incident: string) => linkTo(options.home(), incident),
      ownLinkOf: (incident: string) => linkTo(options.ownUrl(), incident),
      homeLink: options.home,
      outside: options.outside,
      memo: (receiver: string, key: string) => outbox.memo(receiver, key),
      setMemo: (receiver: string, key: string, value: string) => outbox.setMemo(receiver, key, value),
      note: (event: string, fields: Readonly<Record<string, string | number>>) =>
        log.info({ event, ...fields }),
    };
    this.receivers = options.receivers.map((settings) => createReceiver(settings, deps));
    this.dispatcher = new Dispatcher(this.receivers, {
      outbox,
      clock: deps.clock,
      deliveries: (receiver, result, rows) => {
        for (let row = 0; row < rows; row += 1)
          metrics.delivery(receiver, result === 'retried' ? 'postponed' : result);
      },
      onFailing: (state) => log.warn({ event: 'receiver.failing', code: FAILED, ...state }),
      onRecovered: (state) => log.info({ event: 'receiver.recovered', ...state }),
      onWaiting: (trouble) => log.warn({ event: 'delivery.waiting', code: FAILED, ...trouble }),
      onGivenUp: (trouble) => log.error({ event: 'delivery.given-up', code: REFUSED, ...trouble }),
      standing: options.standing,
      onBroken: options.onBroken,
    });
    for (const { name } of options.receivers) metrics.outboxPending(name, () => outbox.pending(name));
  }

  start(): void {
    this.dispatcher.start();
  }

  wake(): void {
    this.dispatcher.wake();
  }

  /** Changed without an alert. */
  changed(incident: Incident): void {
    for (const receiver of this.receivers) receiver.changed?.(incident);
  }

  states(): readonly ReceiverState[] {
    return this.dispatcher.states();
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await this.dispatcher.stop();
  }

  /** All of them, or the named one. */
  async test(name: string | undefined): Promise<Answer<readonly NotifyTestResult[]>> {
    const meant = this.receivers.filter((receiver) => name === undefined || receiver.name === name);
    if (meant.length === 0) {
      return {
        refused: 'not-found',
        detail: name === undefined ? 'no receivers are configured' : 'no receiver has this name',
      };
    }
    return Promise.all(meant.map((receiver) => this.testOne(receiver)));
  }

  private async testOne(receiver: Receiver): Promise<NotifyTestResult> {
    const { outcome } = await sendTest(receiver, this.clock, this.abort.signal);
    return { receiver: receiver.name, ok: outcome.ok, detail: outcome.ok ? 'delivered' : outcome.error };
  }
}

/**
 * `originwatch notify test [RECEIVER]`: a marked test alert straight to the receivers of the configuration, past the
 * outbox, and what came back. Needs no daemon. Nothing secret is printed: receivers name no address in their errors.
 */
import type { Settings } from '../../config/settings.ts';
import { show, suggest } from '../../config/words.ts';
import { systemClock } from '../../deliver/clock.ts';
import type { ReceiverConfig } from '../../deliver/receiver.ts';
import { createReceiver } from '../../deliver/receiver-types.ts';
import { sendTest } from '../../deliver/send-test.ts';
import { Output } from '../output.ts';
import { tableLines } from '../table.ts';
import { type Streams, UsageError } from '../usage.ts';

interface Result {
  readonly receiver: string;
  readonly type: string;
  readonly ok: boolean;
  readonly elapsedMs: number;
  /** One line, without secrets; empty when it went well. */
  readonly detail: string;
}

/** To one receiver, or to all at the same time. 0 only when each of them took it. */
export async function runNotifyTest(
  settings: Settings,
  receiver: string | undefined,
  json: boolean,
  io: Streams,
): Promise<number> {
  const names = settings.receivers.map(({ name }) => name);
  if (receiver !== undefined && !names.includes(receiver)) throw new UsageError(unknownName(receiver, names));
  if (names.length === 0) {
    io.stderr.write('error: no receivers are configured, so nobody would be told; add one to receivers\n');
    return 1;
  }
  const meant = settings.receivers.filter(({ name }) => receiver === undefined || name === receiver);
  const results = await keepingAlive(Promise.all(meant.map(testOne)));
  const output = new Output(io.stdout);
  if (json) output.line(JSON.stringify({ results }));
  else for (const line of resultTable(results)) output.line(line);
  await output.flush();
  return results.every(({ ok }) => ok) ? 0 : 1;
}

function unknownName(name: string, names: readonly string[]): string {
  const known = names.length === 0 ? 'no receivers are configured' : suggest(name, names);
  return `no receiver is named ${show(name)}; ${known}`;
}

async function testOne(config: ReceiverConfig): Promise<Result> {
  const { name, type } = config;
  const clock = systemClock();
  try {
    const made = createReceiver(config, { clock });
    const { outcome, elapsedMs } = await sendTest(made, clock, new AbortController().signal);
    return { receiver: name, type, ok: outcome.ok, elapsedMs, detail: outcome.ok ? '' : outcome.error };
  } catch (error) {
    // Settings that make no sense: the text names the key and never the value.
    return {
      receiver: name,
      type,
      ok: false,
      elapsedMs: 0,
      detail: error instanceof Error ? error.message : 'failed',
    };
  }
}

/** The timers of delivering keep no process alive; a test in flight has to. */
async function keepingAlive<T>(work: Promise<T>): Promise<T> {
  const timer = setInterval(() => undefined, 60_000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

function resultTable(results: readonly Result[]): string[] {
  return tableLines(
    ['RECEIVER', 'TYPE', 'RESULT', 'TOOK', 'DETAIL'],
    results.map((one) => [
      one.receiver,
      one.type,
      one.ok ? 'taken' : 'failed',
      `${Math.round(one.elapsedMs)} ms`,
      one.detail,
    ]),
  );
}

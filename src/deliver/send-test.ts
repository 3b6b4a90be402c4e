/**
 * `notify test`: sends a marked test to one receiver, once, past the outbox, and says what came back.
 */
import type { Clock } from './clock.ts';
import { testAlert } from './notice.ts';
import type { Outcome, Receiver, SendContext } from './receiver.ts';

export interface TestReport {
  readonly receiver: string;
  readonly type: string;
  readonly outcome: Outcome;
  readonly elapsedMs: number;
}

/** A receiver that keeps incidents open on its side is also told the end, so that the test leaves nothing behind. */
export async function sendTest(receiver: Receiver, clock: Clock, signal: AbortSignal): Promise<TestReport> {
  const startMs = clock.nowMs();
  const memory = new Map<string, string>();
  const context: SendContext = {
    signal,
    reminder: undefined,
    memo: (key) => memory.get(key),
    setMemo: (key, value) => memory.set(key, value),
  };
  let outcome = await receiver.send(testAlert(startMs), context);
  if (outcome.ok && receiver.keepsState)
    outcome = await receiver.send(testAlert(startMs, 'resolved'), context);
  return { receiver: receiver.name, type: receiver.type, outcome, elapsedMs: clock.nowMs() - startMs };
}

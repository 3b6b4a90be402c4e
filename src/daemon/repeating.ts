/** What the daemon does again and again, beside what comes in. Keeps no process alive. */
import type { Logger } from 'pino';
import type { HeartbeatSettings } from '../config/settings.ts';
import { Heartbeat } from '../outside/heartbeat.ts';
import type { Outside } from '../outside/outside.ts';

export class Repeating {
  private readonly timers: NodeJS.Timeout[] = [];

  every(ms: number, act: () => void): void {
    const timer = setInterval(act, ms);
    timer.unref();
    this.timers.push(timer);
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer);
  }
}

/** Calls the address of the configuration while `trouble` names none; says when that begins and ends. */
export function beatWhileWell(
  repeating: Repeating,
  settings: HeartbeatSettings | undefined,
  { outside, log }: { readonly outside: Outside; readonly log: Logger },
  trouble: () => string | undefined,
): void {
  if (settings === undefined) return;
  const onChange = (what: string | undefined): void => {
    if (what === undefined) log.info({ event: 'heartbeat.ok' });
    else log.warn({ event: 'heartbeat.held-back', detail: what });
  };
  const heartbeat = new Heartbeat({ outside, url: settings.url.reveal(), trouble, onChange });
  repeating.every(settings.everySeconds * 1000, () => void heartbeat.beat());
}

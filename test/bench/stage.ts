/** A sender, a daemon that listens to it, and a folder for both: what nearly every row needs, and its end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Child } from './children.ts';
import { Daemon, type SeenAlert } from './daemon-process.ts';
import { nowMs } from './histogram.ts';
import type { ReceiverOrder, ReceiverWord } from './receiver.ts';
import type { Plan } from './row.ts';
import type { ReelName, SenderGo, SenderOrder, SenderWord } from './sender.ts';
import { type ConfigOptions, writeConfig } from './watched.ts';
import { attackerOf, type Scale, type World } from './world.ts';
import { LAST_HIJACK } from './writer.ts';

const READY_WITHIN_MS = 120_000;
const START_WITHIN_MS = 120_000;

export interface StageOptions extends Partial<Omit<ConfigOptions, 'port'>> {
  readonly plan: Plan;
  readonly world: World;
  readonly scale: Scale;
  readonly reels?: readonly ReelName[];
  /** `ws` beside the daemon, as the ceiling; plays rounds of that many loops and hijacks. */
  readonly ceiling?: {
    readonly mode: ReceiverOrder['mode'];
    readonly loops: number;
    readonly hijacks: number;
  };
  /** Starts and ends the daemon once before, so that the state is there. */
  readonly startsTwice?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly hasDaemon?: boolean;
}

/** One round as the daemon took it: until the alert of the hijack that ends it was on the event stream. */
export interface Played {
  readonly count: number;
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly senderCpuMs: number;
  /** Hijacks of the round whose alert was seen: n, ms from handing it over, the alert's id. */
  readonly seen: readonly { readonly n: number; readonly ms: number; readonly id: string }[];
  readonly sentAt: ReadonlyMap<number, number>;
  readonly pingsMs: readonly number[];
}

export type RoundOrder = Omit<SenderGo, 'to' | 'reel'> & {
  readonly reel?: ReelName;
  readonly withinMs?: number;
};

export class Stage {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'originwatch-bench-'));
  /** From the start of the process to its subscription, s. */
  startSeconds = 0;
  config = '';
  private readonly options: StageOptions;
  private readonly sender: Child<SenderWord>;
  private receiver: Child<ReceiverWord> | undefined;
  private running: Daemon | undefined;
  private leave: () => void = () => {};
  private readonly opened = new Map<number, { readonly atMs: number; readonly id: string }>();

  constructor(options: StageOptions) {
    this.options = options;
    const { plan, scale } = options;
    this.sender = new Child<SenderWord>('./sender.js', {
      scale,
      count: plan.count,
      seed: plan.seed,
      reels: options.reels ?? ['stream'],
    } satisfies SenderOrder);
  }

  get daemon(): Daemon {
    if (this.running === undefined) throw new Error('no daemon on this stage');
    return this.running;
  }

  async open(): Promise<this> {
    const { options } = this;
    const { port, counts } = await this.sender.hear('ready', READY_WITHIN_MS);
    const { ceiling } = options;
    if (ceiling !== undefined) {
      const { mode, loops, hijacks } = ceiling;
      const order: ReceiverOrder = { port, mode, count: (counts[0] ?? 0) * loops + hijacks + 1 };
      this.receiver = new Child<ReceiverWord>('./receiver.js', order);
      await this.sender.hear('subscribed', READY_WITHIN_MS);
    }
    if (options.hasDaemon === false) return this;
    this.config = await writeConfig(this.folder, options.world, options.scale, {
      subscribe: 'firehose',
      ...options,
      port,
    });
    if (options.startsTwice === true) {
      await this.start();
      await this.daemon.end();
    }
    await this.start();
    return this;
  }

  private async start(): Promise<void> {
    const began = nowMs();
    this.running = new Daemon(this.config, this.options.env);
    await this.running.listening(START_WITHIN_MS);
    await this.sender.hear('subscribed', READY_WITHIN_MS);
    this.startSeconds = (nowMs() - began) / 1_000;
    this.leave = await this.running.follow((alert, atMs) => this.take(alert, atMs));
  }

  private take({ id, event, incident: { offender } }: SeenAlert, atMs: number): void {
    if (event === 'opened' && offender !== null && !this.opened.has(offender))
      this.opened.set(offender, { atMs, id });
  }

  /** The place of the daemon among the clients of the sender. */
  private get place(): number {
    return (this.receiver === undefined ? 0 : 1) + (this.options.startsTwice === true ? 1 : 0);
  }

  /** Plays a round to the daemon. */
  async play(order: RoundOrder): Promise<Played> {
    const { withinMs = 60_000, ...go } = order;
    const { daemon } = this;
    const deadline = nowMs() + withinMs;
    const cpuMs = daemon.figures.cpuMs;
    const began = nowMs();
    this.sender.say({ reel: 'stream', ...go, to: this.place } satisfies SenderGo);
    const sent = await this.sender.hear('sent', withinMs);
    const last = attackerOf(go.round, LAST_HIJACK);
    while (!this.opened.has(last)) {
      daemon.alive();
      if (nowMs() > deadline) throw new Error(`not all was judged within ${withinMs / 1_000} s`);
      await pause(1);
    }
    const wallMs = (this.opened.get(last)?.atMs ?? nowMs()) - began;
    const sentAt = new Map(sent.hijackSentAt);
    return {
      count: sent.count,
      cpuMs: daemon.figures.cpuMs - cpuMs,
      wallMs,
      senderCpuMs: sent.cpuMs,
      seen: [...sentAt].flatMap(([n, atMs]) => {
        const alert = this.opened.get(attackerOf(go.round, n));
        return alert === undefined ? [] : [{ n, ms: Math.max(0, alert.atMs - atMs), id: alert.id }];
      }),
      sentAt,
      pingsMs: sent.pingsMs,
    };
  }

  /** Plays a round of the order given at the start to `ws` alone. */
  async playCeiling(round: number): Promise<{ count: number; cpuMs: number; wallMs: number }> {
    const { receiver } = this;
    const { ceiling } = this.options;
    if (receiver === undefined || ceiling === undefined) throw new Error('no ceiling on this stage');
    const { loops, hijacks } = ceiling;
    this.sender.say({ to: 0, reel: 'stream', loops, rate: 0, round, hijacks } satisfies SenderGo);
    const sent = await this.sender.hear('sent', 60_000);
    const { cpuMs, wallMs } = await receiver.hear('done', 60_000);
    return { count: sent.count, cpuMs, wallMs };
  }

  /** Offenders of the incidents that the daemon has, each with the number of its routes; blindness left out. */
  async incidents(): Promise<ReadonlyMap<number | null, number>> {
    const found = new Map<number | null, number>();
    for (let cursor: string | null = ''; cursor !== null; ) {
      const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = JSON.parse(await this.daemon.get(`/api/v1/incidents?limit=1000${query}`)) as Page;
      for (const { family, offender, routesTotal } of page.incidents)
        if (family !== 'feed') found.set(offender, (found.get(offender) ?? 0) + routesTotal);
      cursor = page.next;
    }
    return found;
  }

  async close(): Promise<void> {
    this.leave();
    await this.running?.end();
    await this.receiver?.end();
    await this.sender.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

interface Page {
  readonly incidents: readonly {
    readonly offender: number | null;
    readonly family: string;
    readonly routesTotal: number;
  }[];
  readonly next: string | null;
}

/** Opens a stage, lets it be used, and closes it whatever comes. */
export async function onStage<T>(options: StageOptions, act: (stage: Stage) => Promise<T>): Promise<T> {
  const stage = new Stage(options);
  try {
    return await act(await stage.open());
  } finally {
    await stage.close();
  }
}

/** What became of the hijacks: how many there were, how many the daemon has, and incidents that nobody caused. */
export interface Hijacks {
  readonly injected: number;
  readonly found: number;
  readonly false: number;
  /** One sentence when there is something amiss. */
  readonly wrong: string | undefined;
}

export async function hijacksOf(
  stage: Stage,
  rounds: readonly { readonly round: number; readonly hijacks: number }[],
): Promise<Hijacks> {
  const attackers = new Set(
    rounds.flatMap(({ round, hijacks }) =>
      [...Array(hijacks).keys(), LAST_HIJACK].map((n) => attackerOf(round, n)),
    ),
  );
  const offenders = new Set((await stage.incidents()).keys());
  const missing = [...attackers].filter((attacker) => !offenders.has(attacker));
  const strangers = [...offenders].filter((offender) => offender === null || !attackers.has(offender));
  return {
    injected: attackers.size,
    found: attackers.size - missing.length,
    false: strangers.length,
    wrong:
      missing.length > 0
        ? `${missing.length} hijacks not found: ${missing.slice(0, 5).join(' ')}`
        : strangers.length > 0
          ? `${strangers.length} false incidents: ${strangers.slice(0, 5).join(' ')}`
          : undefined,
  };
}

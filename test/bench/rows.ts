/** The rows of the bench: each measures one thing and returns its figures, medians over the rounds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child, Daemon } from './children.ts';
import { Histogram, median } from './histogram.ts';
import type { ReceiverOrder, ReceiverWord } from './receiver.ts';
import type { SenderOrder, SenderWord } from './sender.ts';
import { quickRejectFor, writeConfig } from './watched.ts';
import { attackerOf, type Scale, STORM_ATTACKER, streamOf, TABLE_SIZE, type World } from './world.ts';

export interface Figures {
  readonly row: string;
  readonly watched: number | null;
  readonly perCpuSecond: number | null;
  readonly perSecond: number | null;
  readonly rssMb: number | null;
  readonly startSeconds?: number;
  readonly latencyMs?: {
    readonly rate: number;
    readonly count: number;
    readonly p50: number | null;
    readonly p99: number | null;
    readonly max: number;
  };
  readonly hijacks?: { readonly injected: number; readonly found: number; readonly false: number };
  readonly dropped?: number;
  readonly rejectedShare?: number;
  readonly note?: string;
}

export interface Plan {
  readonly seed: number;
  readonly rounds: number;
  readonly count: number;
  readonly hijacks: number;
  readonly rate: number;
}

const MB = 1_048_576;
/** Each look costs the daemon a scrape; what it counts is read after the wait for the sender. */
const POLL_MS = 100;
const NOTHING: Scale = { watched: 10, hitShare: 0.0001 };

function senderFor(plan: Plan, scale: Scale): Child<SenderWord> {
  return new Child<SenderWord>('./sender.js', {
    scale,
    count: plan.count,
    hijacks: plan.hijacks,
    seed: plan.seed,
  } satisfies SenderOrder);
}

/** A limit: `ws` and nothing, `ws` and the quick reject, `ws` and full parsing. */
export async function limitRow(
  plan: Plan,
  mode: ReceiverOrder['mode'],
  scale: Scale = NOTHING,
): Promise<Figures> {
  const sender = senderFor(plan, scale);
  let receiver: Child<ReceiverWord> | undefined;
  try {
    const { port } = await sender.hear('ready', 60_000);
    receiver = new Child<ReceiverWord>('./receiver.js', {
      port,
      mode,
      count: plan.count,
      scale,
      seed: plan.seed,
    } satisfies ReceiverOrder);
    await sender.hear('subscribed', 60_000);
    const rounds: ReceiverWord[] = [];
    for (let round = 0; round <= plan.rounds; round += 1) {
      sender.say({ rate: 0, round });
      rounds.push(await receiver.hear('done', 60_000));
    }
    const counted = rounds.slice(1);
    const names = {
      receive: 'ws receive alone (the ceiling)',
      reject: 'ws + match, decode of the rest',
      parse: 'ws + decode of everything',
    };
    return {
      row: names[mode],
      watched: mode === 'reject' ? scale.watched : null,
      perCpuSecond: median(counted.map((word) => (plan.count / word.cpuMs) * 1_000)),
      perSecond: median(counted.map((word) => (plan.count / word.wallMs) * 1_000)),
      rssMb: Math.max(...rounds.map((word) => word.rssBytes)) / MB,
    };
  } finally {
    await receiver?.end();
    await sender.end();
  }
}

/** `match/` alone, on frames in memory. The vantage points are made known in a round before. */
export function matchRow(plan: Plan, world: World, scale: Scale): Figures {
  const quick = quickRejectFor(world, scale);
  const { messages } = streamOf(world, scale, Math.min(plan.count, 100_000), 0, plan.seed + 1);
  for (const frame of messages) {
    if (quick.verdict(frame, 1) === 'stranger')
      quick.adopt({ collector: 'bench', peerAddress: '192.0.2.1', peerAsn: 0 });
  }
  const cpu: number[] = [];
  const wall: number[] = [];
  const before = quick.rejected;
  for (let round = 0; round <= plan.rounds; round += 1) {
    globalThis.gc?.();
    const began = performance.now();
    const used = process.cpuUsage();
    for (const frame of messages) quick.verdict(frame, 1);
    cpu.push((messages.length / process.cpuUsage(used).user) * 1_000_000);
    wall.push((messages.length / (performance.now() - began)) * 1_000);
  }
  const rejectedShare = (quick.rejected - before) / (messages.length * (plan.rounds + 1));
  return {
    row: 'match alone',
    watched: scale.watched,
    perCpuSecond: median(cpu.slice(1)),
    perSecond: median(wall.slice(1)),
    rssMb: null,
    rejectedShare,
  };
}

/** Waits until the daemon has judged so many messages. */
async function judged(daemon: Daemon, wanted: number, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const messages = await daemon.metric('originwatch_feed_messages_total');
    if (messages >= wanted) return;
    if (performance.now() > deadline)
      throw new Error(`${messages} of ${wanted} messages judged within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

interface Incidents {
  readonly incidents: readonly {
    readonly offender: number | null;
    readonly family: string;
    readonly routesTotal: number;
  }[];
  readonly next: string | null;
}

async function offendersOf(daemon: Daemon): Promise<(number | null)[]> {
  const offenders: (number | null)[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = JSON.parse(await daemon.get(`/api/v1/incidents?limit=1000${query}`)) as Incidents;
    for (const incident of page.incidents) if (incident.family !== 'feed') offenders.push(incident.offender);
    cursor = page.next;
    if (offenders.length > 100_000) break;
  }
  return offenders;
}

/** The daemon from socket to committed alert: full speed for throughput, then one paced round for latency. */
export async function daemonRow(plan: Plan, world: World, scale: Scale): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'originwatch-bench-'));
  const sender = senderFor(plan, scale);
  let daemon: Daemon | undefined;
  try {
    const { port } = await sender.hear('ready', 60_000);
    const config = await writeConfig(folder, world, scale, port);
    // The first start compiles the watchlist; the second is the one that the budget speaks of.
    if (scale.watched === TABLE_SIZE) await startOnce(config);
    const began = performance.now();
    daemon = new Daemon(config);
    await daemon.listening(180_000);
    await sender.hear('subscribed', 60_000);
    const startSeconds = (performance.now() - began) / 1_000;
    const speeds = await fullSpeed(plan, sender, daemon);
    const latency = await paced(plan, sender, daemon, plan.rounds + 1);
    const rounds = plan.rounds + 2;
    const attackers = new Set(
      Array.from({ length: rounds * plan.hijacks }, (_, k) =>
        attackerOf(Math.floor(k / plan.hijacks), k % plan.hijacks),
      ),
    );
    const offenders = await offendersOf(daemon);
    const found = new Set(offenders.filter((offender) => offender !== null && attackers.has(offender))).size;
    const wrong = offenders.filter((offender) => offender === null || !attackers.has(offender)).length;
    return {
      row: 'daemon, socket to committed alert',
      watched: scale.watched,
      perCpuSecond: median(speeds.map((speed) => speed.perCpuSecond)),
      perSecond: median(speeds.map((speed) => speed.perSecond)),
      rssMb: daemon.figures.rssMaxBytes / MB,
      startSeconds,
      latencyMs: {
        rate: plan.rate,
        count: latency.count,
        p50: latency.quantileMs(0.5) ?? null,
        p99: latency.quantileMs(0.99) ?? null,
        max: latency.maxMs,
      },
      hijacks: { injected: attackers.size, found, false: wrong },
      dropped: await daemon.metric('originwatch_dropped_messages_total'),
    };
  } finally {
    await daemon?.end();
    await sender.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Every watched prefix taken by one attacker within a second: nothing dropped, one incident, and the API answers. */
export async function stormRow(plan: Plan, world: World, scale: Scale): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'originwatch-bench-'));
  const order: SenderOrder = { scale, count: scale.watched, hijacks: 0, seed: plan.seed, isStorm: true };
  const sender = new Child<SenderWord>('./sender.js', order);
  let daemon: Daemon | undefined;
  try {
    const { port } = await sender.hear('ready', 60_000);
    daemon = new Daemon(await writeConfig(folder, world, scale, port));
    await daemon.listening(60_000);
    await sender.hear('subscribed', 60_000);
    const cpuMs = daemon.figures.cpuMs;
    const began = performance.now();
    sender.say({ rate: 100_000, round: 0 });
    const answers = await answersUntilJudged(daemon, scale.watched);
    const wallMs = performance.now() - began;
    // A large incident is written once a second.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const found = (await pageOfIncidents(daemon)).filter(({ family }) => family !== 'feed');
    const total = found.find(({ offender }) => offender === STORM_ATTACKER)?.routesTotal ?? 0;
    return {
      row: 'storm: one attacker takes all',
      watched: scale.watched,
      perCpuSecond: (scale.watched / (daemon.figures.cpuMs - cpuMs)) * 1_000,
      perSecond: (scale.watched / wallMs) * 1_000,
      rssMb: daemon.figures.rssMaxBytes / MB,
      latencyMs: {
        rate: 100_000,
        count: answers.count,
        p50: answers.quantileMs(0.5) ?? null,
        p99: answers.quantileMs(0.99) ?? null,
        max: answers.maxMs,
      },
      hijacks: { injected: scale.watched, found: total, false: found.length - 1 },
      dropped: await daemon.metric('originwatch_dropped_messages_total'),
      note: 'latency is that of GET /api/v1/incidents meanwhile',
    };
  } finally {
    await daemon?.end();
    await sender.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function answersUntilJudged(daemon: Daemon, wanted: number): Promise<Histogram> {
  const answers = new Histogram();
  const deadline = performance.now() + 180_000;
  for (let judgedSoFar = 0; judgedSoFar < wanted; ) {
    const asked = performance.now();
    await daemon.get('/api/v1/incidents?limit=1');
    answers.add(performance.now() - asked);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    judgedSoFar = await daemon.metric('originwatch_feed_messages_total');
    if (performance.now() > deadline)
      throw new Error(`${judgedSoFar} of ${wanted} messages within three minutes`);
  }
  return answers;
}

async function pageOfIncidents(daemon: Daemon): Promise<Incidents['incidents']> {
  return (JSON.parse(await daemon.get('/api/v1/incidents?limit=1000')) as Incidents).incidents;
}

async function startOnce(config: string): Promise<void> {
  const daemon = new Daemon(config);
  try {
    await daemon.listening(180_000);
  } finally {
    await daemon.end();
  }
}

async function fullSpeed(
  plan: Plan,
  sender: Child<SenderWord>,
  daemon: Daemon,
): Promise<{ perCpuSecond: number; perSecond: number }[]> {
  const speeds: { perCpuSecond: number; perSecond: number }[] = [];
  for (let round = 0; round <= plan.rounds; round += 1) {
    const before = await daemon.metric('originwatch_feed_messages_total');
    const cpuMs = daemon.figures.cpuMs;
    const began = performance.now();
    sender.say({ rate: 0, round });
    await sender.hear('sent', 60_000);
    await judged(daemon, before + plan.count, 60_000);
    const wallMs = performance.now() - began;
    speeds.push({
      perCpuSecond: (plan.count / Math.max(1, daemon.figures.cpuMs - cpuMs)) * 1_000,
      perSecond: (plan.count / wallMs) * 1_000,
    });
  }
  return speeds.slice(1);
}

/** From the moment a hijack was handed to the socket until its `opened` stood on the event stream. */
async function paced(
  plan: Plan,
  sender: Child<SenderWord>,
  daemon: Daemon,
  round: number,
): Promise<Histogram> {
  const seenAt = new Map<number, number>();
  const leave = daemon.follow(({ event, incident }, atMs) => {
    if (event === 'opened' && incident.offender !== null && !seenAt.has(incident.offender))
      seenAt.set(incident.offender, atMs);
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  const before = await daemon.metric('originwatch_feed_messages_total');
  sender.say({ rate: plan.rate, round });
  const { hijackSentAt } = await sender.hear('sent', 60_000);
  await judged(daemon, before + plan.count, 30_000);
  await new Promise((resolve) => setTimeout(resolve, 200));
  leave();
  const histogram = new Histogram();
  for (const [n, sentAt] of hijackSentAt) {
    const seen = seenAt.get(attackerOf(round, n));
    if (seen !== undefined) histogram.add(Math.max(0, seen - sentAt));
  }
  return histogram;
}

/**
 * How long an alert takes at 50,000 messages a second: from handing the frame to the socket until it stands on the
 * event stream, until its request arrives at Slack, and what the daemon's own histogram says of the way to the commit.
 *
 * Slack takes one message a second for each webhook, so a dozen of them take turns: each hijack finds its lane free.
 */
import { createServer, type Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Histogram, nowMs } from '../histogram.ts';
import type { Plan, Row } from '../row.ts';
import { onStage, type Played, type Stage } from '../stage.ts';
import type { Scale, World } from '../world.ts';
import { HIJACK_KINDS, targetOf } from '../writer.ts';

/** Webhooks, each with a group of watch entries whose incidents it hears of. */
const LANES = 12;
const HIJACKS_A_SECOND = 10;

export async function latencyRows(plan: Plan, world: World, scale: Scale): Promise<readonly Row[]> {
  const hijacks = plan.isQuick ? 36 : 240;
  const slack = await FakeSlack.open();
  const laneOf = new Map(Array.from({ length: hijacks }, (_, n) => [targetOf(n, scale.watched), n % LANES]));
  const lanes = [...Array(LANES).keys()];
  const options = {
    plan,
    world,
    scale,
    groupOf: (order: number) => (laneOf.has(order) ? `lane-${laneOf.get(order)}` : undefined),
    more: yamlOf(lanes),
    env: Object.fromEntries(lanes.map((lane) => [`BENCH_SLACK_${lane}`, `${slack.url}/${lane}`])),
  };
  try {
    return await onStage(options, async (stage) => {
      await stage.play({ loops: 1, rate: 0, round: 0, hijacks: 0 });
      const loops = Math.max(1, Math.round((hijacks / HIJACKS_A_SECOND) * (plan.rate / plan.count)));
      const round = { loops, rate: plan.rate, round: 1, hijacks, withinMs: 90_000 };
      const played = await stage.play(round);
      // The last requests are on their way.
      await pause(1_500);
      return rowsOf(scale, played, hijacks, slack, await ownQuantile(stage, 0.99));
    });
  } finally {
    slack.close();
  }
}

function yamlOf(lanes: readonly number[]): readonly string[] {
  return [
    'receivers:',
    ...lanes.map(
      (lane) => `  - { name: lane-${lane}, type: slack, webhookUrl: { env: BENCH_SLACK_${lane} } }`,
    ),
    'routes:',
    // A covering prefix may be judged against a neighbour, whose lane is not free then.
    '  - { match: { kind: covering-prefix }, receivers: [] }',
    ...lanes.map((lane) => `  - { match: { group: lane-${lane} }, receivers: lane-${lane} }`),
    '  - { match: { group: bench }, receivers: [] }',
  ];
}

function rowsOf(
  scale: Scale,
  played: Played,
  hijacks: number,
  slack: FakeSlack,
  own: number | null,
): readonly Row[] {
  const stream = new Histogram();
  const wire = new Histogram();
  for (const { n, ms, id } of played.seen) {
    if (n >= hijacks) continue;
    stream.add(ms);
    const arrivedMs = slack.arrivals.get(id);
    if (arrivedMs !== undefined) wire.add(arrivedMs - (played.sentAt.get(n) ?? 0));
  }
  const watched = scale.watched.toLocaleString('en-US');
  // Covering prefixes are told to nobody.
  const told = hijacks - Math.floor(hijacks / HIJACK_KINDS);
  const row = (id: string, what: string, value: Histogram, share: number, atMost: number): Row => ({
    id: `${id}-${scale.watched}`,
    what: `${what}, ${watched} watched, p${share * 100}`,
    sort: 'budget',
    unit: 'ms',
    value: value.quantileMs(share) ?? null,
    atMost,
    beside: {
      'p50 ms': value.quantileMs(0.5) ?? null,
      'p99 ms': value.quantileMs(0.99) ?? null,
      'max ms': value.maxMs,
      alerts: value.count,
      'own p99 to commit ms': own,
      'msg/s': (played.count / played.wallMs) * 1_000,
    },
    ...missing(value.count, value === wire ? told : hijacks),
  });
  const first = 'frame arrived, alert on the event stream';
  return [
    row('stream-p50', first, stream, 0.5, 2),
    row('stream-p99', first, stream, 0.99, 10),
    row('slack-p99', 'frame arrived, request at Slack', wire, 0.99, 50),
  ];
}

function missing(seen: number, wanted: number): { wrong?: string } {
  return seen < wanted ? { wrong: `${wanted - seen} of ${wanted} not seen` } : {};
}

/** A quantile of the daemon's own histogram, the upper edge of its bucket, in ms. */
async function ownQuantile(stage: Stage, share: number): Promise<number | null> {
  const text = await stage.daemon.get('/metrics');
  const buckets = [
    ...text.matchAll(/^originwatch_detection_latency_seconds_bucket\{le="([^"]+)"[^}]*\} (\d+)/gm),
  ];
  const total = Number(buckets.at(-1)?.[2] ?? 0);
  const bucket = buckets.find((one) => Number(one[2]) >= share * total);
  return bucket === undefined || bucket[1] === '+Inf' ? null : Number(bucket[1]) * 1_000;
}

/** Speaks Slack's answer to a webhook, and notes when each alert's request arrived. */
class FakeSlack {
  /** Alert id → moment of its first request, ms. */
  readonly arrivals = new Map<string, number>();
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      const id = request.headers['idempotency-key'];
      if (typeof id === 'string' && !this.arrivals.has(id)) this.arrivals.set(id, nowMs());
      request.resume().on('end', () => response.end('ok'));
    });
  }

  static async open(): Promise<FakeSlack> {
    const slack = new FakeSlack();
    await new Promise<void>((resolve) => slack.server.listen(0, '127.0.0.1', resolve));
    return slack;
  }

  get url(): string {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** What holds for every live source, whatever it speaks: the contract of `src/feed/source.ts`. */
import { afterEach, describe, expect, test } from 'vitest';
import { prefixOf } from '../../src/bgp/prefix.ts';
import type {
  FeedChange,
  LiveSource,
  SourceInput,
  SourcePorts,
  SourceSettings,
  SourceType,
} from '../../src/feed/source.ts';
import { SOURCE_TYPES } from '../../src/feed/source-types.ts';
import { systemClock } from '../../src/feed/surroundings.ts';
import { Outside } from '../../src/outside/outside.ts';
import { watch } from '../engine/fixture.ts';
import { BENCHES, type Bench, type SourceName } from './source-benches.ts';

const NAMES = Object.keys(SOURCE_TYPES) as readonly SourceName[];
const SPACE = { watchlist: { entries: [watch('198.51.100.0/22', { origins: [64_502] })] }, learned: [] };

class Run {
  readonly changes: FeedChange[] = [];
  readonly inputs: { readonly input: SourceInput; readonly arrivedMs: number }[] = [];
  readonly order: string[] = [];
  readonly heard: string[] = [];
  readonly problems: string[] = [];
  readonly dropped: string[] = [];
  readonly type: SourceType<SourceSettings>;
  readonly bench: Bench;
  readonly source: LiveSource;
  private stamp = 1_000_000;
  private readonly waiting = new Set<{ holds: () => boolean; resolve: () => void }>();

  constructor(name: SourceName, bench: Bench, common: Partial<SourceSettings> = {}) {
    this.type = SOURCE_TYPES[name] as unknown as SourceType<SourceSettings>;
    this.bench = bench;
    this.source = this.type.open(bench.settings(common), this.ports());
  }

  private ports(): SourcePorts {
    const quiet = (): void => undefined;
    return {
      clock: systemClock,
      random: () => 0.5,
      log: { debug: quiet, info: quiet, warn: quiet },
      outside: new Outside(),
      clientId: 'conformance',
      blindAfterMs: 60_000,
      space: SPACE,
      interest: undefined,
      fast: undefined,
      nowMs: () => {
        this.stamp += 1;
        return this.stamp;
      },
      record: () => this.note(() => this.order.push('record')),
      apply: (input, arrivedMs) =>
        this.note(() => {
          this.order.push('apply');
          this.inputs.push({ input, arrivedMs });
        }),
      judged: () => this.note(() => this.order.push('judged')),
      heard: ({ collector }, isKeepalive) =>
        this.note(() => this.heard.push(`${collector} ${isKeepalive ? 'keepalive' : 'update'}`)),
      problem: (code) => this.note(() => this.problems.push(code)),
      dropped: (reason) => this.note(() => this.dropped.push(reason)),
      changed: (change) => this.note(() => this.changes.push(change)),
    };
  }

  private note(what: () => void): void {
    what();
    for (const one of this.waiting)
      if (one.holds()) {
        this.waiting.delete(one);
        one.resolve();
      }
  }

  async until(holds: () => boolean): Promise<void> {
    if (!holds()) await new Promise<void>((resolve) => this.waiting.add({ holds, resolve }));
  }

  async live(times = 1): Promise<this> {
    await this.until(() => this.changes.filter(({ state }) => state === 'live').length >= times);
    return this;
  }

  start(): this {
    this.source.start();
    return this;
  }
}

describe.each(NAMES)('a source of type %s', (name) => {
  let run: Run | undefined;

  async function open(common: Partial<SourceSettings> = {}): Promise<Run> {
    run = new Run(name, await BENCHES[name](), common);
    return run.start().live();
  }

  afterEach(async () => {
    await run?.source.stop();
    await run?.bench.close();
  });

  test('is down before it starts, and says that it is live', async () => {
    run = new Run(name, await BENCHES[name]());
    expect(run.source.stats()).toMatchObject({ state: 'down', connected: false, reconnects: 0 });
    await run.start().live();
    expect(run.source.stats()).toMatchObject({ state: 'live', connected: true, reconnects: 0 });
  });

  test('yields updates under its name, stamped, recorded before they are judged, and counts them', async () => {
    const { bench, inputs, order, source, heard } = await open();
    expect(bench.announce()).toBe(true);
    await run?.until(() => order.includes('judged') && inputs.length === 1);
    expect(inputs[0]?.input).toMatchObject({
      type: 'update',
      feed: 'source',
      via: 'live',
      update: {
        vantagePoint: { collector: 'rrc00', peerAsn: 64_500 },
        announced: [prefixOf('198.51.100.0/24')],
      },
    });
    expect(inputs[0]?.arrivedMs).toBeGreaterThan(1_000_000);
    const update = order.indexOf('apply');
    if (bench.isRaw) expect(order.slice(0, update)).toContain('record');
    expect(order.slice(update)).toContain('judged');
    expect(heard).toEqual(['rrc00 update']);
    const { reject, accept, slow } = source.takeJudged();
    expect(reject + accept + slow).toBe(1);
    expect(source.takeJudged()).toEqual({ reject: 0, accept: 0, slow: 0 });
    expect(source.stats().bytes).toBeGreaterThan(0);
    expect(source.stats().silentMs).toBeLessThan(60_000);
  });

  test('tells of signs of life that are no routes', async () => {
    const { bench, heard, inputs } = await open();
    expect(bench.keepAlive()).toBe(true);
    await run?.until(() => heard.length === 1);
    expect([heard, inputs]).toEqual([['rrc00 keepalive'], []]);
  });

  test.each([
    ['a collector that is not kept', { collectors: ['rrc99'] }, 'other-collector'],
    ['a peer that is not believed, by its AS', { ignorePeers: [64_500] }, 'ignored-peer'],
    ['a peer that is not believed, by its address', { ignorePeers: ['192.0.2.1'] }, 'ignored-peer'],
  ])('leaves out what comes from %s, and counts it', async (_, common, reason) => {
    const { bench, dropped, inputs, type } = await open(common);
    bench.announce();
    await run?.until(() => dropped.length === 1);
    expect([dropped, inputs]).toEqual([[reason], []]);
    expect(Object.keys(type.drops)).toContain(reason);
  });

  test('counts what is wrong by a code of its list, and goes on', async () => {
    const { bench, problems, inputs, type } = await open();
    bench.garble();
    bench.announce();
    await run?.until(() => inputs.length === 1);
    expect(problems.length).toBeGreaterThan(0);
    for (const code of problems) expect(Object.keys(type.problems)).toContain(code);
    for (const text of Object.values({ ...type.problems, ...type.drops }))
      expect(text).toMatch(/^[A-Z].*\.$/);
  });

  test('that is cut off says since when it saw nothing, and comes back', async () => {
    const { bench, changes, inputs, source } = await open();
    bench.announce();
    await run?.until(() => inputs.length === 1);
    bench.cut();
    await run?.live(2);
    const lost = changes.find(({ state }) => state !== 'live');
    expect(lost).toMatchObject({ silentMs: expect.any(Number), reason: expect.stringMatching(/./) });
    expect(lost?.blindInMs).toBeLessThanOrEqual(60_000);
    expect(source.stats()).toMatchObject({ state: 'live', reconnects: 1 });
  });

  test('goes on over a change of what is watched', async () => {
    const { bench, changes, inputs, source } = await open();
    source.watch({ ...SPACE, learned: [prefixOf('203.0.113.0/24')] });
    bench.announce();
    await run?.until(() => inputs.length === 1);
    expect([changes.length, source.stats().reconnects]).toEqual([1, 0]);
  });

  test('that is stopped says nothing any more', async () => {
    const { bench, changes, order, source } = await open();
    await source.stop();
    const [said, told] = [changes.length, order.length];
    bench.announce();
    bench.cut();
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect([changes.length, order.length]).toEqual([said, told]);
  });

  test('is described for `check`', async () => {
    const { bench, type } = await open();
    expect(type.describe(bench.settings({}), SPACE)).toMatchObject({
      name: 'source',
      type: name,
      collectors: [],
    });
  });
});

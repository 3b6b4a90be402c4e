/** RTR from validators: what an answer holds, what changes it, versions, several caches, and what holds no longer. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RtrClient } from '../../src/feed/rpki/rtr-client.ts';
import type { RtrCache } from '../../src/feed/rpki/rtr-session.ts';
import { ManualClock } from './manual-clock.ts';
import { endOfData, RtrCacheStandIn, response, unsupported, vrpPdu } from './rtr-cache.ts';

type Seen = readonly string[] | undefined;
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function cacheOf(answer: (query: string) => string | undefined): Promise<[RtrCacheStandIn, RtrCache]> {
  const cache = new RtrCacheStandIn(answer);
  closing.push(() => cache.close());
  return [cache, await cache.listen()];
}

function clientOf(...caches: readonly RtrCache[]): {
  client: RtrClient<readonly string[]>;
  clock: ManualClock;
  seen: Seen[];
  said: string[];
} {
  const clock = new ManualClock();
  const seen: Seen[] = [];
  const said: string[] = [];
  const log = (fields: Readonly<Record<string, unknown>>): void => void said.push(String(fields.event));
  const client = new RtrClient<readonly string[]>({
    caches,
    clock,
    log: { debug: log, info: log, warn: log },
    newBuilder: () => {
      const rows: string[] = [];
      return {
        vrp: ({ words, length, asn }) => void rows.push(`${(words[0] >>> 8) & 0xff}/${length} AS${asn}`),
        aspa: ({ customer, providers }) => void rows.push(`AS${customer} < ${providers.join(' ')}`),
        build: () => rows.sort(),
      };
    },
    onLoaded: ({ data }) => void seen.push(data),
    onExpired: () => void seen.push(undefined),
  });
  closing.push(() => client.stop());
  client.start();
  return { client, clock, seen, said };
}

const full = (version: number, serial = 1, expireSeconds = 7_200): string =>
  response(version) +
  vrpPdu(version, 1, 64496) +
  vrpPdu(version, 2, 64497) +
  endOfData(version, serial, expireSeconds);
const FULL_ROWS = ['1/24 AS64496', '2/24 AS64497'];

describe('the RTR client', () => {
  it('hands over what an answer holds, whole, at its End of Data', async () => {
    const [, cache] = await cacheOf(() => full(2));
    const { client, seen } = clientOf(cache);
    await vi.waitFor(() => expect(seen).toEqual([FULL_ROWS]));
    expect(client.freshness()).toEqual({ state: 'fresh', ageSeconds: 0, error: undefined });
    expect(client.current).toMatchObject({ vrps: 2, aspas: 0 });
  });

  it('asks for what came since when the cache notifies, and applies it', async () => {
    const [stand, cache] = await cacheOf((query) =>
      query.startsWith('0202')
        ? full(2)
        : response(2) + vrpPdu(2, 1, 64496, false) + vrpPdu(2, 3, 64498) + endOfData(2, 2),
    );
    const { seen } = clientOf(cache);
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    stand.say('02 00 1234 0000000c 00000002');
    await vi.waitFor(() => expect(seen[1]).toEqual(['2/24 AS64497', '3/24 AS64498']));
    expect(stand.asked).toEqual(['0202000000000008', '020112340000000c00000001']);
  });

  it('asks for everything after a Cache Reset, another session, or a withdrawal of what was never there', async () => {
    for (const second of [
      '02 08 0000 00000008',
      response(2, '9999'),
      response(2) + vrpPdu(2, 9, 64499, false) + endOfData(2, 2),
    ]) {
      const [stand, cache] = await cacheOf((query) => (query.startsWith('0202') ? full(2, 5) : second));
      const { seen, clock } = clientOf(cache);
      await vi.waitFor(() => expect(seen).toHaveLength(1));
      clock.pass(3_600_000);
      await vi.waitFor(() => expect(seen).toHaveLength(2));
      expect(stand.asked.map((query) => query.slice(0, 4))).toEqual(['0202', '0201', '0202']);
    }
  });

  it.each([
    ['refuses with an error report', (query: string) => (query.startsWith('00') ? full(0) : unsupported)],
    ['closes without a word', (query: string) => (query.startsWith('00') ? full(0) : undefined)],
  ])('goes down to version 0 where the cache %s', async (_name, answer) => {
    const [stand, cache] = await cacheOf(answer);
    const { seen } = clientOf(cache);
    await vi.waitFor(() => expect(seen).toEqual([FULL_ROWS]));
    expect(stand.asked.map((query) => query.slice(0, 4))).toEqual(['0202', '0102', '0002']);
  });

  it('takes the lower version in which a cache answers', async () => {
    const [stand, cache] = await cacheOf(() => full(1));
    const { seen, clock } = clientOf(cache);
    await vi.waitFor(() => expect(seen).toEqual([FULL_ROWS]));
    clock.pass(3_600_000);
    await vi.waitFor(() => expect(stand.asked.at(-1)).toBe('010112340000000c00000001'));
  });

  it('goes on to the next cache, and back to the first at the next refresh', async () => {
    let isUp = false;
    const [, first] = await cacheOf(() => (isUp ? full(2, 9) : '02 0a 0002 00000010 00000000 00000000'));
    const [, second] = await cacheOf(() => full(2));
    const { client, seen, clock } = clientOf(first, second);
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    expect(client.current?.source).toBe(`rtr ${second.host}:${second.port}`);
    isUp = true;
    clock.pass(3_600_000);
    await vi.waitFor(() => expect(client.current?.source).toBe(`rtr ${first.host}:${first.port}`));
  });

  it('keeps what holds while a connection is lost in the middle of an answer', async () => {
    const [stand, cache] = await cacheOf((query) =>
      query.startsWith('0202') ? full(2) : response(2) + vrpPdu(2, 1, 64496, false),
    );
    const { client, seen, said } = clientOf(cache);
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    stand.say('02 00 1234 0000000c 00000002');
    await vi.waitFor(() => expect(stand.asked).toHaveLength(2));
    stand.cut();
    await vi.waitFor(() => expect(said).toContain('rpki.failed'));
    expect(client.current?.data).toEqual(FULL_ROWS);
    expect(seen).toHaveLength(1);
  });

  it('lets go of everything when the expire interval has passed', async () => {
    const [stand, cache] = await cacheOf((query) =>
      query.startsWith('0202') ? full(2, 1, 7_200) : undefined,
    );
    const { client, seen, clock } = clientOf(cache);
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    await stand.close();
    clock.pass(7_199_000);
    expect(seen).toHaveLength(1);
    clock.pass(1_000);
    expect(seen).toEqual([FULL_ROWS, undefined]);
    expect(client.freshness().state).toBe('none');
  });

  it('refuses an answer without any VRP, and keeps what was', async () => {
    let isEmpty = false;
    const [stand, cache] = await cacheOf(() =>
      isEmpty ? response(2, '9999') + endOfData(2, 1, 7_200, '9999') : full(2),
    );
    const { client, seen, clock } = clientOf(cache);
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    isEmpty = true;
    stand.cut();
    await vi.waitFor(() => expect(client.freshness().error).toContain('closed'));
    clock.pass(600_000);
    await vi.waitFor(() => expect(client.freshness().error).toContain('it holds no VRP'));
    expect(seen).toEqual([FULL_ROWS]);
    expect(client.current?.data).toEqual(FULL_ROWS);
  });

  it('refuses an empty first answer', async () => {
    const [, cache] = await cacheOf(() => response(2) + endOfData(2, 1));
    const { client, seen } = clientOf(cache);
    await vi.waitFor(() => expect(client.freshness().error).toContain('it holds no VRP'));
    expect(seen).toEqual([]);
  });
});

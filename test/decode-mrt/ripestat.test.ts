/** The RIPEstat client against a local stand-in that answers in the documented shapes. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { OperationalError } from '../../src/engine/errors.ts';
import { Ripestat, type RipestatOptions } from '../../src/feed/ripestat/client.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A client of a stand-in; `waits` collects what it would have waited. */
async function clientOf(
  answer: Answer,
  options: RipestatOptions = {},
): Promise<{ client: Ripestat; waits: number[]; urls: URL[] }> {
  const [waits, urls]: [number[], URL[]] = [[], []];
  const standIn = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://stat');
    urls.push(url);
    answer(request, response, url);
  });
  server = standIn;
  standIn.listen(0, '127.0.0.1');
  await once(standIn, 'listening');
  const baseUrl = `http://127.0.0.1:${(standIn.address() as AddressInfo).port}`;
  const wait = async (ms: number): Promise<void> => void waits.push(ms);
  return { client: new Ripestat({ baseUrl, wait, ...options }), waits, urls };
}

const envelope = (data: unknown): string =>
  JSON.stringify({
    status: 'ok',
    status_code: 200,
    data_call_status: 'supported',
    messages: [],
    cached: false,
    data,
  });
const answers =
  (data: unknown): Answer =>
  (_request, response) =>
    void response.end(envelope(data));

const STATE = {
  resource: '211.249.216.0/21',
  bgp_state: [
    {
      target_prefix: '211.249.216.0/21',
      source_id: '06-192.0.2.1',
      path: [64_500, 10_158, 7625],
      community: ['64500:10', '65535:666'],
    },
    {
      target_prefix: '2404:4600:0:0::/32',
      source_id: 'rrc00-2001:db8:0:0::1',
      path: ['64501', '{5,6}'],
      community: [],
    },
    { target_prefix: 'nonsense', source_id: '06-192.0.2.1', path: [1], community: [] },
    { target_prefix: '10.0.0.0/8', source_id: 'nobody', path: [1], community: [] },
    { target_prefix: '10.0.0.0/8', source_id: '06-192.0.2.1', path: [], community: [] },
  ],
};

describe('calls', () => {
  test('bgp-state gives one update a route; what cannot be read is counted', async () => {
    const { client, urls } = await clientOf(answers(STATE));
    const { value, problems } = await client.bgpState('211.249.216.0/21', {
      atMs: 1_643_850_258_000,
      collectors: ['rrc06', 'rrc00', 'route-views2'],
    });
    expect(
      value.map(({ vantagePoint, path, communities, announced, observedMs }) => [
        vantagePoint,
        path,
        communities,
        announced[0]?.text,
        observedMs,
      ]),
    ).toEqual([
      [
        { collector: 'rrc06', peerAddress: '192.0.2.1', peerAsn: 64_500 },
        [64_500, 10_158, 7625],
        [
          [64_500, 10],
          [65_535, 666],
        ],
        '211.249.216.0/21',
        1_643_850_258_000,
      ],
      [
        { collector: 'rrc00', peerAddress: '2001:db8::1', peerAsn: 64_501 },
        [64_501, [5, 6]],
        [],
        '2404:4600::/32',
        1_643_850_258_000,
      ],
    ]);
    expect(problems).toHaveLength(3);
    expect(urls[0]?.pathname).toBe('/data/bgp-state/data.json');
    expect(Object.fromEntries(urls[0]?.searchParams ?? [])).toEqual({
      resource: '211.249.216.0/21',
      timestamp: '2022-02-03T01:04:18',
      rrcs: '6,0',
      sourceapp: 'originwatch',
    });
  });

  test('bgp-updates come in the order of time, as announcements and withdrawals', async () => {
    const attrs = { target_prefix: '211.249.221.0/24', source_id: '06-192.0.2.1' };
    const updates = [
      { seq: 2, timestamp: 1_643_850_300, type: 'W', attrs },
      {
        seq: 1,
        timestamp: 1_643_850_258.5,
        type: 'A',
        attrs: { ...attrs, path: [64_500, 9457], community: [] },
      },
      { seq: 3, timestamp: '2022-02-03T01:10:00', type: 'W', attrs },
      { seq: 4, timestamp: 1_643_850_400, type: 'X', attrs },
    ];
    const { client, urls } = await clientOf(answers({ resource: 'x', updates }));
    const { value, problems } = await client.bgpUpdates('211.249.216.0/21', {
      fromMs: 1_643_850_000_000,
      toMs: 1_643_854_000_000,
    });
    expect(
      value.map(({ observedMs, announced, withdrawn }) => [observedMs, announced.length, withdrawn.length]),
    ).toEqual([
      [1_643_850_258_500, 1, 0],
      [1_643_850_300_000, 0, 1],
      [1_643_850_600_000, 0, 1],
    ]);
    expect(problems).toHaveLength(1);
    expect(urls[0]?.searchParams.get('starttime')).toBe('2022-02-03T01:00:00');
    expect(urls[0]?.searchParams.get('endtime')).toBe('2022-02-03T02:06:40');
  });

  test('announced-prefixes, routing-status and ris-peers', async () => {
    const { client } = await clientOf((_request, response, url) => {
      const data: Record<string, unknown> = {
        '/data/announced-prefixes/data.json': {
          prefixes: [
            {
              prefix: '211.249.216.0/21',
              timelines: [{ starttime: '2022-01-20T00:00:00', endtime: '2022-02-03T00:00:00' }],
            },
            { prefix: 7 },
          ],
        },
        '/data/routing-status/data.json': {
          first_seen: { prefix: '211.249.216.0/21', origin: '7625', time: '2005-01-01T00:00:00' },
          last_seen: { prefix: '211.249.216.0/21', origin: '7625', time: '2022-02-03T00:00:00' },
          visibility: {
            v4: { ris_peers_seeing: 330, total_ris_peers: 350 },
            v6: { ris_peers_seeing: 0, total_ris_peers: 300 },
          },
          origins: [{ origin: 7625, route_objects: ['RADB'] }],
        },
        '/data/ris-peers/data.json': {
          peers: {
            rrc06: [
              { asn: '2497', ip: '202.249.2.83', v4_prefix_count: 900_000, v6_prefix_count: 0 },
              { ip: 'x' },
            ],
          },
        },
      };
      response.end(envelope(data[url.pathname]));
    });
    const announced = await client.announcedPrefixes(7625);
    expect(announced.value.map(({ prefix, firstSeenMs }) => [prefix.text, firstSeenMs])).toEqual([
      ['211.249.216.0/21', Date.UTC(2022, 0, 20)],
    ]);
    expect(announced.problems).toHaveLength(1);
    expect((await client.routingStatus('211.249.216.0/21')).value).toEqual({
      firstSeen: { prefix: '211.249.216.0/21', origin: 7625, atMs: Date.UTC(2005, 0, 1) },
      lastSeen: { prefix: '211.249.216.0/21', origin: 7625, atMs: Date.UTC(2022, 1, 3) },
      visibility4: { seeing: 330, known: 350 },
      visibility6: { seeing: 0, known: 300 },
      origins: [7625],
    });
    const peers = await client.risPeers();
    expect(peers.value).toEqual([
      {
        vantagePoint: { collector: 'rrc06', peerAddress: '202.249.2.83', peerAsn: 2497 },
        prefixes4: 900_000,
        prefixes6: 0,
      },
    ]);
    expect(peers.problems).toHaveLength(1);
  });

  test('an answer of another shape is empty and says so', async () => {
    for (const data of [null, [], 'text', {}, { bgp_state: 7 }, { bgp_state: [null, 1] }]) {
      const { client } = await clientOf(answers(data));
      const { value, problems } = await client.bgpState('AS7625');
      expect(value).toEqual([]);
      expect(problems.length).toBeGreaterThan(0);
      server?.closeAllConnections();
      server?.close();
    }
  });
});

describe('manners', () => {
  test('at most eight requests are under way, however many are asked', async () => {
    let underWay = 0;
    let most = 0;
    const held: (() => void)[] = [];
    const { client } = await clientOf(
      (_request, response) => {
        underWay += 1;
        most = Math.max(most, underWay);
        held.push(() => {
          underWay -= 1;
          response.end(envelope({ bgp_state: [] }));
        });
        // Answers go out when eight wait, or when no more can come.
        if (held.length === 8 || served + held.length === 30) for (const release of held.splice(0)) release();
      },
      { concurrentMax: 100 },
    );
    let served = 0;
    await Promise.all(Array.from({ length: 30 }, () => client.bgpState('AS1').then(() => (served += 1))));
    expect(most).toBe(8);
  });

  test('what passes is tried again: 5xx, 429 as the server asks, a cut connection, an error in the envelope', async () => {
    let calls = 0;
    const { client, waits } = await clientOf(
      (request, response) => {
        calls += 1;
        if (calls === 1) response.writeHead(503).end('down');
        else if (calls === 2) response.writeHead(429, { 'retry-after': '7' }).end();
        else if (calls === 3) request.socket.destroy();
        else if (calls === 4) response.end(JSON.stringify({ status: 'error', status_code: 502 }));
        else response.end(envelope({ bgp_state: [] }));
      },
      { attemptsMax: 5 },
    );
    await client.bgpState('AS1');
    // The connection that is cut was a kept one: on a new one it is asked again without waiting.
    expect(waits).toEqual([1_000, 7_000, 4_000]);
  });

  test('what does not pass is given up at once, with the word of the server', async () => {
    const { client, waits } = await clientOf((_request, response) => {
      response
        .writeHead(400)
        .end(JSON.stringify({ status: 'error', status_code: 400, messages: [['error', 'bad resource']] }));
    });
    const error = await client.bgpState('nonsense').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(OperationalError);
    expect(error).toMatchObject({ code: 'ripestat-fetch', retryable: false });
    expect(String(error)).toContain('bad resource');
    expect(waits).toEqual([]);
  });

  test('patience ends', async () => {
    const { client, waits } = await clientOf((_request, response) => void response.writeHead(500).end());
    await expect(client.risPeers()).rejects.toMatchObject({ code: 'ripestat-fetch', retryable: true });
    expect(waits).toHaveLength(3);
  });

  test('an answer beyond the bound, no JSON, or a redirect is refused', async () => {
    const large = await clientOf(answers({ bgp_state: ['x'.repeat(10_000)] }), { answerBytesMax: 5_000 });
    await expect(large.client.bgpState('AS1')).rejects.toThrow('too large');
    server?.close();
    const page = await clientOf((_request, response) => void response.end('<html>'), { attemptsMax: 1 });
    await expect(page.client.bgpState('AS1')).rejects.toThrow('no RIPEstat envelope');
    server?.close();
    const moved = await clientOf(
      (_request, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      { attemptsMax: 1 },
    );
    await expect(moved.client.bgpState('AS1')).rejects.toMatchObject({ code: 'ripestat-fetch' });
  });

  test('a silent server and a caller who gives up end the call', async () => {
    const silent = await clientOf(() => undefined, { timeoutMs: 50, attemptsMax: 2 });
    await expect(silent.client.bgpState('AS1')).rejects.toMatchObject({
      code: 'ripestat-fetch',
      retryable: true,
    });
    expect(silent.waits).toHaveLength(1);
    const given = new AbortController();
    const left = await clientOf(() => given.abort(), { signal: given.signal });
    await expect(left.client.bgpState('AS1')).rejects.toMatchObject({
      code: 'ripestat-fetch',
      retryable: false,
    });
  });
});

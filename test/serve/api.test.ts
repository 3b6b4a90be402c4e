/** What the API answers, route by route, and how it refuses what is no value. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Alert } from '../../src/incident/alert.ts';
import { anIncident, bearer, type Running, START_MS, started, uuid, WRITE } from './fakes.ts';

let running: Running;
beforeAll(async () => {
  running = await started({ limits: { changesPerSecond: 10_000, readsBurst: 100_000 } });
  for (let number = 1; number <= 5; number += 1) running.world.alert();
  running.world.raw.set(uuid(1), [
    { at: '2022-02-03T01:04:18.000Z', vantagePoint: 'rrc00 192.0.2.1', frame: '{}' },
  ]);
});
afterAll(() => running.server.close());

const body = async (path: string): Promise<Record<string, unknown>> => {
  const response = await running.get(path);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  return (await response.json()) as Record<string, unknown>;
};
const ids = async (path: string): Promise<string[]> =>
  ((await body(path)).incidents as { id: string }[]).map((incident) => incident.id);

describe('incidents', () => {
  test('come newest first, and the last page has no next', async () => {
    expect(await ids('/api/v1/incidents')).toEqual([5, 4, 3, 2, 1].map(uuid));
    expect((await body('/api/v1/incidents')).next).toBeNull();
  });

  test('are paged by cursor without gap or repeat', async () => {
    const seen: string[] = [];
    let path = '/api/v1/incidents?limit=2';
    for (;;) {
      const page = await body(path);
      seen.push(...(page.incidents as { id: string }[]).map((incident) => incident.id));
      if (page.next === null) break;
      path = `/api/v1/incidents?limit=2&cursor=${encodeURIComponent(String(page.next))}`;
    }
    expect(seen).toEqual([5, 4, 3, 2, 1].map(uuid));
  });

  test.each([
    ['state=open', 5],
    ['state=resolved', 0],
    ['state=open,resolved', 5],
    ['kind=sub-prefix,origin-change', 5],
    ['kind=squatting', 0],
    ['group=kakao', 5],
    ['group=Kakao', 0],
    ['severity=critical', 5],
    ['severity=info,warning', 0],
    ['prefix=211.249.216.0/21', 5],
    ['prefix=211.249.221.128%2F25', 5],
    ['prefix=2001:db8::/32', 0],
    ['since=2022-02-03T01:04:22.000Z', 2],
    ['since=2022-02-03T10:04:22%2B09:00', 2],
    ['since=2022-02-03T10:04:22+0900', 2],
    ['since=2022-02-04', 0],
    ['limit=1000000000000000000000', 5],
    ['nobody-knows-this=1&nor-this', 5],
    ['%zz=1', 5],
  ])('filtered by %s are %i', async (query, count) => {
    expect(await ids(`/api/v1/incidents?${query}`)).toHaveLength(count);
  });

  test.each([
    'limit=0',
    'limit=-1',
    'limit=1.5',
    'limit=abc',
    'limit=',
    'limit=1e2',
    'limit=%201',
    'limit=1&limit=2',
    'state=closed',
    'state=',
    'state=open,',
    'state=Open',
    'state=open&state=resolved',
    'kind=hijack',
    'severity=fatal',
    'group=',
    'group=a%00b',
    'group=%zz',
    'group=%ff',
    `group=${'x'.repeat(201)}`,
    'prefix=nonsense',
    'prefix=10.0.0.1/8',
    'prefix=10.0.0.0/33',
    'prefix=10.0.0.0/08',
    'since=yesterday',
    'since=2022-02-30',
    'since=2022-02-03T25:00:00Z',
    'since=2022-02-03T01:04:18',
    'since=1643850258',
    'cursor=foreign',
    'cursor=',
  ])('with %s are a 400 that names the parameter and not the value', async (query) => {
    const response = await running.get(`/api/v1/incidents?${query}`);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const problem = (await response.json()) as {
      status: number;
      detail: string;
      type: string;
      title: string;
    };
    expect(problem).toMatchObject({ type: 'about:blank', title: 'Bad Request', status: 400 });
    expect(problem.detail).toContain(query.split('=')[0]);
    expect(problem.detail).not.toContain('nonsense');
  });

  test('one has its timeline and its raw evidence', async () => {
    const incident = await body(`/api/v1/incidents/${uuid(1)}`);
    expect(incident).toMatchObject(anIncident(1));
    expect((incident.alerts as Alert[]).map((alert) => alert.seq)).toEqual([1]);
    expect(incident.raw).toEqual([
      { at: '2022-02-03T01:04:18.000Z', vantagePoint: 'rrc00 192.0.2.1', frame: '{}' },
    ]);
  });

  test.each([uuid(999), 'x', '..%2f..%2fetc%2fpasswd', '%00', 'x'.repeat(2_000)])(
    '%s is a 404',
    async (id) => {
      const response = await running.get(`/api/v1/incidents/${id}`);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ status: 404, title: 'Not Found' });
    },
  );
});

describe('alerts', () => {
  test('come oldest first from after a seq, and next leads on', async () => {
    const first = await body('/api/v1/alerts?limit=3');
    expect((first.alerts as Alert[]).map((alert) => alert.seq)).toEqual([1, 2, 3]);
    const second = await body(`/api/v1/alerts?after=${first.next}&limit=1001`);
    expect((second.alerts as Alert[]).map((alert) => alert.seq)).toEqual([4, 5]);
    expect(second.next).toBe(5);
  });

  test.each([5, 77])('an empty page after %i repeats it', async (after) => {
    expect(await body(`/api/v1/alerts?after=${after}`)).toEqual({ alerts: [], next: after });
  });

  test.each(['after=-1', 'after=x', 'after=1.0', 'after=99999999999999999999', 'limit=0', 'after=1&after=1'])(
    'with %s are a 400',
    async (query) => {
      expect((await running.get(`/api/v1/alerts?${query}`)).status).toBe(400);
    },
  );
});

describe('what stands now', () => {
  test('the watchlist, the baseline and the silences are lists by name', async () => {
    expect((await body('/api/v1/watchlist')).entries).toHaveLength(1);
    expect(await body('/api/v1/baseline')).toEqual({ baseline: [] });
    expect(await body('/api/v1/silences')).toEqual({ silences: [] });
  });

  test('a long list is the same JSON, written in pieces', async () => {
    const row = {
      prefix: '192.0.2.0/24',
      neighbors: [],
      source: 'learned',
      peerAsns: [],
      by: '',
      note: '',
    } as const;
    for (let origin = 0; origin < 1_203; origin += 1) {
      running.world.baselineRows.push({ ...row, origin, firstSeenAt: null, lastSeenAt: null });
    }
    expect(await body('/api/v1/baseline')).toEqual({ baseline: running.world.baselineRows });
    running.world.baselineRows.length = 0;
  });

  test('the status needs a resource, and takes a time', async () => {
    const answer = await body('/api/v1/status?resource=211.249.221.0%2F24&at=2022-02-03T10:10:00%2B09:00');
    expect(answer).toMatchObject({
      verdict: 'no',
      because: [{ en: '211.249.221.0/24 at 2022-02-03T01:10:00.000Z' }],
    });
    expect((await running.get('/api/v1/status')).status).toBe(400);
    expect((await running.get('/api/v1/status?resource=')).status).toBe(400);
    expect((await running.get('/api/v1/status?resource=nonsense!')).status).toBe(400);
    expect((await running.get('/api/v1/status?resource=unknown.example')).status).toBe(404);
    expect((await running.get('/api/v1/status?resource=AS1&at=noon')).status).toBe(400);
  });

  test('coverage is that of the last day unless told otherwise', async () => {
    const { intervals } = await body('/api/v1/coverage');
    expect(intervals).toMatchObject([
      { from: '2022-02-02T01:04:18.000Z', to: new Date(START_MS).toISOString() },
    ]);
    const from = await body('/api/v1/coverage?from=2022-02-01&to=2022-02-02T00:00Z');
    expect(from.intervals).toMatchObject([
      { from: '2022-02-01T00:00:00.000Z', to: '2022-02-02T00:00:00.000Z' },
    ]);
    expect((await running.get('/api/v1/coverage?from=2022-02-02&to=2022-02-01')).status).toBe(400);
  });

  test('the daemon says who is asking', async () => {
    expect(await body('/api/v1/daemon')).toMatchObject({ you: { name: 'anonymous', scope: 'none' } });
    const response = await running.get('/api/v1/daemon', bearer(WRITE));
    expect(await response.json()).toMatchObject({ you: { name: 'token:noc', scope: 'write' } });
  });
});

describe('what machines ask', () => {
  test('health is always fine, and tells of feeds and store all the same', async () => {
    expect(await body('/healthz')).toEqual({
      feeds: [{ name: 'ris-live', connected: true, fresh: true }],
      store: 'ok',
    });
  });

  test('readiness tells of feeds and store, and is 503 when one is not fresh', async () => {
    const ready = { feeds: [{ name: 'ris-live', connected: true, fresh: true }], store: 'ok' };
    expect(await body('/readyz')).toEqual(ready);
    const stale = { feeds: [{ name: 'ris-live', connected: true, fresh: false }], store: 'ok' } as const;
    const before = running.world.present.readiness;
    Object.assign(running.world.present, { readiness: () => stale });
    const response = await running.get('/readyz');
    Object.assign(running.world.present, { readiness: before });
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual(stale);
  });

  test('metrics are Prometheus text', async () => {
    const response = await running.get('/metrics');
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await response.text()).toBe('up 1\n');
  });
});

describe('paths and methods', () => {
  test.each([
    '/nothing',
    '/api/v1/incidents/',
    '//api/v1/incidents',
    '/api',
    '/API/v1/incidents',
    '/assets/x.js',
    '/',
  ])('%s is not there', async (path) => {
    const response = await running.get(path);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  test.each([
    ['POST', '/api/v1/incidents', 'GET, HEAD, OPTIONS'],
    ['PUT', '/api/v1/alerts', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/healthz', 'GET, HEAD, OPTIONS'],
    ['PATCH', `/api/v1/incidents/${uuid(1)}`, 'GET, HEAD, OPTIONS'],
    ['GET', `/api/v1/incidents/${uuid(1)}/acknowledge`, 'POST, OPTIONS'],
    ['PUT', '/api/v1/silences', 'GET, POST, HEAD, OPTIONS'],
    ['GET', '/api/v1/silences/x', 'DELETE, OPTIONS'],
    ['PROPFIND', '/metrics', 'GET, HEAD, OPTIONS'],
  ])('%s %s is a 405 that says %s', async (method, path, allow) => {
    const response = await running.get(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
    expect(await response.json()).toMatchObject({ status: 405 });
  });

  test('OPTIONS tells the methods and gives no other site leave', async () => {
    const headers = { origin: 'https://foreign.example', 'access-control-request-method': 'POST' };
    const response = await running.get('/api/v1/silences', { method: 'OPTIONS', headers });
    expect(response.status).toBe(204);
    expect(response.headers.get('allow')).toBe('GET, POST, HEAD, OPTIONS');
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect((await running.get('/nothing', { method: 'OPTIONS' })).status).toBe(404);
  });

  test.each(['/api/v1/incidents', '/healthz', '/api/v1/alerts/stream', '/feed.atom'])(
    'HEAD %s has no body',
    async (path) => {
      const response = await running.get(path, { method: 'HEAD' });
      expect(response.status).toBe(200);
      expect(await response.text()).toBe('');
    },
  );

  test('every answer carries the security headers', async () => {
    for (const path of ['/healthz', '/nothing', '/%zz', '/api/v1/incidents?limit=0']) {
      const { headers } = await running.get(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

describe('failures of our own', () => {
  test('are a 500 that says nothing of our inside, and a log line', async () => {
    const before = running.world.archive.baseline;
    Object.assign(running.world.archive, {
      baseline() {
        throw new Error('secret detail');
      },
    });
    const response = await running.get('/api/v1/baseline?x=1');
    Object.assign(running.world.archive, { baseline: before });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(running.world.logged.at(-1)).toMatchObject({ event: 'serve.failed', path: '/api/v1/baseline' });
  });
});

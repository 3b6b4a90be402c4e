/** Who gets in: Host, tokens, the dashboard's session, rates, and beyond loopback. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHostCheck, isLoopback, limitKey } from '../../src/serve/addresses.ts';
import {
  anIncident,
  aWorld,
  bare,
  bareGet,
  bearer,
  READ,
  type Running,
  started,
  statusOf,
  TOKENS,
  token,
  uuid,
  WRITE,
} from './fakes.ts';

let running: Running | undefined;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'originwatch-serve-'));
  writeFileSync(join(directory, 'index.html'), '<!doctype html><title>dashboard</title>');
  mkdirSync(join(directory, 'assets'));
  writeFileSync(join(directory, 'assets', 'app.js'), 'void 0;');
  writeFileSync(join(directory, 'secret.txt'), 'not an asset');
  symlinkSync('/etc/passwd', join(directory, 'assets', 'passwd.txt'));
});
afterEach(async () => {
  await running?.server.close();
  running = undefined;
  rmSync(directory, { recursive: true });
});

async function start(change: Parameters<typeof started>[0] = {}): Promise<Running> {
  const world = aWorld();
  world.incidents.set(uuid(1), anIncident(1));
  running = await started({ dashboardDirectory: directory, ...change }, world);
  return running;
}

/** As beyond loopback, where a test may not listen. */
const beyond = (change: Parameters<typeof started>[0] = {}): Promise<Running> =>
  start({ ...change, reach: 'beyond' });

const ACK = `/api/v1/incidents/${uuid(1)}/acknowledge`;

describe('Host', () => {
  const listening = (address: string, hosts: readonly string[] = []) =>
    createHostCheck(
      address,
      hosts,
      () => 0,
      () => ['192.0.2.7', 'fe80::7%eth0', '2001:db8::7'],
    );

  test.each([
    ['127.0.0.1', '127.0.0.1:8480'],
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1', 'localhost:9999'],
    ['127.0.0.1', 'LOCALHOST'],
    ['127.0.0.1', 'localhost.'],
    ['localhost', '127.0.0.1:8480'],
    ['localhost', '[::1]:8480'],
    ['::1', '[::1]:8480'],
    ['::1', '[0:0:0:0:0:0:0:1]'],
    ['0.0.0.0', '192.0.2.7:8480'],
    ['0.0.0.0', '0.0.0.0:8480'],
    ['::', '[2001:DB8:0::7]:8480'],
    ['::', '[fe80::7]'],
    ['::', '192.0.2.7'],
    ['noc.example', 'NOC.example:8480'],
  ])('listening on %s, %s is ours', (address, host) => {
    expect(listening(address).isOurs(host)).toBe(true);
  });

  test.each([
    ['127.0.0.1', 'evil.example'],
    ['127.0.0.1', 'localhost.evil.example'],
    ['127.0.0.1', '127.0.0.2'],
    ['127.0.0.1', '[::1]'],
    ['127.0.0.1', '192.0.2.7'],
    ['127.0.0.1', '127.0.0.1:70000'],
    ['127.0.0.1', '127.0.0.1:http'],
    ['127.0.0.1', '127.0.0.1:8480:1'],
    ['127.0.0.1', 'user@127.0.0.1'],
    ['127.0.0.1', ''],
    ['0.0.0.0', '192.0.2.8'],
    ['0.0.0.0', 'evil.example'],
    ['::', '[2001:db8::8]'],
    ['::', '2001:db8::7'],
  ])('listening on %s, %s is not', (address, host) => {
    expect(listening(address).isOurs(host)).toBe(false);
  });

  test('further names come from the configuration, and may change', () => {
    const check = listening('127.0.0.1', ['originwatch.example', '2001:db8::9']);
    expect(check.isOurs('Originwatch.Example:443')).toBe(true);
    expect(check.isOurs('[2001:db8::9]')).toBe(true);
    check.applyHosts(['other.example']);
    expect(check.isOurs('originwatch.example')).toBe(false);
    expect(check.isOurs('other.example')).toBe(true);
  });

  test('goes before authentication and route: a foreign one is a 421 everywhere', async () => {
    const { port } = await start();
    for (const target of ['/', '/healthz', '/nothing', '/%zz', '/api/v1/incidents']) {
      const answer = await bareGet(port, target, 'Host: evil.example', 'Authorization: Bearer wrong');
      expect(statusOf(answer)).toBe(421);
      expect(answer).toContain('application/problem+json');
    }
  });

  test('none, or two of them, is a 400', async () => {
    const { port } = await start();
    expect(statusOf(await bareGet(port, '/healthz', 'Host: localhost', 'Host: evil.example'))).toBe(400);
    expect(statusOf(await bare(port, 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n'))).toBe(400);
  });

  test('an absolute target must be ours as well', async () => {
    const { port } = await start();
    expect(statusOf(await bareGet(port, `http://localhost:${port}/healthz`))).toBe(200);
    expect(statusOf(await bareGet(port, 'http://evil.example/healthz'))).toBe(421);
    expect(statusOf(await bareGet(port, 'evil'))).toBe(400);
  });
});

describe('addresses', () => {
  test.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost', '::ffff:127.0.0.1'])('%s is loopback', (host) => {
    expect(isLoopback(host)).toBe(true);
  });
  test.each(['0.0.0.0', '::', '192.0.2.1', 'example.net', '128.0.0.1', '', '127.0.0.1.example'])(
    '%s is not',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
  test('a limit is kept for an IPv4 address or an IPv6 /64', () => {
    expect(limitKey('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(limitKey('2001:db8:0:1:2:3:4:5')).toBe('2001:db8:0:1::/64');
    expect(limitKey(undefined)).toBe('unknown');
  });
});

describe('on loopback', () => {
  test('reading needs no token, but a wrong one is a 401', async () => {
    const { get } = await start();
    expect((await get('/api/v1/incidents')).status).toBe(200);
    expect((await get('/api/v1/incidents', bearer(READ))).status).toBe(200);
    const wrong = await get('/api/v1/incidents', bearer('wrong'));
    expect(wrong.status).toBe(401);
    expect(wrong.headers.get('www-authenticate')).toBe('Bearer realm="originwatch", error="invalid_token"');
  });

  test.each([
    'Basic bm9jOm5vYw==',
    'Bearer',
    'Bearer ',
    `Bearer ${READ} ${READ}`,
    `bearer${READ}`,
    `Token ${READ}`,
  ])('Authorization: %s is a wrong one', async (authorization) => {
    const { get } = await start();
    expect((await get('/api/v1/incidents', { headers: { authorization } })).status).toBe(401);
  });

  test('an unknown route is a 404 and a wrong method a 405 without a token', async () => {
    const { get } = await start();
    expect((await get('/nothing', { method: 'POST' })).status).toBe(404);
    expect((await get('/api/v1/alerts', { method: 'POST' })).status).toBe(405);
  });
});

describe('beyond loopback', () => {
  test('everything but health needs at least a read token, even to learn what is there', async () => {
    const { get } = await beyond();
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/healthz', bearer('wrong'))).status).toBe(200);
    for (const path of [
      '/',
      '/nothing',
      '/%zz',
      '/api/v1/incidents',
      '/readyz',
      '/metrics',
      '/openapi.json',
      '/assets/app.js',
      '/feed.atom',
    ]) {
      const response = await get(path);
      expect([path, response.status]).toEqual([path, 401]);
      expect(response.headers.get('www-authenticate')).toBe('Bearer realm="originwatch"');
      expect((await get(path, bearer(READ))).status).not.toBe(401);
    }
  });

  test('without any token it does not listen', async () => {
    await expect(beyond({ settings: { tokens: [] } })).rejects.toMatchObject({ code: 'listen-failed' });
  });

  test('the Atom feed takes the token in its address, and nothing else does', async () => {
    const { get, world } = await beyond();
    expect((await get(`/feed.atom?token=${READ}`)).status).toBe(200);
    expect((await get('/feed.atom?token=wrong')).status).toBe(401);
    expect((await get(`/api/v1/alerts?token=${READ}`)).status).toBe(401);
    expect(JSON.stringify(world.logged)).not.toContain(READ);
  });

  test('a person is asked for the token once', async () => {
    const { get, url } = await beyond();
    const page = await get('/', { headers: { accept: 'text/html,*/*' } });
    expect(page.status).toBe(401);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    expect(await page.text()).toContain('action="/session"');
    const form = { 'content-type': 'application/x-www-form-urlencoded', origin: url };
    const wrong = await get('/session', { method: 'POST', body: 'token=wrong', headers: form });
    expect(wrong.status).toBe(401);
    const entered = await get('/session', { method: 'POST', body: `token=${READ}`, headers: form });
    expect(entered.status).toBe(303);
    expect(entered.headers.get('location')).toBe('/');
    const cookie = cookieOf(entered);
    expect((await get('/', { headers: { cookie } })).status).toBe(200);
    expect((await get('/api/v1/incidents', { headers: { cookie } })).status).toBe(200);
    expect((await get('/api/v1/incidents', { headers: { cookie: `${cookie}x` } })).status).toBe(401);
  });

  test('a link on another site leads a person with a session in, by asking once again', async () => {
    const { get } = await beyond();
    const page = async (site: string): Promise<string> =>
      (await get('/', { headers: { accept: 'text/html', 'sec-fetch-site': site } })).text();
    expect(await page('cross-site')).toContain('http-equiv="refresh"');
    expect(await page('same-origin')).not.toContain('http-equiv="refresh"');
  });

  test('a log-in by JSON answers 204, and one from another site is refused', async () => {
    const { post } = await beyond();
    expect((await post('/session', { token: WRITE })).status).toBe(204);
    const foreign = await post('/session', { token: WRITE }, { headers: { origin: 'https://evil.example' } });
    expect(foreign.status).toBe(403);
  });

  test('a session made on loopback is nothing here', async () => {
    const sessionKey = Buffer.alloc(32, 7);
    const first = await start({ sessionKey });
    const cookie = cookieOf(await first.get('/'));
    await first.server.close();
    const { get } = await beyond({ sessionKey });
    expect((await get('/api/v1/incidents', { headers: { cookie } })).status).toBe(401);
  });
});

function cookieOf(response: Response): string {
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}

describe("the dashboard's session", () => {
  const change = (cookie: string, more: Record<string, string> = {}): Promise<Response> => {
    const headers: Record<string, string> = { 'content-type': 'application/json', cookie, ...more };
    return running!.get(ACK, { method: 'POST', body: '{"by":"Kim"}', headers });
  };

  test('is set by the page, out of reach of scripts and other sites', async () => {
    const { get } = await start();
    const page = await get('/');
    expect(page.status).toBe(200);
    expect(page.headers.get('set-cookie')).toMatch(/; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
    expect(page.headers.get('content-security-policy')).toContain("require-trusted-types-for 'script'");
  });

  test('may change when the request carries the header of our own page', async () => {
    const { get, world } = await start();
    const cookie = cookieOf(await get('/'));
    expect((await change(cookie)).status).toBe(403);
    expect((await change(cookie, { 'x-originwatch': '1' })).status).toBe(200);
    expect(world.audit).toMatchObject([{ who: 'dashboard', note: 'by Kim' }]);
  });

  test.each([
    ['origin', 'https://evil.example'],
    ['origin', 'http://localhost:1'],
    ['origin', 'null'],
    ['sec-fetch-site', 'cross-site'],
    ['sec-fetch-site', 'same-site'],
  ])('is refused when the browser says %s: %s', async (name, value) => {
    const { get } = await start();
    const cookie = cookieOf(await get('/'));
    expect((await change(cookie, { 'x-originwatch': '1', [name]: value })).status).toBe(403);
  });

  test('of somebody else, forged or changed, is nobody', async () => {
    const { get } = await start();
    const cookie = cookieOf(await get('/'));
    const [name = '', value = ''] = cookie.split('=');
    const [who, , signature] = value.split('.');
    const forged = [
      `${name}=${who}.9999999999.${signature}`,
      `${name}=${'0'.repeat(32)}.1.${signature}`,
      `${name}=${value.slice(0, -1)}`,
      `${name}=`,
      `other=${value}`,
    ];
    for (const each of forged) expect((await change(each, { 'x-originwatch': '1' })).status).toBe(401);
    const elsewhere = await started({ dashboardDirectory: directory });
    const foreign = cookieOf(await elsewhere.get('/'));
    await elsewhere.server.close();
    expect((await change(foreign, { 'x-originwatch': '1' })).status).toBe(401);
  });

  test('from a read token reads only, from a write token it is named', async () => {
    const { post, world } = await beyond();
    const reader = cookieOf(await post('/session', { token: READ }));
    expect((await change(reader, { 'x-originwatch': '1' })).status).toBe(403);
    const writer = cookieOf(await post('/session', { token: WRITE }));
    expect((await change(writer, { 'x-originwatch': '1' })).status).toBe(200);
    expect(world.audit).toMatchObject([{ who: 'dashboard:noc' }]);
  });

  test('survives a restart with the same key, and ends with its token and its time', async () => {
    const sessionKey = Buffer.alloc(32, 7);
    const first = await beyond({ sessionKey });
    const cookie = cookieOf(await first.post('/session', { token: READ }));
    await first.server.close();
    const { get, server, world } = await beyond({ sessionKey });
    const status = async (): Promise<number> =>
      (await get('/api/v1/incidents', { headers: { cookie } })).status;
    expect(await status()).toBe(200);
    server.applyTokens([token('wall', 'another', 'read')]);
    expect(await status()).toBe(401);
    server.applyTokens(TOKENS);
    expect(await status()).toBe(200);
    world.clock.ms += 31 * 86_400_000;
    expect(await status()).toBe(401);
  });

  test('can be ended', async () => {
    const { get } = await start();
    const response = await get('/session', { method: 'DELETE' });
    expect(response.status).toBe(204);
    expect(response.headers.get('set-cookie')).toContain('Max-Age=0');
  });
});

describe('tokens', () => {
  test('are replaced whole', async () => {
    const { get, post, server } = await start();
    expect((await post(ACK, { by: 'Kim' })).status).toBe(200);
    server.applyTokens([token('noc', 'a new token', 'write')]);
    expect((await post(ACK, { by: 'Kim' })).status).toBe(401);
    expect((await get('/healthz')).status).toBe(200);
  });
});

describe('rates', () => {
  test('a token may change ten times a second', async () => {
    const { post, world } = await start();
    const statuses: number[] = [];
    for (let count = 0; count < 12; count += 1) statuses.push((await post(ACK, { by: 'Kim' })).status);
    expect(statuses).toEqual([...new Array<number>(10).fill(200), 429, 429]);
    const refused = await post(ACK, { by: 'Kim' });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toMatchObject({ status: 429 });
    expect(world.refused).toContain('rate-limited');
    world.clock.ms += 1_000;
    expect((await post(ACK, { by: 'Kim' })).status).toBe(200);
  });

  test('a reader may ask a hundred times a second and far more, and is not held up by the changes', async () => {
    const { get } = await start();
    const statuses = await Promise.all(
      Array.from({ length: 300 }, async () => (await get('/api/v1/alerts')).status),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  test('reading without end is held up in the end, health never', async () => {
    const { get, world } = await start({ limits: { readsPerSecond: 100, readsBurst: 100 } });
    for (let count = 0; count < 100; count += 1) await get('/nothing');
    const refused = await get('/api/v1/alerts');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/api/v1/alerts', bearer(READ))).status).toBe(200);
    world.clock.ms += 50;
    expect((await get('/api/v1/alerts')).status).toBe(200);
  });

  test('five failed log-ins a minute, then an address has to wait', async () => {
    const { get, post, world } = await start();
    expect((await get('/api/v1/alerts', bearer(READ))).status).toBe(200);
    for (let count = 0; count < 5; count += 1)
      expect((await get('/api/v1/alerts', bearer(`guess ${count}`))).status).toBe(401);
    const refused = await get('/api/v1/alerts', bearer('guess'));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
    expect((await post('/session', { token: 'guess' })).status).toBe(429);
    // Whoever used a token from here before goes on, and so does reading without one.
    expect((await get('/api/v1/alerts', bearer(READ))).status).toBe(200);
    expect((await get('/api/v1/alerts')).status).toBe(200);
    // A short token that was not used from here before could have been guessed.
    expect((await get('/api/v1/alerts', bearer(WRITE))).status).toBe(429);
    world.clock.ms += 60_000;
    expect((await get('/api/v1/alerts', bearer(WRITE))).status).toBe(200);
    expect(world.logged.filter((line) => line.event === 'serve.login.failed')).toHaveLength(5);
    expect(JSON.stringify(world.logged)).not.toContain('guess');
  });

  test('a token too long to be guessed is not held up by the guesses of others', async () => {
    const admin = 'f'.repeat(64);
    const { get } = await start({ settings: { tokens: [token('admin', admin, 'write')] } });
    for (let count = 0; count < 6; count += 1) await get('/api/v1/alerts', bearer('wrong'));
    expect((await get('/api/v1/alerts', bearer(admin))).status).toBe(200);
  });
});

describe('the files of the dashboard', () => {
  test('are served with their type, and again only when changed', async () => {
    const { get } = await start();
    const file = await get('/assets/app.js');
    expect(await file.text()).toBe('void 0;');
    expect(file.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    const again = await get('/assets/app.js', {
      headers: { 'if-none-match': file.headers.get('etag') ?? '' },
    });
    expect(again.status).toBe(304);
  });

  test.each([
    '/assets/../secret.txt',
    '/assets/..%2fsecret.txt',
    '/assets/%2e%2e/secret.txt',
    '/assets/..%5csecret.txt',
    '/assets//etc/passwd',
    '/assets/passwd.txt',
    '/assets/app.js%00.txt',
    '/assets/',
    '/assets',
    '/secret.txt',
    '/assets/__proto__',
    '/../../etc/passwd',
  ])('%s is not one of them', async (path) => {
    const { port } = await start();
    const answer = await bareGet(port, path);
    expect(statusOf(answer)).toBe(404);
    expect(answer).not.toContain('not an asset');
    expect(answer).not.toContain('root:');
  });
});

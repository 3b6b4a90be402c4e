/** An outsider sends what no client would: malformed, oversized, slow, by the thousand. Nobody else is kept out. */
import { createConnection, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { bare, bareGet, type Running, started, statusOf, until } from './fakes.ts';

let running: Running | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await running?.server.close();
  running = undefined;
});

async function start(change: Parameters<typeof started>[0] = {}): Promise<Running> {
  running = await started(change);
  return running;
}

/** A connection that sends this and then nothing; resolves `closed` with all that came. */
function slow(port: number, bytes: string): { readonly closed: Promise<string> } {
  const socket = createConnection({ port, host: '127.0.0.1' });
  sockets.push(socket);
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  socket.on('error', () => {});
  if (bytes !== '') socket.write(bytes);
  return { closed: new Promise((resolve) => socket.on('close', () => resolve(text))) };
}

const HEAD = 'POST /api/v1/silences HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
const AUTHORIZED = `${HEAD}Authorization: Bearer write-token-of-the-noc\r\n`;

describe('malformed', () => {
  test.each([
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\r\n\r\n', 400],
    ['a broken header', 'GET / HTTP/1.1\r\nHost localhost\r\n\r\n', 400],
    ['a header with a null', 'GET / HTTP/1.1\r\nHost: local\u0000host\r\n\r\n', 400],
    ['an impossible length', `${AUTHORIZED}Content-Length: -1\r\n\r\n`, 400],
    ['two lengths', `${AUTHORIZED}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx`, 400],
    ['length and chunks', `${AUTHORIZED}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx`, 400],
    ['broken chunks', `${AUTHORIZED}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400],
    ['a header beyond 16 kB', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [
      'headers by the thousand',
      `GET / HTTP/1.1\r\nHost: localhost\r\n${'X-Y: 1234567890123\r\n'.repeat(1_500)}\r\n`,
      431,
    ],
    ['a target beyond 16 kB', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
    ['an unknown method', 'BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
  ])('%s is answered with a problem, and closed', async (_what, bytes, status) => {
    const { port, get } = await start();
    const answer = await bare(port, bytes);
    expect(statusOf(answer)).toBe(status);
    expect(answer.toLowerCase()).toContain('application/problem+json');
    expect((await get('/healthz')).status).toBe(200);
  });

  test.each(['/%', '/%zz', '/api/v1/incidents/%e0%a4%a', '/%c0%ae%c0%ae/', '/api/v1/incidents/%ff'])(
    'the path %s is a 400',
    async (path) => {
      const { port } = await start();
      const answer = await bareGet(port, path);
      expect(statusOf(answer)).toBe(400);
      expect(answer).toContain('application/problem+json');
    },
  );

  test('any path and any query get an answer of ours, none a 500', async () => {
    const { port, world } = await start({ limits: { readsBurst: 1_000_000 } });
    const piece = fc.constantFrom(
      '/',
      '..',
      '%2e',
      '%2f',
      '%00',
      '%zz',
      'api',
      'v1',
      'incidents',
      '?',
      '&',
      '=',
      ';',
      'limit',
      '\\',
      '#',
      '*',
      '[',
      '{',
      '__proto__',
      'assets',
      'x'.repeat(300),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        const answer = await bareGet(port, `/${pieces.join('')}`);
        expect([200, 400, 404]).toContain(statusOf(answer));
      }),
      { numRuns: 150 },
    );
    expect(world.logged.filter((line) => line.event === 'serve.failed')).toEqual([]);
  });

  test('CONNECT and upgrades lead nowhere', async () => {
    const { port, get } = await start();
    expect(
      statusOf(await bare(port, 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n')),
    ).not.toBe(200);
    expect(statusOf(await bareGet(port, '/healthz', 'Upgrade: websocket'))).toBe(200);
    expect(statusOf(await bareGet(port, '/healthz', 'Expect: miracles'))).toBe(200);
    expect((await get('/healthz')).status).toBe(200);
  });
});

describe('slow', () => {
  const quick = { limits: { slowMs: 60, sweepMs: 10 } } as const;

  test('ten seconds is what it gets', async () => {
    const { DEFAULT_LIMITS } = await import('../../src/serve/limits.ts');
    expect(DEFAULT_LIMITS.slowMs).toBe(10_000);
  });

  test.each([
    ['says nothing', '', 408],
    ['does not end its header', 'GET /healthz HTTP/1.1\r\nHost: local', 408],
    ['does not send its body', `${AUTHORIZED}Content-Length: 100\r\n\r\n{"by"`, 408],
    ['does not end its chunks', `${AUTHORIZED}Transfer-Encoding: chunked\r\n\r\n5\r\n{"by"\r\n`, 408],
  ])('a connection that %s is closed', async (_what, bytes, status) => {
    const { port } = await start(quick);
    expect([0, status]).toContain(statusOf(await slow(port, bytes).closed));
  });

  test('one that trickles is closed as well', async () => {
    const { port } = await start(quick);
    const socket = createConnection({ port, host: '127.0.0.1' });
    sockets.push(socket);
    socket.on('error', () => {});
    socket.write('GET /healthz HTTP/1.1\r\n');
    const trickle = setInterval(() => socket.write('X: y\r\n'), 10);
    await new Promise((resolve) => socket.on('close', resolve).resume());
    clearInterval(trickle);
  });

  test('one that takes no answer is closed', async () => {
    const { port, world } = await start({ ...quick, metricsText: async () => 'x'.repeat(20_000_000) });
    const socket = createConnection({ port, host: '127.0.0.1' });
    sockets.push(socket);
    socket.on('error', () => {});
    socket.pause();
    socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
    let isOver = false;
    socket.on('close', () => {
      isOver = true;
    });
    await until(() => world.refused.includes('slow-connection'));
    // What the kernel had taken still comes; the rest does not.
    let bytes = 0;
    socket.on('data', (chunk) => {
      bytes += chunk.length;
    });
    socket.resume();
    await until(() => isOver);
    expect(bytes).toBeLessThan(20_000_000);
    expect(world.logged.filter((line) => line.event === 'serve.failed')).toEqual([]);
  });

  test('an event stream may stay silent for longer', async () => {
    const { port, world } = await start({ limits: { slowMs: 30, sweepMs: 5, heartbeatMs: 100_000 } });
    const socket = createConnection({ port, host: '127.0.0.1' });
    sockets.push(socket);
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    socket.write('GET /api/v1/alerts/stream HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(() => text.includes('retry'));
    await slow(port, '').closed;
    await slow(port, '').closed;
    world.alert();
    await until(() => text.includes('id: 1'));
  });
});

describe('by the thousand', () => {
  test('slow connections beyond the bound make room themselves: everybody else gets an answer', async () => {
    const { port, get, world } = await start({ limits: { connectionsMax: 100 } });
    const held = Array.from({ length: 400 }, () => slow(port, 'GET /healthz HTTP/1.1\r\nHost: local'));
    expect(held).toHaveLength(400);
    for (let count = 0; count < 20; count += 1) expect((await get('/api/v1/alerts')).status).toBe(200);
    await until(() => world.refused.filter((reason) => reason === 'connection-bound').length >= 300);
    expect((await get('/healthz')).status).toBe(200);
  });

  test('slow connections keep no event stream from its alerts', async () => {
    const { port, world } = await start({ limits: { connectionsMax: 50 } });
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/alerts/stream`);
    const reader = response.body?.getReader();
    for (let count = 0; count < 200; count += 1) slow(port, 'GET / HTTP/1.1\r\n');
    await until(() => world.refused.length >= 150);
    world.alert();
    let text = '';
    while (!text.includes('id: 1')) text += Buffer.from((await reader?.read())?.value ?? []).toString();
    await reader?.cancel();
  });

  test('a thousand requests at once are all answered', async () => {
    const { get } = await start();
    const statuses = await Promise.all(
      Array.from({ length: 1_000 }, async () => (await get('/healthz')).status),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  test('requests in one go on one connection are answered in order', async () => {
    const { port } = await start();
    const one = 'GET /api/v1/alerts HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const answer = await bare(
      port,
      `${one.repeat(50)}GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    expect(answer.match(/HTTP\/1\.1 200/g)).toHaveLength(50);
    expect(answer.match(/HTTP\/1\.1 404/g)).toHaveLength(1);
  });

  test('who asks for the end of the connection is told of it, in an error too (RFC 9112 §9.6)', async () => {
    const { port } = await start();
    for (const line of [
      'GET /healthz',
      'GET /nothing',
      'GET /api/v1/incidents/none',
      'DELETE /api/v1/alerts',
    ]) {
      const answer = await bare(port, `${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      expect(answer.split('\r\n\r\n')[0]).toMatch(/^connection: close$/im);
    }
  });

  test('endless bodies are refused before they are read', async () => {
    const { port, get } = await start();
    const answers = Array.from({ length: 50 }, () =>
      slow(port, `${HEAD}Content-Length: 100000000000\r\n\r\n${'x'.repeat(10_000)}`),
    );
    expect((await get('/healthz')).status).toBe(200);
    expect(answers).toHaveLength(50);
  });
});

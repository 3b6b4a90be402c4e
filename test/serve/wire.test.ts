/** How answers travel: closed when asked to, compressed for whoever takes them so, a form for people. */
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { anIncident, bare, bareGet, type Running, started, uuid, type World, WRITE } from './fakes.ts';

let running: Running | undefined;
afterEach(() => running?.server.close());

function crowded(world: World): World {
  for (let number = 1; number <= 20; number += 1) world.incidents.set(uuid(number), anIncident(number));
  return world;
}

/** The answer to a GET with these header lines, its head in lower case and its body as bytes. */
async function asked(path: string, ...lines: readonly string[]) {
  running ??= await started();
  crowded(running.world);
  const answer = await fetch(`${running.url}${path}`, {
    headers: Object.fromEntries(lines.map((line) => line.split(': ') as [string, string])),
  });
  return answer;
}

describe('an answer to Connection: close', () => {
  test.each([
    '/api/v1/incidents',
    '/api/v1/nothing',
    '/api/v1/incidents/nobody',
    '/api/v1/incidents?limit=0',
    '/healthz',
    '/assets/none.js',
  ])('says so itself: %s', async (path) => {
    running = await started();
    const answer = await bareGet(running.port, path);
    expect(answer.split('\r\n\r\n')[0]?.toLowerCase()).toMatch(/\r\nconnection: close(?:\r\n|$)/);
  });

  test('says so at the gate, for a wrong method and for a change that is refused', async () => {
    running = await started();
    const head = (line: string, ...more: readonly string[]): string =>
      [line, `Host: 127.0.0.1:${running?.port}`, ...more, 'Connection: close', '', ''].join('\r\n');
    for (const request of [
      head('GET /healthz HTTP/1.1', 'Authorization: Bearer wrong'),
      head('DELETE /healthz HTTP/1.1'),
      head('POST /api/v1/silences HTTP/1.1', `Authorization: Bearer ${WRITE}`, 'Content-Length: 0'),
    ])
      expect((await bare(running.port, request)).toLowerCase()).toContain('\r\nconnection: close');
  });

  test('is not said to whoever wants to go on', async () => {
    running = await started();
    const answer = await running.get('/api/v1/nothing');
    expect(answer.headers.get('connection')).not.toBe('close');
  });
});

describe('a long answer', () => {
  test.each([
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
  ])('is sent as %s to whoever takes it so, and says what it depends on', async (encoding, decode) => {
    running = await started();
    crowded(running.world);
    const plain = await asked('/api/v1/incidents', 'accept-encoding: identity');
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(plain.headers.get('vary')).toBe('Accept-Encoding');
    const wanted = await plain.text();
    const raw = await bareBody(running.port, '/api/v1/incidents', encoding);
    expect(raw.head).toContain(`content-encoding: ${encoding}`);
    expect(raw.head).toContain('vary: accept-encoding');
    expect(decode(raw.body).toString()).toBe(wanted);
    expect(raw.body.length).toBeLessThan(wanted.length / 4);
  });

  test.each([
    ['', undefined],
    ['identity', undefined],
    ['gzip;q=0, br;q=0', undefined],
    ['gzip', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['br;q=0.5, gzip;q=0.8', 'gzip'],
    ['*', 'br'],
  ])('with Accept-Encoding "%s" comes as %s', async (accepted, encoding) => {
    running = await started();
    crowded(running.world);
    const { head } = await bareBody(running.port, '/api/v1/incidents', accepted);
    expect(/content-encoding: (\S+)/.exec(head)?.[1]).toBe(encoding);
  });

  test('is never the event stream', async () => {
    running = await started();
    const answer = await fetch(`${running.url}/api/v1/alerts/stream`, {
      headers: { 'accept-encoding': 'gzip, br' },
    });
    expect(answer.headers.get('content-encoding')).toBeNull();
    await answer.body?.cancel();
  });
});

describe('a mistyped token', () => {
  test('brings the form again, with the word that it was wrong', async () => {
    running = await started({ reach: 'beyond' });
    const answer = await running.get('/session', {
      method: 'POST',
      body: 'token=mistyped',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: running.url },
    });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('content-type')).toMatch(/^text\/html/);
    const page = await answer.text();
    expect(page).toContain('role="alert"');
    expect(page).toContain('action="/session"');
    expect(running.world.refused).toContain('failed-login');
  });

  test('is a problem for programs', async () => {
    running = await started({ reach: 'beyond' });
    const answer = await running.post('/session', { token: 'mistyped' });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });
});

/** The bytes of an answer: `fetch` would decode them. */
async function bareBody(
  port: number,
  path: string,
  accepted: string,
): Promise<{ head: string; body: Buffer }> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const headers = accepted === '' ? {} : { 'accept-encoding': accepted };
    request({ port, path, host: '127.0.0.1', headers }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () => {
        const head = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`);
        resolve({ head: head.join('\n').toLowerCase(), body: Buffer.concat(pieces) });
      });
    })
      .on('error', reject)
      .end();
  });
}

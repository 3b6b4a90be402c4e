/** One POST and its connection: kept for the next one, and not blamed on the receiver when it was closed meanwhile. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { post } from '../../src/deliver/http.ts';
import { Outside } from '../../src/outside/outside.ts';

const servers: Server[] = [];
const outside = new Outside();

afterEach(() => {
  outside.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** `cuts` decides by the number of the connection and of the request on it, both from 1, whether it is cut instead. */
async function receiver(
  cuts: (connection: number, request: number) => boolean,
): Promise<{ url: string; seen: string[] }> {
  const seen: string[] = [];
  const sockets = new Map<Socket, { connection: number; requests: number }>();
  const server = createServer((request, response) => {
    const own = sockets.get(request.socket);
    if (own === undefined) throw new Error('no connection');
    own.requests += 1;
    seen.push(`${own.connection}.${own.requests}`);
    if (cuts(own.connection, own.requests)) request.socket.destroy();
    else request.resume().on('end', () => response.end('ok'));
  });
  server.on('connection', (socket) => sockets.set(socket, { connection: sockets.size + 1, requests: 0 }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, seen };
}

function send(url: string) {
  const { signal } = new AbortController();
  return post({
    outside,
    url,
    headers: {},
    body: '{}',
    timeoutMs: 5_000,
    signal,
    secrets: [],
    wallMs: 0,
  });
}

describe('a connection to a receiver', () => {
  it('is kept for what comes next', async () => {
    const { url, seen } = await receiver(() => false);
    for (let n = 0; n < 3; n += 1) expect(await send(url)).toMatchObject({ answered: true, status: 200 });
    expect(seen).toEqual(['1.1', '1.2', '1.3']);
  });

  it('that was closed while it was kept is replaced, and the request sent once more', async () => {
    const { url, seen } = await receiver((connection, request) => connection === 1 && request === 2);
    await send(url);
    expect(await send(url)).toMatchObject({ answered: true, status: 200, body: 'ok' });
    expect(seen).toEqual(['1.1', '1.2', '2.1']);
  });

  it('that is new and cut is a failure, and not tried again here', async () => {
    const { url, seen } = await receiver(() => true);
    expect(await send(url)).toEqual({ answered: false, error: 'connection cut (ECONNRESET)' });
    expect(seen).toEqual(['1.1']);
  });
});

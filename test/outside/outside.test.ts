/** What goes out: through the proxy, trusting whom it should, bounded, and with errors in words. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Network, type NetworkOptions, proxyProblem } from '../../src/outside/network.ts';
import { type Ask, Outside } from '../../src/outside/outside.ts';
import { isPrivateAddress } from '../../src/outside/private-address.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../deliver/tls.ts';
import { CERTIFICATES_KEY, EXPIRED_CERTIFICATE, OTHER_NAMES_CERTIFICATE } from './certificates.ts';
import { httpProxy, type ProxyStandIn, socksProxy } from './proxy-stand-in.ts';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Answering = (request: IncomingMessage, response: ServerResponse) => void;

async function server(answering: Answering, tls?: { cert: string; key: string }): Promise<number> {
  const made: Server = tls === undefined ? createServer(answering) : createTlsServer(tls, answering);
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    made.closeAllConnections();
    made.close();
  });
  return (made.address() as AddressInfo).port;
}

const hello: Answering = (_, response) => void response.end('hello');

async function proxied(proxy: Promise<ProxyStandIn>): Promise<ProxyStandIn> {
  const made = await proxy;
  closers.push(() => made.close());
  return made;
}

function outside(options: NetworkOptions = {}): Outside {
  const made = new Outside(new Network(options));
  closers.push(() => made.close());
  return made;
}

/** The text of the answer, or the message of the error. */
async function asked(way: Outside, ask: Ask): Promise<string> {
  try {
    return (await way.askText({ timeoutMs: 5_000, ...ask }, 65_536)).text;
  } catch (error) {
    return `! ${(error as Error).message}`;
  }
}

const TLS = { cert: TEST_CERTIFICATE, key: TEST_KEY };

describe('through a proxy', () => {
  it('go plain and TLS requests, by CONNECT, with the name left to the proxy', async () => {
    const plain = await server(hello);
    const tls = await server(hello, TLS);
    const proxy = await proxied(httpProxy({ names: { 'only.proxy.knows': '127.0.0.1' } }));
    const way = outside({ proxy: `http://127.0.0.1:${proxy.port}`, ca: TEST_CERTIFICATE });
    expect(await asked(way, { url: `http://only.proxy.knows:${plain}/` })).toBe('hello');
    expect(await asked(way, { url: `https://127.0.0.1:${tls}/` })).toBe('hello');
    expect(proxy.asked).toEqual([`CONNECT only.proxy.knows:${plain}`, `CONNECT 127.0.0.1:${tls}`]);
  });

  it('connections are kept for the next request', async () => {
    const plain = await server(hello);
    const proxy = await proxied(httpProxy());
    const way = outside({ proxy: `http://127.0.0.1:${proxy.port}` });
    for (let n = 0; n < 3; n += 1)
      expect(await asked(way, { url: `http://127.0.0.1:${plain}/` })).toBe('hello');
    expect(proxy.asked).toHaveLength(1);
  });

  it('plain requests go in absolute form where CONNECT is refused', async () => {
    const plain = await server(hello);
    const proxy = await proxied(httpProxy({ refuseConnect: 403 }));
    const way = outside({ proxy: `http://127.0.0.1:${proxy.port}` });
    expect(await asked(way, { url: `http://127.0.0.1:${plain}/a?b`, method: 'POST', body: 'x' })).toBe(
      'hello',
    );
    expect(proxy.asked.at(-1)).toBe(`POST http://127.0.0.1:${plain}/a?b`);
    expect(await asked(way, { url: `https://127.0.0.1:${plain}/` })).toBe('! the proxy refuses (HTTP 403)');
  });

  it('the user and password of its address are given, and never shown', async () => {
    const plain = await server(hello);
    const proxy = await proxied(httpProxy({ credentials: 'noc:s3cr3t' }));
    const url = `http://127.0.0.1:${plain}/`;
    expect(await asked(outside({ proxy: `http://noc:s3cr3t@127.0.0.1:${proxy.port}` }), { url })).toBe(
      'hello',
    );
    expect(await asked(outside({ proxy: `http://noc:wr0ng@127.0.0.1:${proxy.port}` }), { url })).toBe(
      '! the proxy asks for a user and password (HTTP 407)',
    );
  });

  it('SOCKS 5 works with and without a password', async () => {
    const plain = await server(hello);
    const open = await proxied(socksProxy({ names: { 'only.proxy.knows': '127.0.0.1' } }));
    const locked = await proxied(socksProxy({ credentials: 'noc:s3cr3t' }));
    const url = `http://only.proxy.knows:${plain}/`;
    expect(await asked(outside({ proxy: `socks5://127.0.0.1:${open.port}` }), { url })).toBe('hello');
    expect(open.asked).toEqual([`SOCKS only.proxy.knows:${plain}`]);
    const direct = `http://127.0.0.1:${plain}/`;
    const way = outside({ proxy: `socks5://noc:s3cr3t@127.0.0.1:${locked.port}` });
    expect(await asked(way, { url: direct })).toBe('hello');
    const wrong = outside({ proxy: `socks5://noc:wr0ng@127.0.0.1:${locked.port}` });
    expect(await asked(wrong, { url: direct })).toBe('! the proxy does not accept the user and password');
  });

  it('a WebSocket goes, too', async () => {
    const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    closers.push(() => sockets.close());
    sockets.on('connection', (socket) => socket.send('first'));
    const proxy = await proxied(httpProxy());
    const url = `ws://127.0.0.1:${(sockets.address() as AddressInfo).port}/`;
    const way = outside({ proxy: `http://127.0.0.1:${proxy.port}` });
    const socket = new WebSocket(url, { createConnection: way.connector(url, {}) as never });
    const text = await new Promise<string>((resolve) =>
      socket.once('message', (data) => resolve(String(data))),
    );
    socket.terminate();
    expect(text).toBe('first');
    expect(proxy.asked).toEqual([`CONNECT ${new URL(url).host}`]);
  });

  it('nothing goes that is to be reached directly', async () => {
    const plain = await server(hello);
    const proxy = await proxied(httpProxy());
    const at = `http://127.0.0.1:${proxy.port}`;
    const url = `http://127.0.0.1:${plain}/`;
    for (const noProxy of [['127.0.0.0/8'], ['127.0.0.1']]) {
      expect(await asked(outside({ proxy: at, noProxy }), { url })).toBe('hello');
    }
    const named = new Network({ proxy: at, noProxy: ['.corp.example', 'siem'] });
    const direct = ['siem', 'a.corp.example', 'corp.example', 'SIEM'];
    expect(direct.filter((host) => named.proxyTo(host) !== undefined)).toEqual([]);
    expect(
      ['notcorp.example', 'siem.example', '10.0.0.1'].filter((host) => named.proxyTo(host) === undefined),
    ).toEqual([]);
    expect(proxy.asked).toEqual([]);
  });

  it('that is not there is named as the fault', async () => {
    const way = outside({ proxy: 'http://127.0.0.1:1' });
    expect(await asked(way, { url: 'http://192.0.2.1/' })).toBe(
      '! the proxy cannot be reached: connection refused (ECONNREFUSED)',
    );
  });

  it('an address that is none is said without repeating it', () => {
    expect(proxyProblem('http://proxy.example')).toBeUndefined();
    expect(proxyProblem('ftp://user:s3cr3t@proxy.example')).toBe(
      'the proxy is not an http://, https:// or socks5:// URL',
    );
  });
});

describe('TLS', () => {
  it.each([
    ['an expired certificate', EXPIRED_CERTIFICATE, '! certificate expired on 2026-03-01'],
    [
      'a certificate for other names',
      OTHER_NAMES_CERTIFICATE,
      '! certificate is for other names (other.example, www.other.example)',
    ],
  ])('%s is said in words', async (_, cert, words) => {
    const port = await server(hello, { cert, key: CERTIFICATES_KEY });
    const way = outside({ ca: cert });
    expect(await asked(way, { url: `https://127.0.0.1:${port}/` })).toBe(words);
  });

  it('trusts no stranger, and whom it is told to trust', async () => {
    const port = await server(hello, TLS);
    const url = `https://127.0.0.1:${port}/`;
    expect(await asked(outside(), { url })).toBe('! self-signed certificate');
    expect(await asked(outside({ ca: TEST_CERTIFICATE }), { url })).toBe('hello');
    expect(await asked(outside().trusting(TEST_CERTIFICATE), { url })).toBe('hello');
  });

  it('where none is spoken says so', async () => {
    const port = await server(hello);
    expect(await asked(outside(), { url: `https://127.0.0.1:${port}/` })).toBe(
      '! no TLS at this port (ERR_SSL_WRONG_VERSION_NUMBER)',
    );
  });
});

describe('redirects', () => {
  it('are followed for GET, without what is secret where the host changes, and not for ever', async () => {
    const seen: (string | undefined)[] = [];
    const end = await server((request, response) => {
      seen.push(request.headers.authorization);
      response.end('there');
    });
    const start = await server((request, response) => {
      seen.push(request.headers.authorization);
      const location = request.url === '/loop' ? '/loop' : `http://127.0.0.1:${end}/`;
      response.writeHead(302, { location }).end();
    });
    const headers = { authorization: 'Bearer s3cr3t' };
    const url = `http://127.0.0.1:${start}/`;
    expect(await asked(outside(), { url, headers, redirectsMax: 3 })).toBe('there');
    expect(seen).toEqual(['Bearer s3cr3t', undefined]);
    expect(await asked(outside(), { url: `${url}loop`, redirectsMax: 3 })).toBe('! too many redirects');
    expect(await outside().askText({ url }, 100)).toMatchObject({ status: 302 });
    expect(await outside().askText({ url, method: 'POST', body: '', redirectsMax: 3 }, 100)).toMatchObject({
      status: 302,
    });
  });

  it('of a stranger do not lead into our own network', async () => {
    const inner = await server(hello);
    const stranger = await server((_, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${inner}/latest/meta-data` }).end();
    });
    // The proxy stands for the wide world: behind it the name is a stranger's.
    const proxy = await proxied(httpProxy({ names: { 'stranger.example': '127.0.0.1' } }));
    const way = outside({ proxy: `http://127.0.0.1:${proxy.port}`, noProxy: ['127.0.0.1'] });
    closers.push(() => way.close());
    const outcome = await asked(way, { url: `http://stranger.example:${stranger}/`, redirectsMax: 3 });
    expect(outcome).toBe('! a redirect leads to an address of a private network');
  });

  it('know what is private', () => {
    const inside = [
      '127.0.0.1',
      '10.1.2.3',
      '172.31.0.1',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
      '0.0.0.0',
    ];
    const inside6 = ['::1', '::', 'fe80::1', 'fd00::1', '::ffff:10.0.0.1'];
    expect([...inside, ...inside6].filter((address) => !isPrivateAddress(address))).toEqual([]);
    expect(
      ['193.0.0.1', '172.32.0.1', '2001:67c:2e8::1', '::ffff:193.0.0.1'].filter(isPrivateAddress),
    ).toEqual([]);
  });
});

describe('an answer', () => {
  it('is read no further than its bound, also when it is compressed', async () => {
    const port = await server((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(10_000_000)));
    });
    const answer = await outside().askText({ url: `http://127.0.0.1:${port}/` }, 1_000);
    expect(answer).toMatchObject({ isWhole: false, text: 'x'.repeat(1_000) });
  });

  it('that stops in the middle ends at the time limit, in words', async () => {
    const port = await server((_, response) => void response.writeHead(200).write('half'));
    expect(await asked(outside(), { url: `http://127.0.0.1:${port}/`, timeoutMs: 100 })).toBe(
      '! no answer within 100 ms',
    );
  });

  it('that is damaged or cut says so', async () => {
    const damaged = await server((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip at all');
    });
    const cut = await server((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half', () => response.destroy());
    });
    expect(await asked(outside(), { url: `http://127.0.0.1:${damaged}/` })).toMatch(
      /^! the compressed answer is damaged/,
    );
    expect(await asked(outside(), { url: `http://127.0.0.1:${cut}/` })).toBe('! connection cut (ECONNRESET)');
  });

  it('stops at once when its reader stops', async () => {
    const port = await server(() => undefined);
    const stop = new AbortController();
    const waiting = asked(outside(), { url: `http://127.0.0.1:${port}/`, signal: stop.signal });
    setImmediate(() => stop.abort());
    expect(await waiting).toBe('! stopped');
  });

  it('never repeats the address in an error', async () => {
    expect(await asked(outside(), { url: 'http://no-such-name.invalid/s3cr3t-path' })).toMatch(
      /^! name not (?:found|resolved) \((?:ENOTFOUND|EAI_AGAIN)\)$/,
    );
  });
});

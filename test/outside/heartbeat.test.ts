/** A dead man's switch is called while all is well, and only then. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Heartbeat } from '../../src/outside/heartbeat.ts';
import { Outside } from '../../src/outside/outside.ts';

let server: Server;
let url = '';
let calls: string[] = [];
let status = 200;

beforeEach(async () => {
  calls = [];
  status = 200;
  server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    response.writeHead(status).end('fine');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ping/secret`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function heart(trouble: () => string | undefined): {
  beat: () => Promise<void>;
  said: (string | undefined)[];
} {
  const said: (string | undefined)[] = [];
  const made = new Heartbeat({ outside: new Outside(), url, trouble, onChange: (what) => said.push(what) });
  return { beat: () => made.beat(), said };
}

describe('the heartbeat', () => {
  it('calls the address while all is well, without a word', async () => {
    const { beat, said } = heart(() => undefined);
    await beat();
    await beat();
    expect(calls).toEqual(['GET /ping/secret', 'GET /ping/secret']);
    expect(said).toEqual([]);
  });

  it('stops while something is not well, and says so once', async () => {
    let trouble: string | undefined = 'the store cannot be written';
    const { beat, said } = heart(() => trouble);
    await beat();
    await beat();
    expect(calls).toEqual([]);
    trouble = undefined;
    await beat();
    expect(calls).toHaveLength(1);
    expect(said).toEqual(['the store cannot be written', undefined]);
  });

  it('says once that it is not taken, never where', async () => {
    status = 500;
    const { beat, said } = heart(() => undefined);
    await beat();
    await beat();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await beat();
    expect(said[0]).toBe('it answered HTTP 500');
    expect(said).toHaveLength(2);
    expect(said.join(' ')).not.toContain('secret');
  });
});

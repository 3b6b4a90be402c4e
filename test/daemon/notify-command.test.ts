import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Room, room } from './bench.ts';

let server: Server;
let bodies: string[];
let status: number;
let place: Room;

beforeEach(async () => {
  bodies = [];
  status = 204;
  server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      bodies.push(text);
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env.NOTIFY_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/very-secret-path`;
  place = room(`
receivers:
  - { name: siem, type: webhook, url: { env: NOTIFY_URL } }
  - { name: program, type: command, command: [/bin/cat] }
`);
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  place.remove();
});

describe('notify test', () => {
  test('sends one marked test to each receiver and says what came back', async () => {
    const { code, stdout } = await place.run('notify', 'test', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout).results).toMatchObject([
      { receiver: 'siem', type: 'webhook', ok: true, detail: '' },
      { receiver: 'program', type: 'command', ok: true },
    ]);
    expect(bodies).toHaveLength(1);
    expect(bodies[0]).toContain('TEST, not an incident');
  });

  test('fails when a receiver fails, and tells no secret', async () => {
    status = 500;
    const { code, stdout, stderr } = await place.run('notify', 'test', 'siem');
    expect(code).toBe(1);
    expect(stdout).toMatch(/siem +webhook +failed +\d+ ms +.*500/);
    expect(stdout + stderr).not.toContain('very-secret');
  });

  test('a receiver that nobody knows is wrong usage', async () => {
    const { code, stderr } = await place.run('notify', 'test', 'seim');
    expect(code).toBe(64);
    expect(stderr).toMatch(/no receiver is named "seim"; did you mean "siem"/);
    expect(bodies).toEqual([]);
  });

  test('without receivers it says so and fails', async () => {
    const empty = room();
    const { code, stderr } = await empty.run('notify', 'test');
    empty.remove();
    expect(code).toBe(1);
    expect(stderr).toMatch(/no receivers are configured/);
  });
});

/** The event stream: no gap, no repeat, whoever reads how slowly, and bounded. */
import { createConnection, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import {
  anIncident,
  aWorld,
  bare,
  bearer,
  READ,
  type Running,
  started,
  statusOf,
  until,
  uuid,
  type World,
} from './fakes.ts';

let running: Running | undefined;
afterEach(async () => {
  await running?.server.close();
  running = undefined;
});

const start = async (
  change: Parameters<typeof started>[0] = {},
  world: World = aWorld(),
): Promise<Running> => {
  running = await started(change, world);
  return running;
};

interface Reader {
  text: string;
  readonly seqs: () => number[];
  readonly socket: Socket;
}

/** Opens a stream on a bare socket and gathers what comes; HTTP/1.0, so that no chunk lengths stand between. */
function reading(port: number, path = '/api/v1/alerts/stream', ...lines: readonly string[]): Reader {
  const socket = createConnection({ port, host: '127.0.0.1' });
  const reader: Reader = {
    text: '',
    socket,
    seqs: () => [...reader.text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1])),
  };
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    reader.text += chunk;
  });
  socket.on('error', () => {});
  socket.write([`GET ${path} HTTP/1.0`, `Host: 127.0.0.1:${port}`, ...lines, '', ''].join('\r\n'));
  return reader;
}

const opened = (reader: Reader): Promise<void> => until(() => reader.text.includes('retry: '));
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describe('what is told', () => {
  test('from now on: id, name, and the alert on one line, after a comment at once', async () => {
    const { world, port } = await start();
    world.alert();
    const reader = reading(port);
    await opened(reader);
    expect(reader.text).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(reader.text).toMatch(/content-type: text\/event-stream; charset=utf-8/i);
    const alert = world.alert({ summary: { en: 'two\nlines\r\u2028', ko: '둘' } });
    await until(() => reader.seqs().length === 1);
    expect(reader.text).toContain(`id: 2\nevent: alert\ndata: ${JSON.stringify(alert)}\n\n`);
    expect(JSON.stringify(alert)).not.toContain('\n');
  });

  test.each([
    ['/api/v1/alerts/stream?after=3', [], [4, 5, 6]],
    ['/api/v1/alerts/stream?after=0', [], [1, 2, 3, 4, 5, 6]],
    ['/api/v1/alerts/stream', ['Last-Event-ID: 2'], [3, 4, 5, 6]],
    ['/api/v1/alerts/stream?after=1', ['Last-Event-ID: 4'], [5, 6]],
    ['/api/v1/alerts/stream', ['Last-Event-ID: '], [6]],
    ['/api/v1/alerts/stream?after=1000', [], [6]],
  ])('%s %j goes on where it was left', async (path, lines, expected) => {
    const { world, port } = await start();
    for (let count = 0; count < 5; count += 1) world.alert();
    const reader = reading(port, path, ...lines);
    await opened(reader);
    world.alert();
    await until(() => reader.seqs().includes(6));
    expect(reader.seqs()).toEqual(expected);
  });

  test.each(['after=x', 'after=-1', 'after=1&after=2'])('%s is a 400', async (query) => {
    const { get } = await start();
    expect((await get(`/api/v1/alerts/stream?${query}`)).status).toBe(400);
  });

  test('a wrong Last-Event-ID is a 400', async () => {
    const { get } = await start();
    expect((await get('/api/v1/alerts/stream', { headers: { 'last-event-id': 'x' } })).status).toBe(400);
  });

  test('a change that is no alert comes without id', async () => {
    const { world, port, post } = await start();
    world.incidents.set(uuid(1), anIncident(1));
    const reader = reading(port);
    await opened(reader);
    await post(`/api/v1/incidents/${uuid(1)}/acknowledge`, { by: 'Kim' });
    await until(() => reader.text.includes('event: incident'));
    expect(reader.text).toContain(
      `\n\nevent: incident\ndata: ${JSON.stringify(world.incidents.get(uuid(1)))}\n\n`,
    );
    expect(reader.seqs()).toEqual([]);
  });

  test('a comment comes again and again while nothing happens', async () => {
    const { port } = await start({ limits: { heartbeatMs: 5 } });
    const reader = reading(port);
    await until(() => (reader.text.match(/^:$/gm) ?? []).length > 3);
  });

  test('the pace of comments is under 15 seconds', async () => {
    const { DEFAULT_LIMITS } = await import('../../src/serve/limits.ts');
    expect(DEFAULT_LIMITS.heartbeatMs).toBeLessThan(15_000);
  });
});

describe('nothing is lost or told twice', () => {
  test('while a long history is read and more comes in between, whatever is published late or out of turn', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('alert', 'batch', 'stale', 'turn'), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 0, max: 60 }),
        async (steps, history) => {
          const world = aWorld();
          for (let count = 0; count < history; count += 1) world.alert();
          const { port, server } = await started({ limits: { streamBufferBytesMax: 4_000 } }, world);
          const reader = reading(port, '/api/v1/alerts/stream?after=0');
          for (const step of steps) {
            if (step === 'alert') world.alert();
            // Several alerts of one transaction: all are in the archive before the first is published.
            if (step === 'batch') {
              const told = world.alerts.length;
              const publish = world.publish;
              world.publish = () => {};
              for (let count = 0; count < 3; count += 1) world.alert();
              world.publish = publish;
              for (const alert of world.alerts.slice(told)) publish({ type: 'alert', alert });
            }
            if (step === 'stale' && world.alerts[0]) world.publish({ type: 'alert', alert: world.alerts[0] });
            if (step === 'turn') await new Promise((resolve) => setImmediate(resolve));
          }
          await until(() => reader.text.includes('retry: ') && reader.seqs().length >= world.alerts.length);
          expect(reader.seqs()).toEqual(upTo(world.alerts.length));
          await server.close();
        },
      ),
      { numRuns: 25 },
    );
  });

  test('when the reader stops for a while: it costs no memory, and the rest comes from the archive', async () => {
    const { world, port } = await start({ limits: { streamBufferBytesMax: 20_000 } });
    const reader = reading(port);
    await opened(reader);
    reader.socket.pause();
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    const wide = { name: 'x'.repeat(150), services: 'y'.repeat(3_000) };
    for (let count = 0; count < 3_000; count += 1)
      world.alert({ summary: { en: wide.services, ko: wide.name } });
    world.publish({ type: 'incident', incident: anIncident(7, { acknowledged: true }) });
    const kept = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed - before;
    expect(kept).toBeLessThan(200_000_000);
    reader.socket.resume();
    await until(() => reader.seqs().length === 3_000 && reader.text.includes('event: incident'));
    expect(reader.seqs()).toEqual(upTo(3_000));
    world.alert();
    await until(() => reader.seqs().length === 3_001);
  });
});

describe('bounds', () => {
  test('a reader that takes nothing at all is cut, and counted', async () => {
    const { world, port } = await start({
      limits: { streamBufferBytesMax: 20_000, heartbeatMs: 5, streamStallMs: 30_000 },
    });
    const reader = reading(port);
    await opened(reader);
    reader.socket.pause();
    for (let count = 0; count < 3_000; count += 1)
      world.alert({ summary: { en: 'y'.repeat(3_000), ko: '' } });
    await until(() => {
      world.clock.ms += 10_000;
      return world.refused.includes('stream-stalled');
    });
  });

  test('streams are bounded, in all and for one reader', async () => {
    const { port, get } = await start({ limits: { streamsMax: 3, streamsPerReaderMax: 2 } });
    const readers = [reading(port), reading(port)];
    for (const reader of readers) await opened(reader);
    const refused = await get('/api/v1/alerts/stream');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const third = reading(port, '/api/v1/alerts/stream', `Authorization: Bearer ${READ}`);
    await opened(third);
    expect((await get('/api/v1/alerts/stream', bearer(READ))).status).toBe(429);
    readers[0]?.socket.destroy();
    await until(() => running !== undefined);
    const again = async (): Promise<boolean> => {
      const response = await get('/api/v1/alerts/stream');
      await response.body?.cancel();
      return response.status === 200;
    };
    while (!(await again()));
  });

  test('a withdrawn token ends its streams, and only those', async () => {
    const { server, port, world } = await start();
    const withToken = reading(port, '/api/v1/alerts/stream', `Authorization: Bearer ${READ}`);
    const without = reading(port);
    await opened(withToken);
    await opened(without);
    const closed = new Promise((resolve) => withToken.socket.on('close', resolve));
    server.applyTokens([]);
    await closed;
    world.alert();
    await until(() => without.seqs().length === 1);
  });

  test('closing the server ends every stream', async () => {
    const { server, port } = await start();
    const reader = reading(port);
    await opened(reader);
    const closed = new Promise((resolve) => reader.socket.on('close', resolve));
    await server.close();
    await closed;
    running = undefined;
  });

  test('an archive that fails ends the stream and nothing else', async () => {
    const { world, port, get } = await start();
    world.alert();
    Object.assign(world.archive, {
      alertsAfter() {
        throw new Error('disk');
      },
    });
    const answer = await bare(port, `GET /api/v1/alerts/stream?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    expect([0, 200]).toContain(statusOf(answer));
    expect(world.refused).toContain('stream-failed');
    expect((await get('/healthz')).status).toBe(200);
  });
});

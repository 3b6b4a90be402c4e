import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { placeOf } from '../../src/cli/place.ts';

let home: string;
let server: Server;
let url: string;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'originwatch-place-'));
  server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end('{"feeds":[],"store":"ok"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(home, { recursive: true, force: true });
});

/** A state directory in which a daemon left its word. */
function left(name: string, said: Record<string, unknown> = {}): string {
  const directory = join(home, name);
  mkdirSync(directory);
  writeFileSync(join(directory, 'daemon.json'), JSON.stringify({ url, pid: process.pid, ...said }));
  return directory;
}

describe('the place of a daemon', () => {
  test('is what the option names, before the configuration, before the environment', async () => {
    const config = join(home, 'c.yaml');
    writeFileSync(config, 'stateDirectory: ours\nreceivers: 7\n');
    const env = { STATE_DIRECTORY: '/var/lib/a:/var/lib/b' };
    expect(await placeOf({ config, state: '/x' }, env, [])).toMatchObject({ directory: '/x', by: 'option' });
    expect(await placeOf({ config }, env, [])).toMatchObject({
      directory: join(home, 'ours'),
      by: 'configuration',
    });
    expect(await placeOf({}, env, [])).toMatchObject({ directory: '/var/lib/a', by: 'environment' });
    expect(await placeOf({}, { STATE_DIRECTORY: '' }, [])).toMatchObject({ by: 'guess', daemon: undefined });
  });

  test('is what lives, with the configuration that it has', async () => {
    const directory = left('a', { config: '/etc/originwatch/originwatch.yaml' });
    const found = await placeOf({}, {}, [join(home, 'none'), directory]);
    expect(found).toMatchObject({
      directory,
      by: 'living',
      daemon: { url, pid: process.pid },
      config: '/etc/originwatch/originwatch.yaml',
    });
  });

  test('is not what was left by a daemon that is gone, that does not answer, or that is something else', async () => {
    const gone = left('gone', { pid: 2 ** 30 });
    const silent = left('silent', { url: 'http://127.0.0.1:9' });
    const odd = left('odd', { url: 'file:///etc/passwd' });
    const broken = left('broken');
    writeFileSync(join(broken, 'daemon.json'), '{');
    expect(await placeOf({}, {}, [gone, silent, odd, broken])).toMatchObject({
      by: 'guess',
      daemon: undefined,
    });
    server.removeAllListeners('request');
    server.on('request', (_request, response) => response.end('<html>'));
    expect(await placeOf({}, {}, [left('other')])).toMatchObject({ by: 'guess' });
  });

  test('is asked for where two fit, and both are named', async () => {
    const [a, b] = [left('a'), left('b')];
    await expect(placeOf({}, {}, [a, b])).rejects.toThrow(
      `${a} and ${b}; say which is meant with --state DIR`,
    );
    await expect(placeOf({ state: a }, {}, [a, b])).resolves.toMatchObject({ directory: a });
  });

  test('listening on all addresses is reached on loopback', async () => {
    const { port } = new URL(url);
    const directory = left('all', { url: `http://0.0.0.0:${port}` });
    expect(await placeOf({}, {}, [directory])).toMatchObject({ daemon: { url } });
  });
});

/**
 * Commands in an operator's shell beside a daemon that was started as the unit starts it: `STATE_DIRECTORY` and
 * `CREDENTIALS_DIRECTORY` are the daemon's alone, and the shell stands in another folder.
 */
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RisLiveSimulator } from '../../src/feed/simulator/simulator.ts';
import { buildProgram, type Ended, eventually, type Program, Running } from './program.ts';

let program: Program;
let simulator: RisLiveSimulator;
let home: string;
let shell: string;
let config: string;
let port: number;
let daemon: Running;

/** As typed in a shell of its own, in `cwd`. */
function typed(cwd: string, ...args: readonly string[]): Promise<Ended> {
  const { STATE_DIRECTORY: _, CREDENTIALS_DIRECTORY: __, ORIGINWATCH_CONFIG: ___, ...env } = process.env;
  const child = spawn(process.execPath, [program.main, ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: free } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return free;
}

async function start(state: string, more = ''): Promise<Running> {
  const running = new Running(program, ['run', '--config', config, ...more.split(' ').filter(Boolean)], {
    STATE_DIRECTORY: state,
    CREDENTIALS_DIRECTORY: join(home, 'credentials'),
  });
  await eventually('a daemon that listens', () => {
    if (!running.isRunning) throw new Error(running.stderr);
    return running.logged('daemon.started').length > 0;
  });
  return running;
}

async function baselineOfDaemon(): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}/api/v1/baseline`)).text();
}

beforeAll(async () => {
  [program, port] = await Promise.all([buildProgram(), freePort()]);
  simulator = new RisLiveSimulator();
  await simulator.listen();
  home = mkdtempSync(join(tmpdir(), 'originwatch-beside-'));
  shell = join(home, 'shell');
  config = join(home, 'originwatch.yaml');
  for (const name of ['shell', 'credentials', 'state']) mkdirSync(join(home, name));
  writeFileSync(join(home, 'credentials/siem-url'), 'http://127.0.0.1:9/siem\n');
  writeFileSync(
    join(home, 'watch.yaml'),
    'watch: [ { prefix: 198.51.100.0/24, origins: [64500], group: shop } ]\n',
  );
  writeFileSync(
    config,
    `watchlist: watch.yaml
feeds: [ { type: ris-live, url: "${simulator.url}" } ]
receivers: [ { name: siem, type: webhook, url: { credential: siem-url } } ]
serve: { listen: "127.0.0.1:${port}" }
`,
  );
  daemon = await start(join(home, 'state'));
});

afterAll(async () => {
  if (daemon?.isRunning) await daemon.end('SIGKILL');
  await simulator?.close();
  program?.remove();
  if (home !== undefined) rmSync(home, { recursive: true, force: true });
});

describe('beside a daemon with secrets and a state directory that the shell does not have', () => {
  test.each([
    ['incidents', 'list'],
    ['silence', 'list'],
    ['status', '198.51.100.0/24'],
    ['baseline', 'list'],
    ['explain', '198.51.100.0/24', '3356 64500'],
    ['notify', 'route', '198.51.100.0/24', '3356 64999'],
  ])('%s %s works', async (...args) => {
    const { code, stderr } = await typed(shell, ...args, '--config', config);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  });

  test('an acceptance that cannot reach the daemon says so and changes nothing', async () => {
    const { code, stdout, stderr } = await typed(
      shell,
      'baseline',
      'accept',
      '198.51.100.0/24',
      '65001',
      '--config',
      config,
    );
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/a daemon answers at .*--state DIR; nothing was changed/);
    expect(readdirSync(shell)).toEqual([]);
    expect(await baselineOfDaemon()).not.toContain('65001');
  });

  test('with the state directory named it reaches the daemon', async () => {
    const at = ['--config', config, '--state', join(home, 'state')];
    const accepted = await typed(shell, 'baseline', 'accept', '198.51.100.0/24', '65001', ...at);
    expect(accepted).toMatchObject({ code: 0, stderr: '' });
    expect(await baselineOfDaemon()).toContain('65001');
    const listed = await typed(shell, 'baseline', 'list', '--json', '--config', config);
    expect(listed.stdout).toContain('65001');
    expect(readdirSync(shell)).toEqual([]);
  });

  test('the state directory alone is enough: the daemon says which configuration it has', async () => {
    const { code, stdout } = await typed(
      shell,
      'explain',
      '198.51.100.0/24',
      '3356 64999',
      '--state',
      join(home, 'state'),
    );
    expect(code).toBe(0);
    expect(stdout).toContain('AS64500');
  });

  test('a broken watchlist keeps nobody from acknowledging', async () => {
    const before = readFileSync(join(home, 'watch.yaml'), 'utf8');
    writeFileSync(join(home, 'watch.yaml'), 'watch: [ { prefix: 198.51.100.0 } ]\n');
    const { code } = await typed(shell, 'incidents', 'list', '--config', config);
    writeFileSync(join(home, 'watch.yaml'), before);
    expect(code).toBe(0);
  });

  test('a silence for what is not watched is taken with --force alone', async () => {
    const silence = ['silence', 'add', '--ends', '1h', '--config', config, '--state', join(home, 'state')];
    for (const match of [
      ['--prefix', '203.0.113.0/24'],
      ['--group', 'shpo'],
    ]) {
      const refused = await typed(shell, ...silence, ...match);
      expect(refused.code).toBe(64);
      expect(refused.stderr).toMatch(/overlaps nothing that is watched|did you mean "shop"/);
      const forced = await typed(shell, ...silence, ...match, '--force');
      expect(forced.code).toBe(0);
      expect(forced.stderr).toContain('done all the same');
    }
    expect((await typed(shell, ...silence, '--prefix', '198.51.100.128/25')).code).toBe(0);
    expect((await typed(shell, ...silence, '--group', 'ris-live')).code).toBe(0);
  });
});

describe('a daemon in ./var', () => {
  test('is found without a word, and gone from daemon.json when it has stopped', async () => {
    const folder = mkdtempSync(join(home, 'folder-'));
    await daemon.end('SIGTERM');
    daemon = await start(join(folder, 'var'));
    const said = JSON.parse(readFileSync(join(folder, 'var/daemon.json'), 'utf8'));
    expect(said).toMatchObject({ pid: daemon.child.pid, config, tokenFile: join(folder, 'var/admin-token') });

    const accepted = await typed(folder, 'baseline', 'accept', '198.51.100.0/24', '65002');
    expect(accepted).toMatchObject({ code: 0, stderr: '' });
    expect(await baselineOfDaemon()).toContain('65002');
    const explained = await typed(folder, 'explain', '198.51.100.0/24', '3356 64999');
    expect(explained.stdout).toContain('AS64500');

    await daemon.end('SIGTERM');
    expect(existsSync(join(folder, 'var/daemon.json'))).toBe(false);
    const alone = await typed(folder, 'baseline', 'accept', '198.51.100.0/24', '65003', '--config', config);
    expect(alone.code).toBe(0);
    expect(alone.stderr).toContain(`${join(folder, 'var/originwatch.sqlite')} was changed`);
    // The shipped list knows nothing of this state, and the configuration that does was written down.
    const afterwards = await typed(folder, 'explain', '198.51.100.0/24', '3356 64999');
    expect(afterwards.stderr).toContain(config);
    expect(afterwards.stdout).toContain('AS64500');
  });
});

test('where no daemon runs and no database is, an acceptance changes nothing and says so', async () => {
  const folder = mkdtempSync(join(home, 'empty-'));
  const { code, stderr } = await typed(
    folder,
    'baseline',
    'accept',
    '198.51.100.0/24',
    '65001',
    '--config',
    config,
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(/no daemon runs.*nothing was changed/);
  expect(readdirSync(folder)).toEqual([]);
});

test('a running daemon forgets at once what an operator accepted', async () => {
  const folder = mkdtempSync(join(home, 'forget-'));
  const own = await start(join(folder, 'var'));
  const accepted = await typed(folder, 'baseline', 'accept', '198.51.100.0/24', '65009');
  const forgotten = await typed(folder, 'baseline', 'forget', '198.51.100.0/24', '65009');
  const after = await baselineOfDaemon();
  const again = await typed(folder, 'baseline', 'forget', '198.51.100.0/24', '65009');
  const declared = await typed(folder, 'baseline', 'forget', '198.51.100.0/24', '64500');
  await own.end('SIGTERM');
  expect([accepted.code, forgotten.code, again.code, declared.code]).toEqual([0, 0, 1, 1]);
  expect(after).not.toContain('65009');
  expect(declared.stderr).toContain('the watchlist declares this origin');
});

/**
 * The .deb for real: built twice to the same bytes, looked at by lintian, installed into a clean Debian root, run,
 * upgraded with an edited configuration, removed, purged. Minutes of work and a Debian mirror, so it is asked for:
 * `npm run package:test`; skipped where a tool is missing.
 */
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describedProgram } from '../../src/cli/command-line.ts';
import { manualPage } from '../../src/release/reference.ts';

const MINUTES = 60_000;
const PROJECT = new URL('../..', import.meta.url).pathname;
const TOOLS = ['dpkg-deb', 'mmdebstrap', 'chroot', 'g++', 'make'];
const isAsked = process.env.ORIGINWATCH_PACKAGE === '1';
const missing = TOOLS.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);

function run(program: string, args: readonly string[], env: Record<string, string> = {}): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: PROJECT,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.slice(-2_000)}`);
  return stdout;
}

describe('the manual page', () => {
  it('names every command and option, and roff has nothing to say about it', () => {
    const page = manualPage(describedProgram(), '1.2.3', '2026-12-01');
    for (const word of ['run', 'incidents ack', 'baseline accept', '\\-\\-watchlist'])
      expect(page).toContain(word);
    const man = spawnSync('sh', ['-c', 'command -v man']).status === 0;
    if (!man) return;
    const { stderr } = spawnSync('man', ['--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', '-'], {
      input: page,
    });
    expect(String(stderr)).toBe('');
  });
});

describe.skipIf(!isAsked || missing.length > 0)('the .deb', () => {
  const work = mkdtempSync(join(tmpdir(), 'originwatch-deb-'));
  const root = join(work, 'root');
  const built = (folder: string, version: string): string =>
    join(work, folder, `originwatch_${version}_amd64.deb`);
  const inRoot = (script: string): string =>
    run('chroot', [root, '/bin/sh', '-ec', script], { DEBIAN_FRONTEND: 'noninteractive' });

  beforeAll(() => {
    run('npm', ['run', '--silent', 'build']);
    run('node', ['dist/release/package.js', '--out', join(work, 'first'), '--version', '0.1.0']);
    run('mmdebstrap', ['--variant=minbase', 'bookworm', root]);
  }, 30 * MINUTES);
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  it(
    'is the same bytes when it is built again',
    () => {
      run('node', ['dist/release/package.js', '--out', join(work, 'again'), '--version', '0.1.0']);
      expect(readFileSync(built('first', '0.1.0')).equals(readFileSync(built('again', '0.1.0')))).toBe(true);
    },
    30 * MINUTES,
  );

  it(
    'has no error by lintian',
    () => {
      if (spawnSync('sh', ['-c', 'command -v lintian']).status !== 0) return;
      const { stdout } = spawnSync('lintian', ['--fail-on', 'none', built('first', '0.1.0')], {
        encoding: 'utf8',
      });
      expect(stdout.split('\n').filter((line) => line.startsWith('E:'))).toEqual([]);
    },
    10 * MINUTES,
  );

  it('is installed with nothing but what a Debian root has, and knows its configuration', () => {
    run('cp', [built('first', '0.1.0'), join(root, 'originwatch.deb')]);
    inRoot('dpkg -i /originwatch.deb');
    expect(inRoot('originwatch --version').trim()).toBe('0.1.0');
    expect(inRoot('originwatch check --json')).toContain('211.249.216.0/21');
    expect(inRoot('test -s /usr/share/man/man1/originwatch.1.gz && echo there').trim()).toBe('there');
  });

  it(
    'runs as the unit starts it, and answers',
    async () => {
      inRoot('mkdir -p /var/lib/originwatch');
      const daemon = spawn('chroot', [root, '/usr/bin/originwatch', 'run'], {
        env: { ...process.env, STATE_DIRECTORY: '/var/lib/originwatch', NODE_ENV: 'production' },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      try {
        let log = '';
        for await (const chunk of daemon.stderr) {
          log += String(chunk);
          if (/serve\.listening/.test(log)) break;
        }
        expect((await fetch('http://127.0.0.1:8480/healthz')).status).toBe(200);
      } finally {
        const gone = new Promise((done) => daemon.once('exit', done));
        daemon.kill('SIGTERM');
        await gone;
      }
      expect(existsSync(join(root, 'var/lib/originwatch'))).toBe(true);
    },
    2 * MINUTES,
  );

  it(
    'keeps an edited configuration and the state when it is upgraded',
    () => {
      run('node', ['dist/release/package.js', '--out', join(work, 'next'), '--version', '0.1.1']);
      appendFileSync(join(root, 'etc/originwatch/watchlist.yaml'), '# ours\n');
      writeFileSync(join(root, 'var/lib/originwatch/mark'), 'kept');
      run('cp', [built('next', '0.1.1'), join(root, 'originwatch.deb')]);
      inRoot('dpkg -i --force-confdef --force-confold /originwatch.deb');
      expect(inRoot('originwatch --version').trim()).toBe('0.1.1');
      expect(readFileSync(join(root, 'etc/originwatch/watchlist.yaml'), 'utf8')).toMatch(/# ours\n$/);
      expect(existsSync(join(root, 'var/lib/originwatch/mark'))).toBe(true);
    },
    30 * MINUTES,
  );

  it('keeps the data when it is removed, and nothing when it is purged', () => {
    inRoot('dpkg -r originwatch');
    expect(existsSync(join(root, 'usr/bin/originwatch'))).toBe(false);
    expect(existsSync(join(root, 'var/lib/originwatch/mark'))).toBe(true);
    inRoot('dpkg -P originwatch');
    for (const path of ['var/lib/originwatch', 'etc/originwatch', 'usr/lib/originwatch'])
      expect(existsSync(join(root, path))).toBe(false);
  });
});

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const UNIT = readFileSync(new URL('../../systemd/originwatch.service', import.meta.url), 'utf8');
const analyze = (...args: string[]) => spawnSync('systemd-analyze', args, { encoding: 'utf8' });
const hasAnalyze = analyze('--version').status === 0;

/** Keys of the unit with all their values; comments are none. */
function keys(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const line of UNIT.split('\n')) {
    const match = /^([A-Za-z]+)=(.*)$/.exec(line);
    if (match !== null) found.set(match[1] ?? '', [...(found.get(match[1] ?? '') ?? []), match[2] ?? '']);
  }
  return found;
}

/** The unit with a program that exists everywhere, for systemd looks whether it does. */
function withCopy<T>(use: (file: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'originwatch-'));
  const file = join(directory, 'originwatch.service');
  writeFileSync(file, UNIT.replace(/^ExecStart=.*$/m, 'ExecStart=/bin/true'));
  try {
    return use(file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describe('the systemd unit', () => {
  it.each([
    ['Type', 'exec'],
    ['ExecStart', '/usr/bin/originwatch run --config /etc/originwatch/originwatch.yaml'],
    ['ExecReload', '/bin/kill -HUP $MAINPID'],
    ['Restart', 'always'],
    ['RestartPreventExitStatus', '64 78'],
    ['DynamicUser', 'yes'],
    ['StateDirectory', 'originwatch'],
    ['StateDirectoryMode', '0700'],
    ['ProtectSystem', 'strict'],
    ['ProtectHome', 'yes'],
    ['PrivateTmp', 'yes'],
    ['PrivateDevices', 'yes'],
    ['NoNewPrivileges', 'yes'],
    ['CapabilityBoundingSet', ''],
    ['MemoryDenyWriteExecute', 'no'],
    ['WantedBy', 'multi-user.target'],
  ])('says %s=%s', (key, value) => {
    expect(keys().get(key)).toEqual([value]);
  });

  it('leaves the daemon more time to end than it takes', () => {
    expect(Number.parseInt(keys().get('TimeoutStopSec')?.[0] ?? '', 10)).toBeGreaterThan(10);
  });

  it('shows how to hand over a secret, and hands over none', () => {
    expect(UNIT).toMatch(/^# LoadCredential=/m);
    expect(keys().has('LoadCredential')).toBe(false);
  });

  it.skipIf(!hasAnalyze)('is understood by systemd, unknown keys included (needs systemd-analyze)', () => {
    withCopy((file) => {
      const verified = analyze('verify', file);
      const about = `${verified.stderr}`.split('\n').filter((line) => line.includes('originwatch'));
      expect({ status: verified.status, about }).toEqual({ status: 0, about: [] });
    });
  });

  it.skipIf(!hasAnalyze)('exposes little (needs systemd-analyze)', () => {
    withCopy((file) => {
      const { stdout } = analyze('security', '--offline=true', file);
      expect(Number(/exposure level for .*: ([\d.]+)/.exec(stdout)?.[1])).toBeLessThan(2);
    });
  });
});

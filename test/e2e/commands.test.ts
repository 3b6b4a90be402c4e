/** The commands that run a feed without the daemon's file: `record`, and the `demo` that needs no network. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Alert } from '../../src/incident/alert.ts';
import { buildProgram, eventually, type Program, Running, runProgram } from './program.ts';
import { Stage } from './stage.ts';
import { KAKAO, stepsOf, watchOf } from './story.ts';

let program: Program;
let directory: string;

beforeAll(async () => {
  program = await buildProgram();
  directory = mkdtempSync(join(tmpdir(), 'originwatch-e2e-'));
});
afterAll(() => {
  program?.remove();
  rmSync(directory, { recursive: true, force: true });
});

describe('record', () => {
  test('writes what replays, until Ctrl-C, and leaves a file alone that is there', async () => {
    const stage = await Stage.set(program, { watch: watchOf(KAKAO) });
    const out = join(directory, 'recorded.ndjson');
    const args = ['record', '--config', stage.configPath, '--minutes', '60', '--out', out];
    const recording = new Running(program, args);
    await stage.simulator.until(() => (stage.simulator.clients[0]?.subscriptions.length ?? 0) >= 3);
    for (const step of stepsOf(KAKAO).slice(0, 4))
      for (const frame of step(Date.now())) expect(stage.simulator.send(frame)).toBe(1);
    await eventually('twelve lines', () => readFileSync(out, 'utf8').split('"peer_asn').length > 10);
    const { code, stdout, stderr } = await recording.end('SIGINT');
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(/\d+ frames in [\d.]+ s written to /);
    expect(readFileSync(out, 'utf8')).toMatch(/"end":true\}\n$/);

    const replayed = await runProgram(program, ['replay', '--json', '--config', stage.configPath, out]);
    const alerts = replayed.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Alert);
    expect(alerts.map(({ event }) => event)).toContain('opened');
    expect(alerts[0]?.incident.detectedBy).toBe('live');

    const before = readFileSync(out, 'utf8');
    const again = await runProgram(program, args);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('exists already');
    expect(readFileSync(out, 'utf8')).toBe(before);
    await stage.close();
  });

  test('ends by itself, and with 1 when no feed was ever there', async () => {
    const stage = await Stage.set(program, { watch: watchOf(KAKAO) });
    stage.simulator.faults.refuseUpgrades = true;
    const out = join(directory, 'nothing.ndjson');
    const { code, stderr } = await runProgram(program, [
      'record',
      '--config',
      stage.configPath,
      '--minutes',
      '0.005',
      '--out',
      out,
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('no feed was ever there');
    await stage.close();
  });
});

describe('demo', () => {
  test('plays the story to its end on a free port where its own is taken, and leaves nothing behind', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const port = String((taken.address() as { port: number }).port);
    const home = mkdtempSync(join(directory, 'demo-'));
    const demo = new Running(program, ['demo', '--exit', '--speed', '60', '--port', port], { TMPDIR: home });
    const { code, stdout, stderr } = await demo.ended;
    taken.close();
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`Port ${port} is taken`);
    for (const word of ['#1 opened, critical', 'resolved', 'Slack', 'developers.kakao.com: yes', 'All clear'])
      expect(stdout).toContain(word);
    expect(stdout.indexOf('AS6461 passes on')).toBeLessThan(stdout.indexOf('#1 opened'));
    expect(readdirSync(home)).toEqual([]);
  });

  test('is ended by Ctrl-C at any time, cleanly', async () => {
    const home = mkdtempSync(join(directory, 'demo-'));
    const demo = new Running(program, ['demo', '--port', '0'], { TMPDIR: home });
    await eventually('the first words', () => demo.stdout.includes('Dashboard'));
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(demo.stdout)?.[0] ?? '';
    await eventually('a daemon that is ready', async () => (await fetch(`${url}/readyz`)).status === 200);
    const { code, stderr } = await demo.end('SIGINT');
    expect([code, stderr]).toEqual([0, '']);
    expect(readdirSync(home)).toEqual([]);
  });
});

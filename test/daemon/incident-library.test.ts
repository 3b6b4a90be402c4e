/** `originwatch replay --incident NAME`: every incident of the library plays, and says what it is. */
import { readdirSync } from 'node:fs';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { runCommandLine } from '../../src/cli/command-line.ts';
import { replayIncident } from '../../src/cli/commands/incident-library.ts';
import { type ReplayArguments, type Streams, UsageError } from '../../src/cli/usage.ts';
import type { Alert } from '../../src/incident/alert.ts';

class Kept extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function told(
  run: (io: Streams) => Promise<number>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const [stdout, stderr] = [new Kept(), new Kept()];
  const code = await run({ stdout, stderr } as unknown as Streams);
  return { code, stdout: stdout.text, stderr: stderr.text };
}

async function played(options: ReplayArguments): Promise<{ alerts: readonly Alert[]; stderr: string }> {
  const { code, stdout, stderr } = await told((io) => replayIncident({ json: true, ...options }, io));
  expect(code).toBe(0);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return { alerts: lines.map((line) => JSON.parse(line) as Alert), stderr };
}

interface Listed {
  readonly name: string;
  readonly id: string;
  readonly date: string;
  readonly title: string;
  readonly kind: string | null;
}

async function listed(): Promise<readonly Listed[]> {
  const { stdout } = await told((io) => replayIncident({ list: true, json: true }, io));
  return JSON.parse(stdout) as readonly Listed[];
}

describe('the library of incidents', () => {
  test('names them all, oldest first, each with a date, a title and a kind', async () => {
    const rows = await listed();
    const files = readdirSync(new URL('../../config/incidents/', import.meta.url));
    expect(rows.map(({ id }) => `${id}.json`).sort()).toEqual(files.sort());
    expect(rows.map(({ date }) => date)).toEqual(rows.map(({ date }) => date).sort());
    for (const { title, date, kind } of rows) {
      expect(title).toMatch(/\S/);
      expect(date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      expect(kind === null || /^[a-z-]+$/.test(kind)).toBe(true);
    }
    expect(rows.find(({ name }) => name === 'kakao-2022')).toMatchObject({
      date: '2022-02-03',
      kind: 'sub-prefix',
    });
  });

  test('names them on a terminal too', async () => {
    const { stdout, code } = await told((io) => runCommandLine(['replay', '--list'], io));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^NAME +DATE +KIND +TITLE\n/);
    expect(stdout).toMatch(/^kakao-2022 +2022-02-03 +sub-prefix +\S/m);
  });

  test.each(['kakao-2022', 'klayswap-kakao-2022'])(
    '%s raises the alert that nobody had',
    async (incident) => {
      const { alerts, stderr } = await played({ incident });
      expect(alerts[0]).toMatchObject({
        event: 'opened',
        at: '2022-02-03T01:04:18.000Z',
        incident: { kind: 'sub-prefix', offender: 9457, severity: 'critical', detectedBy: 'replay' },
      });
      expect(stderr).toContain('Watched: 211.249.216.0/21 of AS7625');
      expect(stderr).toContain(
        'a session of AS6461 shows 211.249.221.0/24 with the origin AS9457, path 6461 9457.',
      );
      expect(stderr).toContain('On record as: sub-prefix, by AS9457.');
    },
  );

  test('each of them can be played', async () => {
    for (const { name } of await listed()) {
      const { stderr } = await played({ incident: name });
      expect(stderr, name).toMatch(/\d+ records, \d+ inputs/);
      expect(stderr, name).not.toContain('json');
    }
  });

  test('an end may be given: the clock stops there', async () => {
    const { alerts } = await played({ incident: 'kakao-2022', to: Date.parse('2022-02-03T01:05:00Z') });
    expect(alerts.length).toBeGreaterThan(0);
    expect(alerts.every(({ at }) => at <= '2022-02-03T01:05:00.000Z')).toBe(true);
  });

  test('so may a beginning: what is wrong at that moment opens then', async () => {
    const { alerts } = await played({ incident: 'kakao-2022', from: Date.parse('2022-02-03T01:30:00Z') });
    expect(alerts[0]).toMatchObject({ event: 'opened', at: '2022-02-03T01:30:00.000Z' });
  });

  test('for people, alerts are lines of text', async () => {
    const { stdout } = await told((io) => replayIncident({ incident: 'kakao-2022' }, io));
    expect(stdout).toMatch(/^2022-02-03T01:04:18\.000Z opened +critical sub-prefix /);
  });

  test('where nothing is said, it is said that nothing was', async () => {
    const { alerts, stderr } = await played({ incident: 'benign-anycast-froot' });
    expect(alerts).toEqual([]);
    expect(stderr).toContain('No alert, as it should be.');
  });

  test('a name that is not there is wrong usage, with a hint', async () => {
    await expect(told((io) => replayIncident({ incident: 'bitcanal' }, io))).rejects.toThrow(
      new UsageError(
        'no incident is called "bitcanal"; is it bitcanal-2018 or bitcanal-kt-2015 or bitcanal-tata-2015?',
      ),
    );
    await expect(told((io) => replayIncident({ incident: '../x' }, io))).rejects.toThrow(UsageError);
  });
});

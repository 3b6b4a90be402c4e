/**
 * The ground gives way under a running daemon: another's lock, a full disk, a directory that is removed. It stays up,
 * says so, and writes down what it judged meanwhile.
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram, eventually, type Program } from './program.ts';
import { Stage } from './stage.ts';
import { castOf, stepsOf, watchOf } from './story.ts';

let program: Program;
let stage: Stage;
let mounted: string | undefined;

beforeAll(async () => {
  program = await buildProgram();
});
afterEach(async () => {
  if (stage?.daemon?.isRunning) await stage.kill();
  if (mounted !== undefined) spawnSync('umount', [mounted]);
  mounted = undefined;
  await stage?.close();
});
afterAll(() => program?.remove());

const CASTS = [castOf(0), castOf(1)];
const [first, second] = CASTS as [(typeof CASTS)[0], (typeof CASTS)[0]];

async function started(): Promise<void> {
  stage = await Stage.set(program, { watch: CASTS.flatMap(watchOf) });
}

/** Quiet at first. */
async function quiet(): Promise<void> {
  for (const cast of CASTS) await stage.play(...(stepsOf(cast)[0]?.(Date.now()) ?? []));
}

async function hijack(cast: (typeof CASTS)[0]): Promise<void> {
  await stage.play(...(stepsOf(cast)[1]?.(Date.now()) ?? []));
}

function readiness(): Promise<{ status: number; store: string }> {
  return fetch(`${stage.url}/readyz`).then(async (response) => ({
    status: response.status,
    store: ((await response.json()) as { store: string }).store,
  }));
}

async function unready(): Promise<void> {
  await eventually('the store not to be ready', async () => {
    const { status, store } = await readiness();
    return status === 503 && store !== 'ok';
  });
}

/** Texts that the webhook got about our own store. */
function toldOfStore(event: string): Promise<string> {
  return eventually(`${event} of the store at the webhook`, () =>
    stage.webhook.received
      .map(({ body }) => body)
      .find((body) => {
        const { data } = JSON.parse(body) as { data: { event: string; incident: { group: string } } };
        return data.event === event && data.incident.group === 'store';
      }),
  );
}

async function bothIncidents(): Promise<void> {
  for (const { group } of CASTS) await stage.alert('opened', group);
  const alerts = await stage.alerts();
  expect(alerts.map(({ seq }) => seq)).toEqual(alerts.map((_, index) => index + 1));
  await hijacksTold();
  for (const alert of alerts.filter(({ event }) => event === 'opened')) {
    const bodies = stage.webhook.received.filter(({ body }) => body.includes(`"id":"${alert.incident.id}"`));
    const openings = bodies.filter(({ body }) => body.includes('.alert.opened'));
    expect(openings.map(({ headers }) => headers['idempotency-key'])).toEqual([alert.id]);
  }
}

/** Whether they are written yet or not. */
async function hijacksTold(): Promise<void> {
  await eventually('every opening at the webhook', () =>
    CASTS.every(({ group }) =>
      stage.webhook.received.some(({ body }) => body.includes(`"group":"${group}"`)),
    ),
  );
}

describe('a database that another process has locked', () => {
  it('holds nobody up: judged in memory, said, and written in order when the lock is gone', async () => {
    await started();
    await stage.start();
    await quiet();
    const other = new Database(stage.file('state/originwatch.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    const { pid } = stage.daemon.child;
    await hijack(first);
    await unready();
    await toldOfStore('opened');
    const slowestMs = await slowestHealth(20);
    await hijack(second);
    await hijacksTold();
    expect(await stage.incidents('?state=open&kind=sub-prefix')).toEqual([]);
    const refused = await fetch(`${stage.url}/api/v1/silences`, { method: 'POST' });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    other.exec('ROLLBACK');
    other.close();
    await bothIncidents();
    await toldOfStore('resolved');
    expect(slowestMs).toBeLessThan(500);
    expect(stage.daemon.isRunning && stage.daemon.child.pid === pid).toBe(true);
    expect((await readiness()).store).toBe('ok');
  }, 60_000);
});

async function slowestHealth(times: number): Promise<number> {
  let slowest = 0;
  for (let time = 0; time < times; time += 1) {
    const began = performance.now();
    await fetch(`${stage.url}/healthz`);
    slowest = Math.max(slowest, performance.now() - began);
  }
  return slowest;
}

function mountSmall(directory: string): boolean {
  mkdirSync(directory, { recursive: true });
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', directory]);
  if (status === 0) mounted = directory;
  return status === 0;
}

function canMount(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'originwatch-mount-'));
  const could = mountSmall(directory);
  spawnSync('umount', [directory]);
  mounted = undefined;
  rmSync(directory, { recursive: true });
  return could;
}

function fill(file: string): void {
  const open = openSync(file, 'w');
  try {
    for (;;) writeSync(open, Buffer.alloc(4096));
  } catch {
    closeSync(open);
  }
}

describe('a disk that is full', () => {
  it.skipIf(!canMount())(
    'is said, and what was judged is written when there is room again (needs mount)',
    async () => {
      await started();
      mountSmall(stage.file('state'));
      await stage.start();
      await quiet();
      fill(stage.file('state/filler'));
      await hijack(first);
      await unready();
      expect(await toldOfStore('opened')).toContain('the disk is full');
      await hijack(second);
      await hijacksTold();
      rmSync(stage.file('state/filler'));
      await bothIncidents();
      await toldOfStore('resolved');
    },
    60_000,
  );

  it.skipIf(!canMount())(
    'keeps no daemon from starting, which then judges by what it reads (needs mount)',
    async () => {
      await started();
      mountSmall(stage.file('state'));
      await stage.start();
      await quiet();
      await hijack(first);
      await stage.alert('opened', first.group);
      await stage.daemon.end('SIGTERM');
      fill(stage.file('state/filler'));
      await stage.startUnready();
      await unready();
      await toldOfStore('opened');
      expect(await stage.incidents('?state=open')).toMatchObject([{ group: first.group }]);
      await hijack(second);
      rmSync(stage.file('state/filler'));
      await bothIncidents();
      await stage.ready();
    },
    60_000,
  );
});

describe('a state directory that is removed', () => {
  it('is noticed within seconds, and what the database held is written once there is a directory again', async () => {
    await started();
    await stage.start();
    await quiet();
    await hijack(first);
    await stage.alert('opened', first.group);
    rmSync(stage.file('state'), { recursive: true });
    await unready();
    expect(await toldOfStore('opened')).toContain('the state directory was removed');
    await hijack(second);
    mkdirSync(stage.file('state'));
    await bothIncidents();
    await stage.ready();
    expect(readdirSync(stage.file('state'))).toEqual(
      expect.arrayContaining(['originwatch.sqlite', 'daemon.json', 'admin-token']),
    );
    await stage.kill();
    await stage.start();
    await bothIncidents();
  }, 60_000);

  it('is made again at an orderly stop, so that the next start knows everything', async () => {
    await started();
    await stage.start();
    await quiet();
    rmSync(stage.file('state'), { recursive: true });
    await unready();
    await hijack(first);
    expect((await stage.daemon.end('SIGTERM')).code).toBe(0);
    await stage.start();
    await stage.alert('opened', first.group);
  }, 60_000);
});

describe('a database that is damaged', () => {
  it.each([
    ['of no bytes', (file: string) => writeFileSync(file, '')],
    ['that is no database', (file: string) => writeFileSync(file, 'x'.repeat(20_000))],
  ])(
    '%s is set aside and said, and the watch goes on',
    async (_, damage) => {
      await started();
      await stage.start();
      await quiet();
      await stage.daemon.end('SIGTERM');
      damage(stage.file('state/originwatch.sqlite'));
      await stage.start();
      expect(stage.daemon.logged('store.damaged')).toHaveLength(1);
      expect(await toldOfStore('opened')).toContain('damaged');
      expect(readdirSync(stage.file('state')).filter((name) => name.includes('.damaged-'))).toHaveLength(1);
      await hijack(first);
      await stage.alert('opened', first.group);
      await stage.daemon.end('SIGTERM');
      await stage.start();
      expect(stage.daemon.logged('store.damaged')).toEqual([]);
      expect(existsSync(stage.file('state/originwatch.sqlite'))).toBe(true);
    },
    60_000,
  );
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BaselineRow } from '../../src/engine/ports.ts';
import { openStore } from '../../src/store/store.ts';
import { routes } from '../store/routes.ts';
import { type Room, room } from './bench.ts';
import { daemonBeside } from './daemon-beside.ts';

let place: Room;
beforeEach(() => {
  place = room();
});
afterEach(() => place.remove());

function row(prefix: string, origin: number, change: Partial<BaselineRow> = {}): BaselineRow {
  return {
    prefix,
    origin,
    neighbors: [10158],
    source: 'learned',
    firstSeenAt: '2022-02-01T00:00:00.000Z',
    lastSeenAt: '2022-02-03T00:00:00.000Z',
    peerAsns: [3356, 6461],
    by: '',
    note: '',
    ...change,
  };
}

function stored(): readonly BaselineRow[] {
  const store = openStore(place.database, { lock: false, readOnly: true });
  try {
    return store.archive.baseline();
  } finally {
    store.close();
  }
}

const LINE =
  '{"prefix":"198.51.100.0/24","origin":64501,"neighbors":[64510],"source":"operator","firstSeenAt":null,"lastSeenAt":null}';

describe('reading', () => {
  test('a database that is not there yet is an empty baseline, and is named', async () => {
    const listed = await place.run('baseline', 'list', '--json');
    expect(listed.code).toBe(0);
    expect(JSON.parse(listed.stdout)).toEqual({ baseline: [] });
    expect(listed.stderr).toContain(place.database);
    expect((await place.run('baseline', 'export')).stdout).toBe('');
  });

  test('list shows all, show what concerns a prefix', async () => {
    place.fill({
      baseline: [
        row('211.249.216.0/21', 7625),
        row('198.51.100.0/24', 64501),
        row('211.249.220.0/24', 9457, { source: 'rejected', by: 'duty' }),
      ],
    });
    const all = JSON.parse((await place.run('baseline', 'list', '--json')).stdout);
    expect(all.baseline).toHaveLength(3);
    const { stdout, code } = await place.run('baseline', 'show', '211.249.220.0/22');
    expect(code).toBe(0);
    expect(stdout).toMatch(/211\.249\.216\.0\/21 +AS7625 +learned +AS10158 +2 /);
    expect(stdout).toMatch(/211\.249\.220\.0\/24 +AS9457 +rejected .*duty/);
    expect(stdout).not.toContain('198.51.100.0');
    expect((await place.run('baseline', 'show', '211.249.216.9/21')).code).toBe(64);
  });

  test('works beside a running daemon', async () => {
    place.fill({ baseline: [row('211.249.216.0/21', 7625)] });
    const beside = await daemonBeside(place, true);
    const exported = await place.run('baseline', 'export');
    await beside.end();
    expect(exported.code).toBe(0);
    expect(exported.stdout).toContain('211.249.216.0/21');
  });
});

describe('export and import', () => {
  test('a line has exactly the six keys', async () => {
    place.fill({ baseline: [row('211.249.216.0/21', 7625, { by: 'duty', note: 'secret plan' })] });
    expect((await place.run('baseline', 'export')).stdout).toBe(
      '{"prefix":"211.249.216.0/21","origin":7625,"neighbors":[10158],"source":"learned","firstSeenAt":"2022-02-01T00:00:00.000Z","lastSeenAt":"2022-02-03T00:00:00.000Z"}\n',
    );
  });

  test('what was exported is imported again, to the same export', async () => {
    place.fill({
      baseline: [
        row('211.249.216.0/21', 7625),
        row('2001:db8::/32', 64501, { firstSeenAt: null, lastSeenAt: null }),
      ],
    });
    const { stdout } = await place.run('baseline', 'export');
    const other = room();
    const ran = await other.run('baseline', 'import', place.file('b.ndjson', stdout));
    expect(ran.code).toBe(0);
    expect(ran.stderr).toBe(
      `2 rows imported\nno daemon runs here: ${other.database} was changed, and the next start reads it\n`,
    );
    expect((await other.run('baseline', 'export')).stdout).toBe(stdout);
    other.remove();
  });

  test('every bad line is named with its place, and nothing is imported', async () => {
    const lines = [
      LINE,
      '{"prefix":"198.51.100.1/24","origin":64501,"neighbors":[],"source":"operator","firstSeenAt":null,"lastSeenAt":null}',
      '',
      '{"prefix": oops}',
      '{"prefix":"198.51.100.0/25","origin":-1,"neighbors":["x"],"source":"oprator","firstSeenAt":"soon","lastSeenAt":null}',
      '{"prefix":"198.51.100.0/26","orgin":1}',
      '[1]',
      LINE,
    ];
    const file = place.file('bad.ndjson', lines.join('\n'));
    const { code, stderr, stdout } = await place.run('baseline', 'import', file);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    const said = stderr.trimEnd().split('\n');
    expect(said[0]).toBe(
      `${file}:2:2: prefix "198.51.100.1/24" has host bits set; write 198.51.100.0/24, or the length that is meant`,
    );
    expect(said[1]).toMatch(/:4:12: is no JSON; /);
    expect(said.filter((line) => line.includes(':5:'))).toHaveLength(4);
    expect(said.find((line) => line.includes('oprator'))).toMatch(/did you mean "operator"/);
    expect(said.find((line) => line.includes('orgin'))).toMatch(
      /:6:29: unknown key "orgin"; did you mean "origin"/,
    );
    expect(said.at(-2)).toMatch(/:8:1: .* stands in line 1 too; keep one/);
    expect(said.at(-1)).toMatch(/^\d+ errors, nothing was imported$/);
    expect((await place.run('baseline', 'export')).stdout).toBe('');
  });

  test('a decision without a name gets the name of who imports it', async () => {
    await place.run('baseline', 'import', place.file('b.ndjson', LINE), '--by', 'duty');
    expect(stored()).toMatchObject([{ source: 'operator', by: 'duty' }]);
  });

  test('a file that is not there is a failure', async () => {
    const { code, stderr } = await place.run('baseline', 'import', `${place.directory}/none`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/input-unreadable.*ENOENT/);
  });

  test('goes through the daemon while one runs', async () => {
    const beside = await daemonBeside(place, true);
    const ran = await place.run('baseline', 'import', place.file('b.ndjson', LINE), '--by', 'duty', '--json');
    await beside.end();
    expect(ran).toMatchObject({ code: 0, stdout: '{"imported":1}\n' });
    expect(beside.world.baselineRows).toMatchObject([
      { prefix: '198.51.100.0/24', origin: 64501, neighbors: [64510] },
    ]);
    expect(beside.world.audit).toMatchObject([{ action: 'baseline.import', note: 'by duty' }]);
  });
});

describe('accept and reject', () => {
  test('write into the database without a daemon, with the neighbours that are seen', async () => {
    place.fill({
      baseline: [row('198.51.100.0/24', 64501, { neighbors: [], source: 'observed' })],
      routes: routes(1, [
        {
          vantagePoint: { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 3356 },
          prefix: '198.51.100.0/24',
          path: [3356, 64510, 64501],
          communities: [],
          observedMs: 1,
          arrivedMs: 1,
        },
      ]),
    });
    const accepted = await place.run(
      'baseline',
      'accept',
      '198.51.100.0/24',
      'AS64501',
      '--by',
      'duty',
      '--note',
      'moved',
      '--json',
    );
    expect(accepted.code).toBe(0);
    expect(JSON.parse(accepted.stdout)).toEqual(stored()[0]);
    expect(stored()[0]).toMatchObject({
      source: 'operator',
      by: 'duty',
      note: 'moved',
      neighbors: [64510],
      peerAsns: [3356, 6461],
    });
    const rejected = await place.run('baseline', 'reject', '198.51.100.0/24', '9457', '--by', 'duty');
    expect(rejected.stdout).toBe('rejected AS9457 for 198.51.100.0/24 by duty\n');
    expect(stored().find(({ origin }) => origin === 9457)).toMatchObject({
      source: 'rejected',
      firstSeenAt: null,
    });
  });

  test('go through the daemon while one runs', async () => {
    const beside = await daemonBeside(place, true);
    const [prefix, by] = ['198.51.100.0/24', '--by=duty'];
    const refused = await place.run('baseline', 'accept', prefix, '64501', by);
    const ran = await place.run('baseline', 'accept', prefix, '64501', by, '--force');
    await beside.end();
    expect(refused.code).toBe(64);
    expect(refused.stderr).toMatch(/198\.51\.100\.0\/24 overlaps nothing that is watched.*--force/);
    expect(ran.stdout).toBe('accepted AS64501 for 198.51.100.0/24 by duty\n');
    expect(beside.world.changes).toMatchObject([
      { prefix: '198.51.100.0/24', origin: 64501, source: 'operator', author: { by: 'duty' } },
    ]);
  });

  test('forget makes an origin as if never seen, and says when there is none', async () => {
    place.fill({
      baseline: [row('198.51.100.0/24', 64501), row('198.51.100.0/24', 9457), row('203.0.113.0/24', 1)],
    });
    const one = await place.run('baseline', 'forget', '198.51.100.0/24', 'AS9457', '--by', 'duty');
    expect(one).toMatchObject({ code: 0, stdout: 'forgot 1 origin of 198.51.100.0/24\n' });
    expect(stored().map(({ origin }) => origin)).toEqual([64501, 1]);
    expect((await place.run('baseline', 'forget', '198.51.100.0/24', '9457')).code).toBe(1);
    expect((await place.run('baseline', 'forget', '198.51.100.0/24', '--json')).stdout).toContain(
      '"forgotten":1',
    );
    expect(stored().map(({ origin }) => origin)).toEqual([1]);
  });

  test('refuse what makes no sense', async () => {
    expect((await place.run('baseline', 'accept', '198.51.100.1/24', '1')).code).toBe(64);
    expect((await place.run('baseline', 'accept', '198.51.100.0/24', 'ASX')).code).toBe(64);
    expect((await place.run('baseline', 'accept', '198.51.100.0/24', '1', '--by', '')).code).toBe(64);
  });
});

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { anIncident, type World } from '../serve/fakes.ts';
import { type Room, room } from './bench.ts';
import { type Beside, daemonBeside } from './daemon-beside.ts';

let place: Room;
let beside: Beside;
let world: World;

beforeEach(async () => {
  place = room('serve: { listen: "127.0.0.1:0" }\n');
  beside = await daemonBeside(place);
  world = beside.world;
});
afterEach(async () => {
  await beside.end();
  place.remove();
});

function add(number: number, change: Parameters<typeof anIncident>[1] = {}): string {
  const id = `${String(number).repeat(8).slice(0, 8)}-0000-8000-8000-00000000000${number}`;
  world.incidents.set(id, anIncident(number, { ...change, id }));
  return id;
}

describe('incidents list', () => {
  test('prints a table with short ids, newest first', async () => {
    add(1);
    add(2, { severity: 'warning', offender: null });
    const { code, stdout } = await place.run('incidents', 'list');
    const lines = stdout.trimEnd().split('\n');
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^ID +STATE +SEVERITY/);
    expect(lines[1]).toMatch(/^22222222 +open +warning +sub-prefix +kakao +– /);
    expect(lines[2]).toMatch(/^11111111 +open +critical .*AS9457 .*UTC/);
  });

  test('prints what the API gives with --json', async () => {
    const id = add(1);
    const { stdout } = await place.run('incidents', 'list', '--json');
    expect(JSON.parse(stdout)).toEqual({ incidents: [world.incidents.get(id)], next: null });
  });

  test('joins pages up to --limit and says that there are more', async () => {
    for (let number = 1; number <= 4; number += 1) add(number);
    const { stdout, stderr } = await place.run('incidents', 'list', '--limit', '3');
    expect(stdout.trimEnd().split('\n')).toHaveLength(4);
    expect(stderr).toContain('more than 3');
  });

  test('filters; a span counts back from now', async () => {
    add(1, { group: 'other' });
    add(2);
    const of = async (...argv: string[]): Promise<number> =>
      JSON.parse((await place.run('incidents', 'list', '--json', ...argv)).stdout).incidents.length;
    expect(await of('--group', 'kakao')).toBe(1);
    expect(await of('--since', '2h')).toBe(0);
    expect(await of('--since', '2022-02-03T00:00:00Z')).toBe(2);
    expect(await of('--prefix', '211.249.221.0/24')).toBe(2);
  });

  test.each([
    [['--kind', 'nonsense'], /kind: any of/],
    [['--prefix', '211.249.216.1/21'], /host bits set; write 211\.249\.216\.0\/21/],
    [['--since', 'yesterday'], /is no time/],
    [['--limit', '0'], /--limit/],
  ])('calls %j wrong usage', async (argv, word) => {
    const { code, stderr } = await place.run('incidents', 'list', ...argv);
    expect(code).toBe(64);
    expect(stderr).toMatch(word);
  });

  test('lets no text from outside steer the terminal', async () => {
    add(1, { summary: { en: 'evil \u001b[31m\u202e\n line', ko: 'evil \u001b[31m\u202e\n line' } });
    const { stdout } = await place.run('incidents', 'list');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(stdout).not.toMatch(/[\u001b\u202e]/);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
  });
});

describe('one incident', () => {
  test('is shown by the beginning of its id, with evidence, advice and timeline', async () => {
    const id = add(1);
    world.incidents.set(id, { ...anIncident(1), id });
    const { code, stdout } = await place.run('incidents', 'show', '1111');
    expect(code).toBe(0);
    expect(stdout).toContain(id);
    expect(stdout).toMatch(/\+6 +sub-prefix +watchlist/);
    expect(stdout).toContain('next: Call AS9457.');
  });

  test('is acknowledged and resolved in the name of who asks', async () => {
    const id = add(1);
    const acked = await place.run('incidents', 'ack', id, '--by', 'duty', '--note', 'on it');
    const resolved = await place.run('incidents', 'resolve', '1111', '--by', 'duty', '--json');
    expect([acked.code, resolved.code]).toEqual([0, 0]);
    expect(acked.stdout).toMatch(new RegExp(`^acknowledged ${id} by duty`));
    expect(JSON.parse(resolved.stdout)).toMatchObject({ id, state: 'resolved' });
    expect(world.changes).toMatchObject([
      { id, author: { by: 'duty', note: 'on it' } },
      { id, author: { by: 'duty', note: '' } },
    ]);
  });

  test('that is not there is a failure, one that is ambiguous wrong usage', async () => {
    add(1);
    world.incidents.set(
      '11111111-1111-8000-8000-000000000009',
      anIncident(9, { id: '11111111-1111-8000-8000-000000000009' }),
    );
    expect((await place.run('incidents', 'show', '1111')).code).toBe(64);
    expect((await place.run('incidents', 'show', '9999')).code).toBe(1);
    expect((await place.run('incidents', 'show', '99999999-9999-8000-8000-000000000009')).code).toBe(1);
    expect((await place.run('incidents', 'show', 'x;')).code).toBe(64);
  });
});

describe('silences', () => {
  test('are added, listed and ended', async () => {
    const added = await place.run(
      'silence',
      'add',
      '--prefix',
      '211.249.216.0/21',
      '--offender',
      'AS9457',
      '--ends',
      '2h',
      '--by',
      'duty',
      '--json',
    );
    const silence = JSON.parse(added.stdout);
    expect(added.code).toBe(0);
    expect(silence.match).toEqual({ prefix: '211.249.216.0/21', offender: 9457 });
    expect(Date.parse(silence.endsAt) - Date.parse(silence.startsAt)).toBe(7_200_000);
    const listed = await place.run('silence', 'list');
    expect(listed.stdout).toMatch(/active +211\.249\.216\.0\/21, AS9457/);
    const ended = await place.run('silence', 'expire', silence.id, '--by', 'duty');
    expect(ended.code).toBe(0);
    expect(world.silences).toEqual([]);
    expect((await place.run('silence', 'expire', silence.id)).code).toBe(1);
  });

  test('may announce a planned change with its origin', async () => {
    const at = new Date(Date.now() + 86_400_000).toISOString();
    await place.run(
      'silence',
      'add',
      '--group',
      'kakao',
      '--starts',
      at,
      '--ends',
      '1h',
      '--expected-origin',
      '13335',
    );
    expect(world.silences).toMatchObject([
      { startsAt: at, expectedOrigin: 13335, match: { group: 'kakao' } },
    ]);
    expect((await place.run('silence', 'list')).stdout).toMatch(/planned +group kakao +AS13335/);
  });

  test.each([
    [['--ends', '2h'], /at least one of/],
    [['--group', 'kakao'], /--ends/],
    [['--group', 'kakao', '--ends', '2020-01-01'], /after the start/],
    [['--group', 'kakao', '--ends', '2030-02-30'], /no time/],
    [['--kind', 'sub-prefx', '--ends', '2h'], /did you mean "sub-prefix"/],
    [['--offender', 'x', '--ends', '2h'], /no AS number/],
  ])('%j is wrong usage', async (argv, word) => {
    const { code, stderr } = await place.run('silence', 'add', ...argv);
    expect(code).toBe(64);
    expect(stderr).toMatch(word);
    expect(world.silences).toEqual([]);
  });
});

describe('status', () => {
  test('answers in words and as the API gives it', async () => {
    const words = await place.run('status', '211.249.216.0/21');
    expect(words.code).toBe(0);
    expect(words.stdout).toMatch(/no, it is not BGP[\s\S]*seen by 350 of 350[\s\S]*AS7625 +350/);
    const json = JSON.parse(
      (await place.run('status', 'AS7625', '--json', '--at', '2022-02-03T01:04:18Z')).stdout,
    );
    expect(json).toMatchObject({ verdict: 'no', because: [{ en: 'AS7625 at 2022-02-03T01:04:18.000Z' }] });
  });

  test.each([
    ['no', [], 0, 'OK'],
    ['yes', ['warning'], 1, 'WARNING'],
    ['yes', ['warning', 'critical'], 2, 'CRITICAL'],
    ['unknown', [], 3, 'UNKNOWN'],
  ] as const)('--check: verdict %s with %j exits %i', async (verdict, severities, code, word) => {
    Object.assign(world.present, {
      status: () => ({
        verdict,
        because: [{ en: 'a | b\nc', ko: '…' }],
        origins: [],
        visibility: { seeing: 3, known: 350 },
        incidents: severities.map((severity, index) => anIncident(index, { severity })),
        coverage: [],
      }),
    });
    const ran = await place.run('status', '211.249.216.0/21', '--check');
    expect(ran.code).toBe(code);
    expect(ran.stdout).toBe(
      `BGP ${word} - 211.249.216.0/21: a / b c | seeing=3;;;0;350 incidents=${severities.length};;;0\n`,
    );
  });

  test('--check is UNKNOWN, in one line, for whatever keeps it from knowing', async () => {
    const refused = await place.run('status', 'nonsense!', '--check');
    const usage = await place.run('status', '--check');
    const odd = await place.run('status', 'AS7625', '--check', '--at', 'never');
    place.file('originwatch.yaml', 'watchlist: gone.yaml\n');
    const config = await place.run('status', 'AS7625', '--check');
    for (const ran of [refused, usage, odd, config]) {
      expect(ran.code).toBe(3);
      expect(ran.stdout).toMatch(/^BGP UNKNOWN - [^\n]+\n$/);
    }
  });

  test('a resource that makes no sense is wrong usage', async () => {
    expect((await place.run('status', 'nonsense!')).code).toBe(64);
  });
});

describe('without a daemon', () => {
  test('the word is clear and the exit is 1, for a plugin 3', async () => {
    await beside.end();
    const listed = await place.run('incidents', 'list');
    expect(listed.code).toBe(1);
    expect(listed.stderr).toMatch(/daemon-unreachable.*no daemon runs.*originwatch run/);
    rmSync(join(place.state, 'daemon.json'));
    expect((await place.run('incidents', 'list')).stderr).toMatch(/daemon-unreachable.*state directory/);
    const checked = await place.run('status', '192.0.2.1', '--check');
    expect(checked.code).toBe(3);
    expect(checked.stdout).toMatch(/^BGP UNKNOWN - daemon-unreachable/);
  });

  test('a token that is missing is named, and one that is wrong refused', async () => {
    const id = add(1);
    rmSync(join(place.state, 'admin-token'));
    const missing = await place.run('incidents', 'ack', id);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/daemon-refused.*admin-token cannot be read/);
    writeFileSync(join(place.state, 'admin-token'), 'b2'.repeat(32));
    const wrong = await place.run('incidents', 'ack', id);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).not.toContain('b2b2');
  });
});

/** `init` by AS-SETs, against a stand-in of a routing registry, and beside open incidents. */
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAsSetName, parseIrr } from '../../src/feed/irr/as-set.ts';
import { originwatch, type Ran, type Room, room } from '../daemon/bench.ts';
import { incident, record, route } from '../store/samples.ts';

let place: Room;
let registry: Server;
let asked: string[];
/** What it says to the next question, in these pieces. */
let answer: readonly string[];

beforeEach(async () => {
  place = room();
  asked = [];
  registry = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (question) => {
      asked.push(question.toString('latin1'));
      for (const piece of answer) socket.write(piece);
      if (answer.at(-1) === '') socket.end();
    });
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await new Promise((resolve) => registry.close(resolve));
  place.remove();
});

const VRPS = {
  roas: [
    { prefix: '1.2.4.0/22', maxLength: 24, asn: 'AS64500' },
    { prefix: '1.2.8.0/22', maxLength: 22, asn: 64501 },
    { prefix: '211.249.221.0/24', maxLength: 24, asn: 9457 },
  ],
};

function init(...argv: readonly string[]): Promise<Ran> {
  const { port } = registry.address() as AddressInfo;
  const vrps = place.file('vrps.json', JSON.stringify(VRPS));
  return place.run('init', '--vrps', vrps, '--irr', `127.0.0.1:${port}`, ...argv);
}

describe('init --as-set', () => {
  test('asks the registry for all members, and watches them', async () => {
    answer = ['A23\nAS64500 AS64501 AS', '64502\nC\n'];
    answer = [`A${'AS64500 AS64501 AS64502\n'.length}\nAS64500 AS64`, '501 AS64502\nC\n'];
    const { code, stdout, stderr } = await init('--as-set', 'AS-SHOP');
    expect(asked).toEqual(['!iAS-SHOP,1\n']);
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('AS-SHOP: 3 AS numbers by 127.0.0.1'),
    });
    for (const word of ['1.2.4.0/22', '1.2.8.0/22', 'asn: 64502']) expect(stdout).toContain(word);
  });

  test('joins them with AS numbers that are named', async () => {
    answer = ['A8\nAS64501\nC\n', ''];
    const { stdout } = await init('--as-set', 'AS64500:AS-CUSTOMERS', '--asn', '64500');
    expect(asked).toEqual(['!iAS64500:AS-CUSTOMERS,1\n']);
    expect(stdout).toMatch(/1\.2\.4\.0\/22[\s\S]*1\.2\.8\.0\/22/);
  });

  test.each([
    [['D\n'], /there is no such set/],
    [['F unrecognized command\n'], /it answered/],
    [['A100\nAS1 AS2\n', ''], /cut short/],
    [['A3\nAS0\nC\n'], /no members/],
    [[''], /closed without an answer/],
  ])('an answer like %j is a failure that is named', async (said, words) => {
    answer = said;
    const { code, stdout, stderr } = await init('--as-set', 'AS-SHOP');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/irr-query: 127\.0\.0\.1:\d+, AS-SHOP/);
    expect(stderr).toMatch(words);
  });

  test('a registry that is not there, a name that is none', async () => {
    const vrps = place.file('vrps.json', JSON.stringify(VRPS));
    const gone = await place.run('init', '--vrps', vrps, '--irr', '127.0.0.1:9', '--as-set', 'AS-SHOP');
    expect(gone.code).toBe(1);
    expect(gone.stderr).toMatch(/irr-query.*refused/i);
    expect((await init('--as-set', 'SHOP')).code).toBe(64);
    expect((await init()).code).toBe(64);
    expect(['AS-A', 'AS1:AS-A', 'as-a', 'AS1', 'AS-', 'AS-A B', ''].map(isAsSetName)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(parseIrr('[::1]:43')).toEqual({ host: '::1', port: 43 });
  });
});

describe('init beside open incidents', () => {
  const hijack = { routes: [{ ...route('211.249.221.0/24'), originAs: [9457] }], offender: 9457 };

  test('does not adopt an origin that one of them names', async () => {
    place.fill({ incidents: [record(incident('a', hijack))] });
    const out = join(place.directory, 'new.yaml');
    const { code, stderr } = await init('--asn', '9457', '--out', out);
    expect(code).toBe(0);
    expect(stderr).toMatch(/open incidents name 1 route: their origins are not adopted/);
    const { stdout } = await originwatch(
      'check',
      '--json',
      '--config',
      place.file('c.yaml', `watchlist: new.yaml\n`),
    );
    expect(JSON.parse(stdout).entries.map(({ watch }: { watch: string }) => watch)).toEqual(['AS9457']);
    expect(existsSync(out)).toBe(true);
  });

  test('adopts it once the incident is over', async () => {
    place.fill({
      incidents: [
        record(incident('a', { ...hijack, state: 'resolved', resolvedAt: '2022-02-03T02:00:00.000Z' })),
      ],
    });
    const { stdout } = await init('--asn', '9457');
    expect(stdout).toMatch(/^ {2}- prefix: 211\.249\.221\.0\/24/m);
  });
});

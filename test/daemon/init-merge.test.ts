/** `originwatch init --out FILE`: what is missing joins an operator's watchlist, and nothing else of it changes. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UsageError } from '../../src/cli/usage.ts';
import { ConfigError } from '../../src/config/problems.ts';
import { applySplices, unifiedDiff } from '../../src/learn/line-edits.ts';
import { watchlist } from '../config/files.ts';
import { Bench, type Row, seen, type Told } from './init-fixture.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.close());

const ROWS: readonly Row[] = [
  ['121.53.104.0/23', seen(6, '10158 7625')],
  ['211.249.216.0/21', seen(6, '10158 7625')],
  ['211.249.220.0/24', seen(1, '10158 7625')],
];

/** Merges into this file and returns what it is afterwards. */
async function merged(
  before: string,
  name = 'watchlist.yaml',
  rows = ROWS,
): Promise<Told & { readonly after: string }> {
  const out = bench.file(name, before);
  const told = await bench.init({ asn: ['7625'], rib: [bench.rib(rows)], out, yes: true });
  return { ...told, after: readFileSync(out, 'utf8') };
}

const OPERATORS = `# Ours. Do not touch.
defaults: { group: kakao }   # all of it

watch:
  # The one that was taken.
  - name: "developers"   # quoted
    prefix: 211.249.216.0/21
    severity:   critical      # since 2022

  - asn: 7625   # Daum
  # the end

# a closing word
`;

describe("an operator's file", () => {
  test('keeps every line, gets what is missing, and loads', async () => {
    const { after, code } = await merged(OPERATORS);
    expect(code).toBe(0);
    expect(after).toBe(`# Ours. Do not touch.
defaults: { group: kakao }   # all of it

watch:
  # The one that was taken.
  - name: "developers"   # quoted
    prefix: 211.249.216.0/21
    severity:   critical      # since 2022
    origins: [7625]
    upstreams: [10158]

  - asn: 7625   # Daum
  # the end
  # seen by 6 of 6 vantage points; from RIB
  - prefix: 121.53.104.0/23
    group: kakao
    origins: [7625]
    upstreams: [10158]
  # seen by 1 of 6 vantage points; from RIB
  # CHECK few: seen by 1 of 6 vantage points only (peer ASes: 1)
  # - prefix: 211.249.220.0/24
  #   group: kakao
  #   origins: [7625]

# a closing word
`);
    expect(watchlist(after).watchlist.entries).toHaveLength(3);
  });

  test('merged again, stays as it is', async () => {
    const once = (await merged(OPERATORS)).after;
    const again = await merged(once);
    expect(again.after).toBe(once);
    expect(again.stderr).toContain('nothing is missing, nothing is written');
    expect(again.stdout).toBe('');
  });

  test('a value of the operator stays, and the difference is told', async () => {
    const before = 'watch:\n  - asn: 7625\n  - prefix: 211.249.216.0/21\n    origins: [AS9457]\n';
    const { after, stderr } = await merged(before, 'w.yaml', ROWS.slice(1, 2));
    expect(after).toBe(before);
    expect(stderr).toContain('211.249.216.0/21 stays as you wrote it: it expects AS9457; found AS7625');
  });

  test('nobody may announce it: that stays too', async () => {
    const before = 'watch:\n  - asn: 7625\n  - prefix: 211.249.216.0/21\n    origins: []\n';
    expect((await merged(before, 'w.yaml', ROWS.slice(1, 2))).after).toBe(before);
  });

  test('a hole stays a hole', async () => {
    const before = 'watch:\n  - asn: 7625\n  - prefix: 211.249.0.0/16\n    ignore: true\n';
    const { after, stderr } = await merged(before, 'w.yaml', ROWS.slice(1, 2));
    expect(after).toBe(before);
    expect(stderr).toContain('inside your hole 211.249.0.0/16');
  });

  test('what a covering entry expects needs no entry of its own', async () => {
    const before =
      'watch:\n  - asn: 7625\n  - prefix: 211.249.0.0/16\n    origins: [7625]\n    maxLength: 24\n';
    expect((await merged(before, 'w.yaml', ROWS.slice(1))).after).toBe(before);
  });

  test('what the defaults say is not missing', async () => {
    const before =
      'defaults:\n  origins: [7625]\n  upstreams: [1]\nwatch:\n  - asn: 7625\n  - prefix: 211.249.216.0/21\n';
    expect((await merged(before, 'w.yaml', ROWS.slice(1, 2))).after).toBe(before);
  });

  test('an empty list gets its entries', async () => {
    const { after } = await merged(
      'watch: []   # nothing yet\ndefaults: { group: x }\n',
      'w.yaml',
      ROWS.slice(1, 2),
    );
    expect(watchlist(after).watchlist.entries).toHaveLength(2);
    expect(after).toContain('watch:   # nothing yet\n');
  });

  test.each<[string, string]>([
    ['lists in brackets', 'watch: [ { prefix: 211.249.216.0/21, name: "a" } ]  # one\n'],
    ['JSON', '{"watch":[{"prefix":"211.249.216.0/21"},\n {"asn":9}]}'],
    ['no indentation', 'watch:\n- prefix: 211.249.216.0/21\n  name: >-\n    a block\n'],
    ['no newline at the end', 'watch:\n  - prefix: 211.249.216.0/21'],
    [
      'a dash on a line of its own',
      'watch:\n  -\n    prefix: 211.249.216.0/21\n    path:\n      maxLength: 12\ndefaults:\n  group: x\n',
    ],
    [
      'quotes and another spelling',
      "watch:\n  - 'prefix': '211.249.216.0/21'\n    upstreams:\n      - 10158\n",
    ],
    [
      'carriage returns',
      'watch:\r\n  - prefix: 211.249.216.0/21\r\n    name: x\r\ndefaults: { group: y }\r\n',
    ],
    ['an anchor', 'watch:\n  - &a\n    prefix: 211.249.216.0/21\n    services: [x]\n'],
  ])('written with %s it gains the same', async (_name, before) => {
    const { after } = await merged(before);
    const { entries } = watchlist(after).watchlist;
    const prefixes = entries.flatMap((entry) =>
      entry.type === 'prefix' ? [[entry.prefix.text, entry.origins, entry.upstreams]] : [],
    );
    expect(prefixes).toEqual([
      ['211.249.216.0/21', [7625], [10158]],
      ['121.53.104.0/23', [7625], [10158]],
    ]);
    expect(entries.filter((entry) => entry.type === 'asn' && entry.asn === 7625)).toHaveLength(1);
    expect(after.includes('\r\n')).toBe(before.includes('\r\n'));
    if (before.includes('\r\n')) expect(after.replaceAll('\r\n', '')).not.toContain('\n');
    expect((await merged(after)).after).toBe(after);
  });

  test('NDJSON gains lines, and what is in doubt is told', async () => {
    const before = '{"asn":7625}\n{"prefix":"211.249.216.0/21","name":"x"}\n';
    const { after, stderr } = await merged(before, 'w.ndjson');
    expect(after.startsWith(before)).toBe(true);
    expect(watchlist(after, 'w.ndjson').watchlist.entries).toHaveLength(3);
    expect(stderr).toContain('211.249.220.0/24: left out, few:');
  });

  test('with errors it is not touched', async () => {
    const before = 'watch:\n  - prefix: 211.249.216.1/21\n';
    const out = bench.file('w.yaml', before);
    await expect(bench.init({ asn: ['7625'], rib: [bench.rib(ROWS)], out, yes: true })).rejects.toThrow(
      ConfigError,
    );
    expect(readFileSync(out, 'utf8')).toBe(before);
  });
});

describe('before anything is written', () => {
  test('the difference is shown as a patch', async () => {
    const out = bench.file('w.yaml', OPERATORS);
    const told = await bench.init({ asn: ['7625'], rib: [bench.rib(ROWS)], out }, async () => false);
    expect(told.code).toBe(1);
    expect(readFileSync(out, 'utf8')).toBe(OPERATORS);
    expect(told.stdout).toMatch(/^--- .*w\.yaml\n\+\+\+ .*w\.yaml\n@@ -6,8 \+6,20 @@\n/);
    expect(told.stdout).toContain('\n+    origins: [7625]\n');
  });

  test('somebody has to agree, on the terminal or by --yes', async () => {
    const out = bench.file('w.yaml', OPERATORS);
    const options = { asn: ['7625'], rib: [bench.rib(ROWS)], out };
    await expect(bench.init(options)).rejects.toThrow(UsageError);
    expect(readFileSync(out, 'utf8')).toBe(OPERATORS);
    expect((await bench.init(options, async () => true)).code).toBe(0);
    expect(readFileSync(out, 'utf8')).toContain('121.53.104.0/23');
  });

  test('a new file needs no agreement', async () => {
    const out = join(bench.folder, 'new.yaml');
    const { code, stdout } = await bench.init({ asn: ['7625'], rib: [bench.rib(ROWS)], out, group: 'kakao' });
    expect(code).toBe(0);
    expect(watchlist(readFileSync(out, 'utf8')).watchlist.entries.map(({ group }) => group)).toEqual([
      'kakao',
      'kakao',
      'kakao',
    ]);
    expect(stdout.startsWith('--- /dev/null\n')).toBe(true);
  });

  test('as JSON the proposal says what the file gains', async () => {
    const out = bench.file('w.yaml', OPERATORS);
    const { stdout, stderr } = await bench.init({
      asn: ['7625'],
      rib: [bench.rib(ROWS)],
      out,
      yes: true,
      json: true,
    });
    expect(JSON.parse(stdout).merge).toEqual({
      added: ['121.53.104.0/23'],
      completed: [{ watch: '211.249.216.0/21', keys: ['origins', 'upstreams'] }],
      kept: [],
    });
    expect(stderr).toContain('@@ ');
  });

  test('a link is followed, the mode stays, no draft is left', async () => {
    const real = bench.file('real.yaml', OPERATORS);
    chmodSync(real, 0o640);
    const out = join(bench.folder, 'link.yaml');
    symlinkSync(real, out);
    await bench.init({ asn: ['7625'], rib: [bench.rib(ROWS)], out, yes: true });
    expect(readFileSync(real, 'utf8')).toContain('121.53.104.0/23');
    expect(statSync(real).mode & 0o777).toBe(0o640);
    expect(readdirSync(bench.folder).filter((name) => name.endsWith('.new'))).toEqual([]);
  });
});

describe('the difference', () => {
  const hasPatch = ['/usr/bin/patch', '/bin/patch'].some((file) => existsSync(file));

  test.skipIf(!hasPatch)('leads from the text before to the text after, wherever the splices are', () => {
    const line = fc.constantFrom('a', 'b', '  c', '');
    const edits = fc.array(fc.tuple(fc.nat(40), fc.constantFrom('x\n', 'y\nz\n'), fc.boolean()), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 30 }), edits, (lines, wanted) => {
        const before = lines.map((text) => `${text}\n`).join('');
        const starts = [0, ...[...before.matchAll(/\n/g)].map(({ index }) => index + 1)];
        const places = [...new Map(wanted.map((one) => [starts[one[0] % starts.length] ?? 0, one]))];
        const splices = places.map(([start, [, text, isInside]]) =>
          isInside && before[start] === 'a'
            ? { start: start + 1, end: start + 1, text: '!' }
            : { start, end: start, text },
        );
        const edited = applySplices(before, splices);
        const file = bench.file('text', before);
        execFileSync('patch', ['-s', file], { input: `${unifiedDiff(edited, 'text', 'text').join('\n')}\n` });
        expect(readFileSync(file, 'utf8')).toBe(edited.text);
      }),
      { numRuns: 20 },
    );
  });
});

import { describe, expect, it } from 'vitest';
import * as rules from './rules.ts';
import { sourceFile } from './sources.ts';

const told = (rule: rules.HouseRule, ...files: readonly (readonly [path: string, text: string])[]) =>
  rule(files.map(([path, text]) => sourceFile(path, text)));

describe('each rule of the house bites', () => {
  it.each([
    ['src/match/a.ts', "import { b } from '../judge/b.ts';"],
    ['src/feed/a.ts', "import { b } from '../store/b.ts';"],
    ['src/deliver/a.ts', "import type { B } from '../engine/core.ts';"],
    ['src/serve/a.ts', "export * from '../config/b.ts';"],
    ['src/serve/a.ts', "const b = await import('../daemon/b.ts');"],
    ['src/bgp/a.ts', "import {\n  one,\n  two,\n} from '../decode/b.ts';"],
    ['src/cleverness/a.ts', ''],
    ['src/main.ts', "import { b } from './store/b.ts';"],
  ])('imports by the table: %s', (path, text) => {
    expect(told(rules.importsByTheTable, [path, text])).toHaveLength(1);
  });

  it.each([
    ['src/dashboard/app/a.ts', "import { b } from '../../incident/b.ts';"],
    ['src/feed/a.ts', "import { OperationalError } from '../engine/errors.ts';"],
    ['src/daemon/a.ts', "import { b } from '../store/b.ts';\nimport { c } from '../feed/c.ts';"],
    [
      'src/match/a.ts',
      "// import { b } from '../judge/b.ts';\nconst text = \"import { b } from '../judge/b.ts'\";",
    ],
  ])('imports by the table lets through what it may: %s', (path, text) => {
    expect(told(rules.importsByTheTable, [path, text])).toEqual([]);
  });

  it('cycles', () => {
    const a = ['src/bgp/a.ts', "import { b } from './b.ts';"] as const;
    const b = ['src/bgp/b.ts', "import { c } from './c.ts';"] as const;
    const loaded = ['src/bgp/c.ts', "import { a } from './a.ts';"] as const;
    const typed = ['src/bgp/c.ts', "import type { A } from './a.ts';"] as const;
    expect(told(rules.noCycles, a, b, loaded)).toEqual([
      'src/bgp/a.ts: imports itself by way of src/bgp/b.ts, src/bgp/c.ts',
    ]);
    expect(told(rules.noCycles, a, b, typed)).toEqual([]);
  });

  it.each([
    'const now = Date.now();',
    'const now = new Date();',
    'const t = performance.now();',
    'setTimeout(act, 1);',
    'const x = Math.random();',
    'const home = process.env.HOME;',
    "console.log('x');",
    "const body = await fetch('https://x.example/');",
    "import { readFileSync } from 'node:fs';",
    "import { createServer } from 'node:net';",
    "import { spawn } from 'node:child_process';",
    "import pino from 'pino';",
    "import { randomUUID } from 'node:crypto';",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a program
    'const text = `at ${Date.now()} exactly`;',
  ])('purity: %s', (text) => {
    expect(told(rules.purity, ['src/judge/a.ts', text])).toHaveLength(1);
    expect(told(rules.purity, ['src/feed/a.ts', text])).toEqual([]);
  });

  it.each([
    "import { createHash } from 'node:crypto';",
    'const day = new Date(observedMs).toISOString();',
    'const atMs = Date.parse(text);',
    '// Date.now() would be wrong here',
    "const word = 'process.exit';",
    'const pattern = /setTimeout|console.log/;',
  ])('purity lets through: %s', (text) => {
    expect(told(rules.purity, ['src/judge/a.ts', text])).toEqual([]);
  });

  it('SQLite outside of store/', () => {
    const text = "import Database from 'better-sqlite3';";
    expect(told(rules.oneStore, ['src/serve/a.ts', text])).toHaveLength(1);
    expect(told(rules.oneStore, ['src/store/a.ts', text])).toEqual([]);
  });

  it('ending the process elsewhere', () => {
    expect(told(rules.oneWayOut, ['src/deliver/a.ts', "import { request } from 'node:https';"])).toHaveLength(
      1,
    );
    expect(told(rules.oneWayOut, ['src/feed/rpki/a.ts', 'const a = await fetch(url);'])).toHaveLength(1);
    expect(told(rules.oneWayOut, ['src/deliver/a.ts', "import type { Socket } from 'node:net';"])).toEqual(
      [],
    );
    expect(told(rules.oneExit, ['src/daemon/a.ts', 'process.exit(1);'])).toHaveLength(1);
    expect(told(rules.oneExit, ['src/main.ts', 'process.exit(1);'])).toEqual([]);
  });

  it('a second driver', () => {
    expect(told(rules.oneDriver, ['src/daemon/demo.ts', 'this.engine.apply(input, nowMs);'])).toHaveLength(1);
    expect(told(rules.oneDriver, ['src/cli/demo.ts', 'new Core(config, 1, nowMs);'])).toHaveLength(1);
    expect(told(rules.oneDriver, ['src/daemon/demo.ts', 'driver.apply(input, nowMs);'])).toEqual([]);
  });

  it('a look at the state of the engine', () => {
    const looks = "import { stateOf } from '../engine/engine.ts';\nstateOf(engine).rib;";
    const names = "import type { Core } from '../engine/core.ts';";
    expect(told(rules.privateState, ['src/daemon/a.ts', looks], ['src/serve/a.ts', names])).toHaveLength(2);
    expect(told(rules.privateState, ['src/explain/a.ts', looks], ['src/engine/a.ts', names])).toEqual([]);
  });

  it('a file without purpose, or only with a remark', () => {
    expect(told(rules.opensWithPurpose, ['src/bgp/a.ts', 'export const a = 1;'])).toHaveLength(1);
    expect(told(rules.opensWithPurpose, ['src/bgp/a.ts', '// a\nexport const a = 1;'])).toHaveLength(1);
    expect(
      told(rules.opensWithPurpose, ['src/main.ts', '#!/usr/bin/env node\n/** The way in. */\n']),
    ).toEqual([]);
  });

  it('a file that is too long', () => {
    expect(told(rules.notTooLong, ['src/bgp/a.ts', '\n'.repeat(401)])).toEqual(['src/bgp/a.ts: 401 lines']);
    expect(told(rules.notTooLong, ['src/bgp/a.ts', '\n'.repeat(400)])).toEqual([]);
  });

  it.each([
    'const subnetMask = 1;',
    'class FeedManager {}',
    'function onHit() {}',
    'type AlertSink = string;',
  ])('a word from another house: %s', (text) => {
    expect(told(rules.ourWords, ['src/bgp/a.ts', text])).toHaveLength(1);
  });

  it('a floor with too many files', () => {
    const floor = (n: number) =>
      Array.from({ length: n }, (_, i): [string, string] => [`src/bgp/a${i}.ts`, '']);
    expect(told(rules.smallFloors, ...floor(26))).toEqual(['src/bgp: 26 files on one floor']);
    expect(told(rules.smallFloors, ...floor(25))).toEqual([]);
  });

  it('a word from another house, in the name of a file', () => {
    expect(told(rules.ourWords, ['src/bgp/path-utils.ts', ''])).toHaveLength(1);
    expect(
      told(rules.ourWords, ['src/bgp/white.ts', 'const services = entry.services; const white = 1;']),
    ).toEqual([]);
  });

  it('a default export', () => {
    expect(told(rules.noDefaultExports, ['src/bgp/a.ts', 'export default 1;'])).toHaveLength(1);
  });

  it('something left open, or turned off', () => {
    const mark = `TO${'DO'}`;
    expect(told(rules.nothingLeftOpen, ['src/bgp/a.ts', `// ${mark}: later`])).toHaveLength(1);
    const off = `sk${'ip'}`;
    expect(told(rules.nothingLeftOpen, ['test/bgp/a.test.ts', `it.${off}('works', () => {});`])).toHaveLength(
      1,
    );
    expect(
      told(rules.nothingLeftOpen, ['test/bgp/a.test.ts', "it.skipIf(!has)('works', () => {});"]),
    ).toEqual([]);
  });

  it("a path of somebody's machine", () => {
    const path = ['', 'home', 'me', 'x'].join('/');
    expect(told(rules.noMachinePaths, ['config/a.yaml', `file: ${path}`])).toHaveLength(1);
    expect(told(rules.noMachinePaths, ['config/a.yaml', 'file: ./home/x'])).toEqual([]);
  });
});

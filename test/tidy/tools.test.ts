import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT } from './sources.ts';

const made: string[] = [];
afterAll(() => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});

/** A project of its own with our settings of the tools, and these files. */
function project(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'originwatch-'));
  made.push(directory);
  for (const name of ['.biome.json', '.knip.json', 'package.json', 'tsconfig.json'])
    cpSync(join(ROOT, name), join(directory, name));
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return directory;
}

function run(directory: string, tool: string, ...args: readonly string[]) {
  const ran = spawnSync(join(ROOT, 'node_modules/.bin', tool), args, {
    cwd: directory,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { code: ran.status, said: `${ran.stdout}${ran.stderr}` };
}

describe('the lint check', () => {
  it.each(['src/bad.ts', 'src/judge/kinds/bad.ts', 'test/end-to-end/bad.ts'])('refuses a bad %s', (path) => {
    const bad = readFileSync(join(ROOT, 'test/lint/bad.ts'), 'utf8');
    const { code, said } = run(
      project({ [path]: bad }),
      'biome',
      'check',
      '--error-on-warnings',
      '--max-diagnostics=100',
    );
    expect(code).not.toBe(0);
    expect(said).toContain(path);
    const found = ['noUnusedImports', 'noFloatingPromises', 'noVar', 'noDoubleEquals', 'noDebugger'];
    for (const rule of path.startsWith('src/') ? [...found, 'noDefaultExport', 'noConsole'] : found)
      expect(said).toContain(rule);
  });

  it('refuses what is not formatted', () => {
    const { code, said } = run(project({ 'src/a.ts': 'export const a   =   1\n' }), 'biome', 'check');
    expect({ code, isAboutFormat: /format/.test(said) }).toEqual({ code: 1, isAboutFormat: true });
  });

  it('lets good code through', () => {
    expect(
      run(project({ 'src/a.ts': 'export const a = 1;\n' }), 'biome', 'check', '--error-on-warnings').code,
    ).toBe(0);
  });
});

describe('the dead-code check', () => {
  const main = "import { used } from './used.ts';\n\nused();\n";
  const used = 'export function used(): void {}\n';

  it('refuses a file and an export that nobody uses', () => {
    const files = {
      'src/main.ts': main,
      'src/used.ts': `${used}export function forgotten(): void {}\n`,
      'src/orphan.ts': 'export const orphan = 1;\n',
    };
    const { code, said } = run(project(files), 'knip', '--no-progress', '--include', 'files,exports');
    expect(code).not.toBe(0);
    expect(said).toContain('src/orphan.ts');
    expect(said).toContain('forgotten');
  });

  it('lets through what is used', () => {
    const { code, said } = run(
      project({ 'src/main.ts': main, 'src/used.ts': used }),
      'knip',
      '--no-progress',
      '--include',
      'files,exports',
    );
    expect({ code, said }).toMatchObject({ code: 0 });
  });
});

describe('the type check', () => {
  it('refuses what may be undefined, and what erasing types would not leave as it is', () => {
    const directory = project({
      'src/a.ts': 'export const first = (list: number[]): number => list[0];\n',
      'src/b.ts': 'export enum Colour {\n  red,\n}\n',
    });
    const { code, said } = run(directory, 'tsc', '-p', '.', '--noEmit');
    expect(code).not.toBe(0);
    expect(said).toContain('src/a.ts(1,');
    expect(said).toContain('src/b.ts(1,');
  });
});

describe('the count of tests', () => {
  it('stands alone on the last line, failed and skipped ones included', () => {
    const directory = mkdtempSync(join(tmpdir(), 'originwatch-'));
    made.push(directory);
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
    writeFileSync(
      join(directory, 'a.test.ts'),
      "import { it, expect } from 'vitest';\nit('a', () => {});\nit('b', () => expect(1).toBe(2));\nit.skipIf(true)('c', () => {});\n",
    );
    const config = { test: { reporters: ['default', join(ROOT, 'test/counting-reporter.ts')] } };
    writeFileSync(join(directory, 'vitest.config.mjs'), `export default ${JSON.stringify(config)};\n`);
    const ran = spawnSync(join(ROOT, 'node_modules/.bin/vitest'), ['run'], {
      cwd: directory,
      encoding: 'utf8',
    });
    expect(ran.status).toBe(1);
    expect(ran.stdout.trimEnd().split('\n').at(-1)).toBe('1 passed, 1 failed, 1 skipped');
  });
});

describe('the look at the machine before anything is compiled', () => {
  const check = (env: NodeJS.ProcessEnv) =>
    spawnSync(process.execPath, [join(ROOT, '.preflight/check.cjs')], { encoding: 'utf8', env });

  it('names what is missing, and what would do', () => {
    const { status, stderr } = check({ PATH: '' });
    expect(status).toBe(1);
    expect(stderr).toContain('This machine lacks g++, make, python3');
    expect(stderr).toContain('apt-get install g++ make python3');
  });

  it('says nothing where all is there, or where a prebuilt driver is wanted', () => {
    const directory = mkdtempSync(join(tmpdir(), 'originwatch-'));
    made.push(directory);
    for (const tool of ['g++', 'make', 'python3']) writeFileSync(join(directory, tool), '');
    expect(check({ PATH: directory })).toMatchObject({ status: 0, stderr: '' });
    expect(check({ PATH: '', ORIGINWATCH_PREBUILT: '1' })).toMatchObject({ status: 0, stderr: '' });
  });
});

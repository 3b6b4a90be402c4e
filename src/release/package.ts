/**
 * `npm run package`: the .deb and the .tar.gz from one tree, into `dist/release/`. Two builds of one commit are the same
 * bytes: every time is that of the commit, or of $SOURCE_DATE_EPOCH (reproducible-builds.org). Options: `--arch arm64`,
 * `--version X.Y.Z`, `--out DIR`.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describedProgram } from '../cli/command-line.ts';
import { CONFFILES, controlFile, POSTINST, POSTRM, PRERM } from './control.ts';
import { run } from './run.ts';
import { type Arch, ownArch } from './runtime.ts';
import { layTree } from './tree.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

function commitSeconds(): string {
  const { stdout } = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: PROJECT, encoding: 'utf8' });
  return stdout?.trim() || String(Math.floor(statSync(join(PROJECT, 'package.json')).mtimeMs / 1_000));
}

function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesUnder(path) : [path];
    })
    .sort();
}

function writeControl(root: string, version: string, arch: Arch): void {
  const files = filesUnder(root);
  const installedKiB = files.reduce((sum, file) => sum + Math.ceil(statSync(file).size / 1_024), 0);
  const sums = files
    .filter((file) => !CONFFILES.includes(`/${relative(root, file)}`))
    .map(
      (file) => `${createHash('md5').update(readFileSync(file)).digest('hex')}  ${relative(root, file)}\n`,
    );
  const folder = join(root, 'DEBIAN');
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  const write = (name: string, text: string, mode = 0o644): void => {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), mode);
  };
  write('control', controlFile({ version, arch, installedKiB }));
  write('conffiles', `${CONFFILES.join('\n')}\n`);
  write('md5sums', sums.join(''));
  write('postinst', POSTINST, 0o755);
  write('prerm', PRERM, 0o755);
  write('postrm', POSTRM, 0o755);
}

/** Builds both files and returns their paths. */
function buildPackages(arch: Arch, version: string, out: string): readonly string[] {
  const epoch = process.env.SOURCE_DATE_EPOCH ?? commitSeconds();
  const env = { SOURCE_DATE_EPOCH: epoch };
  const work = mkdtempSync(join(tmpdir(), 'originwatch-package-'));
  const root = join(work, 'originwatch');
  mkdirSync(root);
  mkdirSync(out, { recursive: true });
  try {
    const on = new Date(Number(epoch) * 1_000);
    layTree({
      project: PROJECT,
      root,
      cache: join(PROJECT, 'dist/.runtime'),
      arch,
      version,
      on,
      program: describedProgram(),
    });
    const archive = join(out, `originwatch_${version}_linux-${arch}.tar.gz`);
    run(
      'tar',
      [
        ...['--sort=name', `--mtime=@${epoch}`, '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'],
        ...['--use-compress-program', 'gzip -6n', '-cf', archive, '-C', work, 'originwatch'],
      ],
      { env },
    );
    writeControl(root, version, arch);
    const deb = join(out, `originwatch_${version}_${arch}.deb`);
    run('dpkg-deb', ['--root-owner-group', '-Zxz', '-z3', '--build', root, deb], { env });
    return [deb, archive];
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: { arch: { type: 'string' }, version: { type: 'string' }, out: { type: 'string' } },
});
const manifest = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as { version: string };
const arch = values.arch ?? ownArch();
if (arch !== 'amd64' && arch !== 'arm64') throw new Error('--arch is amd64 or arm64');
const files = buildPackages(
  arch,
  values.version ?? manifest.version,
  values.out ?? join(PROJECT, 'dist/release'),
);
for (const file of files) {
  const sum = createHash('sha256').update(readFileSync(file)).digest('hex');
  process.stdout.write(`${sum}  ${file}\n`);
}

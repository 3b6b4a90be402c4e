import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FilesWatch, watchFiles } from '../../src/config/watch-files.ts';

let directory = '';
let watching: FilesWatch | undefined;
let told: string[][] = [];
let wake: () => void = () => undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'originwatch-'));
  told = [];
});
afterEach(async () => {
  watching?.close();
  await rm(directory, { recursive: true, force: true });
});

const path = (name: string): string => join(directory, name);

/** Watches files and remembers each call. The poll is out of the way, so that only the file system's word counts. */
async function watchAll(...names: string[]): Promise<void> {
  const onChange = (changed: readonly string[]): void => {
    told.push(changed.map((file) => file.slice(directory.length + 1)));
    wake();
  };
  watching = watchFiles({ files: names.map(path), onChange, settleMs: 20, pollMs: 3_600_000 });
  await watching.ready;
}

/** Resolves once there were `count` calls. */
function calls(count: number): Promise<void> {
  return new Promise((resolve) => {
    wake = () => {
      if (told.length >= count) resolve();
    };
    wake();
  });
}

describe('watching files', () => {
  it('tells of a write, once, and of the next', async () => {
    await writeFile(path('a.yaml'), '1');
    await watchAll('a.yaml');
    await writeFile(path('a.yaml'), '2');
    await calls(1);
    await writeFile(path('a.yaml'), '3');
    await calls(2);
    expect(told).toEqual([['a.yaml'], ['a.yaml']]);
  });

  it('survives that a file is replaced by renaming, again and again', async () => {
    await writeFile(path('a.yaml'), '0');
    await watchAll('a.yaml');
    for (const content of ['1', '2', '3']) {
      await writeFile(path('.new'), content);
      await rename(path('.new'), path('a.yaml'));
      await calls(Number(content));
    }
    expect(told).toHaveLength(3);
  });

  it('tells several changes of one moment at once, and a file that keeps its content not at all', async () => {
    for (const name of ['a.yaml', 'b.yaml', 'c.yaml']) await writeFile(path(name), '1');
    await watchAll('a.yaml', 'b.yaml', 'c.yaml');
    await Promise.all([
      writeFile(path('a.yaml'), '2'),
      writeFile(path('b.yaml'), '1'),
      writeFile(path('c.yaml'), '2'),
    ]);
    await watching?.look();
    await calls(1);
    expect(told.flat().sort()).toEqual(['a.yaml', 'c.yaml']);
  });

  it('follows a link that is swapped, as config maps are', async () => {
    for (const [version, content] of [
      ['..1', 'old'],
      ['..2', 'new'],
    ] as const) {
      await mkdir(path(version));
      await writeFile(path(`${version}/a.yaml`), content);
    }
    await symlink('..1', path('..data'));
    await symlink('..data/a.yaml', path('a.yaml'));
    await watchAll('a.yaml');
    await symlink('..2', path('..data_tmp'));
    await rename(path('..data_tmp'), path('..data'));
    await calls(1);
    expect(told).toEqual([['a.yaml']]);
  });

  it('sees a change behind a link that leads elsewhere', async () => {
    await mkdir(path('far'));
    await mkdir(path('near'));
    await writeFile(path('far/a.yaml'), '1');
    await symlink('../far/a.yaml', path('near/a.yaml'));
    await watchAll('near/a.yaml');
    await writeFile(path('far/a.yaml'), '2');
    await calls(1);
    expect(told).toEqual([['near/a.yaml']]);
  });

  it('tells that a file went, and that it came back', async () => {
    await writeFile(path('a.yaml'), '1');
    await watchAll('a.yaml');
    await unlink(path('a.yaml'));
    await calls(1);
    await writeFile(path('a.yaml'), '1');
    await calls(2);
    expect(told).toEqual([['a.yaml'], ['a.yaml']]);
  });

  it('sees a file appear in a directory that was not there', async () => {
    await watchAll('later/a.yaml');
    await mkdir(path('later'));
    await writeFile(path('later/a.yaml'), '1');
    await calls(1);
    await writeFile(path('later/a.yaml'), '2');
    await calls(2);
    expect(told).toEqual([['later/a.yaml'], ['later/a.yaml']]);
  });

  it('watches other files when told so, and nothing after it was closed', async () => {
    for (const name of ['a.yaml', 'b.yaml']) await writeFile(path(name), '1');
    await watchAll('a.yaml');
    await watching?.update([path('b.yaml')]);
    await writeFile(path('a.yaml'), '2');
    await writeFile(path('b.yaml'), '2');
    await calls(1);
    expect(told).toEqual([['b.yaml']]);
    watching?.close();
    await writeFile(path('b.yaml'), '3');
    await watching?.look();
    expect(told).toHaveLength(1);
  });
});

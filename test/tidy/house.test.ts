import { describe, expect, it } from 'vitest';
import * as rules from './rules.ts';
import { sources } from './sources.ts';

const src = sources('src/*.ts', 'src/**/*.ts', 'src/**/*.tsx');
const written = sources(
  'src',
  'test',
  'config',
  'systemd',
  '.ci',
  '.preflight',
  'README.md',
  'package.json',
).filter(({ path }) => /\.(?:tsx?|css|html|md|ya?ml|json|cjs|service|txt|ndjson)$|\/run$/.test(path));
const code = sources('src/**/*.ts', 'src/**/*.tsx', 'test/**/*.ts');

describe('the house', () => {
  it('is looked at whole', () => {
    expect(src.length).toBeGreaterThan(200);
    expect(new Set(src.map(({ path }) => rules.roomOf(path)))).toEqual(
      new Set([undefined, ...Object.keys(rules.ROOMS)]),
    );
  });

  it.each<[string, rules.HouseRule, typeof src]>([
    ['imports between rooms follow the table', rules.importsByTheTable, src],
    ['no file imports itself by way of others', rules.noCycles, src],
    ['pure rooms touch no clock, chance, file, network, process or log', rules.purity, src],
    ['no folder has more files than can be seen at one look', rules.smallFloors, src],
    ['only store/ imports SQLite', rules.oneStore, src],
    ['what goes out goes through outside/', rules.oneWayOut, src],
    ['only src/main.ts ends the process', rules.oneExit, src],
    ['live, replay and demo go through one driver', rules.oneDriver, src],
    ['the state of the engine is its own', rules.privateState, src],
    ['every file opens with what it is', rules.opensWithPurpose, src],
    ['no file is too long to read', rules.notTooLong, src],
    ['names come from our own vocabulary', rules.ourWords, code],
    ['nothing is exported by default', rules.noDefaultExports, src],
    ['nothing is left open or turned off', rules.nothingLeftOpen, written],
    ["no file has a path of somebody's machine", rules.noMachinePaths, written],
  ])('%s', (_name, rule, files) => {
    expect(rule(files)).toEqual([]);
  });

  it('gives a reason for each file that may be longer, and only where one is', () => {
    const long = new Set(
      src.filter(({ text }) => text.split('\n').length - 1 > rules.LINES_MAX).map(({ path }) => path),
    );
    expect(Object.keys(rules.LONGER).filter((path) => !long.has(path))).toEqual([]);
  });
});

/**
 * `decode` against bgpdump: the expected output that came with real captures, and Debian's program itself. Every
 * difference is one that decision 0010 names.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { findProgram } from '../../src/feed/files/decompress-tool.ts';
import { decoded } from './run.ts';

const DATA = '../shared/data/mrt';
const hasData = existsSync(DATA);
const bgpdump = findProgram(['bgpdump']);
const expectations = hasData ? readdirSync(join(DATA, 'bgpdump/expect')) : [];
const captures = (hasData ? readdirSync(DATA, { recursive: true, withFileTypes: true }) : [])
  .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('expect'))
  .map((entry) => join(entry.parentPath, entry.name));

describe.skipIf(!hasData)('captures with an expected bgpdump output (../shared/data/mrt)', () => {
  test.each(expectations)('%s is equalled line by line', async (name) => {
    const expected = gunzipSync(readFileSync(join(DATA, 'bgpdump/expect', name))).toString();
    const { stdout, code } = await decoded([join(DATA, 'bgpdump', name.replace('.bgp.gz', ''))]);
    expect(stdout.split('\n')).toEqual(expected.split('\n'));
    expect(code).toBe(0);
  });
});

/**
 * Lines in which bgpdump and decode may differ, per file: bgpdump leaves bits set behind the length of a prefix, and
 * prints prefixes longer than 128 bits (decision 0010, 1 and 2). BIRD writes path identifiers into records that say
 * nothing of them, and bgpdump prints these as prefixes (17).
 */
const EXPLAINED: Readonly<Record<string, RegExp>> = {
  'updates.nlri_mask_trailing_bits.gz': /\|11\.(13|8)\.0\.0\/13\|/,
  bird_bgp: /\|A\|/,
  bird6_bgp: /\|A\|/,
};

test.skipIf(!hasData).each([
  ['bird_bgp', '172.17.1.0/24', '192.168.16.0/24'],
  ['bird6_bgp', 'fd01:1:1::/64', 'fd02:17::/64'],
])('%s, whose path identifiers nobody declares, is read with them', async (name, several, single) => {
  const { stdout, stderr, code } = await decoded([join(DATA, 'mrtparse', name)]);
  const announced = stdout.split('\n').filter((line) => line.includes('|A|'));
  const of = (prefix: string): string[] =>
    announced.filter((line) => line.includes(`|${prefix}|`)).map((line) => line.split('|')[6] ?? '');
  expect(announced.every((line) => line.startsWith('BGP4MP_AP|'))).toBe(true);
  expect([of(several).sort(), of(single), code]).toEqual([['1', '1', '2', '2'], ['1', '1'], 0]);
  expect(stderr.match(/add-path/g)).toHaveLength(6);
});

describe.skipIf(!hasData || bgpdump === undefined)('captures through the installed bgpdump', () => {
  test.each(captures)('%s agrees', async (file) => {
    const theirs = execFileSync(bgpdump ?? '', ['-m', file], {
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const { stdout } = await decoded([file]);
    const explained = EXPLAINED[basename(file)];
    const compared = (text: string): string[] =>
      text.split('\n').filter((line) => explained?.test(line) !== true);
    expect(compared(stdout)).toEqual(compared(theirs.toString()));
  });
});

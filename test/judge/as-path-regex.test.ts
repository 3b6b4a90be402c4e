/** AS path regular expressions: what they match, what they refuse, and that no pattern blows up. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAsPath } from '../../src/bgp/as-path.ts';
import { type AsPathRegex, compileAsPathRegex } from '../../src/judge/as-path-regex.ts';

function compiled(pattern: string): AsPathRegex {
  const result = compileAsPathRegex(pattern);
  if ('error' in result) throw new Error(`${pattern}: ${result.error}`);
  return result.regex;
}

function matches(pattern: string, path: string): boolean {
  const parsed = parseAsPath(path);
  if (parsed === undefined) throw new Error(path);
  return compiled(pattern).test(parsed);
}

describe('an AS path regular expression', () => {
  it.each([
    ['_10158_', '6461 10158 7625', true],
    ['_10158_', '10158', true],
    ['_10158_', '6461 110158 7625', false],
    ['_10158_', '6461 {10158,7625}', true],
    ['_7625$', '6461 7625', true],
    ['_7625$', '6461 17625', false],
    ['^6461_', '6461 7625', true],
    ['^6461 7625$', '6461 7625', true],
    ['^6461$', '6461 7625', false],
    ['_3356_.*_7625$', '3356 4766 7625', true],
    // As on routers: each `_` takes a delimiter of its own.
    ['_3356_.*_7625$', '3356 7625', false],
    ['_3356_(.*_)?7625$', '3356 7625', true],
    ['^$', '', true],
    ['^$', '1', false],
    ['_', '', true],
    ['^\\d\\D\\d$', '1 2', true],
    ['^\\D$', '1', false],
    ['^\\d\\s\\d$', '1 2', true],
    ['^[5-5]$', '5', true],
    ['^[5-5]$', '6', false],
    ['^[\\d]$', '6', true],
    ['.*2914$', '701 2914', true],
    ['.*5060.*', '701 25060 1', true],
    ['_(3356|1299)_', '174 1299 7', true],
    ['_(3356|1299|)_', '7', true],
    ['^[0-9]+$', '174', true],
    ['^[0-9]+$', '174 3', false],
    ['^[0-9]+( [0-9]+){2,3}$', '1 2', false],
    ['^[0-9]+( [0-9]+){2,3}$', '1 2 3', true],
    ['^[0-9]+( [0-9]+){2,3}$', '1 2 3 4 5', false],
    ['_645(1[2-9]|[2-9][0-9])_', '174 64520', true],
    ['_645(1[2-9]|[2-9][0-9])_', '174 64511', false],
    ['_{1,2}$', '3356 {1,2}', true],
    ['3356 {1,2}$', '3356 {1,2}', true],
    ['3356 \\{1,2\\}$', '3356 {1,2}', true],
    ['\\{', '3356 1', false],
    ['^\\d{4}_', '3356 1', true],
    ['^[0-9]{5}_', '3356 1', false],
    ['^[^ ]+ 1$', '3356 1', true],
    ['_7625(_7625)+$', '1 7625 7625', true],
    ['1?', '2', true],
    ['1{0}2', '2', true],
  ])('%s on "%s": %s', (pattern, path, expected) => {
    expect(matches(pattern, path)).toBe(expected);
  });

  it.each([
    ['', 0, 'empty'],
    ['AS7625', 0, 'without AS'],
    ['_7625-9', 5, 'never stands'],
    ['(1', 0, 'never closed'],
    ['1)', 1, 'closes nothing'],
    ['[0-9', 0, 'never closed'],
    ['[]', 0, 'holds nothing'],
    ['1[9-0]', 2, 'backwards'],
    ['*1', 0, 'nothing stands before'],
    ['(?:1)', 1, 'nothing stands before'],
    ['1\\', 1, 'nothing stands behind'],
    ['1\\w', 2, 'never stands'],
    ['1\\.', 2, 'never stands'],
    ['1{64512,64513}', 1, 'repetitions run'],
    ['1{3,2}', 1, 'repetitions run'],
    ['1{x}', 1, 'no repetition'],
    ['카카오', 0, '"카"'],
    ['.*2194,1234$', 6, 'a comma stands only inside an AS_SET'],
    ['(,|^)789$', 1, 'separated by a space or _'],
    ['{1,2} 3,4', 7, 'separated by a space or _'],
    ['[^,]+_7625$', 0, 'separated by a space or _'],
    ['1'.repeat(1_001), 1_000, 'longer than'],
    ['((1{200}){200}){200}', 0, 'states'],
  ])('%s is refused at %i: %s', (pattern, at, words) => {
    const result = compileAsPathRegex(pattern);
    expect('error' in result && result.at).toBe(at);
    expect('error' in result && result.error).toContain(words);
  });

  it('costs no more than path length times states, whatever the pattern', () => {
    const path = '1 '.repeat(2_000);
    for (const pattern of [
      '^(1+)+$',
      '^((1*)*)*2$',
      '(1| |1 )*2',
      '^(.*.*.*.*)*_2$',
      '(_|1|.)*{7}',
      `${'1?'.repeat(150)}${'1'.repeat(150)}2`,
    ]) {
      const regex = compiled(pattern);
      regex.testText(path);
      expect(regex.steps).toBeLessThanOrEqual((path.length + 1) * regex.states);
    }
  });

  it('can be asked again and again, each time afresh', () => {
    const regex = compiled('_1_');
    expect([regex.testText('1'), regex.testText('2'), regex.testText('2 1')]).toEqual([true, false, true]);
  });

  it('agrees with the regular expressions of the language on every pattern both know', () => {
    const atom = fc.constantFrom(
      '1',
      '2',
      '12',
      ' ',
      '[ ,]',
      '.',
      '_',
      '^',
      '$',
      '[12]',
      '[^1]',
      '[0-9]',
      '\\{',
      '\\}',
    );
    const { pattern } = fc.letrec<{ pattern: string; term: string }>((tie) => ({
      pattern: fc.oneof(
        { maxDepth: 4 },
        fc.array(tie('term'), { minLength: 1, maxLength: 4 }).map((terms) => terms.join('')),
        fc.tuple(tie('term'), tie('term')).map(([a, b]) => `${a}|${b}`),
      ),
      term: fc.oneof(
        { maxDepth: 3, depthSize: 'small' },
        atom,
        fc
          .tuple(tie('pattern'), fc.constantFrom('', '*', '+', '?', '{2}', '{0,2}', '{1,}'))
          .map(([inner, repeat]) => `(${inner})${repeat}`),
      ),
    }));
    const text = fc
      .array(fc.constantFrom('1', '2', ' ', ',', '{', '}'), { maxLength: 8 })
      .map((signs) => signs.join(''));
    fc.assert(
      fc.property(pattern, text, (source, subject) => {
        const reference = new RegExp(source.replaceAll('_', '(?:^|[ ,{}()]|$)'), 'u');
        expect(compiled(source).testText(subject)).toBe(reference.test(subject));
      }),
      { numRuns: 2_000 },
    );
  });
});

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problems.ts';
import { editDistance, nearestWord, show } from '../../src/config/words.ts';
import { readFrom } from './files.ts';

const SHIPPED = readFileSync(new URL('../../config/originwatch.yaml', import.meta.url), 'utf8');
const WATCHLIST = readFileSync(new URL('../../config/watchlist.yaml', import.meta.url), 'utf8').slice(
  0,
  4_000,
);

/** Every line of a ConfigError has the form that people and tests read; anything else thrown fails. */
function survives(files: Record<string, string | Uint8Array>): void {
  try {
    loadSettings({ configPath: 'c.yaml', env: {}, readFile: readFrom(files) });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = error.format().split('\n');
    expect(lines.at(-1)).toMatch(new RegExp(`^${lines.length - 1} errors?$`));
    for (const line of lines.slice(0, -1)) expect(line).toMatch(/^\S+:[1-9]\d*:[1-9]\d*: [^\n]+; [^\n]+$/);
  }
}

const yamlish = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'watchlist: ',
        'watch: ',
        '- ',
        '  ',
        '\n',
        '\n  - ',
        'prefix: ',
        '192.0.2.0/24',
        'origins: ',
        '[',
        ']',
        '{',
        '}',
        ', ',
        ': ',
      ),
      fc.constantFrom(
        '&a ',
        '*a',
        '<<: ',
        '!t ',
        '"',
        "'",
        '|\n',
        '>-\n',
        '#',
        '---\n',
        '? ',
        '~',
        '.nan',
        '1e999',
        '0x1F',
        '\t',
        'w.yaml',
        '__proto__: ',
      ),
      fc.constantFrom(
        'receivers: ',
        'name: a\n',
        'type: slack',
        'serve: ',
        'listen: ',
        'tokens: ',
        'knowledge: ',
        'topology: ',
        'routes: ',
        'match: ',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

describe('random files', () => {
  it('cause nothing but a ConfigError in its form', () => {
    fc.assert(
      fc.property(yamlish, yamlish, (config, list) => survives({ 'c.yaml': config, 'w.yaml': list })),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(yamlish, (list) => survives({ 'c.yaml': 'watchlist: w.ndjson', 'w.ndjson': list })),
      { numRuns: 300 },
    );
  });

  it('cause nothing else as bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => survives({ 'c.yaml': bytes })),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) =>
        survives({
          'c.yaml':
            'watchlist: [w.ndjson]\nknowledge: { asNames: { file: w.ndjson }, dropList: { file: w.ndjson } }',
          'w.ndjson': bytes,
        }),
      ),
      { numRuns: 300 },
    );
  });

  it('cause nothing else as damaged copies of the shipped ones', () => {
    const damage = (text: string) =>
      fc
        .tuple(fc.nat(text.length), fc.nat(12), yamlish)
        .map(([at, length, put]) => text.slice(0, at) + put + text.slice(at + length));
    fc.assert(
      fc.property(damage(SHIPPED), damage(WATCHLIST), (config, list) =>
        survives({ 'c.yaml': config, 'watchlist.yaml': list }),
      ),
      { numRuns: 60 },
    );
  });
});

describe('words', () => {
  it('shows any text on one line, without anything that moves a cursor', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(show(text))),
    );
    expect(show('a\u2028b')).toBe('"a\\u{2028}b"');
    expect(show('x'.repeat(100))).toHaveLength(63);
  });

  it('counts edits: a metric in which a swap of neighbours is one', () => {
    expect(editDistance('orgins', 'origins')).toBe(1);
    expect(editDistance('origisn', 'origins')).toBe(1);
    fc.assert(
      fc.property(
        fc.string({ maxLength: 8 }),
        fc.string({ maxLength: 8 }),
        (a, b) => editDistance(a, b) === editDistance(b, a),
      ),
    );
    fc.assert(fc.property(fc.string({ maxLength: 8 }), (a) => editDistance(a, a) === 0));
  });

  it('knows what was meant, and when it does not', () => {
    const known = ['origins', 'maxLength', 'name'];
    expect(
      ['orgins', 'max-length', 'Name', 'maxlen', 'banana'].map((word) => nearestWord(word, known)),
    ).toEqual(['origins', 'maxLength', 'name', 'maxLength', undefined]);
  });
});

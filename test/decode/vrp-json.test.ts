/** RPKI exports: every shape in use is read, bad rows cost themselves only, and no bytes make the reader throw. */
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../src/bgp/address.ts';
import type { Aspa, RpkiRows } from '../../src/bgp/vrp.ts';
import { type VrpJsonOutcome, VrpJsonReader } from '../../src/decode/rpki/vrp-json.ts';
import { UsualRowReader } from '../../src/decode/rpki/vrp-json-bytes.ts';
import { readVrpJsonRow } from '../../src/decode/rpki/vrp-json-row.ts';

interface Read {
  readonly outcome: VrpJsonOutcome;
  readonly vrps: readonly string[];
  readonly aspas: readonly Aspa[];
}

function read(text: string | Uint8Array, chunkBytes = 65_536): Read {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const vrps: string[] = [];
  const aspas: Aspa[] = [];
  const reader = new VrpJsonReader({
    vrp: (row) =>
      vrps.push(`${formatAddress(row.family, row.words)}/${row.length}-${row.maxLength} AS${row.asn}`),
    aspa: (aspa) => aspas.push(aspa),
  });
  for (let at = 0; at < bytes.length; at += chunkBytes) reader.push(bytes.subarray(at, at + chunkBytes));
  return { outcome: reader.end(), vrps, aspas };
}

const RPKI_CLIENT = `{
	"metadata": { "buildmachine": "a{b}", "buildtime": "2023-07-27T18:56:02Z", "vrps": 2 },
	"roas": [
		{ "asn": 13335, "prefix": "1.0.0.0/24", "maxLength": 24, "ta": "apnic", "expires": 1827568318 },
		{ "asn": 9367, "prefix": "2001:200:136::/48", "maxLength": 64, "ta": "apnic", "expires": 1827575699 }
	],
	"bgpsec_keys": [ { "asn": 1, "ski": "}", "pubkey": "[" } ],
	"aspas": [ { "customer_asid": 970, "expires": 1827575699, "providers": [ 6939, 1299 ] } ]
}`;

describe('an RPKI export', () => {
  it('is read as rpki-client writes it, in chunks of any size', () => {
    for (const chunkBytes of [1, 7, 64, 65_536]) {
      expect(read(RPKI_CLIENT, chunkBytes)).toEqual({
        vrps: ['1.0.0.0/24-24 AS13335', '2001:200:136::/48-64 AS9367'],
        aspas: [{ customer: 970, providers: [6939, 1299], untilSeconds: 1_827_575_699 }],
        outcome: {
          error: undefined,
          vrps: 2,
          aspas: 1,
          problems: 0,
          samples: [],
          generatedMs: Date.parse('2023-07-27T18:56:02Z'),
        },
      });
    }
  });

  it('is read as Routinator writes it, jsonext too', () => {
    const { vrps, aspas, outcome } = read(`{"metadata":{"generated":1690484162,"generatedTime":"x"},"roas":[
      {"asn":"AS1234","prefix":"12.34.56.0/24","maxLength":24,"source":[{"type":"roa","uri":"rsync://a/}{.roa"}]}],
      "routerKeys":[],"aspas":[{"customer":"AS1","providers":["AS2","AS3"],"source":[{"type":"exception"}]}]}`);
    expect(vrps).toEqual(['12.34.56.0/24-24 AS1234']);
    expect(aspas).toEqual([{ customer: 1, providers: [2, 3] }]);
    expect(outcome).toMatchObject({ error: undefined, generatedMs: 1_690_484_162_000 });
  });

  it('may be a bare list, hold an older ASPA section, or be the assertions of a SLURM file', () => {
    expect(read('\ufeff[{"prefix":"103.10.112.0/22","maxLength":"32","asn":"0"}]').vrps).toEqual([
      '103.10.112.0/22-32 AS0',
    ]);
    expect(
      read('{"roas":[],"provider_authorizations":{"ipv4":[{"customer_asid":1,"providers":[2]}],"ipv6":[]}}')
        .aspas,
    ).toEqual([{ customer: 1, providers: [2] }]);
    const slurm =
      read(`{"slurmVersion":2,"validationOutputFilters":{"prefixFilters":[{"prefix":"192.0.2.0/24"}]},
      "locallyAddedAssertions":{"prefixAssertions":[{"asn":64496,"prefix":"2001:DB8::/32","maxPrefixLength":48}],
      "aspaAssertions":[{"customerAsn":1,"providerAsns":[2]}]}}`);
    expect(slurm.vrps).toEqual(['2001:db8::/32-48 AS64496']);
    expect(slurm.aspas).toEqual([{ customer: 1, providers: [2] }]);
  });

  it('takes a missing maxLength as the length, and AS numbers in every spelling', () => {
    const { vrps } = read(
      '{"roas":[{"asn":"AS1","prefix":"10.0.0.0/8"},{"asn":"1","prefix":"10.0.0.0/8","maxLength":null},{"asn":1,"prefix":"10.0.0.0/8","maxLength":8}]}',
    );
    expect(vrps).toEqual(Array.from({ length: 3 }, () => '10.0.0.0/8-8 AS1'));
  });

  it.each([
    ['{"asn":"x","prefix":"10.0.0.0/8"}', 'bad-asn'],
    ['{"asn":4294967296,"prefix":"10.0.0.0/8","maxLength":8}', 'bad-asn'],
    ['{"asn":1,"prefix":"10.0.0/8"}', 'bad-prefix'],
    ['{"asn":1,"prefix":"010.0.0.0/8","maxLength":8}', 'bad-prefix'],
    ['{"asn":1,"prefix":"10.0.0.0/08","maxLength":8}', 'bad-prefix'],
    ['{"asn":1,"prefix":"10.0.0.0/33","maxLength":33}', 'bad-prefix'],
    ['{"asn":1,"prefix":"::/129"}', 'bad-prefix'],
    ['{"asn":1,"prefix":7}', 'bad-prefix'],
    ['{"asn":1,"prefix":"10.0.0.0/8","maxLength":7}', 'bad-length'],
    ['{"asn":1,"prefix":"10.0.0.0/8","maxLength":33}', 'bad-length'],
    ['{"asn":1,"prefix":"10.0.0.0/8","maxLength":8.5}', 'bad-length'],
    ['{"customer":1,"providers":["x"]}', 'bad-aspa'],
    ['{"customer":1}', 'bad-aspa'],
    ['{"asn":1}', 'bad-row'],
    ['{"asn":1,,}', 'bad-row'],
    ['7', 'bad-row'],
    ['"x"', 'bad-row'],
  ])('loses only the row %s (%s)', (row, code) => {
    const { outcome, vrps } = read(`{"roas":[${row},{"asn":1,"prefix":"10.0.0.0/8","maxLength":8}]}`);
    expect(vrps).toEqual(['10.0.0.0/8-8 AS1']);
    expect(outcome).toMatchObject({ error: undefined, problems: 1, samples: [{ code }] });
  });

  it('masks host bits and says so', () => {
    const { outcome, vrps } = read('[{"asn":1,"prefix":"10.0.0.1/8","maxLength":8}]');
    expect(vrps).toEqual(['10.0.0.0/8-8 AS1']);
    expect(outcome).toMatchObject({ vrps: 1, problems: 1, samples: [{ code: 'host-bits' }] });
  });

  it.each([
    ['', 'empty'],
    ['<html>', 'no JSON'],
    ['ASN,IP Prefix', 'no JSON'],
    ['{"roas":[{"asn":1,"prefix":"10.0.0.0/8","maxLength":8},', 'cut off'],
    ['{"roas":[{"asn":1,"pre', 'cut off'],
    ['{"roas":[]}}', 'something follows'],
    ['{"roas":[}', 'do not match'],
    ['{"status":"ok"}', 'no list'],
    ['{"roas":[{"a":1}]}', 'not one'],
    ['['.repeat(100), 'nested'],
    [`{"roas":[{"asn":"${'x'.repeat(400_000)}`, 'larger than'],
  ])('that is %.20s… is refused: %s', (text, words) => {
    expect(read(text).outcome.error).toContain(words);
  });

  it('may be cut anywhere and then is refused', () => {
    for (let at = 0; at < RPKI_CLIENT.length - 1; at += 1)
      expect(read(RPKI_CLIENT.slice(0, at)).outcome.error).toBeDefined();
  });

  it('throws on no bytes whatever', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\',
      ':',
      ',',
      ' ',
      'roas',
      '"roas":[',
      '{"asn":1',
      ',"prefix":"10.0.0.0/8"}',
      '1',
      'é',
    );
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 30 }),
        fc.integer({ min: 1, max: 9 }),
        (parts, chunkBytes) => {
          const bytes = Buffer.from(parts.join(''));
          const whole = read(bytes);
          expect(read(bytes, chunkBytes).outcome.error === undefined).toBe(whole.outcome.error === undefined);
          expect(read(bytes, chunkBytes).vrps).toEqual(whole.vrps);
        },
      ),
      { numRuns: 500 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void read(bytes)));
  });

  it('reads usual rows to the same result as all others', () => {
    const prefixes = fc.oneof(
      fc.tuple(fc.ipV4(), fc.nat(33)).map(([address, length]) => `${address}/${length}`),
      fc.tuple(fc.ipV6(), fc.nat(129)).map(([address, length]) => `${address}/${length}`),
      fc.constantFrom(
        '10.0.0.0/8',
        '1.2.3.0/24',
        '0.0.0.0/0',
        '1.2.3/24',
        '1.2.3.4.5/32',
        '::/0',
        '2001:db8::/32',
        '1.2.3.400/32',
        '1..2.3/8',
        '1.2.3.4/',
        '1.2.3.4/0x8',
      ),
    );
    fc.assert(
      fc.property(
        prefixes,
        fc.nat(130),
        fc.nat(4_294_967_299),
        fc.boolean(),
        (prefix, maxLength, asn, named) => {
          const row = { asn: named ? `AS${asn}` : asn, prefix, maxLength, ta: 'ripe', expires: 5 };
          const collect = (run: (rows: RpkiRows) => unknown): string => {
            const taken: object[] = [];
            const outcome = run({
              vrp: (found) => taken.push(structuredClone(found)),
              aspa: () => undefined,
            });
            return JSON.stringify([outcome, taken]);
          };
          const text = Buffer.from(JSON.stringify(row));
          const quick = collect((rows) =>
            new UsualRowReader(rows).read(text, 0) === text.length ? 'vrp' : 'left',
          );
          const full = collect((rows) => readVrpJsonRow(row, rows));
          // What is taken from the bytes is what the full reading takes; of sound rows only mixed notation is left.
          if (quick !== '["left",[]]') expect(quick).toBe(full);
          else if (full.startsWith('["vrp"')) expect(prefix).toMatch(/:.*\./);
        },
      ),
    );
  });

  const samples = '../shared/data/rpki';
  it.skipIf(!existsSync(samples)).each([
    ['routinator/111.json', 2, 2],
    ['routinator/111.jsonext', 2, 2],
    ['routinator/111.slurm2', 2, 2],
    ['stayrtr/smalltest.rpki.json', 2, 0],
    ['rpki-validator.test.json', undefined, 0],
  ])('agrees with JSON on the real %s (needs ../shared/data)', (name, vrps, aspas) => {
    const bytes = readFileSync(`${samples}/${name}`);
    const found = read(bytes, 997);
    expect(found.outcome).toMatchObject({ error: undefined, problems: 0, aspas });
    expect(found.vrps).toHaveLength(vrps ?? (JSON.parse(bytes.toString()) as unknown[]).length);
  });
});

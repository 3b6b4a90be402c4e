/** Inputs as a recording holds them: written and read, each is the same input again. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { prefixOf } from '../../src/bgp/prefix.ts';
import type { VrpRow } from '../../src/bgp/vrp.ts';
import {
  inputOf,
  rpkiLine,
  UnreadableInput,
  type WrittenInput,
  writeInput,
} from '../../src/engine/recorded/inputs.ts';
import { decodeValue, encodeValue } from '../../src/engine/recorded/value-text.ts';
import { type RpkiData, RpkiDataBuilder } from '../../src/judge/rpki-data.ts';
import { columnsOf } from '../../src/match/watch-builder.ts';
import { configOf, Machine, T0, watch, watchAs } from './fixture.ts';

const author = { by: 'kim', note: 'because', via: 'dashboard' };
const prefix = prefixOf('2001:db8::/32');

function again(input: Parameters<typeof writeInput>[0]): WrittenInput {
  const { value, texts } = writeInput(input);
  return inputOf(JSON.parse(JSON.stringify(value)), (name) => texts[name]);
}

describe('an input that is written and read', () => {
  test.each<Parameters<typeof writeInput>[0]>([
    { type: 'acknowledge', id: 'a', author },
    { type: 'resolve', id: 'a', author },
    { type: 'note', id: 'a', author },
    { type: 'assign', id: 'a', assignee: null, author },
    { type: 'accept-origin', prefix, origin: 1, author },
    { type: 'reject-origin', prefix, origin: 4_294_967_295, author },
    { type: 'remove-silence', id: 's', author },
    { type: 'clock', leap: { cause: 'suspended', byMs: 5 } },
    {
      type: 'update',
      feed: 'bmp',
      via: 'live',
      raw: '',
      update: {
        vantagePoint: { collector: 'r', peerAddress: '192.0.2.1', peerAsn: 1 },
        observedMs: undefined,
        path: [1, [2, 3]],
        communities: [[1, 2]],
        announced: [prefix],
        withdrawn: [],
      },
    },
  ])('is the same: $type', (input) => {
    expect(again(input)).toEqual(input);
  });

  test('is the same when it is a configuration, in columns or as a list', () => {
    const entries = [watch('203.0.113.0/24', { origins: [64500], upstreams: [3356] }), watchAs(64510)];
    const config = configOf(entries, {
      knowledge: {
        siblings: [[1, 2]],
        topology: [{ a: 1, b: 2, relation: -1 }],
        asNames: new Map([[1, 'one']]),
        dropList: new Set([666]),
      },
    });
    for (const watchlist of [config.watchlist, { entries: columnsOf(config.watchlist) }])
      expect(again({ type: 'config', config: { ...config, watchlist }, isInPlace: true })).toEqual({
        type: 'config',
        config,
        isInPlace: true,
      });
  });

  test('says of receivers what the engine knows, and no secret', () => {
    const receivers = [{ name: 'noc', minSeverity: 'info' as const, url: 'https://example.org/secret' }];
    const { texts } = writeInput({ type: 'config', config: configOf([], { receivers }), isInPlace: false });
    expect(texts.config).toContain('noc');
    expect(texts.config).not.toContain('secret');
  });

  test("holds nobody's mail and phone", () => {
    const config = configOf([]);
    const contacts = new Map([[64999, [{ asn: 64999, mail: 'noc@o.example' }]]]);
    const told = { ...config, knowledge: { ...config.knowledge, contacts } };
    expect(writeInput({ type: 'config', config: told, isInPlace: false }).texts.config).not.toContain(
      'noc@o',
    );
  });

  test('is the same when it is how the engine began', () => {
    const machine = new Machine(configOf([watch('203.0.113.0/24', { origins: [64500] })]));
    machine.announce(T0, '203.0.113.0/24', '6461 666');
    const remembered = machine.store.remember();
    const state = {
      ...remembered,
      segments: [...remembered.segments].map(({ number, body }) => ({ number, body: new Uint8Array(body) })),
      ribTable: [...remembered.ribTable],
      baseline: [...remembered.baseline],
      incidents: [...remembered.incidents],
    };
    const feeds = [{ name: 'ris', collectors: ['rrc00'], ignorePeers: [3356, '192.0.2.1'] }];
    const begun = again({ type: 'begin', config: configOf([]), remembered: state, feeds });
    expect(begun).toEqual({ type: 'begin', config: configOf([]), remembered: state, feeds });
    expect(state.incidents).toHaveLength(1);
  });

  test('is the same when it is RPKI data, row by row', () => {
    const rows: VrpRow[] = [
      {
        ...{ family: 4, words: [0xcb007100, 0, 0, 0], length: 24, maxLength: 24, asn: 64500 },
        ...{ untilSeconds: 1_767_225_600, roaEndsSeconds: 1_770_000_000 },
      },
      { family: 6, words: [0x20010db8, 0, 0, 1], length: 128, maxLength: 128, asn: 0 },
    ];
    const builder = new RpkiDataBuilder();
    for (const row of rows) builder.vrp(row);
    builder.aspa({ customer: 64500, providers: [3356, 174], untilSeconds: 1_767_225_601 });
    const data = builder.build();
    const text = [...data.rows()].map(rpkiLine).join('');
    const read = inputOf({ type: 'rpki', isKnown: true }, () => text);
    if (read.type !== 'rpki') throw new Error('no RPKI data');
    expect([...(read.rpki as RpkiData).rows()]).toEqual([...data.rows()]);
    expect([...data.rows()]).toHaveLength(3);
    expect(text).toMatch(/1767225600.*1770000000.*\n.*\n.*1767225601/);
    expect(inputOf({ type: 'rpki', isKnown: false }, () => undefined)).toEqual({ type: 'rpki' });
  });

  test.each([
    [{ type: 'begin', feeds: [] }, undefined, /its config is not there/],
    [{ type: 'config' }, '{"cut', /an input of the recording is lost/],
    [{ type: 'daemon', state: 'stopped' }, undefined, /no input/],
    [{}, undefined, /no input/],
  ])('is refused when it cannot be: %j', (value, text, reason) => {
    expect(() => inputOf(value, () => text)).toThrow(UnreadableInput);
    expect(() => inputOf(value, () => text)).toThrow(reason);
  });
});

test('any value of JSON, and what it is made of here, comes back', () => {
  const leaf = fc.oneof(
    fc.string(),
    fc.double().map((number) => number || Math.abs(number)),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array(),
    fc.constant(prefix),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.array(tie('value')),
      fc.array(tie('value')).map((list) => new Set(list)),
      fc.array(fc.tuple(fc.string(), tie('value'))).map((pairs) => new Map(pairs)),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), tie('value')),
    ),
  }));
  fc.assert(
    fc.property(value, (any) => {
      const back = decodeValue(JSON.parse(JSON.stringify(encodeValue(any))));
      expect(back).toEqual(any);
    }),
    { numRuns: 200 },
  );
});

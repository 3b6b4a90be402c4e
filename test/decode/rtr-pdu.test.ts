/** RTR PDUs out of bytes: each type of three versions, both layouts of ASPA, any cut, any damage. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type RtrPdu,
  type RtrProblem,
  RtrReader,
  resetQuery,
  serialQuery,
} from '../../src/decode/rpki/rtr-pdu.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replace(/\s/g, ''), 'hex');

function readAll(...chunks: readonly Uint8Array[]): {
  pdus: readonly RtrPdu[];
  problems: readonly RtrProblem[];
  isWhole: boolean;
} {
  const pdus: RtrPdu[] = [];
  const problems: RtrProblem[] = [];
  const reader = new RtrReader(
    (pdu) => pdus.push(pdu),
    (problem) => problems.push(problem),
  );
  const isWhole = chunks.every((chunk) => reader.push(chunk));
  return { pdus, problems, isWhole };
}

const IPV4 = '01 04 0000 00000014  01 18 19 00 c6336400 0000fbf0';
const IPV6 = '01 06 0000 00000020  00 20 30 00 20010db8 ffffffff 00000000 00000000 0000fbf1';
const END_V1 = '01 07 1234 00000018 00000007 00000e10 00000258 00001c20';

describe('RTR PDUs', () => {
  it.each<[string, string, RtrPdu]>([
    [
      'Serial Notify',
      '01 00 1234 0000000c 00000009',
      { type: 'serial-notify', version: 1, session: 0x1234, serial: 9 },
    ],
    ['Cache Response', '02 03 1234 00000008', { type: 'cache-response', version: 2, session: 0x1234 }],
    [
      'IPv4 Prefix',
      IPV4,
      {
        type: 'prefix',
        version: 1,
        isAnnounced: true,
        family: 4,
        words: [0xc6336400, 0, 0, 0],
        length: 24,
        maxLength: 25,
        asn: 64496,
      },
    ],
    [
      'a withdrawn IPv6 Prefix, its host bits masked',
      IPV6,
      {
        type: 'prefix',
        version: 1,
        isAnnounced: false,
        family: 6,
        words: [0x20010db8, 0, 0, 0],
        length: 32,
        maxLength: 48,
        asn: 64497,
      },
    ],
    [
      'End of Data of version 1',
      END_V1,
      {
        type: 'end-of-data',
        version: 1,
        session: 0x1234,
        serial: 7,
        refreshSeconds: 3600,
        retrySeconds: 600,
        expireSeconds: 7200,
      },
    ],
    [
      'End of Data of version 0, without intervals',
      '00 07 1234 0000000c 00000007',
      {
        type: 'end-of-data',
        version: 0,
        session: 0x1234,
        serial: 7,
        refreshSeconds: undefined,
        retrySeconds: undefined,
        expireSeconds: undefined,
      },
    ],
    ['Cache Reset', '01 08 0000 00000008', { type: 'cache-reset', version: 1 }],
    [
      'an error report that quotes a PDU',
      '00 0a 0004 0000001a 00000008 0302000000000008 00000002 6e6f',
      { type: 'error', version: 0, code: 4, text: 'no' },
    ],
    [
      'a router key, which is of no use here',
      '01 09 0100 00000020 000000000000000000000000000000000000000000000000',
      { type: 'unused', version: 1, pduType: 9 },
    ],
    [
      'an ASPA of the newer layout',
      '02 0b 01 00 00000014 0000fbf4 0000fbf5 0000fbf6',
      {
        type: 'aspa',
        version: 2,
        isAnnounced: true,
        customer: 64500,
        providers: [64501, 64502],
        afi: undefined,
      },
    ],
    [
      'a withdrawn ASPA of the newer layout',
      '02 0b 00 00 0000000c 0000fbf4',
      { type: 'aspa', version: 2, isAnnounced: false, customer: 64500, providers: [], afi: undefined },
    ],
    [
      'an ASPA of the older layout',
      '02 0b 0000 00000018 01 00 0002 0000fbf4 0000fbf5 0000fbf6',
      { type: 'aspa', version: 2, isAnnounced: true, customer: 64500, providers: [64501, 64502], afi: 0 },
    ],
    [
      'a withdrawn ASPA of the older layout',
      '02 0b 0000 00000010 00 01 0000 0000fbf4',
      { type: 'aspa', version: 2, isAnnounced: false, customer: 64500, providers: [], afi: 1 },
    ],
  ])('reads %s', (_name, hex, pdu) => {
    expect(readAll(bytes(hex))).toEqual({ pdus: [pdu], problems: [], isWhole: true });
  });

  it('reads the same however the bytes are cut', () => {
    const stream = bytes(IPV4 + IPV6 + END_V1);
    const whole = readAll(stream).pdus;
    expect(whole).toHaveLength(3);
    for (let at = 1; at < stream.length; at += 1) {
      expect(readAll(stream.subarray(0, at), stream.subarray(at)).pdus).toEqual(whole);
    }
  });

  it.each([
    ['a prefix longer than its address', '01 04 0000 00000014  01 21 21 00 c6336400 0000fbf0'],
    ['a maximum below the length', '01 04 0000 00000014  01 18 17 00 c6336400 0000fbf0'],
    ['an older ASPA whose count lies', '02 0b 0000 00000018 01 00 0003 0000fbf4 0000fbf5 0000fbf6'],
  ])('counts %s and reads on', (_name, hex) => {
    const { pdus, problems, isWhole } = readAll(bytes(hex + END_V1));
    expect(problems.map(({ code }) => code)).toEqual(['rtr-row']);
    expect(pdus.map(({ type }) => type)).toEqual(['end-of-data']);
    expect(isWhole).toBe(true);
  });

  it.each([
    ['shorter than its type', '01 04 0000 00000010'],
    ['shorter than a header', '01 03 0000 00000004'],
    ['longer than any PDU', '01 0a 0000 7fffffff'],
  ])('ends the stream at a PDU that says it is %s', (_name, hex) => {
    const { pdus, problems, isWhole } = readAll(bytes(hex), bytes(END_V1));
    expect({ pdus, codes: problems.map(({ code }) => code), isWhole }).toEqual({
      pdus: [],
      codes: ['rtr-length'],
      isWhole: false,
    });
  });

  it('throws on no bytes', () => {
    const seeds = [IPV4, IPV6, END_V1, '02 0b 0000 00000018 01 00 0002 0000fbf4 0000fbf5 0000fbf6'].map(
      bytes,
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { maxLength: 6 }),
        fc.uint8Array({ maxLength: 40 }),
        (seed, changes, tail) => {
          const mutated = Buffer.concat([seed, tail]);
          for (const [at, value] of changes) mutated[at % mutated.length] = value;
          readAll(mutated.subarray(0, 13), mutated.subarray(13));
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('asks for everything, and for what came since', () => {
    expect(resetQuery(2)).toEqual(bytes('02 02 0000 00000008'));
    expect(serialQuery(1, 0x1234, 7)).toEqual(bytes('01 01 1234 0000000c 00000007'));
  });
});

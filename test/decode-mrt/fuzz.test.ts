/**
 * Neither decoder throws, hangs or grows on any bytes: random ones, and sound ones with bits, octets and lengths
 * changed. Rerun a failure with `FUZZ_SEED=<seed> npx vitest run --config test/vitest.config.ts test/decode-mrt/fuzz.test.ts`; `FUZZ_ROUNDS` makes it long.
 */
import { expect, test } from 'vitest';
import type { Problem } from '../../src/bgp/update.ts';
import { parseUpdate, toUpdate, updateIsWanted } from '../../src/decode/bgp/update.ts';
import { bgpdumpLine } from '../../src/decode/mrt/bgpdump-line.ts';
import { MrtDecoder } from '../../src/decode/mrt/mrt.ts';
import { MrtFramer } from '../../src/decode/mrt/mrt-framing.ts';
import { routeJson } from '../../src/decode/route-json.ts';
import {
  attribute,
  bgp4mp,
  hex,
  ORIGIN_IGP,
  peerTable,
  ribEntry,
  ribRow,
  rng,
  segment,
  updateBytes,
} from './bytes.ts';

const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 32));
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 800);
const VANTAGE_POINT = { collector: 'x', peerAddress: '192.0.2.1', peerAsn: 1 };
const DETAIL_MAX = 200;

const attributes = Buffer.concat([
  ORIGIN_IGP,
  attribute(
    0x40,
    2,
    Buffer.concat([segment([64_500, 9457]), segment([5, 6], { type: 1 }), segment([7], { type: 3 })]),
  ),
  attribute(0x40, 3, hex('c0000201')),
  attribute(0x80, 4, hex('00000001')),
  attribute(0xc0, 7, hex('00000001 01020304')),
  attribute(0xc0, 8, hex('00010002 ffffff01')),
  attribute(0xc0, 16, hex('0002000100000001')),
  attribute(0xc0, 17, segment([70_000])),
  attribute(0xc0, 32, hex('000000010000000200000003')),
  attribute(0xc0, 35, hex('00001dc9')),
]);
const more = [attribute(0x80, 15, hex('0002 01 30 20010db80001')), attribute(0xc0, 99, hex('0102'))];
const stream = Buffer.concat([
  peerTable([
    { address: '192.0.2.1', asn: 1 },
    { address: '2001:db8::1', asn: 2 },
  ]),
  ribRow(2, '211.249.216.0/21', [ribEntry(0, 1, attributes), ribEntry(1, 1, attributes)]),
  ribRow(4, '2404:4600::/32', [ribEntry(1, 1, attributes)]),
  ribRow(8, '211.249.216.0/21', [ribEntry(0, 1, attributes, 4)]),
  bgp4mp(updateBytes({ path: [1, 2], announced: ['211.249.221.0/24'], withdrawn: ['203.0.113.0/24'], more })),
  bgp4mp(updateBytes({ path: [1, 2], announced: ['2404:4600::/48'] }), { subtype: 9, microseconds: 7 }),
  bgp4mp(updateBytes({ path: [1, 2], announced: ['10.0.0.0/8'], asnSize: 2 }), { subtype: 1, asnSize: 2 }),
  bgp4mp(updateBytes({ path: [1, 2], announced: ['10.0.0.0/8'] }), { subtype: 5 }),
]);

/** A few changes that damage in practice makes: flipped bits, 0 and 255, cut or doubled pieces. */
function mutate(bytes: Buffer, random: () => number): Buffer {
  const below = (limit: number): number => Math.floor(random() * limit);
  let changed = Buffer.from(bytes);
  for (let count = below(6) + 1; count > 0 && changed.length > 0; count -= 1) {
    const at = below(changed.length);
    const kind = below(6);
    if (kind === 0) changed[at] = (changed[at] as number) ^ (1 << below(8));
    else if (kind === 1) changed[at] = 255;
    else if (kind === 2) changed[at] = 0;
    else if (kind === 3) changed[at] = below(256);
    else if (kind === 4) changed = Buffer.concat([changed.subarray(0, at), changed.subarray(at + below(20))]);
    else changed = Buffer.concat([changed.subarray(0, at), changed.subarray(Math.max(0, at - below(20)))]);
  }
  return changed;
}

function bounded(problems: readonly Problem[], size: number): void {
  // At most one problem for each octet, and none that is longer than a log line.
  expect(problems.length).toBeLessThanOrEqual(size + 8);
  for (const { detail } of problems) expect(detail.length).toBeLessThanOrEqual(DETAIL_MAX);
}

/** Judges, judges by interest, and prints the same stream; returns how many records it had. */
function readAll(bytes: Buffer, chunk: number): number {
  const decoders = [
    new MrtDecoder('x'),
    new MrtDecoder('x', { prefix: (_family, w0) => (w0 & 1024) === 0, origin: (asn) => asn === 2 }),
  ];
  const framer = new MrtFramer();
  const problems: Problem[] = [];
  const drain = (): void => {
    while (framer.next()) {
      for (const decoder of decoders) decoder.judge(framer, problems);
      for (const printed of new MrtDecoder('x').print(framer, problems)) {
        bgpdumpLine(printed);
        JSON.stringify(routeJson(printed));
      }
    }
  };
  for (let at = 0; at < bytes.length; at += chunk) {
    framer.push(bytes.subarray(at, at + chunk));
    drain();
  }
  framer.finish();
  drain();
  bounded([...problems, ...framer.problems.map(({ problem }) => problem)], bytes.length * 4);
  return framer.records;
}

test(`changed MRT streams are read to their end (seed ${SEED})`, () => {
  const random = rng(SEED);
  let records = 0;
  for (let round = 0; round < ROUNDS; round += 1)
    records += readAll(mutate(stream, random), 1 + Math.floor(random() * 400));
  expect(records).toBeGreaterThan(ROUNDS);
});

test(`random bytes are no MRT and cost nothing (seed ${SEED})`, () => {
  const random = rng(SEED + 1);
  for (let round = 0; round < ROUNDS / 3; round += 1) {
    const bytes = Buffer.from(
      Array.from({ length: Math.floor(random() * 300) }, () => Math.floor(random() * 256)),
    );
    readAll(bytes, 64);
  }
});

test(`changed UPDATE bodies give values, and the quick question never says no to what judging finds (seed ${SEED})`, () => {
  const random = rng(SEED + 2);
  const sound = updateBytes({
    path: [64_500, 2],
    announced: ['211.249.221.0/24', '10.0.0.0/8'],
    withdrawn: ['203.0.113.0/24'],
    more,
  });
  let announced = 0;
  for (let round = 0; round < ROUNDS * 3; round += 1) {
    const body = mutate(sound.subarray(19), random);
    const context = { asnSize: random() < 0.7 ? 4 : 2, addPath: random() < 0.2 } as const;
    const problems: Problem[] = [];
    const update = toUpdate(
      parseUpdate({ bytes: body, start: 0, end: body.length }, context, problems),
      VANTAGE_POINT,
      1,
      problems,
    );
    bounded(problems, body.length);
    announced += update?.announced.length ?? 0;
    const texts = new Set(
      [...(update?.announced ?? []), ...(update?.withdrawn ?? [])].map(({ text }) => text),
    );
    const interest = { prefix: () => true };
    if (texts.size > 0) expect(updateIsWanted(body, 0, body.length, context, interest)).toBe(true);
  }
  expect(announced).toBeGreaterThan(ROUNDS / 3);
});

/**
 * Bench row: MB/s of decompressed MRT updates that are decoded and matched on one core, with 1,000 watched prefixes
 * (performance.md: at least 60 MB/s). The file is made from a seed in the sizes and shares of a real one: 35 % IPv6, paths of four
 * ASes, two prefixes a message, one in a thousand watched. Run: `npx tsx test/bench/mrt.ts [--megabytes N]`.
 */
import { prefixFromWords } from '../../src/bgp/prefix.ts';
import { MrtDecoder } from '../../src/decode/mrt/mrt.ts';
import { MrtFramer } from '../../src/decode/mrt/mrt-framing.ts';
import { AsnSet } from '../../src/match/asn-set.ts';
import { PrefixIndex } from '../../src/match/prefix-index.ts';
import { bgp4mp, rng, updateBytes } from '../decode-mrt/bytes.ts';

const MEGABYTES = Number(process.argv[process.argv.indexOf('--megabytes') + 1]) || 200;
const CHUNK = 64 * 1024;
const ROUNDS = 3;

const random = rng(20_220_203);
const pick = (below: number): number => Math.floor(random() * below);
const index = new PrefixIndex();
const watched4: number[] = [];
for (let slot = 0; slot < 1_000; slot += 1) {
  const word = ((pick(0xdf) << 24) | (pick(0x10000) << 8)) >>> 0;
  watched4.push(word);
  index.insert(prefixFromWords(4, [word, 0, 0, 0], 24).prefix, slot);
}
const origins = new AsnSet([38_099, 7_625]);
const wanted = (family: 4 | 6, w0: number, w1: number, w2: number, w3: number, length: number): boolean =>
  family === 4
    ? index.covering4(w0, length) >= 0 || (length >= 8 && index.anyInside4(w0, length))
    : index.covering6(w0, w1, w2, w3, length) >= 0 ||
      (length >= 16 && index.anyInside6(w0, w1, w2, w3, length));

function message(): Buffer {
  const path = [pick(60_000) + 1, 3356, pick(60_000) + 1, pick(400_000) + 1];
  const communities = Array.from({ length: pick(6) }, (): [number, number] => [pick(65_535), pick(65_535)]);
  const peer = `192.0.2.${pick(40) + 1}`;
  if (random() < 0.35) {
    const prefix = `2${pick(4096).toString(16).padStart(3, '0')}:${pick(65_536).toString(16)}:${pick(65_536).toString(16)}::/48`;
    return bgp4mp(updateBytes({ path, communities, nextHop: '2001:db8::1', announced: [prefix] }), {
      peer,
      seconds: 1_643_850_000,
    });
  }
  const isWatched = random() < 0.001;
  const word = isWatched
    ? (watched4[pick(1_000)] as number)
    : ((pick(0xdf) << 24) | (pick(0x10000) << 8)) >>> 0;
  const text = `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.0/24`;
  const announced = [text, `10.${pick(256)}.${pick(256)}.0/24`];
  return bgp4mp(updateBytes({ path, communities, nextHop: peer, announced }), {
    peer,
    seconds: 1_643_850_000,
  });
}

const messages = Array.from({ length: 20_000 }, message);
const piece = Buffer.concat(messages);
const repeats = Math.ceil((MEGABYTES * 1e6) / piece.length);

function round(interest: boolean): {
  readonly rate: number;
  readonly records: number;
  readonly items: number;
} {
  const decoder = new MrtDecoder(
    'rrc00',
    interest ? { prefix: wanted, origin: (asn) => origins.has(asn) } : undefined,
  );
  const framer = new MrtFramer();
  let items = 0;
  const before = process.cpuUsage();
  for (let turn = 0; turn < repeats; turn += 1)
    for (let at = 0; at < piece.length; at += CHUNK) {
      framer.push(piece.subarray(at, at + CHUNK));
      while (framer.next()) items += decoder.judge(framer, []).length;
    }
  const { user, system } = process.cpuUsage(before);
  return { rate: (repeats * piece.length) / (user + system), records: framer.records, items };
}

const rates = Array.from({ length: ROUNDS }, () => round(true)).sort((a, b) => a.rate - b.rate);
const median = rates[Math.floor(ROUNDS / 2)];
const all = round(false);
console.log(
  `MRT, 1,000 watched prefixes: ${median?.rate.toFixed(0)} MB per CPU-second (budget 60), ${median?.records} records, ${median?.items} of interest`,
);
console.log(`MRT, everything wanted:      ${all.rate.toFixed(0)} MB per CPU-second, ${all.records} records`);

/**
 * A miss allocates nothing: what thousands of them leave on the heap is no more than a handful leaves. Stretches are short,
 * so that what they might allocate fits into the young generation and nothing is collected meanwhile; they are many, so that
 * what others leave behind, such as code being compiled, does not fall into all of them.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { prefixOf } from '../../src/bgp/prefix.ts';
import { loadScanner } from '../../src/daemon/scanner-file.ts';
import { AsnSet } from '../../src/match/asn-set.ts';
import { PrefixIndex } from '../../src/match/prefix-index.ts';
import { QuickReject } from '../../src/match/quick-reject.ts';
import { VantagePointTable } from '../../src/match/vantage-point-table.ts';

const MISSES = 30_000;
const STRETCHES = 10;
/** An eighth of what one boxed number for each miss would take. */
const NOISE_BYTES = MISSES * 2;
/** One stamp for a piece of the stream, as in the daemon. */
const ARRIVED_MS = 1_643_839_500_120;
const POINT = { collector: 'rrc06', peerAddress: '203.119.76.3', peerAsn: 7_660 };

function frameOf(routes: string, withdrawals: string): Buffer {
  return Buffer.from(
    `{"type":"ris_message","data":{"timestamp":1643839500.12,"peer":"203.119.76.3","peer_asn":"7660","id":"x-1","host":"rrc06.ripe.net","type":"UPDATE","path":[7660,4635,3786,9457],"community":[[4635,800],[7660,6]],"origin":"IGP","announcements":[${routes}],"withdrawals":[${withdrawals}]}}`,
  );
}

const FRAMES = [
  frameOf('{"next_hop":"203.119.76.3","prefixes":["198.51.100.0/24","211.249.0.0/20"]}', ''),
  frameOf('{"next_hop":"2001:db8::1,fe80::1","prefixes":["2001:db9::/32","2001:db8:ffff:fffe::/64"]}', ''),
  frameOf('', '"198.51.100.0/24","2001:db9:1::/48"'),
];

function quickReject(): QuickReject {
  const index = new PrefixIndex();
  const prefixes = ['211.249.216.0/21', '2001:db8:ffff:ffff::/64'];
  for (const [slot, text] of prefixes.entries()) index.insert(prefixOf(text), slot);
  const watched = { index, holes: new Uint8Array(prefixes.length), origins: new AsnSet([38_099]) };
  const scanner = loadScanner();
  return new QuickReject(scanner, new VantagePointTable(scanner), watched);
}

/** The collector of garbage, which has to stay out of the measurement. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

it('allocates nothing for announcements and withdrawals that are nobody’s', () => {
  const quick = quickReject();
  for (const frame of FRAMES) if (quick.verdict(frame, 1) === 'stranger') quick.adopt(POINT);
  const misses = (count: number): void => {
    for (let n = 0; n < count; n += 1) quick.verdict(FRAMES[n % FRAMES.length]!, ARRIVED_MS);
  };
  // Until V8 has compiled it for good it may box numbers.
  misses(STRETCHES * MISSES);
  const collect = collector();
  const grown = (count: number): number => {
    collect();
    const before = getHeapStatistics().used_heap_size;
    misses(count);
    return getHeapStatistics().used_heap_size - before;
  };
  const least = (count: number): number => Math.min(...Array.from({ length: STRETCHES }, () => grown(count)));
  const rejected = quick.rejected;
  expect(least(MISSES) - least(100)).toBeLessThan(NOISE_BYTES);
  expect(quick.rejected - rejected).toBe(STRETCHES * (MISSES + 100));
});

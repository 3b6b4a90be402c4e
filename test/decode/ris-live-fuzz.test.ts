/** Broken frames cost themselves only. Rerun a failure: `RIS_LIVE_SEED=<seed> npx vitest run … test/decode/ris-live-fuzz`. */
import fc from 'fast-check';
import { test } from 'vitest';
import { originsOf } from '../../src/bgp/as-path.ts';
import { parsePrefix } from '../../src/bgp/prefix.ts';
import { type Decoded, decodeRisLive, RIS_LIVE_PROBLEMS } from '../../src/decode/ris-live/ris-live.ts';

const seed = Number(process.env.RIS_LIVE_SEED ?? Date.now() % 2_147_483_647);

const FRAMES: readonly string[] = [
  '{"type":"ris_message","data":{"timestamp":1643850258.5,"peer":"192.0.2.1","peer_asn":"64500","id":"1","host":"rrc00","type":"UPDATE","path":[64500,64501,[64502,64503]],"community":[[64500,1]],"origin":"igp","med":7,"announcements":[{"next_hop":"192.0.2.1","prefixes":["198.51.100.0/24","203.0.113.0/25"]}],"withdrawals":["192.0.2.0/24"]}}',
  '{"type": "ris_message", "data": {"timestamp": 1740561857.91, "peer": "2001:db8::1", "peer_asn": "64500", "id": "x", "host": "rrc25.ripe.net", "type": "UPDATE", "path": [], "community": [], "announcements": [], "withdrawals": ["2001:db8:bb:0:0:0:0:0/48"]}}',
  '{"type":"ris_message","data":{"timestamp":1636247118.76,"peer":"2001:db8::82","peer_asn":"64496","id":"20-1","host":"rrc20","type":"UPDATE","path":[64496,64497],"announcements":[{"next_hop":"2001:db8::82,fe80::1","prefixes":["2001:db8:f00::/40"]}]}}',
  '{"type":"ris_message","data":{"timestamp":1553625081.88,"peer":"192.0.2.59","peer_asn":"64499","host":"rrc01","type":"RIS_PEER_STATE","state":"down"}}',
  '{"type":"ris_error","data":{"message":"Unknown command type"}}',
];

const SPLICES = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\\',
  '\u0000',
  '\uFFFD',
  'null',
  '-1',
  '1e999',
  '[[]]',
  '{}',
  '"x"',
  '\\ud800',
  '/129',
  '"__proto__":',
];

/** One change: cut, repeat, replace or insert at a place given as a share of the length. */
const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 0, max: 12 }),
  text: fc.constantFrom('', ...SPLICES),
  repeat: fc.integer({ min: 1, max: 3 }),
});

const mutated = fc
  .tuple(fc.constantFrom(...FRAMES), fc.array(change, { minLength: 1, maxLength: 4 }))
  .map(([frame, changes]) =>
    changes.reduce((text, { at, length, text: insert, repeat }) => {
      const start = Math.floor(at * text.length);
      return text.slice(0, start) + insert.repeat(repeat) + text.slice(start + length);
    }, frame),
  );

/** Plain comparisons: `expect` costs more than what it checks here. */
function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

function check(decoded: Decoded): void {
  const problems = 'problems' in decoded ? decoded.problems : [];
  for (const { code, detail } of problems) {
    demand(code in RIS_LIVE_PROBLEMS, `${code} is in the list`);
    demand(detail.length <= 200, 'details are short');
  }
  demand(decoded.type !== 'bad' || problems.length > 0, 'a bad frame says why');
  if (decoded.type !== 'update') return;
  const { announced, withdrawn, path } = decoded.update;
  const names = [...announced, ...withdrawn].map((prefix) => prefix.text);
  for (const name of names) {
    const parsed = parsePrefix(name);
    demand(parsed?.prefix.text === name && !parsed.hostBits, `${name} is canonical`);
  }
  demand(new Set(names).size === names.length, 'each prefix stands once');
  demand(announced.length === 0 || originsOf(path).length > 0, 'what is announced has an origin');
}

test(`10,000 mutated frames never throw and leave sound values (seed ${seed})`, () => {
  fc.assert(
    fc.property(mutated, (text) => check(decodeRisLive(text))),
    { seed, numRuns: 10_000 },
  );
});

test(`any JSON in any place is a value (seed ${seed})`, () => {
  const keys = [
    'timestamp',
    'peer',
    'peer_asn',
    'host',
    'type',
    'path',
    'community',
    'announcements',
    'withdrawals',
    'state',
  ];
  const data = fc.tuple(fc.constantFrom(...keys), fc.jsonValue());
  fc.assert(
    fc.property(data, fc.constantFrom(...FRAMES), ([key, value], frame) => {
      const message = JSON.parse(frame) as { data: Record<string, unknown> };
      message.data[key] = value;
      check(decodeRisLive(JSON.stringify(message)));
    }),
    { seed, numRuns: 2_000 },
  );
});

/**
 * Bench of snapshots: a RIB of 1.2 million prefixes is made from nothing (TABLE_DUMP_V2, RFC 6396 §4.3) and read by
 * `init` and by `baseline learn`, each a process of its own, with its time and its peak of resident memory. What counts
 * is the growth from a quarter of the table to all of it: it follows what is watched and not the file.
 * Run: `npm run bench:rib -- [--prefixes N] [--peers N] [--whole]`; `--whole` learns the whole table too.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { formatAddress } from '../../src/bgp/address.ts';
import { attribute, be16, be32, hex, ORIGIN_IGP, peerTable, record, segment } from '../decode-mrt/bytes.ts';
import { figuresOf } from './children.ts';

const { values: options } = parseArgs({
  options: { prefixes: { type: 'string' }, peers: { type: 'string' }, whole: { type: 'boolean' } },
});
const PREFIXES = Number(options.prefixes ?? 1_200_000);
const PEERS = Number(options.peers ?? 10);
const SHARE_6 = 1 / 6;
const ORIGIN_FIRST = 140_000;
/** Neighbours in the table that share an origin. */
const PREFIXES_PER_ORIGIN = 32;
const WATCHED = 1_000;
const MAIN = resolve('dist/main.js');
const MB = 1_048_576;

interface Prefix {
  readonly isSix: boolean;
  /** Address and length as in NLRI. */
  readonly bytes: Buffer;
  readonly text: string;
  readonly origin: number;
}

/** The n-th prefix of a table of `count`: /24s first, then /48s, evenly over the address space. */
function prefixAt(n: number, count: number): Prefix {
  const count4 = Math.round(count * (1 - SHARE_6));
  const origin = ORIGIN_FIRST + Math.floor(n / PREFIXES_PER_ORIGIN);
  if (n < count4) {
    const word = (0x0b_00_00_00 + Math.floor((n * 0xa0_00_00) / count4) * 256) >>> 0;
    return {
      isSix: false,
      bytes: Buffer.concat([Buffer.of(24), be32(word).subarray(0, 3)]),
      text: `${formatAddress(4, [word, 0, 0, 0])}/24`,
      origin,
    };
  }
  const at = n - count4;
  const words: [number, number, number, number] = [
    0x2400_0000 + (at >>> 14),
    ((at & 0x3fff) << 18) >>> 0,
    0,
    0,
  ];
  const bytes = Buffer.concat([Buffer.of(48), be32(words[0]), be32(words[1]).subarray(0, 2)]);
  return { isSix: true, bytes, text: `${formatAddress(6, words)}/48`, origin };
}

const TWO_COMMUNITIES = attribute(0xc0, 8, Buffer.concat([be16(3356), be16(3), be16(3356), be16(100)]));
const HOP_4 = attribute(0x40, 3, hex('c0000201'));
const HOP_6 = attribute(0x80, 14, hex('10 20010db8000000000000000000000001'));

/** Attributes of one peer but for the origin, which stands at `originAt`. */
function templateOf(peer: number, isSix: boolean): { readonly bytes: Buffer; readonly originAt: number } {
  const path = attribute(0x40, 2, segment([3000 + peer, 3356, 50_000, 0]));
  const attributes = Buffer.concat([ORIGIN_IGP, path, isSix ? HOP_6 : HOP_4, TWO_COMMUNITIES]);
  const head = Buffer.concat([be16(peer), be32(1_643_846_400), be16(attributes.length)]);
  return {
    bytes: Buffer.concat([head, attributes]),
    originAt: head.length + ORIGIN_IGP.length + path.length - 4,
  };
}

function entriesOf(isSix: boolean): { readonly bytes: Buffer; readonly origins: readonly number[] } {
  const parts = Array.from({ length: PEERS }, (_, peer) => templateOf(peer, isSix));
  const origins: number[] = [];
  let at = 0;
  for (const { bytes, originAt } of parts) {
    origins.push(at + originAt);
    at += bytes.length;
  }
  return { bytes: Buffer.concat(parts.map(({ bytes }) => bytes)), origins };
}

function writeRib(file: string, count: number): void {
  const handle = openSync(file, 'w');
  const peers = Array.from({ length: PEERS }, (_, peer) => ({
    address: `192.0.2.${peer + 1}`,
    asn: 3000 + peer,
  }));
  const templates = { four: entriesOf(false), six: entriesOf(true) };
  let pending: Buffer[] = [peerTable(peers)];
  for (let n = 0; n < count; n += 1) {
    const { isSix, bytes, origin } = prefixAt(n, count);
    const template = isSix ? templates.six : templates.four;
    const entries = Buffer.from(template.bytes);
    for (const at of template.origins) entries.writeUInt32BE(origin, at);
    pending.push(record(13, isSix ? 4 : 2, Buffer.concat([be32(n), bytes, be16(PEERS), entries])));
    if (pending.length < 2_000 && n + 1 < count) continue;
    writeSync(handle, Buffer.concat(pending));
    pending = [];
  }
  closeSync(handle);
}

function writeWatchlist(file: string, count: number, watched: number): void {
  const handle = openSync(file, 'w');
  const step = Math.max(1, Math.floor(count / watched));
  let text = '';
  for (let n = 0; n < count; n += step) {
    text += `{"prefix":"${prefixAt(n, count).text}"}\n`;
    if (text.length < MB && n + step < count) continue;
    writeSync(handle, text);
    text = '';
  }
  closeSync(handle);
}

interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly rssMaxMb: number;
  readonly said: string;
}

/** Polls /proc, which forgets the process when it ends: the peak is a lower bound by at most one poll. */
async function run(args: readonly string[]): Promise<Run> {
  const began = performance.now();
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  let [cpuMs, rssMaxBytes] = [0, 0];
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2_000);
  });
  const timer = setInterval(() => {
    try {
      const figures = figuresOf(child.pid ?? 0);
      if (figures.rssMaxBytes > 0) ({ cpuMs, rssMaxBytes } = figures);
    } catch {
      // It has just ended.
    }
  }, 20);
  const [code] = (await once(child, 'close')) as [number | null];
  clearInterval(timer);
  if (code !== 0) throw new Error(`${args.join(' ')}: exit ${code}: ${said}`);
  const seconds = (performance.now() - began) / 1_000;
  return {
    seconds,
    cpuSeconds: cpuMs / 1_000,
    rssMaxMb: rssMaxBytes / MB,
    said: said.trim().split('\n')[0] ?? '',
  };
}

async function measure(folder: string, count: number): Promise<void> {
  const rib = join(folder, `rrc00.bview.${count}`);
  const began = performance.now();
  writeRib(rib, count);
  const megabytes = statSync(rib).size / 1e6;
  console.log(
    `RIB of ${count.toLocaleString('en-US')} prefixes, ${PEERS} vantage points: ${megabytes.toFixed(0)} MB, made in ${((performance.now() - began) / 1_000).toFixed(1)} s`,
  );
  const asn = `${prefixAt(Math.floor(count / 3), count).origin}`;
  report('init --asn, 32 prefixes', megabytes * 2, await run(['init', '--asn', asn, '--rib', rib]));
  for (const watched of options.whole === true ? [WATCHED, count] : [WATCHED]) {
    const config = writeConfig(folder, count, watched);
    const args = ['baseline', 'learn', '--config', config, '--rib', rib];
    report(`baseline learn, ${watched.toLocaleString('en-US')} watched`, megabytes, await run(args));
  }
  rmSync(rib);
}

/** A configuration with a state directory of its own. */
function writeConfig(folder: string, count: number, watched: number): string {
  const name = `${count}-${watched}`;
  writeWatchlist(join(folder, `${name}.ndjson`), count, watched);
  const config = join(folder, `${name}.yaml`);
  writeFileSync(config, `watchlist: ${name}.ndjson\nstateDirectory: ${name}.state\n`);
  return config;
}

function report(what: string, megabytes: number, { seconds, cpuSeconds, rssMaxMb, said }: Run): void {
  const rate = megabytes / cpuSeconds;
  console.log(
    `  ${what.padEnd(34)} ${seconds.toFixed(1).padStart(6)} s  ${cpuSeconds.toFixed(1).padStart(6)} CPU-s  ${rate.toFixed(0).padStart(5)} MB/CPU-s  peak ${rssMaxMb.toFixed(0).padStart(5)} MB   ${said}`,
  );
}

if (!existsSync(MAIN)) throw new Error('not built: npm run build');
const folder = mkdtempSync(join(tmpdir(), 'originwatch-rib-'));
try {
  for (const count of [Math.floor(PREFIXES / 4), PREFIXES]) await measure(folder, count);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

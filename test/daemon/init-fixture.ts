/** What `init` is given in tests: a small RIB, VRPs, a stand-in for RIPEstat, and streams that remember. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type Ask, runInit } from '../../src/cli/commands/init.ts';
import type { InitArguments, Streams } from '../../src/cli/usage.ts';
import { attribute, hex, ORIGIN_IGP, peerTable, ribEntry, ribRow, segment } from '../decode-mrt/bytes.ts';

/** Six vantage points, each its own AS. */
export const PEERS = [6461, 174, 3356, 1299, 2914, 3257] as const;

/** Prefix, and the rest of the path behind each vantage point, by its place; undefined: it has no route. */
export type Row = readonly [prefix: string, tails: readonly (string | undefined)[]];

/** The same tail at the first `count` vantage points. */
export function seen(count: number, tail: string): readonly (string | undefined)[] {
  return PEERS.map((_, index) => (index < count ? tail : undefined));
}

export function ribBytes(rows: readonly Row[]): Buffer {
  const table = peerTable(PEERS.map((asn, index) => ({ address: `192.0.2.${index + 1}`, asn })));
  return Buffer.concat([table, ...rows.map(([prefix, tails]) => rowBytes(prefix, tails))]);
}

function rowBytes(prefix: string, tails: readonly (string | undefined)[]): Buffer {
  const isSix = prefix.includes(':');
  const entries = tails.flatMap((tail, index) => {
    if (tail === undefined) return [];
    const hop = isSix
      ? attribute(0x80, 14, hex('10 20010db8000000000000000000000001'))
      : attribute(0x40, 3, hex('c0000201'));
    return [
      ribEntry(
        index,
        1_643_846_400,
        Buffer.concat([ORIGIN_IGP, attribute(0x40, 2, pathBytes(index, tail)), hop]),
      ),
    ];
  });
  return ribRow(isSix ? 4 : 2, prefix, entries);
}

/** `10158 7625`, the last may be a set: `10158 {1,2}`. */
function pathBytes(index: number, tail: string): Buffer {
  const parts = tail.split(' ');
  const set = parts.at(-1)?.startsWith('{') === true ? parts.pop() : undefined;
  const sequence = segment([PEERS[index] ?? 0, ...parts.filter(Boolean).map(Number)]);
  if (set === undefined) return sequence;
  return Buffer.concat([sequence, segment(set.slice(1, -1).split(',').map(Number), { type: 1 })]);
}

export interface Told {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder that goes with `close`. */
export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'originwatch-init-'));
  readonly urls: URL[] = [];
  private server: Server | undefined;

  file(name: string, content: string | Uint8Array): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  rib(rows: readonly Row[]): string {
    return this.file('rrc06.bview', ribBytes(rows));
  }

  vrps(...roas: readonly (readonly [prefix: string, maxLength: number, asn: number])[]): string {
    const rows = roas.map(([prefix, maxLength, asn]) => ({ prefix, maxLength, asn, ta: 'apnic' }));
    return this.file('vrps.json', JSON.stringify({ roas: rows }));
  }

  /** RIPEstat: answers by call and resource, in the documented envelope; 404 for what it does not know. */
  async ripestat(answers: Readonly<Record<string, unknown>>): Promise<string> {
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://stat');
      this.urls.push(url);
      const call = url.pathname.split('/')[2] ?? '';
      const data = answers[`${call} ${url.searchParams.get('resource')}`] ?? answers[call];
      response.statusCode = data === undefined ? 404 : 200;
      const status = data === undefined ? 'error' : 'ok';
      response.end(
        JSON.stringify({ status, status_code: response.statusCode, messages: [], data: data ?? {} }),
      );
    });
    this.server = server;
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async init(options: InitArguments, ask: Ask = async () => undefined): Promise<Told> {
    const [stdout, stderr] = [new Kept(), new Kept()];
    const io = { stdout, stderr } as unknown as Streams;
    const code = await runInit(options, io, ask);
    return { code, stdout: stdout.text, stderr: stderr.text };
  }

  close(): void {
    this.server?.closeAllConnections();
    this.server?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

class Kept extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

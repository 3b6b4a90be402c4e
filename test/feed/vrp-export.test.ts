/** The RPKI export kept up to date: file and URL, unchanged and broken ones, and what is said of its age. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { VrpRow } from '../../src/bgp/vrp.ts';
import {
  loadVrpFile,
  type RpkiBuilder,
  VrpExport,
  type VrpExportOptions,
} from '../../src/feed/rpki/vrp-export.ts';
import { ManualClock, START_MS } from './manual-clock.ts';

function newBuilder(): RpkiBuilder<readonly number[]> {
  const asns: number[] = [];
  return { vrp: (row: VrpRow) => void asns.push(row.asn), aspa: () => undefined, build: () => asns };
}

function exportOf(asn: number, generated?: number): string {
  const metadata = generated === undefined ? {} : { metadata: { generated } };
  return JSON.stringify({ ...metadata, roas: [{ asn, prefix: '192.0.2.0/24', maxLength: 24 }] });
}

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

function temporaryFile(content: string | Buffer): string {
  const directory = mkdtempSync(join(tmpdir(), 'originwatch-vrp-'));
  cleanUps.push(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'vrps.json');
  writeFileSync(file, content);
  return file;
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/vrps.json?key=geheim`;
}

type Given = Pick<VrpExportOptions<readonly number[]>, 'location'> &
  Partial<VrpExportOptions<readonly number[]>>;

function set(given: Given) {
  const clock = new ManualClock();
  const said: Readonly<Record<string, unknown>>[] = [];
  const loaded: (readonly number[])[] = [];
  const say = (fields: Readonly<Record<string, unknown>>): void => void said.push(fields);
  const kept = new VrpExport<readonly number[]>({
    refreshMinutes: 10,
    clock,
    newBuilder,
    log: { debug: say, info: say, warn: say },
    onLoaded: ({ data }) => loaded.push(data),
    ...given,
  });
  cleanUps.unshift(() => kept.stop());
  return { kept, clock, loaded, events: () => said.map(({ event }) => event), said };
}

describe('an RPKI export in a file', () => {
  it('is handed over whole, gzip undone', async () => {
    for (const content of [exportOf(7625), gzipSync(exportOf(7625))]) {
      const { kept, loaded } = set({ location: { file: temporaryFile(content) } });
      await kept.refresh();
      expect(loaded).toEqual([[7625]]);
      expect(kept.current).toMatchObject({ vrps: 1, aspas: 0, problems: 0, loadedMs: START_MS });
    }
  });

  it('is not read again until it changed', async () => {
    const file = temporaryFile(exportOf(7625));
    const { kept, loaded } = set({ location: { file } });
    await kept.refresh();
    await kept.refresh();
    expect(loaded).toEqual([[7625]]);
    writeFileSync(file, exportOf(10_158));
    await kept.refresh();
    expect(loaded).toEqual([[7625], [10_158]]);
  });

  it('that is broken leaves the last good one in force', async () => {
    const file = temporaryFile(exportOf(7625));
    const { kept, loaded, said } = set({ location: { file } });
    await kept.refresh();
    for (const [content, words] of [
      [exportOf(1).slice(0, -5), 'cut off'],
      ['<html>', 'no JSON'],
      ['', 'empty'],
      ['{"roas": [ ] }', 'no VRP'],
    ] as const) {
      writeFileSync(file, content);
      await kept.refresh();
      expect(said.at(-1)).toMatchObject({ event: 'rpki.failed', code: 'rpki-parse' });
      expect(kept.freshness().error).toContain(words);
    }
    expect(loaded).toEqual([[7625]]);
    writeFileSync(file, gzipSync(exportOf(1)).subarray(0, 30));
    await kept.refresh();
    expect(said.at(-1)).toMatchObject({ event: 'rpki.failed', code: 'rpki-fetch' });
    expect(kept.current?.data).toEqual([7625]);
  });

  it('without any VRP is refused as the first one too, unless it was made for its ASPAs', async () => {
    const file = temporaryFile('{"metadata":{},"roas":[]}');
    const { kept, loaded, said } = set({ location: { file } });
    await kept.refresh();
    expect(said.at(-1)).toMatchObject({ event: 'rpki.failed', code: 'rpki-parse' });
    expect(kept.freshness()).toMatchObject({ state: 'none' });
    expect(kept.freshness().error).toContain('it holds no VRP');
    expect(loaded).toEqual([]);
    writeFileSync(file, '{"roas":[],"aspas":[{"customer_asid":7625,"providers":[10158]}]}');
    await kept.refresh();
    expect(kept.current).toMatchObject({ vrps: 0, aspas: 1 });
  });

  it('that is missing is an error and is tried again sooner than usual, then as usual', async () => {
    const { kept, clock, events } = set({ location: { file: join(tmpdir(), 'originwatch-no-such-file') } });
    const delays: number[] = [];
    kept.start();
    for (let attempt = 0; attempt < 7; attempt += 1) {
      await kept.refresh();
      await Promise.resolve();
      delays.push(clock.waiting[0] ?? 0);
      clock.pass(clock.waiting[0] ?? 0);
    }
    expect(delays).toEqual([30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000]);
    expect(new Set(events())).toEqual(new Set(['rpki.failed']));
    expect(kept.freshness()).toMatchObject({ state: 'none', ageSeconds: undefined });
    expect(kept.freshness().error).toContain('ENOENT');
  });

  it('larger than the bound is refused', async () => {
    const { kept } = set({
      location: { file: temporaryFile(gzipSync(exportOf(7625) + ' '.repeat(100_000))) },
      bytesMax: 50_000,
    });
    await kept.refresh();
    expect(kept.current).toBeUndefined();
    expect(kept.freshness().error).toContain('larger than 50000 bytes');
  });
});

describe('an RPKI export at a URL', () => {
  it('is asked for with the validators of the last answer', async () => {
    const asked: (string | undefined)[][] = [];
    const url = await serve((request, response) => {
      asked.push([request.headers['if-none-match'], request.headers['if-modified-since']]);
      if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end();
      else
        response
          .writeHead(200, { etag: '"1"', 'last-modified': 'Thu, 03 Feb 2022 01:00:00 GMT' })
          .end(exportOf(7625));
    });
    const { kept, loaded } = set({ location: { url } });
    await kept.refresh();
    await kept.refresh();
    expect(asked).toEqual([
      [undefined, undefined],
      ['"1"', 'Thu, 03 Feb 2022 01:00:00 GMT'],
    ]);
    expect(loaded).toEqual([[7625]]);
    expect(kept.freshness().error).toBeUndefined();
  });

  it('may come with gzip as its encoding', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(exportOf(7625)));
    });
    const { kept, loaded } = set({ location: { url } });
    await kept.refresh();
    expect(loaded).toEqual([[7625]]);
  });

  it('that fails says so without the secret in the URL', async () => {
    const url = await serve((_, response) => response.writeHead(503).end('initial validation ongoing'));
    const { kept, said } = set({ location: { url } });
    await kept.refresh();
    expect(said).toMatchObject([{ event: 'rpki.failed', code: 'rpki-fetch' }]);
    expect(kept.freshness().error).toContain('503');
    expect(JSON.stringify(said)).not.toContain('geheim');
  });

  it('that breaks off in the middle, or never ends, is no export', async () => {
    const broken = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '9999' });
      response.write('{"roas":[', () => response.destroy());
    });
    const first = set({ location: { url: broken } });
    await first.kept.refresh();
    expect(first.said).toMatchObject([{ event: 'rpki.failed' }]);

    const asked = { resolve: (): void => undefined };
    const started = new Promise<void>((resolve) => Object.assign(asked, { resolve }));
    const hanging = await serve((_, response) => {
      response.writeHead(200).write('{"roas":[');
      asked.resolve();
    });
    const second = set({ location: { url: hanging }, timeoutMs: 5_000 });
    const loading = second.kept.refresh();
    await started;
    second.clock.pass(5_000);
    await loading;
    expect(second.kept.freshness().error).toContain('nothing whole within 5000 ms');
  });

  it('that nobody serves is an error, and stopping in the middle is none', async () => {
    const gone = set({ location: { url: 'http://127.0.0.1:1/' } });
    await gone.kept.refresh();
    expect(gone.kept.freshness().error).toContain('rpki-fetch');
    const hanging = await serve((_, response) => void response.writeHead(200).write('{'));
    const stopped = set({ location: { url: hanging } });
    stopped.kept.start();
    await stopped.kept.stop();
    expect(stopped.said).toEqual([]);
    expect(stopped.clock.waiting).toEqual([]);
  });
});

describe('the age of an export', () => {
  it('is said: fresh while confirmed, stale after three periods without word', async () => {
    const file = temporaryFile(exportOf(7625));
    const { kept, clock, events } = set({ location: { file } });
    await kept.refresh();
    clock.pass(29 * 60_000);
    expect(kept.freshness()).toEqual({ state: 'fresh', ageSeconds: 29 * 60, error: undefined });
    rmSync(file);
    clock.pass(2 * 60_000);
    await kept.refresh();
    await kept.refresh();
    expect(kept.freshness()).toMatchObject({ state: 'stale', ageSeconds: 31 * 60 });
    expect(events()).toEqual(['rpki.loaded', 'rpki.failed', 'rpki.stale', 'rpki.failed']);
    expect(kept.current?.data).toEqual([7625]);
  });

  it('counts from when it was made, where it says so', async () => {
    const { kept, events } = set({
      location: { file: temporaryFile(exportOf(7625, START_MS / 1_000 - 90_000)) },
    });
    await kept.refresh();
    expect(kept.freshness()).toMatchObject({ state: 'stale', ageSeconds: 90_000 });
    expect(events()).toEqual(['rpki.loaded', 'rpki.stale']);
  });
});

describe('one file for a command', () => {
  it('is read to its end, or says why not', async () => {
    const clock = new ManualClock();
    expect((await loadVrpFile(temporaryFile(exportOf(7625)), newBuilder(), clock)).data).toEqual([7625]);
    await expect(loadVrpFile(temporaryFile('x'), newBuilder(), clock)).rejects.toMatchObject({
      code: 'rpki-parse',
    });
    await expect(loadVrpFile('/no/such/file', newBuilder(), clock)).rejects.toMatchObject({
      code: 'rpki-fetch',
    });
    expect(clock.waiting).toEqual([]);
  });
});

/** Update files of the archive: which ones hold a span, and what of a file is read, over real HTTP. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, it } from 'vitest';
import type { Update } from '../../src/bgp/update.ts';
import { ArchiveReader } from '../../src/feed/archive/reader.ts';
import { Outside } from '../../src/outside/outside.ts';
import { bgp4mp, updateBytes } from '../decode-mrt/bytes.ts';

let server: Server | undefined;
afterEach(() => server?.close());

async function archive(files: Readonly<Record<string, Buffer>>): Promise<ArchiveReader> {
  server = createServer((request, response) => {
    const body = files[(request.url ?? '').slice(1)];
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return new ArchiveReader(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, new Outside());
}

const EVERYTHING = { prefix: () => true, origin: () => true };

async function read(reader: ArchiveReader, file: string): Promise<readonly Update[]> {
  const updates: Update[] = [];
  for await (const batch of reader.read(file, EVERYTHING, new AbortController().signal))
    updates.push(...batch);
  return updates;
}

it('names the file of each five minutes and collector that holds a part of the span', () => {
  const reader = new ArchiveReader('http://archive.example/', new Outside());
  const fromMs = Date.parse('2026-01-31T23:58:00Z');
  expect(reader.filesOf({ fromMs, toMs: fromMs + 180_000, collectors: ['rrc06', 'rrc23'] })).toEqual([
    'rrc06/2026.01/updates.20260131.2355.gz',
    'rrc23/2026.01/updates.20260131.2355.gz',
    'rrc06/2026.02/updates.20260201.0000.gz',
    'rrc23/2026.02/updates.20260201.0000.gz',
  ]);
  expect(reader.filesOf({ fromMs, toMs: fromMs, collectors: [] }).length).toBeGreaterThan(20);
});

it('reads what is in a file, by the collector of its path', async () => {
  const file = 'rrc06/2026.01/updates.20260131.2355.gz';
  const bytes = bgp4mp(updateBytes({ path: [64_500, 64_501], announced: ['203.0.113.0/24'] }));
  const updates = await read(await archive({ [file]: gzipSync(bytes) }), file);
  expect(updates).toHaveLength(1);
  expect(updates[0]).toMatchObject({ vantagePoint: { collector: 'rrc06' }, path: [64_500, 64_501] });
});

it.each([
  ['is not there', {}],
  ['is none', { 'rrc06/x.gz': Buffer.from('<html>no archive</html>') }],
])('says so when a file %s', async (_, files) => {
  const reader = await archive(files as Readonly<Record<string, Buffer>>);
  await expect(read(reader, 'rrc06/x.gz')).rejects.toThrow(/archive-fetch/);
});

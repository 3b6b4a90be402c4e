/** RPKI data from validators by RTR: a real StayRTR where it is installed, and what a daemon makes of it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { frameOf } from '../../src/demo/kakao-2022.ts';
import { endOfData, RtrCacheStandIn, response, vrpPdu } from '../feed/rtr-cache.ts';
import { buildProgram, eventually, type Program } from './program.ts';
import { Stage } from './stage.ts';

const FROM = { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 3356 };
const WATCH = [{ prefix: '198.51.100.0/24', origins: [64496], group: 'ours' }];
const hijack = (): string =>
  frameOf({ from: FROM, prefix: '198.51.100.0/24', path: [3356, 64666] }, Date.now());

let program: Program;
beforeAll(async () => {
  program = await buildProgram();
});
afterAll(() => program?.remove());

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function evidenceOfHijack(stage: Stage): Promise<readonly string[]> {
  await eventually('RPKI data', () => stage.daemon.logged('rpki.loaded').length > 0);
  await stage.play(hijack());
  const { incident } = await stage.alert('opened');
  return incident.evidence.map(({ code }) => code);
}

test('a foreign origin is RPKI-invalid by what a validator says', async () => {
  const cache = new RtrCacheStandIn(() => response(1) + vrpPdu(1, 100, 64496) + endOfData(1, 1));
  const rtr = [await cache.listen()];
  const stage = await Stage.set(program, { watch: WATCH, rpki: { rtr } });
  try {
    await stage.start();
    expect(await evidenceOfHijack(stage)).toContain('rpki-invalid-origin');
  } finally {
    await stage.close();
    await cache.close();
  }
});

const isInstalled = spawnSync('stayrtr', ['-version']).error === undefined;
describe.skipIf(!isInstalled)('a real StayRTR', () => {
  const directory = mkdtempSync(join(tmpdir(), 'originwatch-rtr-'));
  let validator: ChildProcess | undefined;
  afterAll(() => {
    validator?.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  test('is spoken to in version 2, with the ASPAs of its older layout', async () => {
    const port = await freePort();
    writeFileSync(
      join(directory, 'cache.json'),
      JSON.stringify({
        metadata: { buildtime: new Date().toISOString() },
        roas: [{ prefix: '198.51.100.0/24', maxLength: 24, asn: 64496, ta: 'own', expires: 4_000_000_000 }],
        provider_authorizations: {
          ipv4: [{ customer_asid: 64496, expires: 4_000_000_000, providers: [64501] }],
          ipv6: [],
        },
      }),
    );
    const { stderr } = spawnSync('stayrtr', ['-h']);
    expect(String(stderr)).toContain('-protocol');
    validator = spawn(
      'stayrtr',
      [
        '-bind',
        `127.0.0.1:${port}`,
        '-cache',
        join(directory, 'cache.json'),
        '-checktime=false',
        '-metrics.addr',
        '',
      ],
      { stdio: 'ignore' },
    );
    const stage = await Stage.set(program, { watch: WATCH, rpki: { rtr: [{ host: '127.0.0.1', port }] } });
    try {
      await stage.start();
      expect(await evidenceOfHijack(stage)).toContain('rpki-invalid-origin');
      expect(stage.daemon.logged('rpki.loaded')[0]).toMatchObject({
        version: 2,
        vrps: 1,
        aspas: 1,
        problems: 0,
      });
    } finally {
      await stage.close();
    }
  }, 60_000);
});

/** The feed as it is in the field: over TLS, many frames in one record and one frame over many. */
import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { frameOf } from '../../src/demo/kakao-2022.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../deliver/tls.ts';
import { buildProgram, eventually, type Program } from './program.ts';
import { Stage } from './stage.ts';

const FRAMES = 5_000;
const FROM = { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 3356 };
let program: Program;
let stage: Stage;
let terminator: Server;

/** Ends TLS before the simulator, which speaks plainly. */
function terminate(): Promise<number> {
  terminator = createServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, (secure) => {
    const plain = connect(Number(new URL(stage.simulator.url).port), '127.0.0.1');
    secure.pipe(plain).pipe(secure);
    secure.on('error', () => plain.destroy());
    plain.on('error', () => secure.destroy());
  });
  return new Promise((resolve) => {
    terminator.listen(0, '127.0.0.1', () => resolve((terminator.address() as AddressInfo).port));
  });
}

beforeAll(async () => {
  program = await buildProgram();
  const port = await terminate();
  stage = await Stage.set(program, {
    watch: [{ prefix: '10.0.0.0/16', origins: [64500], group: 'tls' }],
    feed: { url: `wss://localhost:${port}/v1/ws/`, subscribe: 'firehose' },
  });
  const authority = stage.file('authority.pem');
  writeFileSync(authority, TEST_CERTIFICATE);
  process.env.NODE_EXTRA_CA_CERTS = authority;
  await stage.start();
});
afterAll(async () => {
  delete process.env.NODE_EXTRA_CA_CERTS;
  await stage?.close();
  terminator?.close();
  program?.remove();
});

test('everything that comes over TLS is judged, and the hijack among it is found', async () => {
  for (let index = 0; index < FRAMES; index += 1) {
    const prefix = `172.${16 + (index % 16)}.${index % 256}.0/24`;
    stage.simulator.send(frameOf({ from: FROM, prefix, path: [3356, 64501] }, Date.now()));
  }
  stage.simulator.send(frameOf({ from: FROM, prefix: '10.0.1.0/24', path: [3356, 666] }, Date.now()));
  const [incident] = await eventually('the hijack', async () => {
    const found = await stage.incidents('?group=tls');
    return found.length > 0 && found;
  });
  expect(incident).toMatchObject({ kind: 'sub-prefix', offender: 666 });
  const judged = /originwatch_feed_messages_total\{feed="[^"]+"\} (\d+)/;
  const text = await eventually('all of it judged', async () => {
    const metrics = await (await fetch(`${stage.url}/metrics`)).text();
    return Number(judged.exec(metrics)?.[1]) > FRAMES && metrics;
  });
  expect(Number(judged.exec(text)?.[1])).toBe(FRAMES + 1);
});

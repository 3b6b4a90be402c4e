/** A whole daemon behind a proxy, and a receiver that has a bad day: everything goes out by the proxy, and nothing is lost. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpProxy, type ProxyStandIn } from '../outside/proxy-stand-in.ts';
import { buildProgram, eventually, type Program } from './program.ts';
import { Stage } from './stage.ts';
import { castOf, stepsOf, watchOf } from './story.ts';

const CASTS = [0, 1, 2].map(castOf);
const VRPS = JSON.stringify({ roas: [{ prefix: '10.0.0.0/21', maxLength: 21, asn: 7625, ta: 'test' }] });

let program: Program;
let stage: Stage;
let proxy: ProxyStandIn;
const vrps = createServer((_, response) => void response.end(VRPS));

beforeAll(async () => {
  program = await buildProgram();
  proxy = await httpProxy();
  await new Promise<void>((resolve) => vrps.listen(0, '127.0.0.1', resolve));
  const port = (vrps.address() as AddressInfo).port;
  stage = await Stage.set(program, {
    watch: CASTS.flatMap(watchOf),
    network: { proxy: `http://127.0.0.1:${proxy.port}` },
    rpki: { vrps: { url: `http://127.0.0.1:${port}/vrps.json` } },
  });
  await stage.start();
});

afterAll(async () => {
  await stage?.close();
  await proxy?.close();
  vrps.close();
  program?.remove();
});

interface Delivery {
  readonly receiver: string;
  readonly state: string;
  readonly error: string | null;
}

async function deliveriesOf(id: string): Promise<readonly Delivery[]> {
  const { deliveries } = await stage.get<{ deliveries: Delivery[] }>(`/api/v1/incidents/${id}`);
  return deliveries.filter(({ receiver }) => receiver === 'siem');
}

test('a webhook that fails, then bars us while incidents open, then works gets all of it in order', async () => {
  stage.webhook.mode = 'busy';
  for (const cast of CASTS) {
    for (const step of stepsOf(cast).slice(0, 2)) await stage.play(...step(Date.now()));
    stage.webhook.mode = 'barred';
  }
  const alerts = await stage.alerts();
  const [first] = alerts;
  await eventually('the first alert to be put off by 403', async () =>
    (await deliveriesOf(first?.incident.id ?? '')).some(
      ({ state, error }) => state === 'waiting' && error?.startsWith('HTTP 403') === true,
    ),
  );
  await eventually('each waiting alert in the log', () => {
    const named = new Set(stage.daemon.logged('delivery.waiting').map(({ alert }) => alert));
    return alerts.every(({ id }) => named.has(id));
  });
  expect(stage.webhook.received).toEqual([]);
  stage.webhook.mode = 'ok';
  await eventually('all of them', () => stage.webhook.received.length >= alerts.length);
  const got = stage.webhook.received.map(({ body }) => JSON.parse(body).data.seq as number);
  expect(got.slice(0, alerts.length)).toEqual(alerts.map(({ seq }) => seq));
  expect(await deliveriesOf(first?.incident.id ?? '')).not.toContainEqual(
    expect.objectContaining({ state: 'waiting' }),
  );
});

test('what is refused because of its content is named where it was given up', async () => {
  stage.webhook.mode = 'refuse';
  for (const step of stepsOf(CASTS[0] ?? castOf(0)).slice(4)) await stage.play(...step(Date.now()));
  const resolved = await stage.alert('resolved', CASTS[0]?.group);
  const given = await eventually('the delivery given up', async () =>
    (await deliveriesOf(resolved.incident.id)).find(({ state }) => state === 'given-up'),
  );
  expect(given.error).toBe('HTTP 400: invalid_payload');
  expect(stage.daemon.logged('delivery.given-up')[0]).toMatchObject({
    receiver: 'siem',
    incident: resolved.incident.id,
  });
  const { givenUp } = await stage.get<{ givenUp: { incidentId: string }[] }>('/api/v1/daemon');
  expect(givenUp.map(({ incidentId }) => incidentId)).toContain(resolved.incident.id);
});

test('the feed, the VRPs and the receivers went by the proxy, and nothing else went out', () => {
  const feed = new URL(stage.simulator.url).port;
  const { port } = vrps.address() as AddressInfo;
  const ports = new Set(proxy.asked.map((line) => line.slice(line.lastIndexOf(':') + 1)));
  expect(ports).toEqual(new Set([feed, String(port), String(stage.webhook.port), String(stage.slack.port)]));
});

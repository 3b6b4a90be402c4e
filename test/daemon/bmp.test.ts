/** A daemon whose own routers speak to it by BMP: their hijack is an incident, their silence is none's end. */
import { afterEach, expect, test } from 'vitest';
import { bmp, peerHeader, peerUp, routes } from '../decode/bmp-bytes.ts';
import { updateBytes } from '../decode-mrt/bytes.ts';
import { eventually } from '../e2e/program.ts';
import { freePort, Router } from '../feed/bmp-router.ts';
import { LiveDaemon } from './live-daemon.ts';

const PEER = { address: '192.0.2.9', asn: 64_502 };
const hijack = routes(updateBytes({ path: [64_502, 64_666], announced: ['203.0.113.0/24'] }), PEER);
const gone = routes(updateBytes({ withdrawn: ['203.0.113.0/24'] }), PEER);
const up = peerUp({ asn: 64_501 }, { asn: 64_502 }, PEER);

let live: LiveDaemon | undefined;
let router: Router | undefined;
afterEach(async () => {
  await router?.close();
  await live?.close();
});

async function start(): Promise<{ live: LiveDaemon; router: Router }> {
  const port = await freePort();
  router = new Router(port);
  router.connect();
  live = await LiveDaemon.start({
    record: true,
    config: {
      feeds: [
        {
          type: 'bmp',
          name: 'own-routers',
          listen: `127.0.0.1:${port}`,
          routers: [{ address: '127.0.0.1', name: 'seoul-1' }],
          ours: true,
        },
      ],
    },
  });
  return { live, router };
}

test('a hijack that our own router hears opens an incident, and its withdrawal resolves it', async () => {
  const { live: daemon, router: seoul } = await start();
  seoul.send(up);
  seoul.send(hijack);
  const { incident } = await daemon.alert('opened', ({ family }) => family === 'hijack');
  expect(incident).toMatchObject({ kind: 'sub-prefix', offender: 64_666 });
  expect(incident.routes[0]).toMatchObject({ peerAsns: [64_502], vantagePoints: { seeing: 1 } });
  seoul.send(gone);
  await daemon.alert('resolved', ({ family }) => family === 'hijack');
});

test('a router that goes away resolves nothing, and a peer that goes down neither', async () => {
  const { live: daemon, router: seoul } = await start();
  seoul.send(up);
  seoul.send(hijack);
  const { incident } = await daemon.alert('opened', ({ family }) => family === 'hijack');
  seoul.send(bmp(2, Buffer.concat([peerHeader(PEER), Buffer.of(4)])));
  seoul.cut();
  await eventually('the feed is down', async () => {
    const { feeds } = (await (await fetch(`${daemon.url}/readyz`)).json()) as {
      feeds: { connected: boolean }[];
    };
    return feeds[0]?.connected === true;
  });
  // Twice the time after which a withdrawn route is resolved, on the daemon's own clock: a second hijack marks it.
  seoul.send(up);
  await eventually('up again', () => seoul.send(up));
  const other = routes(updateBytes({ path: [64_502, 64_667], announced: ['203.0.112.0/24'] }), PEER);
  seoul.send(other);
  await daemon.alert('opened', ({ offender }) => offender === 64_667);
  seoul.send(routes(updateBytes({ withdrawn: ['203.0.112.0/24'] }), PEER));
  await daemon.alert('resolved', ({ offender }) => offender === 64_667);
  const resolved = (await daemon.alerts()).filter((alert) => alert.event === 'resolved');
  expect(resolved.map((alert) => alert.incident.id)).not.toContain(incident.id);
});

test('what our routers originate speaks for a route, and what they do not against it', async () => {
  const { live: daemon, router: seoul } = await start();
  const own = { type: 3, asn: 64_501, address: '0.0.0.0', id: '192.0.2.1' };
  const codes = async (offender: number): Promise<readonly string[]> => {
    const { incident } = await daemon.alert('opened', (one) => one.offender === offender);
    return incident.evidence.map(({ code }) => code);
  };
  // A Loc-RIB in which nothing of ours stands.
  seoul.send(routes(updateBytes({ path: [64_501], announced: ['192.0.2.0/24'] }), own));
  seoul.send(hijack);
  expect(await codes(64_666)).toContain('unannounced-by-us');
  // Somebody else's number, and our routers originate exactly this.
  seoul.send(
    routes(updateBytes({ path: [64_701], announced: ['203.0.112.0/24'] }), {
      ...own,
      asn: 64_701,
      id: '192.0.2.7',
    }),
  );
  seoul.send(routes(updateBytes({ path: [64_502, 64_701], announced: ['203.0.112.0/24'] }), PEER));
  const seen = await codes(64_701);
  expect(seen).toContain('announced-by-us');
  expect(seen).not.toContain('unannounced-by-us');
});

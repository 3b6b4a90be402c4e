/** The other side of each type of live source, for the conformance suite: a type without a bench does not compile. */

import { RisLiveSimulator } from '../../src/feed/simulator/simulator.ts';
import type { SourceSettings } from '../../src/feed/source.ts';
import type { SOURCE_TYPES } from '../../src/feed/source-types.ts';
import { bmp, peerHeader, routes } from '../decode/bmp-bytes.ts';
import { be32, updateBytes } from '../decode-mrt/bytes.ts';
import { freePort, Router } from './bmp-router.ts';
import { keepalive, message } from './feed-fixture.ts';

const PEER = { address: '192.0.2.1', asn: 64_500 };

export type SourceName = keyof typeof SOURCE_TYPES;
type SettingsOf<T extends SourceName> = Parameters<(typeof SOURCE_TYPES)[T]['open']>[0];

export interface Bench {
  /** It hands over its messages as they came; else a recording holds what was judged. */
  readonly isRaw: boolean;
  settings(common: Partial<SourceSettings>): SourceSettings;
  /** Announces 198.51.100.0/24 by a peer of AS 64500 at 192.0.2.1 of collector rrc00; true: somebody took it. */
  announce(): boolean;
  /** A peer says that it is there. */
  keepAlive(): boolean;
  /** A message with something wrong in it that costs itself only. */
  garble(): void;
  /** Ends every connection; they are taken again. */
  cut(): void;
  close(): Promise<void>;
}

type Benches = {
  readonly [T in SourceName]: () => Promise<
    Bench & { settings(common: Partial<SourceSettings>): SettingsOf<T> }
  >;
};

export const BENCHES: Benches = {
  'ris-live': async () => {
    const simulator = new RisLiveSimulator();
    const url = await simulator.listen();
    return {
      isRaw: true,
      settings: (common) => ({
        name: 'source',
        collectors: [],
        ignorePeers: [],
        ...common,
        type: 'ris-live',
        url,
        subscribe: 'auto',
        filterPrefixesMax: 1_000,
      }),
      announce: () => simulator.send(message()) > 0,
      keepAlive: () => simulator.send(keepalive()) > 0,
      garble: () => simulator.broadcast('{"type":"ris_message","data":{"type":"UPDATE","peer":"nobody"}}'),
      cut: () => simulator.terminateClients(),
      close: () => simulator.close(),
    };
  },
  bmp: async () => {
    const port = await freePort();
    const router = new Router(port);
    router.connect();
    return {
      isRaw: false,
      settings: (common) => ({
        name: 'source',
        collectors: [],
        ignorePeers: [],
        ...common,
        type: 'bmp',
        listen: { host: '127.0.0.1', port },
        routers: [{ address: '127.0.0.1', name: 'rrc00' }],
        view: 'auto',
        ours: false,
      }),
      announce: () =>
        router.send(routes(updateBytes({ path: [64_500, 64_502], announced: ['198.51.100.0/24'] }), PEER)),
      keepAlive: () => router.send(bmp(1, Buffer.concat([peerHeader(PEER), be32(0)]))),
      garble: () => router.send(bmp(9, Buffer.alloc(0))),
      cut: () => router.cut(),
      close: () => router.close(),
    };
  },
};

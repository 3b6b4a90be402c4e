/** The connection under a WebSocket with a `FrameTap` on it, plain or TLS, made as `ws` makes its own. Used by `ris-live.ts`. */
import type { ClientRequestArgs } from 'node:http';
import { connect, isIP, type Socket, type TcpNetConnectOpts } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { FrameTap } from './frame-tap.ts';

/** As `ws` connects by itself, with the tap before it. */
export function connectionThrough(tap: FrameTap, url: string): (options: ClientRequestArgs) => Socket {
  return ({ path: _, ...options }) => {
    if (!/^(?:wss|https):/.test(url))
      return tap.attach(connect({ ...options, onread: tap.onread() } as TcpNetConnectOpts));
    const host = options.host ?? '';
    return tap.attach(
      connectTls({
        servername: isIP(host) === 0 ? host : '',
        ...options,
        onread: tap.onread(),
      } as ConnectionOptions),
    );
  };
}

/** The connection under a WebSocket with a `FrameTap` on it, plain or TLS, direct or through the proxy. Used by `client.ts`. */
import { type Connector, Outside } from '../../outside/outside.ts';
import type { FrameTap } from './frame-tap.ts';

/** Every read of a direct connection goes into one buffer; behind a proxy the tap stands before `push` alone. */
export function connectionThrough(
  tap: FrameTap | undefined,
  way: Outside | undefined,
  url: string,
): Connector {
  const outside = way ?? new Outside();
  if (tap === undefined) return outside.connector(url, {});
  return outside.connector(url, { onread: tap.onread(), attach: (socket) => void tap.attach(socket) });
}

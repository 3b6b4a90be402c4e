/** The section `network` as `outside/` takes it. */
import type { NetworkSettings } from '../config/settings.ts';
import { Network } from '../outside/network.ts';

export function networkOf({ proxy, noProxy, ca }: NetworkSettings): Network {
  return new Network({ proxy: proxy?.reveal(), noProxy, ca });
}

/** A feed of type `bmp`: where our routers connect, and who may. */
import { formatAddress, parseAddress } from '../../bgp/address.ts';
import type { Item } from '../item.ts';
import * as rules from '../rules.ts';
import { isLoopback, parseListen, readList } from '../section.ts';
import type { BmpSettings } from '../settings.ts';
import { readMap, shape } from '../shape.ts';
import type { Sources } from '../sources.ts';
import { show } from '../words.ts';

type MapItem = Item & { readonly kind: 'map' };

const DEFAULT_LISTEN = { host: '127.0.0.1', port: 11_019 };

export const bmpKeys = () => ({
  listen: rules.lineText(300),
  routers: rules.anything(),
  view: rules.enumOf(['auto', 'pre-policy', 'post-policy', 'loc-rib']),
  ours: rules.flag(),
});

const routerShape = shape(() => ({
  address: rules.required(rules.lineText(100)),
  name: rules.wordText(),
}));

export function readBmp(
  item: MapItem | undefined,
  values: Readonly<Record<string, unknown>>,
  sources: Sources,
): Pick<BmpSettings, 'listen' | 'routers' | 'view' | 'ours'> {
  const routers = readRouters(item?.pairs.get('routers')?.value, sources);
  const listen =
    item === undefined ? DEFAULT_LISTEN : readListen(values.listen, item, routers.length > 0, sources);
  const view = (values.view ?? 'auto') as BmpSettings['view'];
  return { listen, routers, view, ours: values.ours === true };
}

/** Whoever may connect may say what he likes of our routes: beyond loopback he is named. */
function readListen(
  value: unknown,
  item: MapItem,
  hasRouters: boolean,
  { problems }: Sources,
): BmpSettings['listen'] {
  const at = item.pairs.get('listen')?.value.at ?? item.at;
  const listen = typeof value === 'string' ? parseListen(value) : DEFAULT_LISTEN;
  if (listen === undefined) {
    problems.add(
      at,
      `listen is ${show(value)}, no address with a port`,
      'write 127.0.0.1:11019 or [::1]:11019',
    );
    return DEFAULT_LISTEN;
  }
  if (!isLoopback(listen.host) && !hasRouters)
    problems.addAbsence(
      at,
      `listen is ${show(value)}, beyond loopback, and no router is named`,
      'add routers: [ { address: 192.0.2.1, name: seoul-1 } ], or listen on 127.0.0.1',
    );
  return listen;
}

function readRouters(item: Item | undefined, { problems }: Sources): BmpSettings['routers'] {
  const routers: { address: string; name: string }[] = [];
  for (const router of readList(item, 'routers', problems) ?? []) {
    const values = readMap(router, routerShape(), problems, { what: 'a router' });
    if (values === undefined) continue;
    const parsed = parseAddress(values.address as string);
    if (parsed === undefined) {
      problems.add(
        router.at,
        `a router whose address is ${show(values.address)}`,
        'write an IPv4 or IPv6 address',
      );
      continue;
    }
    const address = formatAddress(parsed.family, parsed.words);
    const name = (values.name ?? address) as string;
    const isTwice = routers.some((other) => other.address === address || other.name === name);
    if (isTwice)
      problems.add(
        router.at,
        `the router ${show(name)} at ${address} twice`,
        'give each an address and a name of its own',
      );
    else routers.push({ address, name });
  }
  return routers;
}

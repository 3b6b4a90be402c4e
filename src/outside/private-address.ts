/**
 * Addresses of one's own network and machine (RFC 6890): where a stranger's redirect may not lead, because what answers
 * there (routers, cloud metadata) trusts whoever can reach it.
 */
import { lookup as lookupName } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { OutsideError } from './failure.ts';

const PRIVATE = new BlockList();
for (const [address, length] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  PRIVATE.addSubnet(address, length, 'ipv4');
for (const [address, length] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  PRIVATE.addSubnet(address, length, 'ipv6');

/** IPv4-mapped addresses are what they map; text that is no address is not private. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && PRIVATE.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

const REFUSED = 'a redirect leads to an address of a private network';

/** As `dns.lookup`, and fails where a name has a private address. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookupName(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) callback(error, '');
    else if (addresses.some(({ address }) => isPrivateAddress(address)))
      callback(new OutsideError(REFUSED), '');
    else if (options.all === true) callback(null, addresses);
    else callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
  });
};

/** Throws where `host` is itself a private address, or the name of this machine. */
export function refusePrivate(host: string): void {
  if (isPrivateAddress(host) || /^(?:.+\.)?localhost$/i.test(host)) throw new OutsideError(REFUSED);
}

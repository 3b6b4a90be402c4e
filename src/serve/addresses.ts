/**
 * Which names are ours, and who is calling: the `Host` check against DNS rebinding (a foreign page that makes its
 * own name point at us sends that name), what counts as loopback, and the address a rate limit is kept for.
 * RFC 9110 §7.2, RFC 9112 §3.2.
 */
import { networkInterfaces } from 'node:os';
import { formatAddress, parseAddress } from '../bgp/address.ts';
import { prefixFromWords } from '../bgp/prefix.ts';

/** How long the machine's own addresses are believed, ms. */
const INTERFACES_FRESH_MS = 5_000;

/** Canonical text of an address without zone and IPv4 mapping; undefined when it is none. */
function canonicalAddress(text: string): string | undefined {
  const bare = text.replace(/%.*$/, '');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  const address = parseAddress(mapped ?? bare);
  return address === undefined ? undefined : formatAddress(address.family, address.words);
}

/** True for 127.0.0.0/8, ::1 and `localhost`: an address that no other machine reaches. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  const address = canonicalAddress(host);
  return address === '::1' || address?.startsWith('127.') === true;
}

function isEverything(host: string): boolean {
  const address = canonicalAddress(host);
  return host === '' || address === '::' || address === '0.0.0.0';
}

/** The name in a `Host` value in comparable form: lower case, address canonical, no port, no final dot. */
function comparable(host: string): string | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(host);
  if (match === null || Number(match[3] ?? 0) > 65_535) return undefined;
  if (match[1] !== undefined) return canonicalAddress(match[1]);
  const name = (match[2] ?? '').toLowerCase().replace(/\.$/, '');
  return canonicalAddress(name) ?? name;
}

export interface HostCheck {
  /** `host` as in the header: name or address (IPv6 in brackets), with or without port. */
  isOurs(host: string): boolean;
  applyHosts(hosts: readonly string[]): void;
}

/**
 * Ours are the listen address, `localhost` and the configured names; the port is not compared, since forwarded
 * ports are common and rebinding can't be told by it. Listening on all addresses, each of the machine is ours.
 */
export function createHostCheck(
  listen: string,
  hosts: readonly string[],
  nowMs: () => number,
  machine: () => readonly string[] = machineAddresses,
): HostCheck {
  const bracketed = listen.includes(':') && !listen.startsWith('[') ? `[${listen}]` : listen;
  const own = new Set([comparable(bracketed) ?? listen, 'localhost']);
  if (listen.toLowerCase() === 'localhost') own.add('127.0.0.1').add('::1');
  const everything = isEverything(listen);
  let further = named(hosts);
  let interfaces: { atMs: number; addresses: ReadonlySet<string> } | undefined;
  const isMachine = (name: string): boolean => {
    const now = nowMs();
    if (interfaces === undefined || Math.abs(now - interfaces.atMs) > INTERFACES_FRESH_MS) {
      interfaces = { atMs: now, addresses: named(machine()) };
    }
    return interfaces.addresses.has(name);
  };
  return {
    isOurs(host) {
      const name = comparable(host);
      if (name === undefined) return false;
      return own.has(name) || further.has(name) || (everything && isMachine(name));
    },
    applyHosts(next) {
      further = named(next);
    },
  };
}

/** Configured or found names in comparable form; a bare IPv6 address is taken without brackets too. */
function named(hosts: readonly string[]): ReadonlySet<string> {
  const names = hosts.map((host) => canonicalAddress(host) ?? comparable(host));
  return new Set(names.filter((name) => name !== undefined));
}

function machineAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((entry) => entry.address));
}

/** What a limit per address is kept for: the IPv4 address, or the /64 that one IPv6 user has at will. */
export function limitKey(remote: string | undefined): string {
  const text = canonicalAddress(remote ?? '');
  const address = text === undefined ? undefined : parseAddress(text);
  if (address === undefined) return 'unknown';
  return address.family === 4 ? (text ?? '') : prefixFromWords(6, address.words, 64).prefix.text;
}

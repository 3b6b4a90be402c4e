/**
 * How what goes out leaves this machine: through which proxy, trusting whom. Made of the section `network` once, used by
 * everything that connects: feeds, VRPs, backfill, receivers.
 */
import { readFileSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';

/** `http` and `https` speak CONNECT (RFC 9110 §9.3.6), `socks5` RFC 1928; names are resolved by the proxy. */
export interface ProxyAddress {
  readonly scheme: 'http' | 'https' | 'socks5';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** Plain data, as the configuration has it. */
export interface NetworkOptions {
  /** `http://`, `https://` or `socks5://`, with user and password where it asks for them. */
  readonly proxy?: string | undefined;
  /** Hosts that are reached directly: names, `.suffixes`, addresses, CIDR blocks. */
  readonly noProxy?: readonly string[] | undefined;
  /** PEM: authorities to trust beside those that Node knows. */
  readonly ca?: string | undefined;
}

export class Network {
  readonly proxy: ProxyAddress | undefined;
  readonly #options: NetworkOptions;
  readonly #directNames: readonly string[];
  readonly #directBlocks = new BlockList();
  #secureContext: SecureContext | undefined;

  /** Throws where the proxy's address cannot be used; the text does not repeat it. */
  constructor(options: NetworkOptions = {}) {
    this.#options = options;
    this.proxy = options.proxy === undefined ? undefined : readProxy(options.proxy);
    const direct = options.noProxy ?? [];
    this.#directNames = direct.filter((entry) => !addBlock(this.#directBlocks, entry)).map(lower);
  }

  /** The same way out, trusting `ca` too. */
  trusting(ca: string | undefined): Network {
    if (ca === undefined) return this;
    return new Network({ ...this.#options, ca: [this.#options.ca ?? '', ca].join('\n') });
  }

  /** The way to the proxy itself. */
  direct(): Network {
    return new Network({ ...this.#options, proxy: undefined });
  }

  /** The proxy on the way to `host`; undefined: connect directly. */
  proxyTo(host: string): ProxyAddress | undefined {
    const name = lower(host);
    const family = isIP(name);
    const isDirect =
      family === 0
        ? this.#directNames.some(
            (own) => name === own.replace(/^\./, '') || name.endsWith(`.${own.replace(/^\./, '')}`),
          )
        : this.#directBlocks.check(name, family === 4 ? 'ipv4' : 'ipv6');
    return isDirect ? undefined : this.proxy;
  }

  /** Undefined: Node's own store, which `NODE_EXTRA_CA_CERTS` extends. */
  secureContext(): SecureContext | undefined {
    const { ca } = this.#options;
    if (ca === undefined) return undefined;
    this.#secureContext ??= createSecureContext({ ca: [...rootCertificates, ...extraCertificates(), ca] });
    return this.#secureContext;
  }
}

/** A store of our own replaces Node's: what the environment adds to that one is added here, too. */
function extraCertificates(): readonly string[] {
  const file = process.env.NODE_EXTRA_CA_CERTS;
  if (file === undefined || file === '') return [];
  try {
    return [readFileSync(file, 'utf8')];
  } catch {
    // As Node does, which only warns.
    return [];
  }
}

const PORTS = { http: 3128, https: 443, socks5: 1080 } as const;

/** What is wrong with the address of a proxy, for people; undefined: nothing. The address is not repeated. */
export function proxyProblem(address: string): string | undefined {
  try {
    readProxy(address);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function readProxy(address: string): ProxyAddress {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const scheme = url?.protocol.replace(/^socks5h:$/, 'socks5:').slice(0, -1);
  if (
    url === undefined ||
    (scheme !== 'http' && scheme !== 'https' && scheme !== 'socks5') ||
    url.hostname === ''
  )
    throw new Error('the proxy is not an http://, https:// or socks5:// URL');
  const standard = { http: 80, https: 443, socks5: PORTS.socks5 }[scheme];
  const named = /^[a-z0-9+.-]+:\/\/(?:[^/@]*@)?(?:\[[^\]]*\]|[^:/?#]*):(\d+)/i.test(address);
  return {
    scheme,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (named ? standard : PORTS[scheme]) : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
}

/** False where `entry` is no address and no block of addresses. */
function addBlock(blocks: BlockList, entry: string): boolean {
  const [address = '', length] = entry.split('/');
  const family = isIP(address);
  if (family === 0) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  if (length === undefined) blocks.addAddress(address, type);
  else blocks.addSubnet(address, Number(length), type);
  return true;
}

function lower(text: string): string {
  return text.toLowerCase().replace(/^\[|\]$/g, '');
}

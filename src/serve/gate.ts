/**
 * The gate in front of every request, before any routing: `Host`, then authentication, then the rate of reading.
 * It stands on the bare request, so that malformed URLs and unknown methods pass through it like all else.
 */
import type { IncomingMessage } from 'node:http';
import type { HostCheck } from './addresses.ts';
import type { Asker, Credentials, Identity } from './credentials.ts';
import type { RateLimit } from './limits.ts';
import { Problem, tooMany } from './problem.ts';

export interface Gate {
  /** Lets the request in as somebody, or throws a `Problem`. Rewrites an absolute-form target to its path. */
  admit(request: IncomingMessage): Asker;
}

export interface GateOptions {
  readonly hosts: HostCheck;
  readonly credentials: Credentials;
  readonly reads: RateLimit;
  readonly isLoopback: boolean;
}

/** A header that a page of another site can't set without our consent (CORS), which we never give. */
export const OWN_HEADER = 'x-originwatch';

export function createGate(options: GateOptions): Gate {
  return {
    admit(request) {
      checkHost(request, options.hosts);
      const path = (request.url ?? '').split('?', 1)[0] ?? '';
      const asker = accepted(
        options.credentials.identify(request, feedToken(request, path)),
        isOpen(request, path),
      );
      if (asker.scope === 'none' && !options.isLoopback && !isOpen(request, path)) throw unauthorized();
      if (path !== '/healthz') takeRead(options.reads, asker);
      return asker;
    },
  };
}

/** What may be asked beyond loopback without a token: are you alive, and the log-in itself. */
function isOpen(request: IncomingMessage, path: string): boolean {
  return path === '/healthz' || (path === '/session' && request.method === 'POST');
}

const NOBODY: Asker = {
  name: 'anonymous',
  via: 'nobody',
  scope: 'none',
  key: 'anonymous',
  tokenId: undefined,
};

/** The asker of an identity, or the refusal of it. */
export function accepted(identity: Identity, isOpenPath = false): Asker {
  if (identity.known) return identity.asker;
  if (isOpenPath) return NOBODY;
  if (identity.reason === 'locked')
    throw tooMany('Too many failed log-ins from this address.', identity.waitSeconds);
  throw unauthorized(true);
}

function unauthorized(isWrong = false): Problem {
  const challenge = `Bearer realm="originwatch"${isWrong ? ', error="invalid_token"' : ''}`;
  const detail = isWrong ? 'The token is none of ours.' : 'A token is needed: Authorization: Bearer …';
  return new Problem(401, detail, { headers: { 'www-authenticate': challenge } });
}

function takeRead(reads: RateLimit, asker: Asker): void {
  const waitSeconds = reads.take(asker.key);
  if (waitSeconds > 0) throw tooMany('Too many requests of this reader.', waitSeconds);
}

/** Exactly one `Host`, and ours; an absolute-form target overrides it (RFC 9112 §3.2.2) and must be ours too. */
function checkHost(request: IncomingMessage, hosts: HostCheck): void {
  const names = request.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  const host = request.headers.host;
  if (names.length !== 1 || host === undefined) throw new Problem(400, 'Exactly one Host header is needed.');
  if (!hosts.isOurs(host)) throw misdirected();
  const target = request.url ?? '';
  if (target.startsWith('/')) return;
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target);
  if (absolute === null) {
    if (target === '*' && request.method === 'OPTIONS') return;
    throw new Problem(400, 'The request target must be a path.');
  }
  if (!hosts.isOurs(absolute[1] ?? '')) throw misdirected();
  const rest = absolute[2] ?? '';
  request.url = rest.startsWith('/') ? rest : `/${rest}`;
}

function misdirected(): Problem {
  return new Problem(421, 'This Host is not ours; serve.hosts names further ones.');
}

/** The token in the address of the Atom feed, where feed readers can't send a header. */
function feedToken(request: IncomingMessage, path: string): string | undefined {
  if (path !== '/feed.atom') return undefined;
  return new URLSearchParams((request.url ?? '').slice(path.length + 1)).get('token') ?? undefined;
}

/** Lets a change pass: a write token, or a session on a request that our own page made. */
export function requireWrite(request: IncomingMessage, asker: Asker): void {
  if (asker.scope === 'none') throw unauthorized();
  if (asker.via === 'session') requireOwnPage(request);
  if (asker.scope === 'write') return;
  const challenge = 'Bearer realm="originwatch", error="insufficient_scope", scope="write"';
  throw new Problem(403, 'This token may read only; a change needs the scope write.', {
    headers: { 'www-authenticate': challenge },
  });
}

function requireOwnPage(request: IncomingMessage): void {
  if (request.headers[OWN_HEADER] === undefined) {
    throw new Problem(403, 'A change by session needs the header X-Originwatch: 1.');
  }
  requireSameSite(request);
}

/** Refuses what a browser says another site made. A program sends neither header. */
export function requireSameSite(request: IncomingMessage): void {
  const site = request.headers['sec-fetch-site'];
  const origin = request.headers.origin;
  const isForeignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  const isForeignOrigin =
    origin !== undefined && origin.replace(/^https?:\/\//i, '') !== request.headers.host;
  if (isForeignSite || isForeignOrigin)
    throw new Problem(403, 'The request was made by a page of another site.');
}

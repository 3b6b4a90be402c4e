/**
 * Who asks: bearer tokens (RFC 6750) and the dashboard's session. Tokens are kept as SHA-256 digests and compared
 * in constant time, all of them each time. A session is a signed cookie and nothing that we store, so nobody can
 * fill us with sessions; it falls with the token it was made from.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { limitKey } from './addresses.ts';
import { createLoginGuard } from './limits.ts';

/** A token as configured; `config`'s `TokenSettings` is one. */
export interface ServeToken {
  readonly name: string;
  readonly token: { reveal(): string };
  readonly scope: 'read' | 'write';
}

export interface Asker {
  /** For the log and the audit: `token:noc`, `dashboard`, `dashboard:noc`, `anonymous`. */
  readonly name: string;
  readonly via: 'token' | 'session' | 'nobody';
  readonly scope: 'read' | 'write' | 'none';
  /** What rates are counted by. */
  readonly key: string;
  /** The token behind it, for cutting streams when it is withdrawn. */
  readonly tokenId: string | undefined;
}

export type Identity =
  | { readonly known: true; readonly asker: Asker }
  /** A token was shown that is none of ours. */
  | { readonly known: false; readonly reason: 'wrong' }
  /** Too many wrong ones from this address. */
  | { readonly known: false; readonly reason: 'locked'; readonly waitSeconds: number };

export interface Credentials {
  /** `presented`: a token from elsewhere than the `Authorization` header. */
  identify(request: IncomingMessage, presented?: string): Identity;
  logIn(remote: string | undefined, presented: string): Identity;
  /** The `Set-Cookie` value of a session with the asker's rights. */
  sessionCookie(asker: Asker): string;
  /** The `Set-Cookie` value that ends a session. */
  endedCookie(): string;
  /** False once the token behind the asker is gone or has less scope than before. */
  isStillGood(asker: Asker): boolean;
  applyTokens(tokens: readonly ServeToken[]): void;
}

interface KnownToken {
  readonly name: string;
  readonly scope: 'read' | 'write';
  readonly digest: Buffer;
  readonly id: string;
  /** Too long to be guessed online: the lock of an address does not hold it up. */
  readonly isLong: boolean;
  /** Addresses it was used from before, which a lock does not hold up either. */
  readonly usedFrom: Set<string>;
}

const COOKIE = 'originwatch_session';
const SESSION_SECONDS = 30 * 86_400;
const LONG_TOKEN = 32;
const USED_FROM_MAX = 1_000;

export function createCredentials(options: {
  readonly tokens: readonly ServeToken[];
  readonly sessionKey: Uint8Array | undefined;
  readonly isLoopback: boolean;
  readonly failedLoginsPerMinute: number;
  readonly nowMs: () => number;
}): Credentials {
  const { nowMs, isLoopback } = options;
  const key = options.sessionKey ?? randomBytes(32);
  const guard = createLoginGuard(options.failedLoginsPerMinute, nowMs);
  let known = options.tokens.map((token) => knownToken(token, key));

  const logIn = (remote: string | undefined, presented: string): Identity => {
    const address = limitKey(remote);
    const token = findToken(known, presented);
    const waitSeconds = guard.lockedFor(address);
    if (token !== undefined && (waitSeconds === 0 || token.isLong || token.usedFrom.has(address))) {
      if (token.usedFrom.size < USED_FROM_MAX) token.usedFrom.add(address);
      return { known: true, asker: tokenAsker(token) };
    }
    if (waitSeconds > 0) return { known: false, reason: 'locked', waitSeconds };
    guard.failed(address);
    return { known: false, reason: 'wrong' };
  };
  const sessionAsker = (request: IncomingMessage): Asker | undefined => {
    const session = readSession(request.headers.cookie, key, nowMs());
    if (session === undefined) return undefined;
    if (session === 'local') return isLoopback ? localAsker(request) : undefined;
    const token = known.find((each) => each.id === session);
    return token && sessionOf(token);
  };

  return {
    logIn,
    identify(request, presented) {
      const header = request.headers.authorization;
      const shown = header === undefined ? presented : bearer(header);
      if (shown !== undefined) return logIn(request.socket.remoteAddress, shown);
      return { known: true, asker: sessionAsker(request) ?? anonymous(request) };
    },
    sessionCookie(asker) {
      const seconds = Math.floor(nowMs() / 1000);
      const claim = `${asker.tokenId ?? 'local'}.${seconds}`;
      return `${COOKIE}=${claim}.${sign(key, claim)}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${SESSION_SECONDS}`;
    },
    endedCookie: () => `${COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`,
    isStillGood(asker) {
      if (asker.tokenId === undefined) return true;
      const token = known.find((each) => each.id === asker.tokenId);
      return token !== undefined && (token.scope === 'write' || asker.scope !== 'write');
    },
    applyTokens(tokens) {
      known = tokens.map((token) => knownToken(token, key));
    },
  };
}

function knownToken(token: ServeToken, key: Uint8Array): KnownToken {
  const text = token.token.reveal();
  const digest = createHash('sha256').update(text).digest();
  // The id goes into a cookie: keyed, so that it can't be searched for the token.
  const id = createHmac('sha256', key).update('token').update(digest).digest('hex').slice(0, 32);
  return {
    name: token.name,
    scope: token.scope,
    digest,
    id,
    isLong: text.length >= LONG_TOKEN,
    usedFrom: new Set(),
  };
}

/** Looks at every token, so that the time taken says nothing. */
function findToken(known: readonly KnownToken[], presented: string): KnownToken | undefined {
  const digest = createHash('sha256').update(presented).digest();
  let found: KnownToken | undefined;
  for (const token of known) if (timingSafeEqual(token.digest, digest)) found = token;
  return found;
}

/** The token of a bearer header; the empty one, which is nobody's, for any other scheme. */
function bearer(header: string): string {
  return /^Bearer +([^\s]+) *$/i.exec(header)?.[1] ?? '';
}

function tokenAsker(token: KnownToken): Asker {
  const name = `token:${token.name}`;
  return { name, via: 'token', scope: token.scope, key: name, tokenId: token.id };
}

function sessionOf(token: KnownToken): Asker {
  const key = `token:${token.name}`;
  return { name: `dashboard:${token.name}`, via: 'session', scope: token.scope, key, tokenId: token.id };
}

function localAsker(request: IncomingMessage): Asker {
  const key = `dashboard:${limitKey(request.socket.remoteAddress)}`;
  return { name: 'dashboard', via: 'session', scope: 'write', key, tokenId: undefined };
}

function anonymous(request: IncomingMessage): Asker {
  const key = `address:${limitKey(request.socket.remoteAddress)}`;
  return { name: 'anonymous', via: 'nobody', scope: 'none', key, tokenId: undefined };
}

/** A code of fixed length for the claim, in the characters a cookie may hold. */
function sign(key: Uint8Array, claim: string): string {
  return createHmac('sha256', key).update('session').update(claim).digest('base64url');
}

/** The token id of a genuine, fresh session, `local` for one made on loopback without a token. */
function readSession(cookies: string | undefined, key: Uint8Array, nowMs: number): string | undefined {
  for (const pair of (cookies ?? '').split(';')) {
    const match = /^\s*originwatch_session=((local|[0-9a-f]{32})\.(\d{1,12}))\.([\w-]{43})\s*$/.exec(pair);
    if (match === null) continue;
    const [, claim = '', who = '', seconds = '', signature = ''] = match;
    const genuine = timingSafeEqual(Buffer.from(sign(key, claim)), Buffer.from(signature));
    if (genuine && nowMs / 1000 - Number(seconds) < SESSION_SECONDS) return who;
  }
  return undefined;
}

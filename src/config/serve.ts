/**
 * The section `serve`: where to listen, under which names, and who may ask.
 */

import { parseAddress } from '../bgp/address.ts';
import type { Item, MapItem } from './item.ts';
import * as rules from './rules.ts';
import { isResolved, readSecret } from './secret.ts';
import {
  isHostName,
  isLoopback,
  type ListenAddress,
  parseListen,
  readList,
  textOf,
  UniqueNames,
} from './section.ts';
import type { Secret, ServeSettings, TokenSettings } from './settings.ts';
import { readMap, shape } from './shape.ts';
import type { Sources } from './sources.ts';
import { show } from './words.ts';

export const DEFAULT_LISTEN: ListenAddress = { host: '127.0.0.1', port: 8480 };
const LISTEN_REMEDY = 'write host:port, for instance 127.0.0.1:8480 or "[::1]:8480"';

const serveShape = shape(() => ({
  listen: rules.lineText(300),
  hosts: rules.listOf(rules.lineText(300)),
  publicUrl: rules.url(['https:', 'http:']),
  tokens: rules.anything(),
}));
const tokenShape = shape(() => ({
  name: rules.required(rules.wordText()),
  token: rules.required(rules.anything()),
  scope: rules.required(rules.enumOf(['read', 'write'])),
}));

export function readServe(item: Item | undefined, sources: Sources): ServeSettings {
  const nothing = { ...DEFAULT_LISTEN, hosts: [], publicUrl: undefined, tokens: [] };
  if (item === undefined) return nothing;
  const values = readMap(item, serveShape(), sources.problems, { what: 'the section serve' });
  if (values === undefined || item.kind !== 'map') return nothing;
  const tokenItems = readList(item.pairs.get('tokens')?.value, 'tokens', sources.problems) ?? [];
  const tokens = readTokens(tokenItems, sources);
  const listen = readListen(values.listen, item, tokenItems.length > 0, sources);
  const publicUrl = readPublicUrl(values.publicUrl, item, sources);
  const hosts = new Set(readHosts(values.hosts, item, sources));
  // Where people are sent, they must be let in.
  if (publicUrl !== undefined) hosts.add(hostOf(new URL(publicUrl).hostname));
  return { ...listen, hosts: [...hosts], publicUrl, tokens };
}

function readListen(
  value: unknown,
  item: MapItem,
  hasTokens: boolean,
  { problems }: Sources,
): { host: string; port: number } {
  if (typeof value !== 'string') return DEFAULT_LISTEN;
  const at = item.pairs.get('listen')?.value.at ?? item.at;
  const listen = parseListen(value);
  if (listen === undefined) {
    problems.add(at, `listen is ${show(value)}, no address with a port`, LISTEN_REMEDY);
    return DEFAULT_LISTEN;
  }
  if (!isLoopback(listen.host) && !hasTokens)
    problems.addAbsence(
      at,
      `listen is ${show(value)}, beyond loopback, and there is no token`,
      'add serve.tokens, or listen on 127.0.0.1',
    );
  return listen;
}

/** With a slash at its end. The dashboard's own links begin at the root, so it cannot stand below a path. */
function readPublicUrl(value: unknown, item: MapItem, { problems }: Sources): string | undefined {
  if (typeof value !== 'string') return undefined;
  const { origin, pathname, search, hash } = new URL(value);
  if (pathname === '/' && search === '' && hash === '') return `${origin}/`;
  const at = item.pairs.get('publicUrl')?.value.at ?? item.at;
  problems.add(at, 'publicUrl has more than protocol, host and port', `write ${show(origin)}`);
  return undefined;
}

function hostOf(text: string): string {
  return text.replace(/^\[(.*)\]$/, '$1').toLowerCase();
}

/** Host names as they stand in a `Host` header, lower case, without port. */
function readHosts(value: unknown, item: MapItem, { problems }: Sources): readonly string[] {
  const list = item.pairs.get('hosts')?.value;
  const hosts: string[] = [];
  for (const [index, text] of ((value ?? []) as string[]).entries()) {
    const host = hostOf(text);
    if (isHostName(host) || parseAddress(host) !== undefined) hosts.push(host);
    else {
      const at = (list?.kind === 'list' ? list.items[index]?.at : undefined) ?? item.at;
      problems.add(
        at,
        `${show(text)} is no host name`,
        'write the name alone, without protocol, port and path',
      );
    }
  }
  return hosts;
}

function readTokens(items: readonly Item[], sources: Sources): readonly TokenSettings[] {
  const names = new UniqueNames('token', sources.problems);
  const values = new Set<string>();
  const tokens: TokenSettings[] = [];
  for (const item of items) {
    const read = readMap(item, tokenShape(), sources.problems, { what: 'a token' });
    if (read === undefined || item.kind !== 'map') continue;
    const name = textOf(read.name, '');
    if (name !== '') names.take(name, (item.pairs.get('name')?.value ?? item).at);
    const token = readToken(item, values, sources);
    const scope = read.scope;
    if (token !== undefined && (scope === 'read' || scope === 'write')) tokens.push({ name, token, scope });
  }
  return tokens;
}

function readToken(item: MapItem, values: Set<string>, sources: Sources): Secret | undefined {
  const pair = item.pairs.get('token');
  const token = pair && readSecret(pair.value, 'token', sources);
  if (pair === undefined || token === undefined) return undefined;
  if (!isResolved(token)) return token;
  const value = token.reveal();
  if (!/^[\x21-\x7e]+$/.test(value))
    sources.problems.add(
      pair.value.at,
      'token has characters that no Authorization header can carry',
      'use letters, digits and signs without blanks',
    );
  if (values.has(value))
    sources.problems.add(
      pair.value.at,
      'token is the same as another one above',
      'give each reader a token of its own',
    );
  values.add(value);
  return token;
}

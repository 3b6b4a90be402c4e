/**
 * The section `network`: how everything that goes out leaves this machine; and certificates of authorities wherever a key
 * `ca` stands. The section `heartbeat`: an address that is called while all is well, so that somebody else notices when that ends.
 */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { proxyProblem } from '../outside/network.ts';
import { type Item, plain } from './item.ts';
import * as rules from './rules.ts';
import { HiddenValue, readSecret } from './secret.ts';
import { isHostName } from './section.ts';
import type { HeartbeatSettings, NetworkSettings, Secret } from './settings.ts';
import { noteUnknownKeys, readMap, shape } from './shape.ts';
import type { Sources } from './sources.ts';
import { kindOf, show } from './words.ts';

const PROXY_SCHEMES = ['http:', 'https:', 'socks5:', 'socks5h:'];

const networkShape = shape(() => ({
  proxy: rules.anything(),
  noProxy: rules.listOf(rules.rule(readDirect)),
  ca: rules.anything(),
}));

export function readNetwork(item: Item | undefined, sources: Sources): NetworkSettings {
  const values = item && readMap(item, networkShape(), sources.problems, { what: 'the section network' });
  const part = (key: string): Item | undefined => {
    const found = item?.kind === 'map' ? item.pairs.get(key)?.value : undefined;
    return found === undefined || plain(found) === null ? undefined : found;
  };
  return {
    proxy: readProxy(part('proxy'), sources),
    noProxy: (values?.noProxy ?? []) as readonly string[],
    ca: readCa(part('ca'), sources),
  };
}

/** Written out, or behind a reference where it has a user and password. */
function readProxy(item: Item | undefined, sources: Sources): Secret | undefined {
  if (item === undefined) return undefined;
  if (item.kind !== 'map') {
    const read = rules.readUrl(plain(item), PROXY_SCHEMES);
    if (typeof read === 'string') return new HiddenValue(read);
    sources.problems.add(item.at, `proxy ${read.found}`, read.remedy);
    return undefined;
  }
  const secret = readSecret(item, 'proxy', sources);
  const problem = secret && proxyProblem(secret.reveal());
  if (problem !== undefined)
    sources.problems.add(item.at, `proxy: ${problem}`, 'put the whole URL of the proxy there');
  return problem === undefined ? secret : undefined;
}

/** `{ file: PATH }`, certificates in PEM. Undefined after a problem was noted. */
export function readCa(item: Item | undefined, sources: Sources): string | undefined {
  if (item === undefined) return undefined;
  const { problems } = sources;
  const remedy = 'write { file: PATH }, a file with the certificates of the authorities in PEM';
  if (item.kind !== 'map') {
    problems.add(item.at, `ca is ${kindOf(plain(item))}, no { file: PATH }`, remedy);
    return undefined;
  }
  noteUnknownKeys(item, ['file'], problems);
  const path = item.pairs.get('file')?.value;
  if (path?.kind !== 'scalar' || typeof path.value !== 'string' || path.value === '') {
    problems.add(path?.at ?? item.at, 'ca names no file', remedy);
    return undefined;
  }
  const text = sources.text(sources.beside(item.at.file, path.value), path.at);
  const problem = text === undefined ? undefined : pemProblem(text);
  if (problem !== undefined) problems.add(path.at, `the file ${show(path.value)} ${problem}`, remedy);
  return problem === undefined ? text : undefined;
}

function pemProblem(text: string): string | undefined {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g);
  if (blocks === null) return 'has no certificate in it';
  const bad = blocks.findIndex((block) => !isCertificate(block));
  return bad < 0 ? undefined : `has a certificate that cannot be read, the ${bad + 1}. in it`;
}

function isCertificate(block: string): boolean {
  try {
    return new X509Certificate(block).serialNumber !== '';
  } catch {
    return false;
  }
}

function readDirect(value: unknown): string | rules.Complaint {
  const remedy = 'write a host name, a .suffix of host names, an address or a prefix of addresses';
  if (typeof value !== 'string') return { found: `is ${kindOf(value)}`, remedy };
  const [address = '', length] = value.split('/');
  const family = isIP(address);
  const isBlock =
    family !== 0 &&
    (length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128)));
  if (isBlock || (length === undefined && isHostName(value.replace(/^\./, '')))) return value;
  return { found: `${show(value)} is no host and no address`, remedy };
}

// ---------------------------------------------------------------- heartbeat

const EVERY_SECONDS = 60;
const HEARTBEAT_SCHEMES = ['http:', 'https:'];

const heartbeatShape = shape(() => ({
  url: rules.anything(),
  everySeconds: rules.wholeNumber(1, 86_400),
}));

/** Undefined where there is none, or after a problem was noted. */
export function readHeartbeat(item: Item | undefined, sources: Sources): HeartbeatSettings | undefined {
  if (item === undefined) return undefined;
  const values = readMap(item, heartbeatShape(), sources.problems, { what: 'the section heartbeat' });
  const given = item.kind === 'map' ? item.pairs.get('url')?.value : undefined;
  if (values === undefined) return undefined;
  if (given === undefined) {
    sources.problems.add(
      item.at,
      'heartbeat has no url',
      'name the address that is called while all is well',
    );
    return undefined;
  }
  const url = readAddress(given, sources);
  return url && { url, everySeconds: Number(values.everySeconds ?? EVERY_SECONDS) };
}

/** Written out, or behind a reference: such an address is often its own password. */
function readAddress(item: Item, sources: Sources): Secret | undefined {
  if (item.kind === 'map') {
    const secret = readSecret(item, 'url', sources);
    if (secret === undefined || typeof rules.readUrl(secret.reveal(), HEARTBEAT_SCHEMES) === 'string')
      return secret;
    sources.problems.add(
      item.at,
      'url: what is behind it is not an http(s) URL',
      'put the whole address there',
    );
    return undefined;
  }
  const read = rules.readUrl(plain(item), HEARTBEAT_SCHEMES);
  if (typeof read === 'string') return new HiddenValue(read);
  sources.problems.add(item.at, `url ${read.found}`, read.remedy);
  return undefined;
}

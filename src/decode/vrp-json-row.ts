/**
 * One row of an RPKI export: a VRP (`asn`, `prefix`, `maxLength`) or an ASPA, in the spellings of rpki-client,
 * Routinator, StayRTR and SLURM (RFC 8416). Called by `vrp-json.ts` for each row.
 */
import { type Address, parseAddress } from '../bgp/address.ts';
import { parseAsn } from '../bgp/asn.ts';
import { lengthMax, parsePrefix } from '../bgp/prefix.ts';
import type { RpkiRows, VrpRow } from '../bgp/vrp.ts';

/** What became of a row: taken (`host-bits`: mended and taken), or why it was not. */
export type RowOutcome =
  | 'vrp'
  | 'aspa'
  | 'host-bits'
  | 'bad-row'
  | 'bad-asn'
  | 'bad-prefix'
  | 'bad-length'
  | 'bad-aspa';

const CUSTOMER_KEYS = ['customer_asid', 'customer', 'customerAsn', 'customerAsid', 'customer_asn'];
const PROVIDER_KEYS = [
  'providers',
  'providerAsns',
  'providerAsids',
  'provider_asns',
  'providerSet',
  'provider_set',
];
const PROVIDERS_MAX = 20_000;

/**
 * A VRP row as the exporting programs write it, flat and in their order; what else it says comes behind. Whatever does
 * not look exactly so goes through JSON, with the same result.
 */
const USUAL_ROW =
  /^\{\s*"asn"\s*:\s*(?:"AS(\d{1,10})"|(\d|[1-9]\d{1,9}))\s*,\s*"prefix"\s*:\s*"([0-9A-Fa-f.:]{2,39}\/\d{1,3})"\s*,\s*"maxLength"\s*:\s*(\d|[1-9]\d{1,2})\s*(?:,\s*"(?:ta|expires)"\s*:\s*(?:"[\w-]{0,64}"|\d|[1-9]\d{1,15})\s*)*\}$/;

/** Three times as fast as by way of JSON; undefined when the text is not of the usual form. */
export function readUsualRow(text: string, rows: RpkiRows): RowOutcome | undefined {
  const found = USUAL_ROW.exec(text);
  if (found === null) return undefined;
  const [, named, plain, prefix, maxLength] = found;
  return readVrp({ asn: Number(named ?? plain), prefix, maxLength: Number(maxLength) }, rows);
}

/** Hands the row on where it is sound. */
export function readVrpJsonRow(value: object, rows: RpkiRows): RowOutcome {
  const row = value as Readonly<Record<string, unknown>>;
  if (row.prefix !== undefined) return readVrp(row, rows);
  return CUSTOMER_KEYS.some((key) => row[key] !== undefined) ? readAspa(row, rows) : 'bad-row';
}

function readVrp(row: Readonly<Record<string, unknown>>, rows: RpkiRows): RowOutcome {
  const asn = parseAsn(row.asn);
  if (asn === undefined) return 'bad-asn';
  if (typeof row.prefix !== 'string') return 'bad-prefix';
  const quick = readQuickly(row.prefix);
  const parsed = quick ?? readAny(row.prefix);
  if (parsed === undefined) return 'bad-prefix';
  const given = row.maxLength ?? row.maxPrefixLength ?? undefined;
  const maxLength = given === undefined ? parsed.length : lengthOf(given);
  if (maxLength === undefined || maxLength < parsed.length || maxLength > lengthMax(parsed.family))
    return 'bad-length';
  rows.vrp({ family: parsed.family, words: parsed.words, length: parsed.length, maxLength, asn });
  return parsed.hostBits ? 'host-bits' : 'vrp';
}

/** A whole number, or its decimal text. */
function lengthOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? value : undefined;
  return typeof value === 'string' && /^\d{1,3}$/.test(value) ? Number(value) : undefined;
}

type PrefixParts = Pick<VrpRow, 'family' | 'words' | 'length'> & { readonly hostBits: boolean };

/** By way of the address alone: the canonical text, which nobody needs here, is what costs. */
function readAny(text: string): PrefixParts | undefined {
  const slash = text.indexOf('/');
  const length = lengthOf(text.slice(slash + 1));
  const address = slash < 0 ? undefined : parseAddress(text.slice(0, slash));
  if (address !== undefined && length !== undefined && length >= 10 && isNetwork(address, length)) {
    return { family: address.family, words: address.words, length, hostBits: false };
  }
  return readInFull(text);
}

/** True when no bit is set behind the length, and the length is one of the family. */
function isNetwork(address: Address, length: number): boolean {
  if (length > lengthMax(address.family)) return false;
  return address.words.every(
    (word, index) => word % 2 ** Math.min(32, Math.max(0, 32 * (index + 1) - length)) === 0,
  );
}

function readInFull(text: string): PrefixParts | undefined {
  const parsed = parsePrefix(text.trim());
  if (parsed === undefined) return undefined;
  const { family, words, length } = parsed.prefix;
  return { family, words, length, hostBits: parsed.hostBits };
}

/**
 * Canonical IPv4 without a pattern, seven rows in ten: digits and three dots, a slash, digits. Anything out of the
 * ordinary, host bits and leading zeros too, is left to the full reading.
 */
function readQuickly(text: string): PrefixParts | undefined {
  let word = 0;
  let part = 0;
  let digits = 0;
  let dots = 0;
  let at = 0;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 48 && code <= 57) {
      if (digits === 3 || (digits > 0 && part === 0)) return undefined;
      part = part * 10 + code - 48;
      digits += 1;
      continue;
    }
    if (digits === 0 || part > 255 || (code !== 46 && code !== 47)) return undefined;
    word = word * 256 + part;
    part = 0;
    digits = 0;
    if (code === 47) break;
    dots += 1;
  }
  const length = lengthOf(text.slice(at + 1));
  if (dots !== 3 || length === undefined || length > 32 || text.charCodeAt(at + 1) === 48) return undefined;
  if (word % 2 ** (32 - length) !== 0) return undefined;
  return { family: 4, words: [word, 0, 0, 0], length, hostBits: false };
}

function readAspa(row: Readonly<Record<string, unknown>>, rows: RpkiRows): RowOutcome {
  const customer = parseAsn(firstOf(row, CUSTOMER_KEYS));
  const listed = firstOf(row, PROVIDER_KEYS);
  if (customer === undefined || !Array.isArray(listed) || listed.length > PROVIDERS_MAX) return 'bad-aspa';
  const providers = listed.map(providerOf).filter((asn) => asn !== undefined);
  // A provider that can't be read must not turn into one that is denied.
  if (providers.length !== listed.length) return 'bad-aspa';
  rows.aspa({ customer, providers });
  return 'aspa';
}

/** A number, its text, or an object that holds it beside a limit to one address family. */
function providerOf(listed: unknown): number | undefined {
  if (typeof listed !== 'object' || listed === null) return parseAsn(listed);
  return parseAsn(
    firstOf(listed as Readonly<Record<string, unknown>>, ['asn', 'asid', 'provider', 'provider_asid']),
  );
}

function firstOf(row: Readonly<Record<string, unknown>>, keys: readonly string[]): unknown {
  const key = keys.find((name) => row[name] !== undefined);
  return key === undefined ? undefined : row[key];
}

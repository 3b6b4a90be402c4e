/**
 * One row of an RPKI export: a VRP (`asn`, `prefix`, `maxLength`) or an ASPA, in the spellings of rpki-client,
 * Routinator, StayRTR and SLURM (RFC 8416). Called by `vrp-json.ts` for each row.
 */
import { parseAsn } from '../../bgp/asn.ts';
import { lengthMax, parsePrefix } from '../../bgp/prefix.ts';
import type { RpkiRows } from '../../bgp/vrp.ts';

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
  const parsed = parsePrefix(row.prefix.trim());
  if (parsed === undefined) return 'bad-prefix';
  const { family, words, length } = parsed.prefix;
  const given = row.maxLength ?? row.maxPrefixLength ?? undefined;
  const maxLength = given === undefined ? length : lengthOf(given);
  if (maxLength === undefined || maxLength < length || maxLength > lengthMax(family)) return 'bad-length';
  rows.vrp({ family, words, length, maxLength, asn, ...endsOf(row) });
  return parsed.hostBits ? 'host-bits' : 'vrp';
}

interface Ends {
  /** 0: the export does not say. */
  readonly untilSeconds: number;
  readonly roaEndsSeconds: number;
}

/**
 * When it ends: rpki-client's `expires`, which is the chain's; Routinator's `source`, each with `validity` of the object itself and `chainValidity`.
 * Of several sources the last one to end counts; one that names no end has none.
 */
function endsOf(row: Readonly<Record<string, unknown>>): Ends {
  const expires = secondsOf(row.expires);
  if (expires > 0 || !Array.isArray(row.source) || row.source.length === 0)
    return { untilSeconds: expires, roaEndsSeconds: 0 };
  const ends = row.source.map((source: unknown) => {
    const own = notAfterOf(source, 'validity');
    const chain = notAfterOf(source, 'chainValidity');
    return { own, until: own > 0 && chain > 0 ? Math.min(own, chain) : Math.max(own, chain) };
  });
  return {
    untilSeconds: last(ends.map(({ until }) => until)),
    roaEndsSeconds: last(ends.map(({ own }) => own)),
  };
}

function last(ends: readonly number[]): number {
  return ends.includes(0) ? 0 : Math.max(...ends);
}

function notAfterOf(source: unknown, key: string): number {
  if (typeof source !== 'object' || source === null) return 0;
  const validity = (source as Readonly<Record<string, unknown>>)[key];
  if (typeof validity !== 'object' || validity === null) return 0;
  return secondsOf((validity as Readonly<Record<string, unknown>>).notAfter);
}

/** Unix seconds, a number or its text, or a date; 0 where it is none, and beyond what 32 bits hold. */
function secondsOf(value: unknown): number {
  const seconds =
    typeof value === 'string' && !/^\d+$/.test(value.trim()) ? Date.parse(value) / 1_000 : Number(value ?? 0);
  return Number.isFinite(seconds) && seconds > 0 && seconds < 4_294_967_296 ? Math.floor(seconds) : 0;
}

/** A whole number, or its decimal text. */
function lengthOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? value : undefined;
  return typeof value === 'string' && /^\d{1,3}$/.test(value) ? Number(value) : undefined;
}

function readAspa(row: Readonly<Record<string, unknown>>, rows: RpkiRows): RowOutcome {
  const customer = parseAsn(firstOf(row, CUSTOMER_KEYS));
  const listed = firstOf(row, PROVIDER_KEYS);
  if (customer === undefined || !Array.isArray(listed) || listed.length > PROVIDERS_MAX) return 'bad-aspa';
  const providers = listed.map(providerOf).filter((asn) => asn !== undefined);
  // A provider that can't be read must not turn into one that is denied.
  if (providers.length !== listed.length) return 'bad-aspa';
  const { untilSeconds } = endsOf(row);
  rows.aspa({ customer, providers, ...(untilSeconds > 0 ? { untilSeconds } : {}) });
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

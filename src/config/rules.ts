/**
 * The rules of single values in the configuration: AS numbers, prefixes, names, addresses, times. Each makes a new
 * schema object for fastest-validator; those that convert hand back the vocabulary of `bgp/`.
 */
import IPCIDR from 'ip-cidr';
import { formatAddress, parseAddress } from '../bgp/address.ts';
import { parseAsn } from '../bgp/asn.ts';
import { type Prefix, parsePrefix } from '../bgp/prefix.ts';
import type { Rule } from './shape.ts';
import { kindOf, show } from './words.ts';

/** What is wrong with a value and what would do; the value's name stands before the first. */
export interface Complaint {
  readonly found: string;
  readonly remedy: string;
}

export function isComplaint(value: unknown): value is Complaint {
  return typeof value === 'object' && value !== null && 'found' in value && 'remedy' in value;
}

type Errors = { type: string; expected: string; actual: string }[];

/** A rule from a reader that returns the converted value or a complaint. */
export function rule(read: (value: unknown) => unknown): Rule {
  const check = (value: unknown, errors: Errors): unknown => {
    const result = read(value);
    if (!isComplaint(result)) return result;
    errors.push({ type: 'found', expected: result.remedy, actual: result.found });
    return value;
  };
  return { type: 'custom', optional: true, nullable: false, check };
}

/** The same rule for a key that may be switched off with null. */
export function orNull(inner: Rule): Rule {
  return { ...inner, nullable: true };
}

/** The same rule for a key that has to be there. */
export function required(inner: Rule): Rule {
  return { ...inner, optional: false };
}

export function listOf(inner: Rule, options: { isEmptyAllowed?: boolean } = {}): Rule {
  const items = { ...inner, optional: false, nullable: false };
  return { type: 'array', items, optional: true, nullable: false, empty: options.isEmptyAllowed ?? true };
}

/** One value or a list of them; read as a list. */
export function oneOrMore(inner: Rule): Rule {
  return { ...listOf(inner, { isEmptyAllowed: false }), convert: true };
}

/** Like `oneOrMore`, of words, and an empty list is fine. */
export function wordOrWords(): Rule {
  return { ...listOf(wordText()), convert: true };
}

/** A key that is read by code of its own. */
export function anything(): Rule {
  return { type: 'any', optional: true };
}

export function enumOf(values: readonly string[]): Rule {
  return { type: 'enum', values: [...values], optional: true, nullable: false };
}

export function flag(): Rule {
  return { type: 'boolean', optional: true, nullable: false };
}

export function wholeNumber(min: number, max: number): Rule {
  return { type: 'number', integer: true, min, max, optional: true, nullable: false };
}

export function finiteNumber(): Rule {
  return { type: 'number', min: -1_000_000, max: 1_000_000, optional: true, nullable: false };
}

/** A length of time, fractions allowed; at most a century, so that deadlines stay exact. */
export function duration(unit: 'seconds' | 'minutes' | 'hours'): Rule {
  const max = { seconds: 3_153_600_000, minutes: 52_560_000, hours: 876_000 }[unit];
  return { type: 'number', positive: true, max, optional: true, nullable: false };
}

export function asnList(): Rule {
  return { ...listOf(rule(readAsn)) };
}

/** AS numbers that announce routes: AS 0 never does (RFC 7607). */
export function routingAsnList(): Rule {
  return { ...listOf(rule(readRoutingAsn)) };
}

export function routingAsn(): Rule {
  return rule(readRoutingAsn);
}

function readRoutingAsn(value: unknown): number | Complaint {
  const asn = readAsn(value);
  if (asn !== 0) return asn;
  return {
    found: 'is AS 0, which announces nothing (RFC 7607)',
    remedy: 'write the AS that does, or an empty list of origins where nobody may',
  };
}

function readAsn(value: unknown): number | Complaint {
  const number = parseAsn(value);
  if (number !== undefined) return number;
  const isShown = typeof value === 'string' || typeof value === 'number';
  return {
    found: `is ${isShown ? show(value) : kindOf(value)}, no AS number`,
    remedy: 'write 7625 or AS7625, from 0 to 4294967295',
  };
}

export function prefix(): Rule {
  return rule(readPrefix);
}

/** A prefix as people write it; host bits, missing lengths and leading zeros are refused with the cure. */
export function readPrefix(value: unknown): Prefix | Complaint {
  if (typeof value !== 'string') return { found: `is ${kindOf(value)}, no prefix`, remedy: PREFIX_REMEDY };
  const parsed = parsePrefix(value);
  if (parsed === undefined) return explainPrefix(value);
  if (!parsed.hostBits) return parsed.prefix;
  return {
    found: `${show(value)} has host bits set`,
    remedy: `write ${parsed.prefix.text}, or the length that is meant`,
  };
}

const PREFIX_REMEDY = 'write address/length, for instance 192.0.2.0/24 or 2001:db8::/32';

/** Why a text is no prefix. ip-cidr tells what people mean by an address; it lets `/08` and more pass, we don't. */
function explainPrefix(text: string): Complaint {
  const [address = '', length] = text.split('/');
  const isAddress = address !== '' && IPCIDR.isValidAddress(address);
  if (isAddress && length === undefined)
    return {
      found: `${show(text)} has no length`,
      remedy: `write ${text}/${address.includes(':') ? 128 : 32} or the length that is meant`,
    };
  if (isAddress && /^0\d+$/.test(length ?? ''))
    return {
      found: `${show(text)} has a length with leading zeros`,
      remedy: `write ${address}/${Number(length)}`,
    };
  if (isAddress && /^\d+$/.test(length ?? '')) {
    const max = address.includes(':') ? 128 : 32;
    if (Number(length) > max)
      return { found: `${show(text)} has a length beyond ${max}`, remedy: `write a length from 0 to ${max}` };
  }
  return { found: `${show(text)} is no prefix`, remedy: PREFIX_REMEDY };
}

export const TEXT_MAX = 200;
const CONTROL = /[\p{Cc}\p{Cs}]/u;
const CONTROL_OR_LINE = /[\p{Cc}\p{Cs}\u2028\u2029]/u;

/** A name for people: at most 200 characters, no control characters (C0, DEL, C1), no half of a surrogate pair. */
export function nameText(): Rule {
  return rule((value) => readText(value, CONTROL, true));
}

/** A word that is compared and printed in lines: not empty, and without line separators too. */
export function wordText(): Rule {
  return rule((value) => readText(value, CONTROL_OR_LINE, false));
}

/** A word that may be written as a number; read as text. */
export function wordOrNumber(): Rule {
  return rule((value) => readText(Number.isSafeInteger(value) ? `${value}` : value, CONTROL_OR_LINE, false));
}

function readText(value: unknown, forbidden: RegExp, isEmptyAllowed: boolean): string | Complaint {
  if (typeof value !== 'string')
    return {
      found: `is ${kindOf(value)}`,
      remedy: 'write text; put quotes around a number or a word like true',
    };
  if (value === '' && !isEmptyAllowed) return { found: 'is empty', remedy: 'write at least one character' };
  if (value.length > TEXT_MAX && [...value].length > TEXT_MAX)
    return { found: `has ${[...value].length} characters`, remedy: `write at most ${TEXT_MAX}` };
  if (forbidden.test(value)) return { found: 'has a control or line character', remedy: 'remove it' };
  return value;
}

/** A route collector, with its domain or without: `rrc00`, `rrc00.ripe.net`. */
export function collector(): Rule {
  return rule((value) => {
    if (typeof value === 'string' && /^[a-z0-9][a-z0-9._-]{0,99}$/i.test(value)) return value;
    const shown = typeof value === 'string' ? show(value) : kindOf(value);
    return { found: `is ${shown}, no collector`, remedy: 'write rrc00 or rrc00.ripe.net' };
  });
}

/** A vantage point, or all of an AS: an AS number, or an address in its canonical form. */
export function peer(): Rule {
  return rule((value) => {
    const address = typeof value === 'string' ? parseAddress(value) : undefined;
    if (address !== undefined) return formatAddress(address.family, address.words);
    const asn = readAsn(value);
    if (typeof asn === 'number') return asn;
    return { ...asn, found: `${asn.found} and no address`, remedy: 'write 3356, AS3356 or 192.0.2.1' };
  });
}

/** Text of several lines. */
export function longText(max: number): Rule {
  return rule((value) => {
    if (typeof value !== 'string')
      return { found: `is ${kindOf(value)}`, remedy: 'write text, as a block: |' };
    if (value.length > max)
      return { found: `has ${value.length} characters`, remedy: `write at most ${max}` };
    return value;
  });
}

/** Whom Slack calls: a user group (`S…`), somebody (`U…`, `W…`), or whoever is there. */
export function mention(): Rule {
  return rule((value) => {
    if (typeof value === 'string' && /^(?:[SUW][A-Z0-9]{4,20}|here|channel)$/.test(value)) return value;
    const shown = typeof value === 'string' ? show(value) : kindOf(value);
    return {
      found: `is ${shown}, nobody whom Slack can call`,
      remedy: 'write the id of a user group (S0123ABCD) or of somebody (U0123ABCD), here, or channel',
    };
  });
}

/** An AS path pattern or any other one-line text, longer than a name. */
export function lineText(max: number): Rule {
  return rule((value) => {
    if (typeof value !== 'string') return { found: `is ${kindOf(value)}`, remedy: 'write text, in quotes' };
    if (value === '') return { found: 'is empty', remedy: 'write at least one character' };
    if (value.length > max)
      return { found: `has ${value.length} characters`, remedy: `write at most ${max}` };
    return CONTROL_OR_LINE.test(value)
      ? { found: 'has a control or line character', remedy: 'remove it' }
      : value;
  });
}

/** A URL with one of the protocols (`https:`), without a secret in it. The value is never shown: it may hold one. */
export function url(protocols: readonly string[]): Rule {
  return rule((value) => readUrl(value, protocols));
}

export function readUrl(value: unknown, protocols: readonly string[]): string | Complaint {
  const example = `write a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;
  if (typeof value !== 'string') return { found: `is ${kindOf(value)}, no URL`, remedy: example };
  const parsed = URL.canParse(value) ? new URL(value) : undefined;
  if (parsed === undefined || CONTROL_OR_LINE.test(value) || parsed.hostname === '')
    return { found: 'is no URL', remedy: example };
  if (!protocols.includes(parsed.protocol)) return { found: 'is a URL of another protocol', remedy: example };
  if (parsed.username !== '' || parsed.password !== '')
    return {
      found: 'has a user name or password written into it',
      remedy: 'a secret is never written here; see { env: NAME }',
    };
  if ([...parsed.searchParams.keys()].some((key) => SECRET_PARAMETER.test(key)))
    return {
      found: 'has a secret written into its query',
      remedy: 'a secret is never written here; see { env: NAME }',
    };
  return value;
}

const SECRET_PARAMETER =
  /^(access_?token|token|api_?key|key|secret|password|passwd|pwd|sig|signature|auth)$/i;

/**
 * AS numbers: reading, printing, and the registries of numbers that nobody may originate from.
 * Vocabulary of every room; imports nothing. RFC 6793 (four bytes), RFC 5396 (asplain).
 */

/** The largest four-byte AS number. */
export const ASN_MAX = 4_294_967_295;

/** AS_TRANS, RFC 6793: stands for a four-byte number on a two-byte session. */
export const AS_TRANS = 23_456;

/** Reads `7625`, `AS7625`, `as7625` or the number itself; undefined when it is none in 0…2³²−1. */
export function parseAsn(value: unknown): number | undefined {
  if (typeof value === 'number') return isAsn(value) ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const match = /^(?:AS)?(\d{1,10})$/i.exec(value.trim());
  if (match === null) return undefined;
  const asn = Number(match[1]);
  return asn <= ASN_MAX ? asn : undefined;
}

/** True for an integer in 0…2³²−1. */
export function isAsn(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= ASN_MAX;
}

/** `AS7625`. */
export function formatAsn(asn: number): string {
  return `AS${asn}`;
}

/** RFC 6996: 64512–65534 and 4200000000–4294967294. */
export function isPrivateAsn(asn: number): boolean {
  return (asn >= 64_512 && asn <= 65_534) || (asn >= 4_200_000_000 && asn <= 4_294_967_294);
}

/** RFC 5398: 64496–64511 and 65536–65551. */
export function isDocumentationAsn(asn: number): boolean {
  return (asn >= 64_496 && asn <= 64_511) || (asn >= 65_536 && asn <= 65_551);
}

/**
 * RFC 7607 (0) and RFC 7300 (65535, 4294967295). AS_TRANS is not among them, nor are numbers that IANA has only not given out yet
 * (65552–131071): whoever announces from one of those is an offender like any other, not a slip and not his upstream.
 */
export function isReservedAsn(asn: number): boolean {
  return asn === 0 || asn === 65_535 || asn === ASN_MAX;
}

/** A number that no network on the public Internet may use: private, documentation or reserved. */
export function isUnroutableAsn(asn: number): boolean {
  return isPrivateAsn(asn) || isDocumentationAsn(asn) || isReservedAsn(asn);
}

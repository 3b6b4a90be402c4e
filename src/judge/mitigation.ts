/**
 * ASes of well-known DDoS-mitigation services, which announce their customers' prefixes with their own number as the
 * origin when they take over. Evidence only (`mitigation-known`, a light weight): a contract is declared per entry as
 * `mitigation` and weighs far more, and such a service's name is no alibi. Names as the registries show them.
 */
const MITIGATION_ASES: ReadonlyMap<number, string> = new Map([
  [3223, 'Voxility'],
  [13335, 'Cloudflare'],
  [15823, 'Radware'],
  [19551, 'Imperva (Incapsula)'],
  [19905, 'Vercara UltraDDoS Protect (Neustar)'],
  [25773, 'Radware Cloud Services'],
  [25761, 'Staminus'],
  [26415, 'Verisign'],
  [30148, 'Sucuri'],
  [32421, 'Black Lotus (Lumen)'],
  [32787, 'Akamai Prolexic'],
  [34309, 'Link11'],
  [45474, 'Nexusguard'],
  [47581, 'NSFOCUS'],
  [48851, 'Radware'],
  [49846, 'Akamai Prolexic (EU)'],
  [55002, 'F5 Silverline (Defense.Net)'],
  [57724, 'DDoS-Guard'],
  [59796, 'StormWall'],
  [62571, 'Imperva'],
  [197068, 'Qrator'],
  [198949, 'Radware'],
  [199524, 'Gcore'],
  [200449, 'Qrator'],
  [209242, 'Cloudflare Spectrum'],
  [396998, 'Path Network'],
  [397213, 'Vercara (UltraDNS)'],
  [397222, 'Vercara (UltraDNS)'],
  [397239, 'Vercara (UltraDNS)'],
]);

/** The service's name; undefined when the AS is none of the well-known ones. */
export function mitigationName(asn: number): string | undefined {
  return MITIGATION_ASES.get(asn);
}

export function isKnownMitigation(asn: number): boolean {
  return MITIGATION_ASES.has(asn);
}

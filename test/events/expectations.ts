/** What each captured event is to be called, and the closed list of what was seen before a hijack without being one. */
import type { Kind } from '../../src/judge/vocabulary.ts';

export interface Expected {
  readonly kind: Kind;
  readonly offender: number;
  /** Why this is the right name where the capture's own label points elsewhere. */
  readonly note?: string;
}

const FORGED_FOREIGN =
  'the path was forged behind a network that is foreign to the victim as well: the origin seen is the offender, the forger stands beside it';

export const EXPECTED: Readonly<Record<string, Expected>> = {
  amazon_1: { kind: 'origin-change', offender: 10297 },
  bitcanal_3: { kind: 'sub-prefix', offender: 18254, note: FORGED_FOREIGN },
  bitcanal_4: { kind: 'sub-prefix', offender: 18254, note: FORGED_FOREIGN },
  bitcanal_5: { kind: 'sub-prefix', offender: 24196 },
  bitcanal_hijack_1: { kind: 'sub-prefix', offender: 197426 },
  brazil_1: { kind: 'origin-change', offender: 33868 },
  brazil_2: { kind: 'origin-change', offender: 57807 },
  defcon_1: {
    kind: 'sub-prefix',
    offender: 26627,
    note: 'the interceptor originated the /24 itself for four seconds before it forged the honest tail',
  },
  enzu_1: {
    kind: 'unexpected-more-specific',
    offender: 14618,
    note: 'an honest tail: the family own names the origin; the row strange-transit names who does not belong there',
  },
  pakistan_1: { kind: 'sub-prefix', offender: 17557 },
  prepend_120618: { kind: 'misconfiguration', offender: 136372 },
  prepend_120619: { kind: 'misconfiguration', offender: 136372 },
  prepend_122326: { kind: 'misconfiguration', offender: 136372 },
  prepend_135564: { kind: 'misconfiguration', offender: 197592 },
  prepend_135565: { kind: 'misconfiguration', offender: 197592 },
  prepend_135567: { kind: 'misconfiguration', offender: 197592 },
  prepend_135568: { kind: 'misconfiguration', offender: 197592 },
  prepend_140001: { kind: 'misconfiguration', offender: 43888 },
  prepend_142737: { kind: 'misconfiguration', offender: 262734 },
  sprint_1: { kind: 'origin-change', offender: 1239 },
  torg_1: { kind: 'origin-change', offender: 1273, note: FORGED_FOREIGN },
  torg_2: { kind: 'origin-change', offender: 1273, note: FORGED_FOREIGN },
  torg_3: { kind: 'origin-change', offender: 1273, note: FORGED_FOREIGN },
  typo_asn_152909: { kind: 'origin-change', offender: 265790 },
  typo_asn_152910: { kind: 'origin-change', offender: 265790 },
  typo_asn_156532: { kind: 'origin-change', offender: 265781 },
  typo_asn_156533: { kind: 'origin-change', offender: 265781 },
  typo_pfx_121630: { kind: 'origin-change', offender: 56264 },
  typo_pfx_123862: { kind: 'sub-prefix', offender: 6910 },
  typo_pfx_124756: { kind: 'sub-prefix', offender: 267502 },
};

const OWN_WORD =
  'the neighbourhood that would speak for it shows only on paths through the AS that is accused, and for less than a day: that buys no innocence';

/** Slips that no evidence in the capture tells from a hijack: they rank as one, and here is why. */
export const UNTOLD_SLIPS: Readonly<Record<string, string>> = {
  typo_asn_152909: OWN_WORD,
  typo_asn_152910: OWN_WORD,
  typo_asn_156532: OWN_WORD,
  typo_asn_156533: OWN_WORD,
  typo_pfx_121630:
    'a typing error in a prefix shows only beside what that network rightly announces, and none of that was captured',
  typo_pfx_123862: 'as above: the capture holds the address space of the victim alone',
  typo_pfx_124756: 'as above: the capture holds the address space of the victim alone',
};

const MOAS_ALL_DAY =
  'stands in the RIB rows as an origin of the very prefix beside the victim: the watch of this test (the victim AS alone) leaves it out';

/** Event → what stood above info before the hijack (`kind offender`) → why that is right. */
export const BEFORE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  defcon_1: {
    'covering-prefix 13432':
      'a /16 of another network over the watched /22, seen by more than 48 vantage points, and no baseline yet that knows it',
  },
  torg_1: {
    'unexpected-more-specific 11888':
      'the victim’s own two /19 under a watch of the /18 alone, and a transit (AS3491) that carries the /18 nowhere at that moment of the RIB dump',
  },
  typo_asn_156532: {
    'origin-change 265780': MOAS_ALL_DAY,
    'origin-change 265790': 'the same typing error the night before',
  },
  typo_asn_156533: {
    'origin-change 265780': MOAS_ALL_DAY,
    'origin-change 265790': 'the same typing error the night before',
  },
};

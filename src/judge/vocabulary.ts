/**
 * The closed lists of judging: kinds, families, severities, evidence codes with their default weights.
 * Everything that is stored, shown or configured by name comes from here.
 */

import type { Words } from '../words/words.ts';

export type { Words } from '../words/words.ts';

export const KINDS = [
  'squatting',
  'sub-prefix',
  'origin-change',
  'forged-origin',
  'route-leak',
  'path-policy',
  'rpki-invalid',
  'unexpected-more-specific',
  'misconfiguration',
  'unexpected-origination',
  'covering-prefix',
  'visibility-loss',
  'upstream-loss',
  'roa-expiring',
  'feed-blind',
] as const;
export type Kind = (typeof KINDS)[number];

export const FAMILIES = ['hijack', 'own', 'path', 'visibility', 'feed'] as const;
export type Family = (typeof FAMILIES)[number];

export const FAMILY_OF: Readonly<Record<Kind, Family>> = {
  squatting: 'hijack',
  'sub-prefix': 'hijack',
  'origin-change': 'hijack',
  'forged-origin': 'hijack',
  'covering-prefix': 'hijack',
  'route-leak': 'path',
  'path-policy': 'path',
  'rpki-invalid': 'own',
  'unexpected-more-specific': 'own',
  misconfiguration: 'own',
  'unexpected-origination': 'own',
  'visibility-loss': 'visibility',
  'upstream-loss': 'visibility',
  'roa-expiring': 'own',
  'feed-blind': 'feed',
};

/**
 * Every evidence code and its default weight: the kinds themselves first, then the rows of the score.
 * `reach` has steps 1, 2, 3 times its weight; `forged-origin` is 4 against declared upstreams and half
 * (rounded down) against learned ones; `roa-expiring` is half until two days before the end; `visibility-loss` is doubled from 90 % on.
 */
export const DEFAULT_WEIGHTS = {
  squatting: 6,
  'sub-prefix': 6,
  'origin-change': 4,
  'forged-origin': 4,
  'route-leak': 4,
  'path-policy': 4,
  'rpki-invalid': 3,
  'unexpected-more-specific': 2,
  misconfiguration: 2,
  'unexpected-origination': 3,
  'covering-prefix': 1,
  'visibility-loss': 4,
  'upstream-loss': 4,
  'roa-expiring': 4,
  'feed-blind': 4,
  'unexpected-length': 4,
  'strange-transit': 4,
  exposed: 4,
  'rpki-invalid-origin': 8,
  'rpki-invalid-length': 6,
  'never-seen': 4,
  'new-link': 4,
  'upstream-conflict': 3,
  'aspa-invalid': 3,
  'drop-list': 3,
  reach: 1,
  'second-source': 1,
  'unannounced-by-us': 2,
  'rpki-valid': -4,
  relayed: -4,
  'same-organisation': -4,
  'announced-by-us': -6,
  related: -4,
  siblings: -6,
  'mitigation-declared': -6,
  'mitigation-known': -1,
  slip: -4,
  blackhole: -6,
  'held-long': -2,
  'baseline-provisional': -2,
  'single-vantage-point': -1,
  clock: 0,
} as const;
export type EvidenceCode = keyof typeof DEFAULT_WEIGHTS;
export const EVIDENCE_CODES = Object.keys(DEFAULT_WEIGHTS) as readonly EvidenceCode[];
export type Weights = Readonly<Record<EvidenceCode, number>>;

/** One row of the score. `source` says where it is known from: `watchlist`, `baseline`, `rib`, `rpki`, `operator`, … */
export interface Evidence {
  readonly code: EvidenceCode;
  readonly weight: number;
  readonly source: string;
  readonly text: Words;
}

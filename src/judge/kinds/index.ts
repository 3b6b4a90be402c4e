/**
 * The closed, ordered list of kinds that one announced route can have: the first that holds is its kind, what
 * else holds becomes a row of weight 0 (detection.md §1). `unexpected-origination` and `covering-prefix` concern
 * prefixes that no entry covers and stand in `../judge.ts`; `visibility-loss` and `feed-blind` concern no single route.
 */
import type { Detector } from './detector.ts';
import { originChange, subPrefix } from './foreign-origin.ts';
import { forgedOrigin } from './forged-origin.ts';
import { misconfiguration } from './misconfiguration.ts';
import { pathPolicy } from './path-policy.ts';
import { routeLeak } from './route-leak.ts';
import { rpkiInvalid } from './rpki-invalid.ts';
import { squatting } from './squatting.ts';
import { unexpectedMoreSpecific } from './unexpected-more-specific.ts';

export const ROUTE_KINDS: readonly Detector[] = [
  squatting,
  subPrefix,
  originChange,
  forgedOrigin,
  routeLeak,
  pathPolicy,
  rpkiInvalid,
  unexpectedMoreSpecific,
  misconfiguration,
];

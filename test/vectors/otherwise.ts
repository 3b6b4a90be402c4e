/** The closed list of cases that detection.md decides otherwise: what we claim, and why. A case not listed passes. */
import type { Claims } from './vectors.ts';

export interface Otherwise {
  /** Everything that we claim, of all kinds. */
  readonly ours: Claims;
  readonly why: string;
  /** How its end differs, where the claims are the same. */
  readonly ends?: string;
}

const NEEDS_TEN =
  'a loss needs at least 10 vantage points that carried the prefix (§1); here four withdraw what nobody announced';
const DOWNSTREAM =
  'the origin is not expected: that is the kind, and it comes before any question about neighbours (§1); there is no list of customers';

export const OTHERWISE: Readonly<Record<string, Otherwise>> = {
  'detection/implicit_withdrawal_subprefix': {
    ours: ['origin-change 11.0.0.0/8 AS100'],
    why: 'a /9 replaces no /8: an announcement replaces that vantage point’s earlier route for the same prefix only (RFC 4271)',
    ends: 'stays open, because both vantage points still carry the route',
  },
  'detection/single_sub_unknown': {
    ours: [],
    why: '“any origin” is no expectation: an entry without origins learns, and its first sighting is not judged (§1)',
  },
  'autoignore/simple_sub_type0_ignored': {
    ours: ['sub-prefix 10.0.1.0/24 AS100'],
    why: 'nothing silences a watched prefix but the operator (§2): no incident is ignored for being seen by few',
    ends: 'stays open, because the route stands',
  },
  'unit/handle_bgp_update_subprefix_type_N_no_export': {
    ours: ['unexpected-more-specific 9.0.6.0/25 AS245'],
    why: 'entries have no export policy; the offender of the family own is the origin (§1)',
  },
  'unit/handle_bgp_update_exact_type_P': {
    ours: [],
    why: 'own prepending is not a change (§1), and without declared or learned neighbours the AS next to the origin is unknown',
  },
  'hijack-monitor-exclude-include': {
    ours: ['sub-prefix 170.254.205.0/25 AS4321', 'sub-prefix 175.254.205.0/25 AS4321'],
    why: 'nothing silences a watched prefix but the operator: entries have no list of kinds to leave out',
  },
  'hijack-suite': {
    ours: [
      'origin-change 193.0.0.0/21 AS3333',
      'origin-change 2a00:5884::/32 AS15563',
      'sub-prefix 165.254.255.0/25 AS4',
      'sub-prefix 170.254.205.0/25 AS4321',
      'sub-prefix 175.254.205.0/25 AS4321',
      'sub-prefix 2a00:5884:ffff::/48 AS208585',
    ],
    why: 'a foreign origin that is RPKI-valid is judged with −4, not suppressed (§2 rule 1); no list of kinds to leave out',
  },
  'visibility-exact-ignoreMorespecifics': { ours: [], why: NEEDS_TEN },
  'visibility-suite': { ours: [], why: NEEDS_TEN },
  'path-minLength-quirk': {
    ours: [],
    why: 'a quirk that its own documents contradict; entries have no shortest length',
  },
  'rpki-suite-default': {
    ours: [
      'rpki-invalid 103.21.244.0/24 AS13335',
      'sub-prefix 170.254.205.0/25 AS4321',
      'sub-prefix 175.254.205.0/25 AS4321',
      'unexpected-origination 8.8.8.0/22 AS2914',
      'unexpected-origination 82.112.100.0/24 AS2914',
    ],
    why: 'a route that no ROA covers is not invalid (RFC 6811); what a watched AS newly originates is said to be new instead',
  },
  'neighbors-unexpected-downstream': {
    ours: ['origin-change 9.5.4.0/22 AS106', 'origin-change 99.5.4.0/22 AS106'],
    why: DOWNSTREAM,
  },
  'neighbors-prepending': { ours: ['origin-change 99.5.4.0/22 AS50'], why: DOWNSTREAM },
  'neighbors-suite': {
    ours: [
      'origin-change 9.5.4.0/22 AS106',
      'origin-change 99.5.4.0/22 AS100',
      'origin-change 99.5.4.0/22 AS102',
      'origin-change 99.5.4.0/22 AS104',
      'origin-change 99.5.4.0/22 AS106',
      'origin-change 99.5.4.0/22 AS50',
      'origin-change 99.5.4.0/22 AS80',
    ],
    why: DOWNSTREAM,
  },
  'docs-neighbors-1': {
    ours: [],
    why: 'an expected origin of the entry is a fine neighbour (§1); who stands beyond it is not asked',
  },
  'docs-neighbors-4': {
    ours: [],
    why: 'an expected origin behind its own provider; there is no list of customers',
  },
  'roa-diff-expire-ta-suite': {
    ours: [],
    why: 'no routes: a ROA that goes shows in `check` and in the validity of the routes, not as an incident of its own',
  },
  'gap-forged-origin-exact-type1': {
    ours: [],
    why: 'neither declared nor learned neighbours: the first path ever seen has nothing to be compared with; with either it is a forged-origin',
  },
  'gap-second-hijack-within-24h': {
    ours: ['origin-change 203.0.113.0/24 AS64666'],
    why: 'gone for one second is not over: resolved after five covered minutes, and reopened when it returns after that (§4)',
    ends: 'one incident that stays open',
  },
  'gap-blacklist-source-asn': {
    ours: ['origin-change 203.0.113.0/24 AS64666'],
    why: 'no vantage point is left out by its AS: what it shows is judged, and `minPeers` is the operator’s means',
  },
};

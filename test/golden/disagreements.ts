/** The closed list of goldens whose outcome is not what their facts call it, each with the rule that decides so. */

const ONE_TIER1 =
  'the path holds no two tier-1 networks with another between, and the facts know neither upstreams nor ASPAs: the valley can’t be seen from the path alone';

export const DISAGREEMENTS: Readonly<Record<string, string>> = {
  'benign-as-set':
    'a member of the AS_SET is not expected: the lowest foreign one is the offender; the row slip lowers it to warning (§1, §3)',
  'benign-kt-lease-2025':
    'nothing known tells this lease from a sub-prefix hijack: no VRP, no sibling, no topology; severity follows the score',
  'benign-lease':
    'the new origin stands in as a private number, so that the row new-link holds: 4 − 4 (RPKI-valid) + 4 + 4 = 8',
  'benign-phantom-full-table-as13214':
    'seen by one vantage point lowers by 1 after ten minutes, and never silences (§2 rule 1, §3)',
  'benign-prepend-typo':
    'the facts name neither upstreams nor an earlier route: an unknown neighbour vouches for no slip (§1), and so it ranks as what it would be without one',
  'celer-2022':
    'without declared upstreams the tail is honest: an unexpected more-specific through a strange transit; the family own stays at warning',
  'defcon-2008':
    'an honest tail: an unexpected more-specific through a strange transit; the family own stays at warning',
  'enzu-2015': 'the strange transit is named in its row; the offender of the family own is the origin (§1)',
  'google-japan-2017': `${ONE_TIER1}; the more-specific is told`,
  'leak-itregion-2021': ONE_TIER1,
  'leak-jtl-2021': ONE_TIER1,
  'leak-stelkom-2021': ONE_TIER1,
  'mainone-2018': ONE_TIER1,
  'moratel-google-2012': ONE_TIER1,
  'nk-roa-2025': 'our own route with the wrong length: weight 3, family own (§1)',
  'safehost-2019': ONE_TIER1,
  'telekom-malaysia-2015': ONE_TIER1,
  'vodafone-idea-2021': 'the facts know no expected origin: the first one seen is not judged (§1)',
  'vodafone-idea-2024': ONE_TIER1,
};

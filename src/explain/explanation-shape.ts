/** What `explain` answers, as data: its JSON, and what the text is made from. Key order here is key order there. */
import type { AsPath } from '../bgp/as-path.ts';
import type { Prefix } from '../bgp/prefix.ts';
import type { Severity } from '../bgp/severity.ts';
import type { Community } from '../bgp/update.ts';
import type { Silence } from '../engine/ports.ts';
import type { Decision } from '../incident/routing.ts';
import type { Expectation } from '../judge/finding.ts';
import type { Evidence, Kind, Words } from '../judge/vocabulary.ts';

export interface KindAnswer {
  readonly kind: Kind;
  readonly holds: boolean;
  /** It holds, and is the kind: the first that does. */
  readonly isTheKind: boolean;
  readonly reason: Words;
}

export interface Asked {
  readonly prefix: Prefix;
  readonly path: AsPath;
  readonly communities: readonly Community[];
}

export interface Explanation {
  readonly announcement: {
    readonly prefix: string;
    readonly path: string;
    readonly origins: readonly number[];
    readonly neighbor: number | null;
    readonly communities: readonly string[];
  };
  readonly match: {
    readonly type: 'covered' | 'hole' | 'covering' | 'none';
    /** The entry it is judged against. */
    readonly watch: string | null;
    readonly name: string | null;
    readonly group: string | null;
    /** Watched prefixes that it covers. */
    readonly inside: readonly string[];
    readonly reason: string;
  };
  readonly expectation: ExplainedExpectation | null;
  readonly rpki: {
    readonly state: 'valid' | 'invalid' | 'not-found' | 'unknown';
    readonly reason: string;
    readonly covering: readonly {
      readonly prefix: string;
      readonly maxLength: number;
      readonly asn: number;
    }[];
  };
  readonly kinds: readonly KindAnswer[];
  readonly finding: ExplainedFinding | null;
  /** Why there is no finding; null when there is one. */
  readonly nothing: string | null;
  readonly plannedChange: Silence | null;
  readonly incident: {
    readonly key: { readonly group: string; readonly family: string; readonly offender: number };
    readonly id: string | null;
    readonly outcome: 'opened' | 'escalated' | 'updated' | 'reopened' | 'resolved' | 'none';
    readonly reason: string;
    readonly severity: Severity | null;
    readonly score: number | null;
    readonly summary: Words | null;
  } | null;
  readonly notify: readonly Decision[];
  readonly escalation: { readonly afterMinutes: number; readonly receivers: readonly string[] } | null;
}

export interface ExplainedExpectation {
  readonly state: Expectation['state'];
  readonly reason: string;
  readonly origins: readonly {
    readonly origin: number;
    readonly maxLength: number;
    readonly neighbors: {
      readonly allowed: readonly number[];
      readonly source: 'declared' | 'learned';
    } | null;
  }[];
}

export interface ExplainedFinding {
  readonly kind: Kind;
  readonly taxonomy: string | null;
  readonly offender: number;
  readonly expectedOrigins: readonly number[];
  readonly originAs: readonly number[];
  readonly evidence: readonly Evidence[];
  readonly score: number;
  readonly severity: Severity;
  /** How the score became the severity. */
  readonly reason: string;
}

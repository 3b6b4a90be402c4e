/**
 * Everything that goes into the engine, as one union of plain values. `engine.apply(input, stamp)` is the only way in,
 * so a recording of these values and their stamps is the whole story: replayed, it gives the same alerts, byte for byte.
 *
 * Adding an input: a member here, what its sender gets back in `Outcomes`, and its case in `engine.ts` or `operators.ts`.
 * The compiler asks for each.
 */
import type { Prefix } from '../bgp/prefix.ts';
import type { Incident } from '../incident/alert.ts';
import type { PlanChange } from '../judge/watch-plan.ts';
import type { RpkiView } from '../judge/world.ts';
import type { EngineConfig } from './config.ts';
import type { Answer, Author, BaselineRow, FeedInput, Silence } from './ports.ts';

/** Time passed and nothing else happened: what is due fires. */
export interface ClockInput {
  readonly type: 'clock';
  /** The stamps went ahead to this one over a stretch in which no time passed for us. */
  readonly leap?: Leap | undefined;
}

export interface Leap {
  /** The machine was suspended: nobody looked. Or its wall clock was behind and was put right. */
  readonly cause: 'suspended' | 'stepped';
  readonly byMs: number;
}

/** New VRPs and ASPAs are in force; undefined: none hold any more. */
export interface RpkiInput {
  readonly type: 'rpki';
  readonly rpki: RpkiView | undefined;
}

/**
 * A new configuration, applied atomically. `change` is what the plan said of the new watchlist where nothing but entries
 * changed (`EngineView.compare`); undefined: everything is judged anew.
 */
export interface ConfigInput {
  readonly type: 'config';
  readonly config: EngineConfig;
  readonly change: PlanChange | undefined;
}

/** `replay --from`: while filling, findings are collected and nothing is said. */
export interface FillingInput {
  readonly type: 'filling';
  readonly state: 'begins' | 'ends';
}

/** What somebody does, with who it is and why. */
export type OperatorInput =
  | { readonly type: 'acknowledge'; readonly id: string; readonly author: Author }
  | { readonly type: 'resolve'; readonly id: string; readonly author: Author }
  /** The text stands in the author's note. */
  | { readonly type: 'note'; readonly id: string; readonly author: Author }
  | {
      readonly type: 'assign';
      readonly id: string;
      /** null: nobody any more. */
      readonly assignee: string | null;
      readonly author: Author;
    }
  | {
      readonly type: 'accept-origin' | 'reject-origin';
      readonly prefix: Prefix;
      readonly origin: number;
      readonly author: Author;
    }
  | {
      readonly type: 'forget-origin';
      readonly prefix: Prefix;
      /** Undefined: every origin of the prefix. */
      readonly origin: number | undefined;
      readonly author: Author;
    }
  | { readonly type: 'add-silence'; readonly silence: Omit<Silence, 'id'>; readonly via: string | undefined }
  | { readonly type: 'remove-silence'; readonly id: string; readonly author: Author }
  | { readonly type: 'import-baseline'; readonly rows: readonly BaselineRow[]; readonly author: Author };

export type Input = FeedInput | ClockInput | RpkiInput | ConfigInput | FillingInput | OperatorInput;

/** What an operator gets back. Nobody waits for an answer to any other input. */
export interface Outcomes {
  readonly acknowledge: Answer<Incident>;
  readonly resolve: Answer<Incident>;
  readonly note: Answer<Incident>;
  readonly assign: Answer<Incident>;
  readonly 'accept-origin': Answer<BaselineRow>;
  readonly 'reject-origin': Answer<BaselineRow>;
  readonly 'forget-origin': Answer<{ readonly forgotten: number }>;
  readonly 'add-silence': Answer<Silence>;
  readonly 'remove-silence': Answer<undefined>;
  readonly 'import-baseline': Answer<{ readonly imported: number }>;
}

export type Outcome<I extends Input> = I extends { readonly type: infer Type }
  ? Type extends keyof Outcomes
    ? Outcomes[Type]
    : undefined
  : never;

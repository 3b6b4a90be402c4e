/**
 * What the tests import as `vitest` while mutants are tried: it only collects them, for trial.ts to call those that
 * reach the mutant. Vitest's own `expect` judges; it is handed in, to be made once and not with every mutant.
 */
export type Body = (...values: unknown[]) => unknown;
type Collect = (name: string, body: Body) => void;

export interface Collected {
  readonly name: string;
  readonly run: () => unknown;
}

interface Handed {
  readonly mutationTests: Collected[];
  readonly mutationExpect: unknown;
}

const handed = globalThis as unknown as Handed;

export const expect = handed.mutationExpect;

/** Of the file and the groups around; those of a file before are run besides, and touch only what is theirs. */
let hooks: readonly (() => unknown)[] = [];

export function beforeEach(hook: () => unknown): void {
  hooks = [...hooks, hook];
}

export function describe(_name: string, body: () => void): void {
  const outer = hooks;
  body();
  hooks = outer;
}

const collect: Collect = (name, body) => {
  const before = hooks;
  const run = async (): Promise<void> => {
    for (const hook of before) await hook();
    await body();
  };
  handed.mutationTests.push({ name, run });
};

function each(rows: readonly unknown[]): Collect {
  return (name, body) => {
    for (const [at, row] of rows.entries())
      collect(`${name} [${at}]`, () => (Array.isArray(row) ? body(...row) : body(row)));
  };
}

function skipIf(isSkipped: unknown): Collect {
  return isSkipped ? () => undefined : collect;
}

export const it = Object.assign(collect.bind(null), { each, skipIf });
export const test = Object.assign(collect.bind(null), { each, skipIf });

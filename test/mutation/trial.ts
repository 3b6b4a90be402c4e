/**
 * A process that tries mutants one by one, as main.ts names them. Each trial runs the bundle anew, so that nothing of
 * the mutant before is left and what runs at import is mutated too; then it calls the tests that reach the mutant, those
 * first that noticed much for their time, until one fails.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Script } from 'node:vm';
import { BUNDLE, PROJECT, REACHED } from './bundle.ts';
import type { Collected } from './vitest-stand-in.ts';

/** How one trial ended: a test failed, it ran for ever, all passed, or no test comes by. */
export type Outcome = 'killed' | 'timeout' | 'survived' | 'uncovered';

type Counts = Record<string, number | undefined>;

/** What the switches of the instrumenter read and write. */
interface Switches {
  activeMutant?: string;
  currentTestId?: string;
  hitCount?: number;
  hitLimit?: number;
  mutantCoverage?: { static: Counts; perTest: Record<string, Counts | undefined> };
}

/** What the run without a mutant showed. */
interface Reached {
  readonly static: Counts;
  readonly perTest: Record<string, Counts | undefined>;
  readonly tests: readonly { readonly name: string; readonly ms: number }[];
}

const PATIENCE_MS = 30_000;
const LOOP_FACTOR = 100;
/** What passes for so long is called not noticed: slow tests tell little more, and that errs against us. */
const BUDGET_MS = 6_000;

const switches: Switches = {};
const handed: { mutationTests: Collected[]; mutationExpect: unknown; __stryker__: Switches } = Object.assign(
  globalThis,
  { mutationTests: [], mutationExpect: undefined, __stryker__: switches },
);
const require = createRequire(join(PROJECT, 'package.json'));

async function makeExpect(): Promise<void> {
  const inside = createRequire(require.resolve('vitest'));
  const kit = inside('@vitest/expect');
  const expect = (value: unknown, message?: string): unknown => kit.chai.expect(value, message);
  for (const part of ['JestExtend', 'JestChaiExpect', 'JestAsymmetricMatchers']) kit.chai.use(kit[part]);
  const matchers = (globalThis as unknown as Record<symbol, object>)[kit.ASYMMETRIC_MATCHERS_OBJECT];
  handed.mutationExpect = Object.assign(expect, kit.chai.expect, matchers);
  Object.defineProperty(globalThis, kit.GLOBAL_EXPECT, { value: expect });
  kit.setState({ assertionCalls: 0, isExpectingAssertions: false, expectedAssertionsNumber: null }, expect);
}

/** Runs the bundle: its modules are made anew, its tests collected. */
function load(script: Script): readonly Collected[] {
  handed.mutationTests = [];
  script.runInThisContext()(require, { exports: {} }, {});
  return handed.mutationTests;
}

async function passes(test: Collected): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('late')), PATIENCE_MS);
  });
  try {
    await Promise.race([test.run(), late]);
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/** Which tests reach which mutants; says which tests fail without any. */
async function rehearse(script: Script): Promise<Reached> {
  delete switches.mutantCoverage;
  const tests = load(script);
  const shown: { name: string; ms: number }[] = [];
  for (const [at, test] of tests.entries()) {
    switches.currentTestId = String(at + 1);
    const begin = performance.now();
    if (!(await passes(test))) throw new Error(`fails without a mutant: ${test.name}`);
    shown.push({ name: test.name, ms: performance.now() - begin });
  }
  delete switches.currentTestId;
  const { static: atImport, perTest } = switches.mutantCoverage ?? { static: {}, perTest: {} };
  return { static: { ...atImport }, perTest: { ...perTest }, tests: shown };
}

const noticed = new Map<number, number>();

/** How many mutants a test noticed so far for its time. */
function yieldOf({ at, ms }: { readonly at: number; readonly ms: number }): number {
  return ((noticed.get(at) ?? 0) + 0.2) / (ms + 2);
}

async function tryMutant(script: Script, reached: Reached, id: string): Promise<Outcome> {
  const isStatic = reached.static[id] !== undefined;
  const chosen = reached.tests
    .map(({ ms }, at) => ({ at, ms }))
    .filter(({ at }) => isStatic || reached.perTest[String(at + 1)]?.[id] !== undefined)
    .sort((a, b) => yieldOf(b) - yieldOf(a));
  if (chosen.length === 0) return 'uncovered';
  switches.activeMutant = id;
  try {
    switches.hitCount = 0;
    switches.hitLimit = LOOP_FACTOR * (reached.static[id] ?? 1) + 10_000;
    const tests = load(script);
    const begin = performance.now();
    for (const { at } of chosen) {
      const test = tests[at];
      switches.hitCount = 0;
      switches.hitLimit = LOOP_FACTOR * (reached.perTest[String(at + 1)]?.[id] ?? 1) + 10_000;
      if (performance.now() - begin > BUDGET_MS) break;
      if (test !== undefined && (await passes(test))) continue;
      noticed.set(at, (noticed.get(at) ?? 0) + 1);
      return (switches.hitCount ?? 0) > switches.hitLimit ? 'timeout' : 'killed';
    }
    return 'survived';
  } catch {
    return 'killed';
  } finally {
    delete switches.activeMutant;
    delete switches.hitCount;
  }
}

if (process.send !== undefined) {
  process.chdir(PROJECT);
  const script = new Script(`(function (require, module, exports) {${readFileSync(BUNDLE, 'utf8')}\n})`, {
    filename: BUNDLE,
  });
  await makeExpect();
  if (!existsSync(REACHED)) writeFileSync(REACHED, JSON.stringify(await rehearse(script)));
  const reached = JSON.parse(readFileSync(REACHED, 'utf8')) as Reached;
  process.on('message', async (id: string) => {
    process.send?.({ id, outcome: await tryMutant(script, reached, id) });
  });
  process.send({ ready: true });
}

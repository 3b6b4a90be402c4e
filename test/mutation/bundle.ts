/**
 * Mutation testing, the first half: every mutant of the judging code is compiled in at once, each behind a switch, and
 * bundled with the tests that hold it. Stryker's instrumenter makes the mutants; it is installed into a side folder,
 * because this command alone needs it. Runner and bundle are ours: a mutant costs a fraction of a second that way.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

export const PROJECT = new URL('../../', import.meta.url).pathname;
export const BUNDLE = join(PROJECT, 'dist/.mutation/tests.cjs');
/** Which tests reach which mutants: written by the first process of a run, read by those after it. */
export const REACHED = `${BUNDLE}.reached.json`;
const SIDE = process.env.ORIGINWATCH_MUTATION_FOLDER ?? join(PROJECT, 'node_modules/.cache/mutation');
const INSTRUMENTER = '@stryker-mutator/instrumenter';
const VERSION = '9.6.1';

/** These say things to people: another word is no wrong judgement, and the goldens hold the words byte for byte. */
const WORDING = /(-words|\/korean|\/advice|\/summary)\.ts$/;

/** One change of the source. Lines count from 0, as the instrumenter counts them. */
export interface Mutant {
  readonly id: string;
  readonly file: string;
  readonly mutator: string;
  readonly replacement: string;
  readonly line: number;
  readonly column: number;
}

interface ApiMutant {
  readonly id: string;
  readonly fileName: string;
  readonly mutatorName: string;
  readonly replacement: string;
  readonly location: { readonly start: { readonly line: number; readonly column: number } };
}

interface SourceFile {
  readonly name: string;
  readonly content: string;
  readonly mutate: boolean;
}

interface Instrumented {
  readonly files: readonly SourceFile[];
  readonly mutants: readonly ApiMutant[];
}

/** Sources with all their mutants behind switches; `files` are paths from the project's root. */
async function instrument(files: readonly string[]): Promise<Instrumented> {
  installInstrumenter();
  const require = createRequire(join(SIDE, 'package.json'));
  const { createInstrumenter } = await import(pathToFileURL(require.resolve(INSTRUMENTER)).href);
  const inside = createRequire(require.resolve(INSTRUMENTER));
  const { createInjector } = await import(pathToFileURL(inside.resolve('typed-inject')).href);
  const quiet = { debug() {}, info() {}, warn: console.warn, isDebugEnabled: () => false };
  const instrumenter = createInjector().provideValue('logger', quiet).injectFunction(createInstrumenter);
  const sources = files.map((file) => {
    const name = join(PROJECT, file);
    return { name, content: readFileSync(name, 'utf8'), mutate: true };
  });
  return instrumenter.instrument(sources, { excludedMutations: [], ignorers: [], plugins: null });
}

function installInstrumenter(): void {
  if (existsSync(join(SIDE, 'node_modules', INSTRUMENTER))) return;
  mkdirSync(SIDE, { recursive: true });
  const words = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', `${INSTRUMENTER}@${VERSION}`];
  execFileSync('npm', ['i', '--prefix', SIDE, ...words], { cwd: SIDE, stdio: 'inherit' });
}

/** Bundles `tests` over the instrumented `files` into BUNDLE; gives the mutants that count. */
export async function bundleMutants(files: readonly string[], tests: readonly string[]): Promise<Mutant[]> {
  const { files: instrumented, mutants } = await instrument(files);
  await build({
    stdin: {
      contents: tests.map((test) => `require(${JSON.stringify(`./${test}`)});`).join('\n'),
      resolveDir: PROJECT,
    },
    outfile: BUNDLE,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    packages: 'external',
    alias: { vitest: join(PROJECT, 'test/mutation/vitest-stand-in.ts') },
    plugins: [mutated(new Map(instrumented.map(({ name, content }) => [name, content])))],
    logLevel: 'error',
  });
  return mutants.map(plain).filter(isJudgement);
}

/** Instrumented text in place of the file's own; `import.meta.url` stays that of the file in every one. */
function mutated(contents: ReadonlyMap<string, string>): Plugin {
  return {
    name: 'mutated',
    setup({ onLoad }) {
      onLoad({ filter: /\/(src|test)\/.*\.ts$/ }, ({ path }) => ({
        contents: (contents.get(path) ?? readFileSync(path, 'utf8'))
          .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
          .replace('function cover() {', 'function cover() { if (ns.activeMutant !== undefined) return;'),
        loader: 'ts',
      }));
    },
  };
}

function plain({ id, fileName, mutatorName, replacement, location }: ApiMutant): Mutant {
  const { line, column } = location.start;
  const file = relative(PROJECT, resolve(fileName));
  return { id, file, mutator: mutatorName, replacement, line, column };
}

function isJudgement({ file, mutator }: Mutant): boolean {
  return !(WORDING.test(file) && mutator === 'StringLiteral');
}

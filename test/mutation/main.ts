/**
 * `npm run mutation`: changes the judging code one place at a time and asks whether a test notices. Options:
 * `--sample N` tries N mutants drawn at random over all files (default 400; `all` tries every one), `--seed S` draws
 * others (default 1), `--only TEXT` keeps files whose path contains TEXT, `--minutes M` begins none later
 * (default 60), `--list` prints every survivor. Ends with 1
 * when fewer than 80 % of the tried mutants are noticed.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { bundleMutants, type Mutant, PROJECT, REACHED } from './bundle.ts';
import type { Outcome } from './trial.ts';

const MUTATED = ['src/judge', 'src/incident'];
const TESTS = ['judge', 'incident', 'detection', 'engine', 'golden'];
/** Whole processes, and storms of minutes: what they hold of judging, the others hold too. */
const SLOW = /(\.e2e|\/storm)\.test\.ts$/;
const FLOOR_PERCENT = 80;
/** Two processes at most: a machine that tests has other work too. */
const PROCESSES = 2;
const STUCK_MS = 60_000;

type Tried = Mutant & { readonly outcome: Outcome };

const { values: options } = parseArgs({
  options: {
    sample: { type: 'string', default: '400' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    minutes: { type: 'string', default: '60' },
    list: { type: 'boolean', default: false },
  },
});

/** When no further mutant is begun; those before are a sample all the same, their order being random. */
let endMs = 0;

/** Same seed, same order: mulberry32, then Fisher and Yates. */
function shuffled<T>(values: readonly T[], seed: number): T[] {
  const all = [...values];
  let state = seed >>> 0;
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
  for (let at = all.length - 1; at > 0; at -= 1) {
    const other = below(at + 1);
    [all[at], all[other]] = [all[other] as T, all[at] as T];
  }
  return all;
}

/** One process of trials; a mutant that holds it for too long ends it, and counts as noticed. */
async function tryAll(first: ChildProcess, queue: Mutant[], tried: Tried[]): Promise<void> {
  let child = first;
  const next = (): Mutant | undefined => (performance.now() < endMs ? queue.pop() : undefined);
  for (let mutant = next(); mutant !== undefined; mutant = next()) {
    const outcome = await ask(child, mutant.id);
    tried.push({ ...mutant, outcome });
    if (options.list && !isNoticed({ ...mutant, outcome })) console.log(lineOf({ ...mutant, outcome }));
    if (child.exitCode !== null || child.killed) child = await start();
    if (tried.length % 50 === 0) console.error(`${tried.length} tried`);
  }
  child.kill('SIGKILL');
}

function start(): Promise<ChildProcess> {
  const child = fork(new URL('./trial.ts', import.meta.url), { execArgv: ['--import', 'tsx'] });
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve(child));
    child.once('exit', (code) => reject(new Error(`the trials can't start (${code}): run npm test first`)));
  });
}

function ask(child: ChildProcess, id: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const answer = (outcome: Outcome): void => {
      clearTimeout(timer);
      child.removeAllListeners('message');
      child.removeAllListeners('exit');
      resolve(outcome);
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      answer('timeout');
    }, STUCK_MS);
    child.once('message', (message: { outcome: Outcome }) => answer(message.outcome));
    child.once('exit', () => answer('killed'));
    child.send(id);
  });
}

const isNoticed = ({ outcome }: Tried): boolean => outcome === 'killed' || outcome === 'timeout';

/** The score in percent, with the half width of its 95 % interval (none when nothing was left out). */
function scoreOf(tried: readonly Tried[], of: number): string {
  const share = tried.filter(isNoticed).length / tried.length;
  const left = of > 1 ? (of - tried.length) / (of - 1) : 0;
  const margin = 1.96 * Math.sqrt(((share * (1 - share)) / tried.length) * left);
  return `${(100 * share).toFixed(1)} % ± ${(100 * margin).toFixed(1)}`;
}

function report(tried: readonly Tried[], of: number): void {
  for (const file of [...new Set(tried.map((mutant) => mutant.file))].sort()) {
    const here = tried.filter((mutant) => mutant.file === file);
    console.log(`${file.padEnd(36)} ${String(here.filter(isNoticed).length).padStart(4)} of ${here.length}`);
  }
  console.log(`${tried.length} of ${of} mutants tried, seed ${options.seed}: ${scoreOf(tried, of)} noticed`);
}

function lineOf({ file, line, column, outcome, mutator, replacement }: Tried): string {
  const text = replacement.replaceAll(/\s+/g, ' ').slice(0, 90);
  return `${outcome} ${file}:${line + 1}:${column + 1} ${mutator} → ${text}`;
}

function filesOf(folder: string, ending: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(ending));
  return names.sort().map((name) => `${folder}/${name}`);
}

process.chdir(PROJECT);
const files = MUTATED.flatMap((room) => filesOf(room, '.ts'));
const tests = TESTS.flatMap((room) => filesOf(`test/${room}`, '.test.ts')).filter((file) => !SLOW.test(file));
const mutants = (await bundleMutants(files, tests)).filter(({ file }) => file.includes(options.only));
const size = options.sample === 'all' ? mutants.length : Math.min(Number(options.sample), mutants.length);
const queue = shuffled(mutants, Number(options.seed)).slice(0, size);
const tried: Tried[] = [];
rmSync(REACHED, { force: true });
const children = [await start()];
endMs = performance.now() + Number(options.minutes) * 60_000;
while (children.length < PROCESSES) children.push(await start());
await Promise.all(children.map((child) => tryAll(child, queue, tried)));
report(tried, mutants.length);
const share = tried.filter(isNoticed).length / tried.length;
process.exitCode = share * 100 >= FLOOR_PERCENT ? 0 : 1;

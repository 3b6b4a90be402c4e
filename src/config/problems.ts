/**
 * What is wrong with the configuration: every problem of every file at once, each with its position, what was
 * found and what would do. Read by all of `config/`; thrown to `daemon/` as one `ConfigError`.
 */

export interface Position {
  /** As shown to people: the path that was given, or one beside the file that names it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly col: number;
}

export interface ConfigProblem extends Position {
  readonly found: string;
  readonly remedy: string;
}

/** An operator's error: all problems at once. `format()` is what the commands print before they exit with 78. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];
  /** Absolute paths of all files that were read or asked for: watching them shows when the cure is there. */
  readonly files: readonly string[];

  constructor(problems: readonly ConfigProblem[], files: readonly string[] = []) {
    super(`${problems.length} ${problems.length === 1 ? 'error' : 'errors'} in the configuration`);
    this.name = 'ConfigError';
    this.problems = problems;
    this.files = files;
  }

  /** `FILE:LINE:COL: what was found; what would do`, one a line; the last line is `N errors`. No final newline. */
  format(): string {
    const lines = this.problems.map(
      (problem) => `${problem.file}:${problem.line}:${problem.col}: ${problem.found}; ${problem.remedy}`,
    );
    const { length } = this.problems;
    return [...lines, length === 1 ? '1 error' : `${length} errors`].join('\n');
  }
}

interface Noted extends ConfigProblem {
  readonly absence: boolean;
}

/** Collects problems while the files are read. */
export class Problems {
  readonly #noted: Noted[] = [];
  readonly #fileOrder = new Map<string, number>();
  readonly #brokenFrom = new Map<string, number>();

  /** Fixes the place of a file in the output; the first call counts. */
  announce(file: string): void {
    if (!this.#fileOrder.has(file)) this.#fileOrder.set(file, this.#fileOrder.size);
  }

  add(at: Position, found: string, remedy: string): void {
    this.#note(at, found, remedy, false);
  }

  /** Something is not there. Not believed in a file whose syntax is broken: it may stand behind the break. */
  addAbsence(at: Position, found: string, remedy: string): void {
    this.#note(at, found, remedy, true);
  }

  /** The syntax of a file is broken from this line on: what other checks find from there is an echo of it. */
  addSyntax(at: Position, found: string, remedy: string): void {
    this.add(at, found, remedy);
    const before = this.#brokenFrom.get(at.file) ?? Number.POSITIVE_INFINITY;
    this.#brokenFrom.set(at.file, Math.min(before, at.line));
    this.#syntax.add(this.#noted.at(-1) as Noted);
  }
  readonly #syntax = new Set<Noted>();

  get isEmpty(): boolean {
    return this.#noted.length === 0;
  }

  /** In the order of the files, then by position; the same sentence at the same place once. */
  sorted(): readonly ConfigProblem[] {
    const order = (problem: Noted): number => this.#fileOrder.get(problem.file) ?? 0;
    const believed = this.#noted.filter((problem) => this.#isBelieved(problem));
    believed.sort((a, b) => order(a) - order(b) || a.line - b.line || a.col - b.col);
    const seen = new Set<string>();
    const problems: ConfigProblem[] = [];
    for (const { file, line, col, found, remedy } of believed) {
      const key = `${file}:${line}:${col}:${found}`;
      if (!seen.has(key)) problems.push({ file, line, col, found, remedy });
      seen.add(key);
    }
    return problems;
  }

  #note({ file, line, col }: Position, found: string, remedy: string, absence: boolean): void {
    this.announce(file);
    this.#noted.push({ file, line, col, found, remedy, absence });
  }

  #isBelieved(problem: Noted): boolean {
    const brokenFrom = this.#brokenFrom.get(problem.file);
    if (brokenFrom === undefined || this.#syntax.has(problem)) return true;
    return !problem.absence && problem.line < brokenFrom;
  }
}

/** Problems of one long file: the first ones in full, then how many more. */
export class BoundedProblems {
  readonly #problems: Problems;
  readonly #file: string;
  readonly #max: number;
  #count = 0;
  #lastLine = 1;

  constructor(problems: Problems, file: string, max: number) {
    this.#problems = problems;
    this.#file = file;
    this.#max = max;
  }

  /** True while one more problem would be shown in full: beyond that, detail is wasted work. */
  get isOpen(): boolean {
    return this.#count < this.#max;
  }

  add(line: number, found: string, remedy: string, col = 1): void {
    if (this.isOpen) this.#problems.add({ file: this.#file, line, col }, found, remedy);
    this.count(line);
  }

  /** One more wrong line, which somebody else noted, or nobody once the bound is reached. */
  count(line: number): void {
    this.#count += 1;
    this.#lastLine = line;
  }

  /** Says how many problems were left out, at the line of the last one. */
  close(): void {
    const more = this.#count - this.#max;
    if (more <= 0) return;
    const at = { file: this.#file, line: this.#lastLine, col: 1 };
    this.#problems.add(
      at,
      `${more} more lines like those above, this the last`,
      'correct the first ones and check again',
    );
  }
}

/**
 * Reading long data files line by line: topology, AS names, drop lists, siblings. Half a million lines in a second;
 * wrong lines are told with their number, the first twenty of a file.
 */
import { BoundedProblems } from './problems.ts';
import type { Complaint } from './rules.ts';
import type { Sources } from './sources.ts';

const DATA_PROBLEMS_MAX = 20;

/**
 * Calls `take` for each line that holds something, without comment (`#` to the end of the line) and outer blanks.
 * What `take` returns is a complaint about that line.
 */
export function readLines(
  text: string,
  file: string,
  sources: Sources,
  take: (line: string, number: number) => Complaint | undefined,
): void {
  const bounded = new BoundedProblems(sources.problems, file, DATA_PROBLEMS_MAX);
  let start = 0;
  for (let number = 1; start < text.length; number += 1) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const whole = text.slice(start, end);
    start = end + 1;
    const hash = whole.indexOf('#');
    const line = (hash < 0 ? whole : whole.slice(0, hash)).trim();
    if (line === '') continue;
    const complaint = take(line, number);
    if (complaint !== undefined) bounded.add(number, complaint.found, complaint.remedy);
  }
  bounded.close();
}

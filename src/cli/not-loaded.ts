/**
 * Words for code that cannot be read when it is asked for: too few files may be open at once, or pieces of the installation are
 * missing. Needs nothing itself, so `main.ts` has it before anything else is loaded.
 */

const MISSING = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

/** One line that says what would do; undefined where the error is another one. */
export function whyNotLoaded(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  const raise = 'raise the limit (ulimit -n 1024; LimitNOFILE=1024 in a unit)';
  if (code === 'EMFILE' || code === 'ENFILE') return `too many files are open (${code}): ${raise}`;
  if (code === undefined || !MISSING.has(code)) return undefined;
  // Node says of a file that it could not open that it is not there.
  return `a part of the program cannot be read (${error.message.split('\n')[0]}): ${raise}, or install it again`;
}

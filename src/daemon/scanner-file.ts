/** Loads the compiled scanner, which the build lays beside `match/scan/`, in the sources and in what is built. */
import { readFileSync } from 'node:fs';
import { Scanner } from '../match/scanner.ts';

/** A scanner with memory of its own. `path`: of another `scanner.wasm`, for programs that are built elsewhere. */
export function loadScanner(
  path: string | URL = new URL('../match/scan/scanner.wasm', import.meta.url),
): Scanner {
  return new Scanner(new WebAssembly.Module(readFileSync(path)));
}

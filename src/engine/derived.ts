/** What the rooms are told of the configuration: each its own part, in its own terms. Used when a configuration comes into force. */
import type { AsPath } from '../bgp/as-path.ts';
import type { IncidentBook } from '../incident/incident-book.ts';
import { compileAsPathRegex } from '../judge/as-path-regex.ts';
import type { EngineConfig } from './config.ts';

const HOUR_MS = 3_600_000;

/** Path rules by the pattern as written, each compiled when it is first asked for. */
export function pathMatcher(): (pattern: string, path: AsPath) => boolean {
  const patterns = new Map<string, (path: AsPath) => boolean>();
  return (pattern, path) => matcherFor(patterns, pattern)(path);
}

function matcherFor(
  patterns: Map<string, (path: AsPath) => boolean>,
  pattern: string,
): (path: AsPath) => boolean {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const compiled = compileAsPathRegex(pattern);
  // The configuration refused patterns that don't compile.
  const made =
    'regex' in compiled ? (path: AsPath): boolean => compiled.regex.test(path) : (): boolean => false;
  patterns.set(pattern, made);
  return made;
}

export function learnRules(config: EngineConfig): { learnPeers: number; learnAfterMs: number } {
  return {
    learnPeers: config.detection.learnPeers,
    learnAfterMs: config.detection.learnAfterHours * HOUR_MS,
  };
}

export function bookRules(config: EngineConfig): IncidentBook['rules'] {
  const { detection } = config;
  return {
    weights: detection.weights,
    criticalScore: detection.criticalScore,
    warningScore: detection.warningScore,
    resolveAfterMs: detection.resolveAfterSeconds * 1000,
    updateEveryMs: detection.updateEverySeconds * 1000,
    reopenWithinMs: detection.reopenWithinHours * HOUR_MS,
    noEvidenceMs: detection.noEvidenceHours * HOUR_MS,
  };
}

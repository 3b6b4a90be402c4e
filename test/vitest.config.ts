/**
 * The tests, in the parts that `npm run check` and `npm test` choose from. A new folder under test/ is unit tests
 * unless it is named here.
 */
import { defineConfig } from 'vitest/config';

/**
 * Rules of the house; known stories with known alerts; seeds and faults; suites that take seconds by what they prove
 * (every receiver against every failure, fuzzing, crashes); whole processes, browsers, big captures.
 */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  tidy: ['test/tidy/**/*.test.ts'],
  golden: ['test/golden/**/*.test.ts'],
  simulation: ['test/simulation/**/*.test.ts'],
  long: [
    'test/cli/evidence.test.ts',
    'test/cli/import.test.ts',
    'test/config/fuzz.test.ts',
    'test/daemon/baseline-learn.test.ts',
    'test/daemon/kept-columns.test.ts',
    'test/daemon/store-keeper.test.ts',
    'test/decode-mrt/bgpdump.test.ts',
    'test/decode-mrt/fuzz.test.ts',
    'test/deliver/conformance.test.ts',
    'test/engine/reload-in-place.test.ts',
    'test/engine/storm.test.ts',
    'test/incident/swarm.test.ts',
    'test/match/quick-reject.test.ts',
    'test/serve/access.test.ts',
    'test/serve/outsider.test.ts',
    'test/serve/stream.test.ts',
    'test/store/crash.test.ts',
    'test/tidy/tools.test.ts',
  ],
  'end-to-end': [
    'test/e2e/**/*.test.ts',
    'test/dashboard/**/*.test.ts',
    'test/events/**/*.test.ts',
    'test/**/*.e2e.test.ts',
  ],
};
const EVERYWHERE = ['**/node_modules/**', '**/dist/**'];
const named = Object.values(PARTS).flat();
const shared = { testTimeout: 30_000, hookTimeout: 30_000 };

/** What stands in a folder of this part and belongs to another. */
function othersOf(name: string): readonly string[] {
  if (name === 'end-to-end') return [];
  return name === 'long' ? ['test/**/*.e2e.test.ts'] : ['test/**/*.e2e.test.ts', ...(PARTS.long ?? [])];
}

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    maxWorkers: 2,
    reporters: ['default', new URL('./counting-reporter.ts', import.meta.url).pathname],
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: [...EVERYWHERE, ...named],
        },
      },
      ...Object.entries(PARTS).map(([name, include]) => ({
        test: {
          ...shared,
          name,
          include: [...include],
          exclude: [...EVERYWHERE, ...othersOf(name)],
        },
      })),
    ],
  },
});

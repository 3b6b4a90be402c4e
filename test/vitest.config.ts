/**
 * The tests, in the parts that `npm run check` and `npm test` choose from. A new folder under test/ is unit tests
 * unless it is named here.
 */
import { defineConfig } from 'vitest/config';

/** Rules of the house; known stories with known alerts; seeds and faults; whole processes, browsers, big captures. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  tidy: ['test/tidy/**/*.test.ts'],
  golden: ['test/golden/**/*.test.ts'],
  simulation: ['test/simulation/**/*.test.ts'],
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
          include: ['test/**/*.test.ts'],
          exclude: [...EVERYWHERE, ...named],
        },
      },
      ...Object.entries(PARTS).map(([name, include]) => ({
        test: {
          ...shared,
          name,
          include: [...include],
          exclude: [...EVERYWHERE, ...(name === 'end-to-end' ? [] : ['test/**/*.e2e.test.ts'])],
        },
      })),
    ],
  },
});

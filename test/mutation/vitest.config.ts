/** The tests that hold judging and incidents, for mutation testing: in one process, nothing that needs a socket. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    include: ['test/{detection,judge,incident}/**/*.test.ts', 'test/golden/**/*.test.ts'],
    testTimeout: 30_000,
  },
});

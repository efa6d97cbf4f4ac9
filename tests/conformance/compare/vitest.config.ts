import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** For `npm run compare`: no test of the suite, since it waits for the time limits of other servers. */
export default defineConfig({
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  test: {
    include: ['tests/conformance/compare/compare.ts'],
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
});

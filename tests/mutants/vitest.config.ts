import { defineConfig } from 'vitest/config';

/** A copy of the engine in which one rule is broken. */
const source = process.env['MUTANT_SOURCE'] ?? '';

export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  resolve: { alias: [{ find: /^@boshd\/engine\/(\w+)$/, replacement: `${source}/$1/index.ts` }] },
  test: { include: ['tests/{scenarios,simulation,exhaustive}/**/*.test.ts'], exclude: ['**/fuzz.test.ts'] },
});

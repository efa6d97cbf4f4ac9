import { defineConfig } from 'vitest/config';
import { MUTANTS, SURVIVAL_MUTANTS } from './mutants.mjs';
import { broken, pathOf } from './source.mjs';

const engineSource = new URL('../../packages/engine/src', import.meta.url).pathname;

/** The rule that is broken; absent: none. */
const rule = process.env['MUTANT'];
const mutant = [...MUTANTS, ...SURVIVAL_MUTANTS].find((each) => each.rule === rule);

export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  resolve: { alias: [{ find: /^@boshd\/engine\/(\w+)$/, replacement: `${engineSource}/$1/index.ts` }] },
  plugins: [
    {
      name: 'mutant',
      load: (id) => (mutant !== undefined && id === pathOf(mutant) ? broken(mutant) : undefined),
    },
  ],
  test: {
    include: [
      'tests/{scenarios,simulation,exhaustive}/**/*.test.ts',
      'packages/engine/src/{manager,record}/**/*.test.ts',
      'packages/server/src/{anchor,survival}/**/*.test.ts',
    ],
    exclude: ['**/fuzz.test.ts'],
  },
});

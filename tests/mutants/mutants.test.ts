import { expect, it } from 'vitest';
import { MUTANTS } from './mutants.mjs';
import { broken } from './source.mjs';

it.each(MUTANTS.map((mutant) => [mutant.rule, mutant] as const))(
  'can still be broken: %s',
  (_rule, mutant) => {
    expect(broken(mutant)).not.toContain(mutant.from);
  },
);

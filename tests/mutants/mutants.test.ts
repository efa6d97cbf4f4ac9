import { expect, it } from 'vitest';
import { MUTANTS, SURVIVAL_MUTANTS } from './mutants.mjs';
import { broken } from './source.mjs';

it.each([...MUTANTS, ...SURVIVAL_MUTANTS].map((mutant) => [mutant.rule, mutant] as const))(
  'can still be broken: %s',
  (_rule, mutant) => {
    expect(broken(mutant)).not.toBe(broken({ ...mutant, to: mutant.from }));
  },
);

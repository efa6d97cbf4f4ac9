import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGES = join(import.meta.dirname, '../../packages');

/**
 * Where the rule stands.
 *
 * @param {{ file: string }} mutant
 */
export function pathOf({ file }) {
  return join(PACKAGES, file.replace('/', '/src/'));
}

/**
 * The file with the rule broken. Throws where the rule is not to be found any more.
 *
 * @param {{ file: string, from: string, to: string }} mutant
 */
export function broken(mutant) {
  const { file, from, to } = mutant;
  const parts = readFileSync(pathOf(mutant), 'utf8').split(from);
  if (parts.length !== 2)
    throw new Error(`${file}: '${from}' stands there ${parts.length - 1} times, not once`);
  return parts.join(to);
}

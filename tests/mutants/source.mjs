import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ENGINE = join(import.meta.dirname, '../../packages/engine/src');

/**
 * The file of the session with the rule broken. Throws where the rule is not to be found any more.
 *
 * @param {{ file: string, from: string, to: string }} mutant
 */
export function broken({ file, from, to }) {
  const text = readFileSync(join(ENGINE, 'session', file), 'utf8');
  const parts = text.split(from);
  if (parts.length !== 2)
    throw new Error(`${file}: '${from}' stands there ${parts.length - 1} times, not once`);
  return parts.join(to);
}

/** A copy of the engine; the directory is the caller's to remove. */
export function copyOfEngine() {
  const directory = mkdtempSync(join(tmpdir(), 'boshd-mutant-'));
  cpSync(ENGINE, directory, { recursive: true });
  return directory;
}

/**
 * The same with the rule broken.
 *
 * @param {{ file: string, from: string, to: string }} mutant
 */
export function copyWith(mutant) {
  const directory = copyOfEngine();
  writeFileSync(join(directory, 'session', mutant.file), broken(mutant));
  return directory;
}

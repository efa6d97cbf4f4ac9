import { fault, type Result } from '@boshd/engine/kit';
import { type Config, type ConfigSources, formatProblem, loadConfig } from '../../config/index.ts';
import { fileProblems } from './file-problems.ts';

/** The configuration, or undefined after all that is wrong with it has been told, one problem a line. */
export function loadOrTell(sources: ConfigSources, err: (text: string) => void): Config | undefined {
  const config = loadConfig(sources);
  if (config.ok) return config.value;
  for (const problem of config.fault) err(`${formatProblem(problem)}\n`);
  err(
    `The configuration has ${config.fault.length === 1 ? '1 problem' : `${config.fault.length} problems`}.\n`,
  );
  return undefined;
}

/** The configuration, or all that is wrong with it, for one that is read again while boshd runs. */
export function readAgain(sources: ConfigSources): Result<Config, readonly string[]> {
  const config = loadConfig(sources);
  if (!config.ok) return fault(config.fault.map(formatProblem));
  const unusable = fileProblems(config.value, undefined);
  return unusable.length === 0 ? config : fault(unusable);
}

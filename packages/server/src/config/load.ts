import { fault, ok, type Result } from '@boshd/engine/kit';
import { readConfigFile } from './file.ts';
import { withInherited } from './inherit.ts';
import { MergedTree } from './merge.ts';
import { type ConfigProblem, formatPath, problemsOf } from './problems.ts';
import { brokenRules } from './rules.ts';
import { type Config, configSchema } from './schema/index.ts';
import { type Environment, type Flags, readEnvironment, readFlags } from './settings.ts';

/** Where a configuration comes from. A flag wins over a variable, a variable over the file, the file over presets and defaults. */
export interface ConfigSources {
  /** Values in place of defaults, written as flags; only without a file. */
  readonly presets?: Flags;
  /** The path of a YAML or JSON file; undefined: none. */
  readonly file?: string | undefined;
  readonly environment?: Environment;
  readonly flags?: Flags;
}

function crossProblems(config: Config, merged: MergedTree): readonly ConfigProblem[] {
  return brokenRules(config).map(({ path, what, fix }) => {
    const where = merged.locate(path);
    return { code: 'conflict', where, path: formatPath(path), what, fix };
  });
}

/** Reads, merges and checks a configuration. All its problems are returned, not just the first. */
export function loadConfig(sources: ConfigSources): Result<Config, readonly ConfigProblem[]> {
  const file = sources.file === undefined ? undefined : readConfigFile(sources.file);
  if (file !== undefined && !file.ok) return file;

  const merged = new MergedTree(file?.value);
  const problems: ConfigProblem[] = [];
  const { presets = new Map(), environment = {}, flags = new Map() } = sources;
  const settings = [...readFlags(presets), ...readEnvironment(environment), ...readFlags(flags)];
  for (const setting of settings) {
    if (setting.ok) merged.apply(setting.value);
    else problems.push(...setting.fault);
  }
  problems.push(...merged.resolveFiles());

  const checked = configSchema.safeParse(merged.tree);
  if (!checked.success) {
    const { issues } = checked.error;
    problems.push(...problemsOf(issues, merged.tree, (path, ofKey) => merged.locate(path, ofKey)));
    return fault(problems);
  }
  // Each value is right by itself, so what sites take over from the top is right as well.
  const config: Config = configSchema.parse(withInherited(merged.tree));
  problems.push(...crossProblems(config, merged));
  return problems.length === 0 ? ok(config) : fault(problems);
}

import { parseArgs } from 'node:util';
import { fault, ok, type Result } from '@boshd/engine/kit';
import { nearest, SETTABLE_KEYS } from '../config/index.ts';
import type { Command, Invocation } from './common/command.ts';

type FlagType = 'string' | 'boolean';

/** The flags of a command, by name. */
function flagTypes({ flags, takesConfig }: Command): ReadonlyMap<string, FlagType> {
  const own = flags.map(({ name, value }) => [name, value === undefined ? 'boolean' : 'string'] as const);
  const ofConfig = takesConfig ? SETTABLE_KEYS : [];
  return new Map([
    ['help', 'boolean'],
    ...own,
    ...ofConfig.map(
      ({ flag, facts }) => [flag, facts.kind === 'switch' ? 'boolean' : 'string'] as [string, FlagType],
    ),
  ]);
}

function unknownFlag(rawName: string, name: string, types: ReadonlyMap<string, FlagType>): string {
  const meant = nearest(name, types.keys());
  return `unknown flag ${rawName}${meant === undefined ? '' : `; did you mean --${meant}?`}`;
}

/** Reads what follows the name of a command; the fault says what is wrong with it. */
export function parseCommandLine(command: Command, args: readonly string[]): Result<Invocation, string> {
  const types = flagTypes(command);
  const options = Object.fromEntries([...types].map(([name, type]) => [name, { type }]));
  // Not strict, because parseArgs knows no nearest names; what it would refuse is refused below.
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
  });

  const flags = new Map<string, string[]>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, inlineValue } = token;
    const type = types.get(name);
    if (type === undefined) return fault(unknownFlag(rawName, name, types));
    const value = type === 'boolean' ? (token.value ?? 'true') : token.value;
    if (value === undefined || (inlineValue === false && type === 'string' && value.startsWith('-'))) {
      return fault(`${rawName} needs a value: ${rawName}=VALUE`);
    }
    flags.set(name, [...(flags.get(name) ?? []), value]);
  }
  const { min, max } = command.operands;
  const [surplus] = operands.slice(max);
  if (surplus !== undefined) return fault(`unexpected argument ${JSON.stringify(surplus)}`);
  if (operands.length < min && !flags.has('help')) return fault('an argument is missing');
  return ok({ flags, operands });
}

import { SETTABLE_KEYS } from '../config/index.ts';
import type { Command } from './common/command.ts';

const EXIT_CODES = `Exit codes: 0 done, 1 failed (wrong configuration, could not start, stop took too long),
2 wrong command line; 128 and the number of the signal when a second signal cut a stop short.`;

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}\n`).join('');
}

/** What `boshd help` prints. */
export function generalHelp(commands: readonly Command[]): string {
  const rows = commands.map(({ name, usage, summary }) => [`${name} ${usage}`.trimEnd(), summary] as const);
  return `boshd, an XMPP BOSH connection manager

Usage: boshd COMMAND

${columns([...rows, ['--version', 'Print the version.']])}
"boshd help COMMAND" tells more. ${EXIT_CODES}
`;
}

/** What `boshd help COMMAND` prints. */
export function commandHelp(command: Command): string {
  const { name, usage, details, flags, takesConfig } = command;
  const own = flags.map(({ name: flag, value, summary }): [string, string] => [
    value === undefined ? `--${flag}` : `--${flag} ${value}`,
    summary,
  ]);
  const parts = [`Usage: boshd ${name} ${usage}`.trimEnd(), details];
  if (own.length > 0) parts.push(`Flags:\n${columns(own).trimEnd()}`);
  if (takesConfig) {
    parts.push(
      `Each of the ${SETTABLE_KEYS.length} keys of the configuration that can be set by a flag has one of its name, such as\n--session-wait-max for session.waitMax: "boshd config-reference" has them all.`,
    );
  }
  return `${parts.join('\n\n')}\n\n${EXIT_CODES}\n`;
}

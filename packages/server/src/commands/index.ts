import { nearest } from '../config/index.ts';
import { version } from '../version.ts';
import { checkCommand } from './check.ts';
import { checkConfigCommand } from './check-config.ts';
import { parseCommandLine } from './command-line.ts';
import { type Command, EXIT, type Surroundings } from './common/command.ts';
import { configReferenceCommand } from './config-reference.ts';
import { demoCommand } from './demo.ts';
import { commandHelp, generalHelp } from './help.ts';
import { proxyConfigCommand } from './proxy/proxy-config.ts';
import { drainCommand } from './running/drain.ts';
import { reloadCommand } from './running/reload.ts';
import { kickCommand, sessionsCommand } from './running/sessions.ts';
import { statusCommand } from './running/status.ts';
import { serveCommand } from './serve.ts';

export type { Surroundings } from './common/command.ts';

const helpCommand: Command = {
  name: 'help',
  summary: 'Tell how a command is used.',
  usage: '[COMMAND]',
  details: 'Without a command: the list of all.',
  flags: [],
  takesConfig: false,
  operands: { min: 0, max: 1 },
  async run({ operands: [name] }, { out, err }) {
    if (name === undefined) {
      out(generalHelp(COMMANDS));
      return EXIT.done;
    }
    const command = commandOf(name);
    if (command === undefined) {
      err(unknownCommand(name));
      return EXIT.misused;
    }
    out(commandHelp(command));
    return EXIT.done;
  },
};

const COMMANDS: readonly Command[] = [
  serveCommand,
  demoCommand,
  statusCommand,
  sessionsCommand,
  kickCommand,
  reloadCommand,
  drainCommand,
  checkCommand,
  checkConfigCommand,
  configReferenceCommand,
  proxyConfigCommand,
  helpCommand,
];

function commandOf(name: string): Command | undefined {
  return COMMANDS.find((command) => command.name === name);
}

function unknownCommand(name: string): string {
  const names = COMMANDS.map((command) => command.name);
  const meant = nearest(name, names);
  const hint = meant === undefined ? `the commands are ${names.join(', ')}` : `did you mean ${meant}?`;
  return `boshd: unknown command ${JSON.stringify(name)}; ${hint}\n`;
}

/** Runs the command that the arguments name; resolves with the exit code. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const [first, ...rest] = args;
  const { out, err } = surroundings;
  if (first === undefined) {
    err(generalHelp(COMMANDS));
    return EXIT.misused;
  }
  if (first === '--version' || first === '-v') {
    out(`boshd ${version()}\n`);
    return EXIT.done;
  }
  const command = first === '--help' || first === '-h' ? helpCommand : commandOf(first);
  if (command === undefined) {
    err(unknownCommand(first));
    return EXIT.misused;
  }
  const invocation = parseCommandLine(command, rest);
  if (!invocation.ok) {
    err(`boshd ${command.name}: ${invocation.fault}\n"boshd help ${command.name}" tells how it is used.\n`);
    return EXIT.misused;
  }
  if (invocation.value.flags.has('help')) {
    out(commandHelp(command));
    return EXIT.done;
  }
  return command.run(invocation.value, surroundings);
}

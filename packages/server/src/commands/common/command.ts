import type { startApp } from '../../app/app.ts';
import type { Environment, Flags } from '../../config/index.ts';

/** Exit codes, the same for all commands. */
export const EXIT = {
  /** Done; for `serve` and `demo`: stopped as asked. */
  done: 0,
  /** The configuration is wrong, boshd could not start, or its stop took longer than shutdown.deadline. */
  failed: 1,
  /** The command line is wrong. */
  misused: 2,
} as const;

/** What a command may touch of the process; a test gives its own. */
export interface Surroundings {
  readonly environment: Environment;
  readonly out: (text: string) => void;
  /** What `out` writes is read by a person. */
  readonly isTerminal: boolean;
  readonly err: (text: string) => void;
  /** Calls `stop` with the number of each signal that asks the process to end. */
  readonly onSignal: (stop: (signal: number) => void) => void;
  /** Calls `reload` for each signal that asks for the configuration to be read again. */
  readonly onReload: (reload: () => void) => void;
  /** Calls `leave` when the anchor asks this worker to give up its sessions. Absent: there is no anchor. */
  readonly onLeave?: (leave: () => void) => void;
  /** Calls `restart` for each signal that asks for new workers. Absent: there is none. */
  readonly onRestart?: (restart: () => void) => void;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
  /** Loads the service itself, which the small commands do without. */
  readonly loadApp: () => Promise<typeof startApp>;
}

/** What followed a command's name. */
export interface Invocation {
  /** Values of each flag that was given, in order. */
  readonly flags: Flags;
  readonly operands: readonly string[];
}

/** A flag besides those of the configuration. */
export interface OwnFlag {
  readonly name: string;
  /** How its value is called in the help; undefined: it has none. */
  readonly value: string | undefined;
  readonly summary: string;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** What follows the name, in the help. */
  readonly usage: string;
  /** More about it, in its own help. */
  readonly details: string;
  readonly flags: readonly OwnFlag[];
  /** Whether every key of the configuration is a flag of it. */
  readonly takesConfig: boolean;
  /** How many operands it takes. */
  readonly operands: { readonly min: number; readonly max: number };
  /** Resolves with the exit code. */
  run(invocation: Invocation, surroundings: Surroundings): Promise<number>;
}

import { parseArgs } from 'node:util';

export const scenarioNames = [
  'tight',
  'browser',
  'rate',
  'login',
  'idle',
  'storm',
  'forward',
  'workers',
  'tight-tls',
  'browser-tls',
  'login-tls',
  'idle-tls',
] as const;

export type ScenarioName = (typeof scenarioNames)[number];

export interface Options {
  readonly only: readonly ScenarioName[];
  /** Interleaved rounds of the yardstick and boshd. */
  readonly rounds: number;
  /** Length of a measured window. */
  readonly seconds: number;
  readonly warmupSeconds: number;
  /** Sessions of the echo and storm runs. */
  readonly sessions: number;
  /** Messages a second of the open loop. */
  readonly ratePerSecond: number;
  /** Log-ins under way at a time. */
  readonly clients: number;
  /** Idle sessions, in steps. */
  readonly idle: readonly number[];
  /** Quiet time before memory is read. */
  readonly settleSeconds: number;
  /** How TLS to the XMPP peer is had in the scenarios that end in `-tls`. */
  readonly tls: 'starttls' | 'direct';
  /** File for everything that was measured. */
  readonly json: string | undefined;
  /** Runs the servers under V8's sampling profiler and prints where the time went. Figures are then too high. */
  readonly profile: boolean;
}

const usage = `npm run bench -- [options]

  --only NAMES     scenarios, separated by commas: ${scenarioNames.join(', ')}
                   (default: all)
  --rounds N       interleaved rounds of the yardstick and boshd (5)
  --seconds N      length of a measured window (4)
  --warmup N       seconds before it (1)
  --sessions N     sessions of the echo and storm runs (200)
  --rate N         messages a second of the open loop (300)
  --clients N      log-ins under way at a time (16)
  --idle A,B       idle sessions, in steps (1000,9000)
  --settle N       seconds before memory is read (10)
  --tls MODE       starttls or direct, for the -tls scenarios (starttls)
  --json FILE      write all figures there
  --profile        sample the servers and print the hottest functions
  --help
`;

/** Reads the command line; ends the process with the usage text when asked for it or when it makes no sense. */
export function readOptions(argv: readonly string[]): Options {
  try {
    const { values } = parseArgs({ args: [...argv], options: flags, strict: true });
    if (values.help === true) leave(usage, 0);
    const tls = values.tls;
    if (tls !== 'starttls' && tls !== 'direct') throw new Error(`--tls ${tls}: starttls or direct`);
    return {
      only: values.only === undefined ? scenarioNames : values.only.split(',').map(scenarioName),
      rounds: positive('rounds', values.rounds),
      seconds: positive('seconds', values.seconds),
      warmupSeconds: positive('warmup', values.warmup),
      sessions: positive('sessions', values.sessions),
      ratePerSecond: positive('rate', values.rate),
      clients: positive('clients', values.clients),
      idle: values.idle.split(',').map((text) => positive('idle', text)),
      settleSeconds: positive('settle', values.settle),
      tls,
      json: values.json,
      profile: values.profile,
    };
  } catch (error) {
    return leave(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, 2);
  }
}

const flags = {
  only: { type: 'string' },
  rounds: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '4' },
  warmup: { type: 'string', default: '1' },
  sessions: { type: 'string', default: '200' },
  rate: { type: 'string', default: '300' },
  clients: { type: 'string', default: '200' },
  idle: { type: 'string', default: '1000,9000' },
  settle: { type: 'string', default: '10' },
  tls: { type: 'string', default: 'starttls' },
  json: { type: 'string' },
  profile: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

function scenarioName(text: string): ScenarioName {
  const name = scenarioNames.find((known) => known === text);
  if (name === undefined) throw new Error(`--only ${text}: no such scenario`);
  return name;
}

function positive(flag: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`--${flag} ${text}: a number above 0`);
  return number;
}

function leave(text: string, code: number): never {
  (code === 0 ? process.stdout : process.stderr).write(text);
  process.exit(code);
}

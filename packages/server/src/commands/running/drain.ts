import { setTimeout as sleep } from 'node:timers/promises';
import { type MemberStatus, totalOf } from '../../admin/index.ts';
import { parseDuration } from '../../config/index.ts';
import { type Command, EXIT, type Invocation, type Surroundings } from '../common/command.ts';
import { type AskRunning, CONFIG_FLAG, findRunning } from './ask.ts';
import { exactly } from './text.ts';

const FOR_FLAG = 'for';
const NO_WAIT_FLAG = 'no-wait';

/** How often the running boshd is asked what is left. */
const LOOK_MS = 1000;
/** Without change a line is written so often. */
const QUIET_MS = 30_000;

export const drainCommand: Command = {
  name: 'drain',
  summary: 'Have the running boshd take no new sessions, and wait until those that are there have left.',
  usage: '[--for 10m] [--no-wait] [--config FILE]',
  details: `/readyz answers 503 from then on, so proxies send new clients elsewhere, and in a cluster new sessions go to other members.
Sessions leave by themselves; those that stay longer are ended with system-shutdown, on which clients come back. The process stays
until it is stopped; there is no way back but a restart. SIGTERM does all of this in one go. The command ends with 0 when no session is
left, and Ctrl-C ends only the waiting. The flags of the configuration say only where to ask (admin.listen).`,
  flags: [
    {
      name: FOR_FLAG,
      value: 'TIME',
      summary:
        'How long sessions may stay, such as 10m. Default: shutdown.drain of the running boshd, or 10m where that is 0.',
    },
    { name: NO_WAIT_FLAG, value: undefined, summary: 'Give the order and do not wait.' },
    CONFIG_FLAG,
  ],
  takesConfig: true,
  operands: { min: 0, max: 0 },
  async run(invocation, surroundings) {
    const { out, err } = surroundings;
    const about = longestOf(invocation);
    if (about === undefined) {
      err(`boshd drain: --${FOR_FLAG} must be a time, such as 10m or 90s\n`);
      return EXIT.misused;
    }
    const ask = findRunning(invocation, surroundings);
    const reply = await ask?.('POST', `/drain?about=${about}`);
    if (ask === undefined || reply === undefined) return EXIT.failed;
    if (reply.status !== 200) {
      err(`boshd: ${reply.text}`);
      return EXIT.failed;
    }
    out(`boshd: ${reply.text}`);
    return invocation.flags.has(NO_WAIT_FLAG) ? EXIT.done : waitForAll(ask, surroundings);
  },
};

/** Milliseconds as text, '' where nothing was said; undefined: it is no time. */
function longestOf({ flags }: Invocation): string | undefined {
  const text = flags.get(FOR_FLAG)?.at(-1);
  if (text === undefined) return '';
  const duration = parseDuration(text, 's');
  return duration.ok ? String(duration.value) : undefined;
}

/** Looks until nobody is left, the time is over, or a signal comes; resolves with the exit code. */
async function waitForAll(ask: AskRunning, { out, onSignal }: Surroundings): Promise<number> {
  const signalled = new Promise<number>((resolve) => onSignal(resolve));
  let told = '';
  let toldAtMs = performance.now();
  for (;;) {
    const reply = await ask('GET', '/status.json');
    if (reply === undefined || reply.status !== 200) return EXIT.failed;
    const { sessions, endsInMs } = leftOf(JSON.parse(reply.text) as MemberStatus[]);
    if (sessions === 0) {
      out('boshd: no session is left, and no new one is taken: stop the process, or restart it.\n');
      return EXIT.done;
    }
    if (endsInMs === 0) {
      out(`boshd: the time is over; what was left was ended with system-shutdown: ${counted(sessions)}.\n`);
      return EXIT.done;
    }
    if (counted(sessions) !== told || performance.now() - toldAtMs >= QUIET_MS) {
      told = counted(sessions);
      toldAtMs = performance.now();
      out(`boshd: ${told} left; what stays is ended in ${exactly(endsInMs)}\n`);
    }
    const signal = await Promise.race([sleep(LOOK_MS), signalled]);
    if (signal !== undefined) {
      out(
        `boshd: no longer waiting, but the drain goes on: no new sessions, ${counted(sessions)} left, and what stays is ended in ${exactly(endsInMs)}. "boshd drain" waits again; only a restart takes new sessions again.\n`,
      );
      return 128 + signal;
    }
  }
}

function leftOf(members: readonly MemberStatus[]): { readonly sessions: number; readonly endsInMs: number } {
  const { opening, open, ending, sockets } = totalOf(members.flatMap(({ sites }) => sites));
  return {
    sessions: opening + open + ending + sockets,
    endsInMs: Math.max(0, ...members.map(({ drainLeftMs }) => drainLeftMs ?? 0)),
  };
}

function counted(sessions: number): string {
  return sessions === 1 ? '1 session' : `${sessions} sessions`;
}

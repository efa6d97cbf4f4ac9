import {
  type AdminAddress,
  type AdminReply,
  AdminUnreachable,
  askAdmin,
  formatAdminAddress,
} from '../../admin/index.ts';
import { FILE_VARIABLE } from '../../config/index.ts';
import { EXIT, type Invocation, type OwnFlag, type Surroundings } from '../common/command.ts';
import { loadOrTell } from '../common/load.ts';

/** How a command finds the boshd that runs. */
export const CONFIG_FLAG: OwnFlag = {
  name: 'config',
  value: 'FILE',
  summary: `The configuration of the boshd that runs: its admin.listen says where to ask. Default: what ${FILE_VARIABLE} names.`,
};

/** What the running boshd answers, undefined after the trouble was told. */
export type AskRunning = (method: 'GET' | 'POST', path: string) => Promise<AdminReply | undefined>;

/** How the running boshd is asked: at the first address of admin.listen that answers; undefined after the trouble was told. */
export function findRunning(
  { flags }: Invocation,
  { environment, err }: Surroundings,
): AskRunning | undefined {
  const file = flags.get(CONFIG_FLAG.name)?.at(-1) ?? (environment[FILE_VARIABLE] || undefined);
  const config = loadOrTell({ file, environment, flags }, err);
  if (config === undefined) return undefined;
  const { listen } = config.admin;
  if (listen.length === 0) {
    err(
      'boshd: there is nowhere to ask, since admin.listen is empty.\nGive the running boshd and this command the same one, such as --admin-listen unix:/run/boshd/admin.sock\n',
    );
    return undefined;
  }
  return (method, path) => firstAnswer(listen, method, path, err);
}

/** Reads one page of the running boshd; undefined after the trouble was told. */
export async function readRunning(
  invocation: Invocation,
  path: string,
  surroundings: Surroundings,
): Promise<string | undefined> {
  const reply = await findRunning(invocation, surroundings)?.('GET', path);
  if (reply === undefined) return undefined;
  if (reply.status === 200) return reply.text;
  surroundings.err(`boshd: ${reply.text}`);
  return undefined;
}

/** Gives one order and says what came of it; resolves with the exit code. */
export async function orderRunning(
  invocation: Invocation,
  path: string,
  surroundings: Surroundings,
): Promise<number> {
  const reply = await findRunning(invocation, surroundings)?.('POST', path);
  if (reply === undefined) return EXIT.failed;
  const isDone = reply.status === 200;
  const tell = isDone ? surroundings.out : surroundings.err;
  tell(`boshd: ${reply.text}`);
  return isDone ? EXIT.done : EXIT.failed;
}

async function firstAnswer(
  addresses: readonly AdminAddress[],
  method: 'GET' | 'POST',
  path: string,
  err: (text: string) => void,
): Promise<AdminReply | undefined> {
  for (const address of addresses) {
    try {
      return await askAdmin(address, method, path);
    } catch (error) {
      if (!(error instanceof AdminUnreachable)) throw error;
      err(`boshd: nobody answers at ${formatAdminAddress(address)} (${error.message})\n`);
    }
  }
  return undefined;
}

import {
  type AdminAddress,
  type AdminReply,
  AdminUnreachable,
  askAdmin,
  formatAdminAddress,
} from '../../admin/index.ts';
import { FILE_VARIABLE } from '../../config/index.ts';
import type { Invocation, OwnFlag, Surroundings } from '../command.ts';
import { loadOrTell } from '../load.ts';

/** How a command finds the boshd that runs. */
export const CONFIG_FLAG: OwnFlag = {
  name: 'config',
  value: 'FILE',
  summary: `The configuration of the boshd that runs: its admin.listen says where to ask. Default: what ${FILE_VARIABLE} names.`,
};

/** Asks the running boshd at the first address of admin.listen that answers; undefined after the trouble was told. */
export async function askRunning(
  { flags }: Invocation,
  method: 'GET' | 'POST',
  path: string,
  { environment, err }: Surroundings,
): Promise<AdminReply | undefined> {
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
  return firstAnswer(listen, method, path, err);
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

import { type AdminAddress, formatAdminAddress } from '../../admin/index.ts';
import type { Logger } from '../../observe/index.ts';

/** Says in the log where the operator's listener is. */
export function tellAdmin(bound: readonly AdminAddress[], logger: Logger): void {
  for (const address of bound) logger.info('listening for the operator', { at: formatAdminAddress(address) });
}

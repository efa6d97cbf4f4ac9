import type { Command } from '../common/command.ts';
import { CONFIG_FLAG, orderRunning } from './ask.ts';

export const reloadCommand: Command = {
  name: 'reload',
  summary: 'Have the running boshd read its configuration and certificates again.',
  usage: '[--config FILE] [FLAGS]',
  details: `No session is dropped. A configuration that is wrong is refused, and the old one stays in effect; what needs a restart
(addresses to listen on, most of http and upstream) is said. The running boshd reads its own file, with its own flags; those given
here say only where to ask (admin.listen). Without an admin listener, send SIGHUP and look into the log.`,
  flags: [
    CONFIG_FLAG,
    {
      name: 'restart',
      value: undefined,
      summary: 'Hand all sessions to a new worker that runs the files on disk (survival.anchor: parent).',
    },
  ],
  takesConfig: true,
  operands: { min: 0, max: 0 },
  run: (invocation, surroundings) =>
    orderRunning(invocation, invocation.flags.has('restart') ? '/restart' : '/reload', surroundings),
};

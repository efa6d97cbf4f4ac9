import { type Command, EXIT } from '../command.ts';
import { askRunning, CONFIG_FLAG } from './ask.ts';

export const reloadCommand: Command = {
  name: 'reload',
  summary: 'Have the running boshd read its configuration and certificates again.',
  usage: '[--config FILE] [FLAGS]',
  details: `No session is dropped. A configuration that is wrong is refused, and the old one stays in effect; what needs a restart
(addresses to listen on, most of http and upstream) is said. The running boshd reads its own file, with its own flags; those given
here say only where to ask (admin.listen). Without an admin listener, send SIGHUP and look into the log.`,
  flags: [CONFIG_FLAG],
  takesConfig: true,
  operands: { min: 0, max: 0 },
  async run(invocation, surroundings) {
    const reply = await askRunning(invocation, 'POST', '/reload', surroundings);
    if (reply === undefined) return EXIT.failed;
    const isDone = reply.status === 200;
    const tell = isDone ? surroundings.out : surroundings.err;
    tell(`boshd: ${reply.text}`);
    return isDone ? EXIT.done : EXIT.failed;
  },
};

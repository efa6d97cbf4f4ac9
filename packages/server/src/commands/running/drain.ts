import { type Command, EXIT } from '../command.ts';
import { askRunning, CONFIG_FLAG } from './ask.ts';

export const drainCommand: Command = {
  name: 'drain',
  summary: 'Have the running boshd take no new sessions; those that are there leave by themselves.',
  usage: '[--config FILE] [FLAGS]',
  details: `/readyz answers 503 from then on, so proxies send new clients elsewhere, and in a cluster new sessions go to other members.
After shutdown.drain the sessions that are left are ended with a word that clients understand. The process stays until it is
stopped: look at "boshd status", then stop it. SIGTERM does all of this in one go. There is no way back but a restart.
The flags say only where to ask (admin.listen).`,
  flags: [CONFIG_FLAG],
  takesConfig: true,
  operands: { min: 0, max: 0 },
  async run(invocation, surroundings) {
    const reply = await askRunning(invocation, 'POST', '/drain', surroundings);
    if (reply === undefined) return EXIT.failed;
    const isDone = reply.status === 200;
    const tell = isDone ? surroundings.out : surroundings.err;
    tell(`boshd: ${reply.text}`);
    return isDone ? EXIT.done : EXIT.failed;
  },
};

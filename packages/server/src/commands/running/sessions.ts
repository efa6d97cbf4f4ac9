import type { SessionsStatus } from '../../admin/index.ts';
import { type Command, EXIT } from '../common/command.ts';
import { CONFIG_FLAG, orderRunning, readRunning } from './ask.ts';
import { sessionsText } from './live-text.ts';
import { parseReply, shownJson } from './text.ts';

export const sessionsCommand: Command = {
  name: 'sessions',
  summary: 'List the live sessions and WebSockets of the running boshd.',
  usage: '[TEXT] [--config FILE] [--json]',
  details: `The oldest first, 1,000 of each process at most; with TEXT those in which it stands: in the short name, site, domain, address,
transport (bosh, websocket), state, XMPP server or mechanism. QUEUED are stanzas that wait for a request of the client, BYTES what waits.
In a cluster each machine lists its own. "boshd status SESSION" tells more of one, "boshd kick SESSION" ends it.`,
  flags: [CONFIG_FLAG, { name: 'json', value: undefined, summary: 'All that is known, as JSON.' }],
  takesConfig: true,
  operands: { min: 0, max: 1 },
  async run(invocation, surroundings) {
    const [text = ''] = invocation.operands;
    const reply = await readRunning(
      invocation,
      `/sessions.json?text=${encodeURIComponent(text)}`,
      surroundings,
    );
    if (reply === undefined) return EXIT.failed;
    const isJson = invocation.flags.has('json');
    surroundings.out(isJson ? shownJson(reply) : sessionsText(parseReply(reply) as SessionsStatus[]));
    return EXIT.done;
  },
};

export const kickCommand: Command = {
  name: 'kick',
  summary: 'End one session of the running boshd.',
  usage: 'SESSION [--config FILE] [FLAGS]',
  details: `SESSION is the short name, as the log, "boshd status" and "boshd sessions" have it. The client receives policy-violation, what it had not
confirmed goes back to the XMPP server, and the stream is closed; the log has the reason ended-by-operator. Most clients log in again:
to keep one out, see to it on the XMPP server, or in domains and limits of the site. The flags say only where to ask (admin.listen).`,
  flags: [CONFIG_FLAG],
  takesConfig: true,
  operands: { min: 1, max: 1 },
  run: (invocation, surroundings) =>
    orderRunning(invocation, `/kick?about=${encodeURIComponent(invocation.operands[0] ?? '')}`, surroundings),
};

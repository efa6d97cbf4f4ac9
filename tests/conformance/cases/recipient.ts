import { child } from '../../support/xmpp/xml.ts';
import { type Case, judge } from '../case.ts';
import type { Session } from '../client/session.ts';
import { hasId, type Lab, PROMPT_MS, ping } from '../lab.ts';

/** For the stanza to get from the XMPP server, which has it for certain, to the connection manager of a client that fetches nothing. */
const ON_ITS_WAY_MS = 700;

/** What becomes of stanzas for a client that is gone: it terminates without having fetched them. */
export const recipientCases: readonly Case[] = [
  {
    id: 'recipient.iq',
    clause: 'XEP-0206 §7',
    level: 'SHOULD',
    says: 'answers service-unavailable to an iq that the client of an ended session did not fetch',
    async run(lab) {
      const [gone, sender] = await Promise.all([lab.logIn(), lab.logIn()]);
      const iq = `<iq xmlns='jabber:client' type='get' id='asked' to='${gone.jid}'><query xmlns='urn:example:q'/></iq>`;
      await sendAndLeave(lab, sender, gone, iq);
      const answer = await sender.until('an answer to the iq', hasId('asked'));
      const condition = child(answer, 'error')?.children[0]?.name;
      return judge(
        `${answer.attributes.get('type')}: ${condition}`,
        condition !== 'service-unavailable' && 'another answer',
      );
    },
  },
  {
    id: 'recipient.message',
    clause: 'XEP-0206 §7',
    level: 'SHOULD',
    says: 'gives back a message that the client of an ended session did not fetch: to its sender, or to be kept',
    async run(lab) {
      const [gone, sender] = await Promise.all([lab.logIn(), lab.logInPeer()]);
      const { id, xml } = lab.message(gone.jid, 'are you there?');
      await sendAndLeave(lab, sender, gone, xml);
      const found = await findMessage(lab, sender, id);
      return judge(found ?? 'it is nowhere', found === undefined && 'lost');
    },
  },
  {
    id: 'recipient.presence',
    clause: 'XEP-0206 §7',
    level: 'SHOULD',
    says: 'drops presence that the client of an ended session did not fetch',
    async run(lab) {
      const [gone, sender] = await Promise.all([lab.logIn(), lab.logIn()]);
      const presence = `<presence xmlns='jabber:client' id='seen' to='${gone.jid}'/>`;
      // An iq that follows it is always answered (RFC 6120 §8.2.3), and stanzas keep their order (§10.1). From some managers
      // no answer comes: then nothing comes of the presence within the time that `until` waits.
      const witness = `<iq xmlns='jabber:client' type='get' id='asked' to='${gone.jid}'><query xmlns='urn:example:q'/></iq>`;
      await sendAndLeave(lab, sender, gone, presence + witness);
      await sender.until('an answer to the iq', hasId('asked')).catch(() => undefined);
      const errors = sender.inbox.filter(({ attributes }) => attributes.get('id') === 'seen');
      return judge(
        errors.length === 0 ? 'no error came back' : 'an error',
        errors.length > 0 && 'not silently',
      );
    },
  },
];

async function sendAndLeave(lab: Lab, sender: Session, gone: Session, stanza: string): Promise<void> {
  sender.take(await sender.ask(stanza + ping(sender)));
  // Its answer says that the server has what went before it.
  await sender.until('an answer to a ping', hasId('ping'));
  await lab.pause(ON_ITS_WAY_MS);
  await gone.open({ type: 'terminate' }).within(PROMPT_MS);
  gone.sid = undefined;
}

/** Where the message is: back at its sender as an error, or with the next log-in of the account. */
async function findMessage(lab: Lab, sender: Session, id: string): Promise<string | undefined> {
  const reply = await sender.open().within(PROMPT_MS / 2);
  const error = reply?.payloads.find(hasId(id));
  if (error !== undefined) return `back at its sender: ${child(error, 'error')?.children[0]?.name}`;
  if (lab.endpoint.account.user === undefined) return undefined;
  const next = await lab.logIn({ wait: 2 });
  next.take(await next.ask("<presence xmlns='jabber:client'/>"));
  next.take(await next.ask());
  return next.ids.includes(id) ? 'kept for the next log-in' : undefined;
}

import { type Case, fail, judge, notDone, pass } from '../case.ts';
import { type BoshReply, describe, isGood, isTerminal } from '../client/reply.ts';
import type { Session } from '../client/session.ts';
import { hasId, PROMPT_MS, ping } from '../lab.ts';

/** More than any known endpoint remembers. */
const LONG_AGO = 12;
/** More copies than any client sends. */
const COPIES = 40;

export const ridCases: readonly Case[] = [
  {
    id: 'rids.out-of-order',
    clause: 'XEP-0124 §8, §14.2',
    level: 'MUST',
    says: 'forwards payloads in the order of rids, whatever order requests come in',
    async run(lab) {
      const [session, listener] = await Promise.all([lab.logIn(), lab.logIn()]);
      const [first, second] = [lab.message(listener.jid), lab.message(listener.jid)];
      const { rid } = session;
      session.at(rid + 2, {}, second.xml);
      await lab.pause(500);
      session.at(rid + 1, {}, first.xml);
      session.rid += 2;
      await listener.until('the second message', hasId(second.id));
      const [one, two] = [listener.ids.indexOf(first.id), listener.ids.indexOf(second.id)];
      const isInOrder = one >= 0 && one < two;
      return judge(isInOrder ? 'in order' : 'the second came first', !isInOrder && 'not in order');
    },
  },
  {
    id: 'rids.window',
    clause: 'XEP-0124 §14.2',
    level: 'SHOULD',
    says: 'takes any rid within a window as large as requests',
    async run(lab) {
      const session = await lab.logIn();
      const { rid } = session;
      const size = session.number('requests');
      const all = Array.from({ length: size }, (_, index) => rid + size - index);
      const sent = all.map((each) => session.at(each, {}, ping(session, `ping-${each}`)));
      session.rid += size;
      const replies = await Promise.all(sent.map((each) => each.reply));
      return judge(replies.map(describe).join(', '), !replies.every(isGood) && 'a request was refused');
    },
  },
  {
    id: 'rids.beyond-window',
    clause: 'XEP-0124 §14.2',
    level: 'MUST',
    says: 'ends the session with item-not-found at a rid above the window',
    async run(lab) {
      const session = await lab.logIn();
      const reply = await session.at(session.rid + session.number('requests') + 5).reply;
      const after = await session.ask(ping(session));
      return judge(
        `${describe(reply)}, then ${describe(after)}`,
        !isTerminal(reply, 'item-not-found') && 'not item-not-found',
        isGood(after) && 'the session lives',
      );
    },
  },
  {
    id: 'rids.too-low',
    clause: 'XEP-0124 §14.3',
    level: 'MUST',
    says: 'answers item-not-found to a rid below the first',
    async run(lab) {
      const session = await lab.logIn();
      const reply = await session.at(session.rid - 100).reply;
      return judge(describe(reply), !isTerminal(reply, 'item-not-found') && 'not item-not-found');
    },
  },
  {
    id: 'rids.forgotten',
    clause: 'XEP-0124 §14.3',
    level: 'MUST',
    says: 'answers item-not-found to a repeat whose reply is not kept any more',
    async run(lab) {
      const session = await lab.logIn();
      const original = await session.ask(ping(session, 'old'));
      const { rid } = session;
      for (let count = 0; count < LONG_AGO; count += 1) await session.ask(ping(session, `ping-${count}`));
      const repeat = await session.at(rid, {}, ping(session, 'old')).reply;
      if (isSame(original, repeat)) return pass('still kept: the same reply');
      return judge(describe(repeat), !isTerminal(repeat, 'item-not-found') && 'not item-not-found');
    },
  },
  {
    id: 'rids.repeat',
    clause: 'XEP-0124 §14.3',
    level: 'SHOULD',
    says: 'answers a repeated request with the same reply',
    async run(lab) {
      const session = await lab.logIn();
      const payload = ping(session, 'once');
      const original = await session.ask(payload);
      const repeat = await session.at(session.rid, {}, payload).within(PROMPT_MS);
      return judge(
        `${describe(original)}, then ${repeat === undefined ? 'nothing' : describe(repeat)}`,
        (repeat === undefined || !isSame(original, repeat)) && 'not the same',
      );
    },
  },
  {
    id: 'rids.repeat-creation',
    clause: 'XEP-0124 §14.3',
    level: 'SHOULD',
    says: 'answers a repeat of a reply that carried features or log-in steps, too',
    async run(lab) {
      const session = await lab.create();
      const restart = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='NONE-SUCH'/>";
      const original = await session.ask(restart);
      const repeat = await session.at(session.rid, {}, restart).within(PROMPT_MS);
      return judge(
        `${describe(original)}, then ${repeat === undefined ? 'nothing' : describe(repeat)}`,
        (repeat === undefined || !isSame(original, repeat)) && 'not the same',
      );
    },
  },
  {
    id: 'rids.repeat-once',
    clause: 'XEP-0124 §14.3',
    level: 'MUST',
    says: 'forwards the payloads of a repeated request once',
    async run(lab) {
      const [session, listener] = await Promise.all([lab.logIn(), lab.logIn()]);
      const [message, last] = [lab.message(listener.jid), lab.message(listener.jid)];
      await session.ask(message.xml);
      await session.at(session.rid, {}, message.xml).reply;
      await session.ask(last.xml);
      await listener.until('the last message', hasId(last.id));
      const copies = listener.ids.filter((id) => id === message.id).length;
      return judge(`it came ${copies} times`, copies !== 1 && 'not once');
    },
  },
  {
    id: 'rids.repeat-changed',
    clause: 'XEP-0124 §14.3',
    level: 'SHOULD',
    says: 'knows a repeat by its rid: other content in it is not forwarded',
    async run(lab) {
      const session = await lab.logIn();
      const original = await session.ask(ping(session, 'first'));
      const repeat = await session.at(session.rid).within(PROMPT_MS);
      return judge(
        `${describe(original)}, then ${repeat === undefined ? 'nothing' : describe(repeat)} to an empty copy`,
        (repeat === undefined || !isSame(original, repeat)) && 'not the same reply',
      );
    },
  },
  {
    id: 'rids.buffer',
    clause: 'XEP-0124 §14.3',
    level: 'SHOULD',
    says: 'keeps the replies to as many requests as may be open',
    async run(lab) {
      const session = await lab.logIn();
      const size = session.number('requests');
      const originals: { readonly rid: number; readonly reply: BoshReply }[] = [];
      for (let count = 0; count < size + 2; count += 1) {
        const reply = await session.ask(ping(session, `ping-${count}`));
        originals.push({ rid: session.rid, reply });
      }
      const wrong: string[] = [];
      for (const { rid, reply } of originals.slice(-size)) {
        const repeat = await session.at(rid).within(PROMPT_MS);
        if (repeat === undefined || !isSame(reply, repeat))
          wrong.push(repeat === undefined ? 'nothing' : describe(repeat));
      }
      return judge(`${size - wrong.length} of ${size}`, wrong.length > 0 && `else ${wrong.join(', ')}`);
    },
  },
  {
    id: 'rids.repeat-held',
    clause: 'XEP-0124 §14.3',
    level: 'SHOULD',
    says: "answers the older copy of a held request at once with type='error', and gives the reply to the newer one",
    async run(lab) {
      const [session, sender] = await Promise.all([lab.logIn(), lab.logIn()]);
      const older = session.open();
      await lab.pause(300);
      const newer = session.at(session.rid);
      const first = await older.within(PROMPT_MS);
      const { id, xml } = lab.message(session.jid);
      sender.open({}, xml);
      const second = await newer.within(PROMPT_MS);
      return judge(
        `older: ${first === undefined ? 'nothing' : describe(first)}, newer: ${second === undefined ? 'nothing' : describe(second)}`,
        first?.type !== 'error' && "the older copy did not get type='error'",
        second?.payloads.some(hasId(id)) !== true && 'the newer copy did not get the message',
      );
    },
  },
  {
    id: 'rids.aborted',
    clause: 'XEP-0124 §14.3',
    level: 'SHOULD',
    says: 'gives the client that lost its connection, and repeats the request, what came meanwhile',
    async run(lab) {
      const [session, sender] = await Promise.all([lab.logIn(), lab.logIn()]);
      const poll = session.open();
      await lab.pause(300);
      poll.abort();
      const { id, xml } = lab.message(session.jid);
      await sender.ask(xml);
      await lab.pause(500);
      const repeat = await session.at(session.rid).within(PROMPT_MS);
      return judge(
        repeat === undefined ? 'nothing' : describe(repeat),
        repeat?.payloads.some(hasId(id)) !== true && 'the message is not in it',
      );
    },
  },
  {
    id: 'rids.aborted-next',
    clause: 'clients',
    level: 'need',
    says: 'gives a client that lost its connection, and goes on with the next rid, what came meanwhile',
    async run(lab) {
      const [session, sender] = await Promise.all([lab.logIn(), lab.logIn()]);
      const poll = session.open();
      await lab.pause(300);
      poll.abort();
      await lab.pause(300);
      const { id, xml } = lab.message(session.jid);
      await sender.ask(xml);
      await lab.pause(300);
      const next = await session.open().within(PROMPT_MS);
      return judge(
        next === undefined ? 'nothing' : describe(next),
        next?.payloads.some(hasId(id)) !== true && 'the message is lost',
      );
    },
  },
  {
    id: 'rids.repeats-limited',
    clause: 'XEP-0124 §14.3',
    level: 'MAY',
    says: 'limits the copies of one request, with policy-violation',
    async run(lab) {
      const session = await lab.logIn();
      await session.ask(ping(session));
      const end = await endOfCopies(session);
      if (end === undefined) return notDone(`${COPIES} copies were answered`);
      return isTerminal(end.reply, 'policy-violation')
        ? pass(`policy-violation at copy ${end.copy}`)
        : fail(`${describe(end.reply)} at copy ${end.copy}`);
    },
  },
];

async function endOfCopies(session: Session) {
  for (let copy = 1; copy <= COPIES; copy += 1) {
    const reply = await session.at(session.rid).reply;
    if (!isGood(reply)) return { copy, reply };
  }
  return undefined;
}

function isSame(one: BoshReply, other: BoshReply): boolean {
  return one.status === other.status && one.body !== undefined && one.text === other.text;
}

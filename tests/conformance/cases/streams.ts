import { type Case, judge, notOffered, type Verdict } from '../case.ts';
import { finishLogIn } from '../client/login.ts';
import { type BoshReply, describe, isGood, isTerminal } from '../client/reply.ts';
import type { Attributes, Session } from '../client/session.ts';
import { hasId, type Lab, MUTE, PROMPT_MS, ping } from '../lab.ts';

const SESSION_ONLY = [
  'sid',
  'requests',
  'polling',
  'hold',
  'inactivity',
  'maxpause',
  'accept',
  'charsets',
  'ver',
  'wait',
];

/** A session with two streams, each logged in. */
interface Pair {
  readonly session: Session;
  readonly names: readonly [first: string, second: string];
  readonly jids: readonly [first: string, second: string];
}

export const streamCases: readonly Case[] = [
  {
    id: 'streams.ignored',
    clause: 'XEP-0124 §16.3',
    level: 'MUST',
    says: 'takes the request for another stream as an empty one where it did not offer streams',
    async run(lab) {
      const session = await lab.logIn({ wait: 2 });
      if (session.granted('stream') !== undefined) return notOffered('streams are offered');
      const reply = await session.ask('', addition(session));
      const next = await session.ask(ping(session));
      return judge(
        `${describe(reply)}, then ${describe(next)}`,
        !isGood(reply) && 'refused',
        reply.body?.attributes.has('stream') === true && 'it names a stream',
        !isGood(next) && 'the session suffered',
      );
    },
  },
  {
    id: 'streams.name',
    clause: 'XEP-0124 §16.2',
    level: 'MUST',
    says: 'names the first stream with an unpredictable name in the creation reply where it offers streams',
    async run(lab) {
      const sessions = await Promise.all([lab.create(), lab.create()]);
      const names = sessions.map((session) => session.granted('stream'));
      if (names[0] === undefined) return notOffered('no stream');
      return judge(
        `${names[0].length} characters`,
        names[0] === names[1] && 'the same for two sessions',
        names[0].length < 8 && 'easy to guess',
      );
    },
  },
  {
    id: 'streams.add',
    clause: 'XEP-0124 §16.3',
    level: 'MUST',
    says: 'opens a further stream and answers with its name',
    run: (lab) =>
      offered(lab, async (session, first) => {
        const reply = await session.ask('', addition(session));
        const name = reply.body?.attributes.get('stream');
        return judge(
          describe(reply),
          !isGood(reply) && 'refused',
          name === undefined && 'no name',
          name === first && 'the name of the first stream',
        );
      }),
  },
  {
    id: 'streams.add-reply',
    clause: 'XEP-0124 §16.3',
    level: 'SHOULD NOT',
    says: 'tells the terms of the session again when it adds a stream',
    run: (lab) =>
      offered(lab, async (session) => {
        const { body } = await session.ask('', addition(session));
        const again = SESSION_ONLY.filter((name) => body?.attributes.has(name) === true);
        return judge(`again: ${again.join(', ') || 'none'}`, again.length > 0 && 'told again');
      }),
  },
  {
    id: 'streams.addressed',
    clause: 'XEP-0124 §16.4',
    level: 'MUST',
    says: 'forwards payloads to the stream named, and names the stream of every reply with payloads',
    run: (lab) =>
      withTwo(lab, async ({ session, names, jids }) => {
        const [one, two] = [lab.message(jids[1]), lab.message(jids[0])];
        session.take(await session.ask(one.xml, { stream: names[0] }));
        const toSecond = await session.until('the message to the second', hasId(one.id));
        session.take(await session.ask(two.xml, { stream: names[1] }));
        const toFirst = await session.until('the message to the first', hasId(two.id));
        return judge(
          'two messages, from each to the other',
          toSecond.attributes.get('from') !== jids[0] && 'the first is not from the first stream',
          toFirst.attributes.get('from') !== jids[1] && 'the second is not from the second stream',
          session.streamOf.get(one.id) !== names[1] && 'the second stream is not named',
          session.streamOf.get(two.id) !== names[0] && 'the first stream is not named',
        );
      }),
  },
  {
    id: 'streams.broadcast',
    clause: 'XEP-0124 §16.4',
    level: 'MUST',
    says: 'sends payloads without a stream to all open streams',
    run: (lab) =>
      withTwo(lab, async ({ session, jids }) => {
        const listener = await lab.logIn();
        const { id, xml } = lab.message(listener.jid);
        session.take(await session.ask(xml));
        const senders = [];
        for (let count = 0; count < 2; count += 1) {
          senders.push(
            (await listener.until('a copy of the message', hasId(id))).attributes.get('from') ?? '',
          );
        }
        return judge(
          `from ${new Set(senders).size} senders`,
          senders.sort().join() !== [...jids].sort().join() && 'not from both',
        );
      }),
  },
  {
    id: 'streams.empty-body',
    clause: 'XEP-0124 §16.4',
    level: 'SHOULD NOT',
    says: 'names a stream on an empty <body/>',
    run: (lab) =>
      withTwo(lab, async ({ session, names }) => {
        const held = session.open();
        await lab.pause(300);
        session.open({ stream: names[0] }, MUTE);
        const reply = await held.within(PROMPT_MS);
        return judge(
          reply === undefined ? 'kept' : describe(reply),
          reply?.payloads.length !== 0 && 'not empty',
          reply?.body?.attributes.has('stream') === true && 'named',
        );
      }),
  },
  {
    id: 'streams.unknown',
    clause: 'XEP-0124 §16.4',
    level: 'SHOULD',
    says: 'answers item-not-found to payloads for a stream that the session does not have',
    run: (lab) =>
      withTwo(lab, async ({ session }) => {
        const reply = await session.ask(MUTE, { stream: 'nobody-has-this-stream' });
        return judge(describe(reply), !isTerminal(reply, 'item-not-found') && 'not item-not-found');
      }),
  },
  {
    id: 'streams.close-one',
    clause: 'XEP-0124 §16.5',
    level: 'MUST',
    says: 'closes the stream that a terminate names, and keeps the other',
    run: (lab) =>
      withTwo(lab, async ({ session, names }) => {
        const reply = await session.open({ type: 'terminate', stream: names[1] }).within(PROMPT_MS);
        const after = await session.ask(ping(session), { stream: names[0] });
        return judge(
          `${reply === undefined ? 'nothing' : describe(reply)}, then ${describe(after)}`,
          reply?.status !== 200 && 'not HTTP 200',
          reply?.type === 'terminate' && !reply.body?.attributes.has('stream') && 'as the end of the session',
          !isGood(after) && 'the other is gone',
        );
      }),
  },
  {
    id: 'streams.close-last',
    clause: 'XEP-0124 §16.5',
    level: 'MUST',
    says: 'ends the session with its last stream',
    run: (lab) =>
      withTwo(lab, async ({ session, names }) => {
        for (const stream of names) await session.open({ type: 'terminate', stream }).within(PROMPT_MS);
        const after = await session.ask(ping(session));
        return judge(describe(after), !isTerminal(after, 'item-not-found') && 'the session lives');
      }),
  },
];

function addition(session: Session): Attributes {
  return { to: session.domain, 'xml:lang': 'en', 'xmlns:xmpp': 'urn:xmpp:xbosh', 'xmpp:version': '1.0' };
}

async function offered(
  lab: Lab,
  run: (session: Session, first: string) => Promise<Verdict>,
): Promise<Verdict> {
  const session = await lab.logIn();
  const first = session.granted('stream');
  return first === undefined ? notOffered('no stream') : await run(session, first);
}

async function withTwo(lab: Lab, run: (pair: Pair) => Promise<Verdict>): Promise<Verdict> {
  return await offered(lab, async (session, first) => {
    const firstJid = session.jid;
    const second = await addStream(lab, session);
    return await run({ session, names: [first, second], jids: [firstJid, session.jid] });
  });
}

async function addStream(lab: Lab, session: Session): Promise<string> {
  let reply: BoshReply = await session.ask('', addition(session));
  session.take(reply);
  // A request that was held before may get the reply before the stream has its name.
  for (let round = 0; round < 5 && !reply.body?.attributes.has('stream'); round += 1) {
    reply = await session.ask();
    session.take(reply);
  }
  const name = reply.body?.attributes.get('stream');
  if (name === undefined) throw new Error(`no further stream: ${describe(reply)}`);
  session.decorate = () => ({ stream: name });
  await finishLogIn(session, lab.endpoint.account);
  session.decorate = () => ({});
  return name;
}

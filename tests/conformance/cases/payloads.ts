import { child, escapeXml } from '../../support/xmpp/xml.ts';
import { type Case, judge } from '../case.ts';
import { describe, isEmpty, isGood } from '../client/reply.ts';
import { hasId, MUTE, PROMPT_MS, ping } from '../lab.ts';

/** What must come through as it is: markup characters, other scripts, characters beyond 16 bits, white space. */
const HARD_TEXT = 'a < b && "c" > \'d\' ]]> Grüße, привет, 日本語, 🦊\u0301\n\ttab';
const WAIT_S = 3;

export const payloadCases: readonly Case[] = [
  {
    id: 'payloads.answer',
    clause: 'XEP-0124 §8',
    level: 'MUST',
    says: 'answers a request with payloads with HTTP 200 and a <body/>',
    async run(lab) {
      const session = await lab.logIn();
      const reply = await session.ask(ping(session));
      return judge(describe(reply), !isGood(reply) && 'not so');
    },
  },
  {
    id: 'payloads.content',
    clause: 'XEP-0124 §6',
    level: 'MUST',
    says: 'carries payloads unharmed: markup characters, CDATA, any script',
    async run(lab) {
      const session = await lab.logIn();
      const plain = lab.message(session.jid, escapeXml(HARD_TEXT));
      const cdata = lab.message(session.jid, '<![CDATA[<b> & </b>]]>&#x1F98A;&#228;');
      session.take(await session.ask(plain.xml + cdata.xml));
      const first = child(await session.until('the first message', hasId(plain.id)), 'body')?.text;
      const second = child(await session.until('the second message', hasId(cdata.id)), 'body')?.text;
      return judge(
        `${JSON.stringify(first?.slice(0, 20))}..., ${JSON.stringify(second)}`,
        first !== HARD_TEXT && 'the text changed',
        second !== '<b> & </b>🦊ä' && 'the CDATA section changed',
      );
    },
  },
  {
    id: 'payloads.prefix',
    clause: 'XEP-0124 §6',
    level: 'SHOULD',
    says: 'keeps the meaning of a prefix that is declared on <body/> and used in a payload',
    async run(lab) {
      const session = await lab.logIn();
      const id = 'prefixed';
      const xml = `<message xmlns='jabber:client' to='${session.jid}' id='${id}'><x:data x:kind='a'>1</x:data></message>`;
      session.take(await session.ask(xml, { 'xmlns:x': 'urn:example:x' }));
      const data = child(await session.until('the message', hasId(id)), 'data');
      return judge(
        `<data/> in "${data?.namespace}"`,
        data?.namespace !== 'urn:example:x' && 'another namespace',
      );
    },
  },
  {
    id: 'payloads.several',
    clause: 'XEP-0124 §6, §8',
    level: 'MUST',
    says: 'takes several payloads in one request, in order',
    async run(lab) {
      const session = await lab.logIn();
      const messages = Array.from({ length: 5 }, () => lab.message(session.jid));
      session.take(await session.ask(messages.map(({ xml }) => xml).join('\n')));
      await session.until('the last message', hasId(messages.at(-1)?.id ?? ''));
      const sent = messages.map(({ id }) => id);
      const came = session.ids.filter((id) => sent.includes(id)).join(' ');
      return judge(came, came !== sent.join(' ') && 'not in order');
    },
  },
  {
    id: 'payloads.wait',
    clause: 'XEP-0124 §8',
    level: 'SHOULD',
    says: 'holds a request while there is nothing to say, and answers it empty not later than wait',
    async run(lab) {
      const session = await lab.logIn({ wait: WAIT_S });
      const reply = await session.ask();
      return judge(
        `${describe(reply)} after ${seconds(reply.tookMs)} of a wait of ${session.granted('wait')} s`,
        !isEmpty(reply) && 'not empty',
        reply.tookMs < WAIT_S * 500 && 'not held',
        reply.tookMs > WAIT_S * 1000 + PROMPT_MS && 'later than wait',
      );
    },
  },
  {
    id: 'payloads.at-once',
    clause: 'XEP-0124 §8',
    level: 'SHOULD',
    says: 'gives a held request back as soon as a payload comes',
    async run(lab) {
      const [listener, sender] = await Promise.all([lab.logIn(), lab.logIn()]);
      const poll = listener.open();
      await lab.pause(300);
      const { id, xml } = lab.message(listener.jid);
      sender.open({}, xml);
      const reply = await poll.within(PROMPT_MS);
      return judge(
        reply === undefined ? 'nothing' : `${describe(reply)} after ${seconds(reply.tookMs)}`,
        reply?.payloads.some(hasId(id)) !== true && 'the message did not come on it',
      );
    },
  },
  {
    id: 'payloads.kept',
    clause: 'XEP-0124 §8',
    level: 'SHOULD',
    says: 'keeps a payload that comes while no request is open and gives it to the next one at once',
    async run(lab) {
      const [listener, sender] = await Promise.all([lab.logIn(), lab.logIn()]);
      const { id, xml } = lab.message(listener.jid);
      sender.open({}, xml);
      await lab.pause(700);
      const reply = await listener.open().within(PROMPT_MS);
      return judge(
        reply === undefined ? 'nothing' : describe(reply),
        reply?.payloads.some(hasId(id)) !== true && 'the message did not come on it',
      );
    },
  },
  {
    id: 'payloads.hold',
    clause: 'XEP-0124 §8',
    level: 'SHOULD NOT',
    says: 'keeps more requests waiting than hold: a newer one frees the oldest',
    async run(lab) {
      const session = await lab.logIn();
      const older = session.open();
      await lab.pause(300);
      const newer = session.open({}, MUTE);
      const reply = await older.within(PROMPT_MS);
      const next = await newer.within(500);
      return judge(
        `older: ${reply === undefined ? 'kept' : describe(reply)}, newer: ${next === undefined ? 'held' : describe(next)}`,
        (reply === undefined || !isGood(reply)) && 'the older one was not freed',
        next !== undefined && 'the newer one was not held',
      );
    },
  },
  {
    id: 'payloads.reply-order',
    clause: 'XEP-0124 §8, §14.2',
    level: 'MUST',
    says: 'answers requests in the order of their rids',
    async run(lab) {
      const session = await lab.logIn();
      const answered: string[] = [];
      const second = session.at(session.rid + 2, {}, ping(session));
      const note = (name: string) => [() => answered.push(name), () => undefined] as const;
      void second.reply.then(...note('second'));
      const early = await second.within(800);
      const first = session.at(session.rid + 1, {}, MUTE);
      void first.reply.then(...note('first'));
      session.rid += 2;
      const [one] = [await first.within(PROMPT_MS), await second.within(PROMPT_MS)];
      return judge(
        `${answered.join(', ') || 'none in time'}${early === undefined ? '' : '; the second while the first was missing'}`,
        early !== undefined && 'the second before the first was there',
        (one === undefined || answered[0] !== 'first') && 'the first was not answered first',
      );
    },
  },
];

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

import { type Case, judge } from '../case.ts';
import { describe, isEmpty, isGood, isTerminal } from '../client/reply.ts';
import { hasId, PROMPT_MS, ping } from '../lab.ts';

export const terminateCases: readonly Case[] = [
  {
    id: 'terminate.alone',
    clause: 'XEP-0124 §13',
    level: 'SHOULD',
    says: "answers a terminate with a <body/> of type='terminate' where no other request is open",
    async run(lab) {
      const session = await lab.logIn();
      const reply = await session.open({ type: 'terminate' }).within(PROMPT_MS);
      return judge(
        reply === undefined ? 'nothing' : describe(reply),
        (reply?.status !== 200 || reply.type !== 'terminate') && 'not so',
        reply !== undefined && reply.payloads.length > 0 && 'with payloads',
      );
    },
  },
  {
    id: 'terminate.held',
    clause: 'XEP-0124 §13',
    level: 'SHOULD',
    says: "answers the oldest request with type='terminate' and the others, also the terminate, with an empty <body/>",
    async run(lab) {
      const session = await lab.logIn();
      const poll = session.open();
      await lab.pause(300);
      const farewell = session.open({ type: 'terminate' });
      const [oldest, last] = [await poll.within(PROMPT_MS), await farewell.within(PROMPT_MS)];
      return judge(
        `oldest: ${oldest === undefined ? 'nothing' : describe(oldest)}, terminate: ${last === undefined ? 'nothing' : describe(last)}`,
        (oldest?.status !== 200 || oldest.type !== 'terminate') && "the oldest without type='terminate'",
        (last === undefined || !isEmpty(last)) && 'the terminate not with an empty <body/>',
      );
    },
  },
  {
    id: 'terminate.payload',
    clause: 'XEP-0124 §13',
    level: 'MUST',
    says: 'forwards the payloads in a terminate',
    async run(lab) {
      const [session, listener] = await Promise.all([lab.logIn(), lab.logIn()]);
      const { id, xml } = lab.message(listener.jid, 'farewell');
      await session.open({ type: 'terminate' }, xml).within(PROMPT_MS);
      session.sid = undefined;
      await listener.until('the farewell', hasId(id));
      return judge('it came');
    },
  },
  {
    id: 'terminate.after',
    clause: 'XEP-0124 §13',
    level: 'MUST',
    says: 'has ended the session: a later request gets item-not-found',
    async run(lab) {
      const session = await lab.logIn();
      await session.open({ type: 'terminate' }).within(PROMPT_MS);
      const reply = await session.ask(ping(session));
      return judge(describe(reply), !isTerminal(reply, 'item-not-found') && 'not item-not-found');
    },
  },
  {
    id: 'terminate.early',
    clause: 'XEP-0124 §13',
    level: 'SHOULD',
    says: 'takes a terminate at any time, also before log-in',
    async run(lab) {
      const session = await lab.create();
      const reply = await session.open({ type: 'terminate' }).within(PROMPT_MS);
      return judge(
        reply === undefined ? 'nothing' : describe(reply),
        reply?.status !== 200 && 'not HTTP 200',
        reply?.condition !== undefined && 'as an error',
      );
    },
  },
  {
    id: 'terminate.repeat',
    clause: 'XEP-0124 §14.3',
    level: 'SHOULD',
    says: 'does not take a repeated terminate for an error of another session',
    async run(lab) {
      const [session, other] = await Promise.all([lab.logIn(), lab.logIn()]);
      await session.open({ type: 'terminate' }).within(PROMPT_MS);
      const repeat = await session.at(session.rid, { type: 'terminate' }).within(PROMPT_MS);
      const alive = await other.ask(ping(other));
      return judge(
        `${repeat === undefined ? 'nothing' : describe(repeat)}, another session: ${describe(alive)}`,
        repeat === undefined && 'no answer',
        !isGood(alive) && 'another session suffered',
      );
    },
  },
];

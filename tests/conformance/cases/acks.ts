import { type Case, judge, notDone, notOffered, pass } from '../case.ts';
import { describe, isEmpty } from '../client/reply.ts';
import { hasId, MUTE, PROMPT_MS, ping } from '../lab.ts';

/** Longer than any manager takes a reply for being on its way. */
const LONG_LOST_MS = 1500;

export const ackCases: readonly Case[] = [
  {
    id: 'acks.creation',
    clause: 'XEP-0124 §7.2',
    level: 'MAY',
    says: 'will acknowledge requests, and says so by the rid of the creation request',
    async run(lab) {
      const session = await lab.create({ ack: 1 });
      const ack = session.granted('ack');
      if (ack === undefined) return notDone('no ack');
      return judge(ack, ack !== String(session.rid) && 'not the rid of the creation request');
    },
  },
  {
    id: 'acks.higher',
    clause: 'XEP-0124 §9.1',
    level: 'MUST',
    says: 'sets ack to the highest rid received, where that is above the one answered',
    async run(lab) {
      const session = await lab.logIn({ ack: 1 });
      if (session.granted('ack') === undefined) return notOffered('no ack at creation');
      const older = session.open();
      await lab.pause(300);
      session.open({}, MUTE);
      const reply = await older.within(PROMPT_MS);
      const ack = reply?.body?.attributes.get('ack');
      return judge(
        `ack ${ack ?? 'none'} for rid ${older.rid}`,
        ack !== String(session.rid) && 'not the highest',
      );
    },
  },
  {
    id: 'acks.own-rid',
    clause: 'XEP-0124 §9.1',
    level: 'SHOULD NOT',
    says: 'sets ack where it would be the rid of the request answered',
    async run(lab) {
      const session = await lab.logIn({ ack: 1 });
      if (session.granted('ack') === undefined) return notOffered('no ack at creation');
      const ack = (await session.ask(ping(session))).body?.attributes.get('ack');
      return judge(`ack ${ack ?? 'none'} for rid ${session.rid}`, ack !== undefined && 'it has an ack');
    },
  },
  {
    id: 'acks.missing-reply',
    clause: 'XEP-0124 §9.1',
    level: 'MUST',
    says: 'does not acknowledge a request above one that is missing',
    async run(lab) {
      const session = await lab.logIn({ ack: 1 });
      if (session.granted('ack') === undefined) return notOffered('no ack at creation');
      const poll = session.open();
      await lab.pause(300);
      const { rid } = session;
      const beyond = session.at(rid + 2, {}, MUTE);
      await lab.pause(300);
      const between = session.at(rid + 1, {}, ping(session));
      session.rid += 2;
      const reply = await poll.within(PROMPT_MS);
      await Promise.all([between.within(PROMPT_MS), beyond.within(300)]);
      const ack = Number(reply?.body?.attributes.get('ack') ?? rid);
      return judge(
        `ack ${ack - rid} above its own`,
        ack > rid + 2 && 'above all that was sent',
        reply === undefined && 'no reply',
      );
    },
  },
  {
    id: 'acks.report',
    clause: 'XEP-0124 §9.2',
    level: 'MAY',
    says: 'answers at once, with report and time, a client that lacks a reply sent a while ago',
    async run(lab) {
      const session = await lab.logIn({ ack: 1 });
      await session.ask(ping(session, 'one'));
      await session.ask(ping(session, 'two'));
      await lab.pause(LONG_LOST_MS);
      const lost = session.rid;
      const reply = await session.open({ ack: lost - 1 }).within(PROMPT_MS);
      const [report, time] = ['report', 'time'].map((name) => reply?.body?.attributes.get(name));
      if (report === undefined) return notDone(reply === undefined ? 'held' : describe(reply));
      const isTimely = Number(time) >= LONG_LOST_MS - 200 && Number(time) < LONG_LOST_MS * 20;
      return judge(
        `report ${report === String(lost) ? 'of the lost one' : report}, time ${time}`,
        report !== String(lost) && 'not one above the ack',
        !isTimely && 'a wrong time',
      );
    },
  },
  {
    id: 'acks.all-well',
    clause: 'XEP-0124 §9.2',
    level: 'SHOULD',
    says: 'holds a request without ack, which says that all replies came',
    async run(lab) {
      const session = await lab.logIn({ ack: 1, wait: 2 });
      session.take(await session.ask(ping(session)));
      await session.until('the answer', hasId('ping'));
      await lab.pause(LONG_LOST_MS);
      const reply = await session.ask();
      const isReport = reply.body?.attributes.has('report') === true;
      if (!isEmpty(reply) || isReport) return judge(describe(reply), 'something was reported');
      return pass(`empty after ${Math.round(reply.tookMs / 100) / 10} s`);
    },
  },
];

import { type Case, judge, notDone, notOffered, pass, untried, type Verdict } from '../case.ts';
import { describe, isEmpty, isGood, isTerminal } from '../client/reply.ts';
import type { Session } from '../client/session.ts';
import { hasId, type Lab, PROMPT_MS, ping } from '../lab.ts';

/** How much later than its time limit an endpoint may notice that it is over: so long, and a part of the limit. */
const SLACK_MS = 2000;
const SLACK_PART = 0.3;
const SHORT_PAUSE_S = 1;

export const inactivityCases: readonly Case[] = [
  {
    id: 'inactivity.end',
    clause: 'XEP-0124 §10',
    level: 'SHOULD',
    says: 'ends a session without requests after inactivity, and then knows it no more',
    async run(lab) {
      const session = await lab.logIn();
      return await goneAfter(lab, session, session.number('inactivity') * 1000);
    },
  },
  {
    id: 'inactivity.held',
    clause: 'XEP-0124 §10',
    level: 'SHOULD',
    says: 'does not count the time while it holds a request',
    async run(lab) {
      const inactivityMs = (await lab.create()).number('inactivity') * 1000;
      const waitS = Math.ceil((inactivityMs + SLACK_MS) / 1000);
      if (waitS * 1000 > lab.endpoint.patienceMs) return untried(`inactivity ${inactivityMs / 1000} s`);
      const session = await lab.logIn({ wait: waitS });
      if (session.number('wait') < waitS) return untried(`wait ${session.granted('wait')} s`);
      const held = await session.open().within(waitS * 1000 + PROMPT_MS);
      if (held === undefined) return judge('kept', 'held for longer than wait');
      const next = await session.ask(ping(session));
      return judge(
        `held for ${Math.round(held.tookMs / 1000)} s, then ${describe(next)}`,
        !isEmpty(held) && 'it was not held',
        !isGood(next) && 'the session was ended',
      );
    },
  },
  {
    id: 'inactivity.pause-at-once',
    clause: 'XEP-0124 §10',
    level: 'SHOULD',
    says: 'answers a pause and all held requests at once',
    async run(lab) {
      const paused = await pausedSession(lab);
      if (paused === undefined) return notOffered('no maxpause');
      const [poll, pause] = [await paused.poll.within(PROMPT_MS), await paused.pause.within(PROMPT_MS)];
      return judge(
        `held: ${poll === undefined ? 'kept' : describe(poll)}, pause: ${pause === undefined ? 'kept' : describe(pause)}`,
        (poll === undefined || !isGood(poll)) && 'the held request was not answered',
        (pause === undefined || !isGood(pause)) && 'the pause was not answered',
      );
    },
  },
  {
    id: 'inactivity.pause-empty',
    clause: 'XEP-0124 §10',
    level: 'MUST NOT',
    says: 'puts payloads into the reply to a pause; they come after it',
    async run(lab) {
      const paused = await pausedSession(lab);
      if (paused === undefined) return notOffered('no maxpause');
      const reply = await paused.pause.within(PROMPT_MS);
      const { session } = paused;
      session.take(await paused.poll.within(PROMPT_MS));
      if (reply !== undefined && reply.payloads.length > 0) return judge(describe(reply), 'not empty');
      await session.until('the answer to the payload in the pause', hasId('paused'));
      return pass(reply === undefined ? 'not answered' : describe(reply));
    },
  },
  {
    id: 'inactivity.pause-longer',
    clause: 'XEP-0124 §10',
    level: 'SHOULD',
    says: 'waits for the client as long as the pause',
    async run(lab) {
      const session = await lab.logIn();
      const maxpauseS = session.number('maxpause');
      if (Number.isNaN(maxpauseS)) return notOffered('no maxpause');
      const silenceMs = session.number('inactivity') * 1000 + SLACK_MS;
      const pauseS = Math.ceil((silenceMs + SLACK_MS + PROMPT_MS) / 1000);
      if (pauseS > maxpauseS) return untried(`maxpause ${maxpauseS} s`);
      if (silenceMs > lab.endpoint.patienceMs)
        return untried(`inactivity ${session.granted('inactivity')} s`);
      await session.open({ pause: pauseS }).within(PROMPT_MS);
      await lab.pause(silenceMs);
      const reply = await session.ask(ping(session));
      return judge(
        `${describe(reply)} after ${silenceMs / 1000} s`,
        !isGood(reply) && 'the session was ended',
      );
    },
  },
  {
    id: 'inactivity.pause-once',
    clause: 'XEP-0124 §10',
    level: 'SHOULD',
    says: 'counts inactivity as before once the client is back from a pause',
    async run(lab) {
      const session = await lab.logIn();
      if (session.granted('maxpause') === undefined) return notOffered('no maxpause');
      await session.open({ pause: session.number('maxpause') }).within(PROMPT_MS);
      await session.ask(ping(session));
      return await goneAfter(lab, session, session.number('inactivity') * 1000);
    },
  },
  {
    id: 'inactivity.pause-shorter',
    clause: 'XEP-0124 §10',
    level: 'MAY',
    says: 'lets a client ask for less than inactivity, to be missed sooner',
    async run(lab) {
      const session = await lab.logIn();
      if (session.granted('maxpause') === undefined) return notOffered('no maxpause');
      if (session.number('inactivity') < SHORT_PAUSE_S + 3) return untried('inactivity is as short');
      await session.open({ pause: SHORT_PAUSE_S }).within(PROMPT_MS);
      await lab.pause(SHORT_PAUSE_S * 1000 + SLACK_MS);
      const reply = await session.ask(ping(session));
      return isGood(reply) ? notDone('the session lives') : pass(describe(reply));
    },
  },
];

async function goneAfter(lab: Lab, session: Session, limitMs: number): Promise<Verdict> {
  if (Number.isNaN(limitMs)) return notOffered('no inactivity');
  const silenceMs = limitMs * (1 + SLACK_PART) + SLACK_MS;
  if (silenceMs > lab.endpoint.patienceMs) return untried(`inactivity ${limitMs / 1000} s`);
  await lab.pause(silenceMs);
  const reply = await session.ask(ping(session));
  return judge(
    `${describe(reply)} after ${silenceMs / 1000} s of ${limitMs / 1000} s`,
    !isTerminal(reply, 'item-not-found') && 'not as if the session did not exist',
  );
}

/** With one held request, and a pause whose payload has an answer. Undefined: pauses are not offered. */
async function pausedSession(lab: Lab) {
  const session = await lab.logIn();
  if (session.granted('maxpause') === undefined) return undefined;
  const poll = session.open();
  await lab.pause(300);
  const pause = session.open({ pause: session.number('maxpause') }, ping(session, 'paused'));
  return { session, poll, pause };
}

import { type Case, fail, judge, notOffered, pass, untried, type Verdict } from '../case.ts';
import { type BoshReply, describe, isGood, isTerminal } from '../client/reply.ts';
import type { Session } from '../client/session.ts';
import { type Lab, MUTE, PROMPT_MS, ping } from '../lab.ts';

/** So many requests too soon must be enough for any endpoint that means what it says of polling, on a busy machine too. */
const REQUESTS_TOO_SOON = 40;
const BURST = 6;

export const activityCases: readonly Case[] = [
  {
    id: 'activity.too-frequent',
    clause: 'XEP-0124 §11',
    level: 'SHOULD',
    says: 'ends the session with policy-violation when empty requests come far too often while one is held',
    async run(lab) {
      const session = await lab.logIn();
      return tooSoon(session, await endOfHurry(session));
    },
  },
  {
    id: 'activity.payloads-at-will',
    clause: 'XEP-0124 §11',
    level: 'SHOULD',
    says: 'takes requests with payloads one after the other without a pause',
    async run(lab) {
      const session = await lab.logIn();
      const replies: BoshReply[] = [];
      for (let count = 0; count < BURST; count += 1)
        replies.push(await session.ask(ping(session, `ping-${count}`)));
      return judge(replies.map(describe).join(', '), !replies.every(isGood) && 'the session was ended');
    },
  },
  {
    id: 'activity.send-while-held',
    clause: 'XEP-0124 §11',
    level: 'SHOULD',
    says: 'takes a payload at any time on a second request while one is held, and an empty one after each',
    async run(lab) {
      const session = await lab.logIn();
      let held = session.open();
      const ends: string[] = [];
      for (let count = 0; count < BURST; count += 1) {
        const sent = session.open({}, MUTE);
        const reply = await held.within(PROMPT_MS);
        if (reply === undefined || !isGood(reply)) ends.push(reply === undefined ? 'kept' : describe(reply));
        held = sent;
      }
      return judge(
        ends.length === 0 ? `${BURST} messages` : ends.join(', '),
        ends.length > 0 && 'not each freed the one before',
      );
    },
  },
  {
    id: 'activity.polling-by-wait',
    clause: 'XEP-0124 §7.1, §12',
    level: 'SHOULD',
    says: 'answers at once in a session with wait 0',
    run: (lab) => isPolling(lab, { wait: 0 }),
  },
  {
    id: 'activity.polling-by-hold',
    clause: 'XEP-0124 §7.1, §12',
    level: 'SHOULD',
    says: 'answers at once in a session with hold 0',
    run: (lab) => isPolling(lab, { hold: 0 }),
  },
  {
    id: 'activity.polling-inactivity',
    clause: 'XEP-0124 §12',
    level: 'SHOULD',
    says: 'gives polling sessions an inactivity that is longer by more than polling',
    async run(lab) {
      const [normal, slow] = await Promise.all([lab.create(), lab.create({ wait: 0, hold: 0 })]);
      const [usual, longer] = [normal.number('inactivity'), slow.number('inactivity')];
      const polling = Number(slow.granted('polling') ?? 0);
      return judge(
        `${longer} s against ${usual} s, polling ${polling} s`,
        !(longer - usual > polling) && 'not longer',
      );
    },
  },
  {
    id: 'activity.polling-too-fast',
    clause: 'XEP-0124 §12',
    level: 'SHOULD',
    says: 'ends a polling session with policy-violation when it polls faster than polling allows',
    async run(lab) {
      const session = await lab.logIn({ wait: 0 });
      for (let count = 1; count <= REQUESTS_TOO_SOON; count += 1) {
        const reply = await session.ask();
        if (!isGood(reply)) return tooSoon(session, { reply, count });
      }
      return tooSoon(session, undefined);
    },
  },
  {
    id: 'activity.polling-in-time',
    clause: 'XEP-0124 §12',
    level: 'MUST',
    says: 'lets a session poll as often as polling allows',
    async run(lab) {
      const session = await lab.logIn({ wait: 0 });
      const pauseMs = Number(session.granted('polling') ?? 0) * 1000 + 300;
      if (pauseMs * 2 > lab.endpoint.patienceMs) return untried(`polling ${session.granted('polling')} s`);
      const replies: BoshReply[] = [];
      for (let count = 0; count < 3; count += 1) {
        replies.push(await session.ask());
        if (count < 2) await lab.pause(pauseMs);
      }
      return judge(replies.map(describe).join(', '), !replies.every(isGood) && 'the session was ended');
    },
  },
];

interface End {
  readonly reply: BoshReply;
  readonly count: number;
}

/** Two empty requests open again and again, without any pause, until the session ends. */
async function endOfHurry(session: Session): Promise<End | undefined> {
  let held = session.open();
  for (let count = 1; count <= REQUESTS_TOO_SOON; count += 1) {
    const next = session.open();
    const reply = await held.within(PROMPT_MS);
    if (reply !== undefined && !isGood(reply)) return { reply, count };
    held = next;
  }
  return undefined;
}

function tooSoon(session: Session, end: End | undefined): Verdict {
  const polling = session.granted('polling');
  if (polling === undefined) {
    return end === undefined
      ? notOffered('no polling')
      : fail(`${describe(end.reply)}, though polling is not told`);
  }
  if (end === undefined) return fail(`polling ${polling} s, yet ${REQUESTS_TOO_SOON} at once are taken`);
  const seen = `${describe(end.reply)} at request ${end.count} too soon`;
  return isTerminal(end.reply, 'policy-violation') ? pass(seen) : fail(seen);
}

async function isPolling(
  lab: Lab,
  attributes: { readonly wait?: number; readonly hold?: number },
): Promise<Verdict> {
  const session = await lab.logIn(attributes);
  const reply = await session.open().within(PROMPT_MS);
  return judge(
    reply === undefined ? 'held' : describe(reply),
    (reply === undefined || !isGood(reply)) && 'not answered at once',
  );
}

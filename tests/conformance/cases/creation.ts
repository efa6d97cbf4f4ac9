import { randomInt } from 'node:crypto';
import { type Case, judge, pass } from '../case.ts';
import { type BoshReply, describe, HTTPBIND, isGood, isTerminal } from '../client/reply.ts';
import { bodyText } from '../client/session.ts';

const SESSIONS = 4;

/** Which creation requests are taken. */
export const creationCases: readonly Case[] = [
  {
    id: 'creation.sid',
    clause: 'XEP-0124 §7.2',
    level: 'MUST',
    says: 'makes an opaque sid that is unique and cannot be guessed',
    async run(lab) {
      const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => lab.create()));
      const sids = sessions.map(({ sid }) => sid ?? '');
      const shortest = Math.min(...sids.map(({ length }) => length));
      const shared = Math.max(...sids.slice(1).map((sid) => sharedCharacters(sid, sids[0] ?? '')));
      return judge(
        `${SESSIONS} sids of at least ${shortest} characters, ${shared} shared`,
        new Set(sids).size < SESSIONS && 'a sid came twice',
        shortest - shared < 16 && 'too little in it differs',
      );
    },
  },
  {
    id: 'creation.no-to',
    clause: 'XEP-0124 §17.2',
    level: 'MUST',
    says: 'serves a default domain, or answers improper-addressing, where there is no to',
    async run(lab) {
      const session = lab.session();
      const reply = await session.create({ to: undefined });
      const isServed = isGood(reply) && session.sid !== undefined;
      return judge(
        isServed ? 'a session' : describe(reply),
        !isServed && !isTerminal(reply, 'improper-addressing') && 'neither',
      );
    },
  },
  {
    id: 'creation.host-unknown',
    clause: 'XEP-0124 §17.2',
    level: 'MUST',
    says: 'answers host-unknown, host-gone or remote-connection-failed for a domain that it cannot reach',
    async run(lab) {
      const reply = await lab.session().create({ to: 'nobody.invalid' });
      const conditions = ['host-unknown', 'host-gone', 'remote-connection-failed'];
      return judge(
        describe(reply),
        !conditions.some((condition) => isTerminal(reply, condition)) && 'none of them',
      );
    },
  },
  {
    id: 'creation.bare',
    clause: 'XEP-0124 §7.1',
    level: 'need',
    says: 'makes a session also where wait, hold, ver and xml:lang are absent, which are SHOULDs of the client',
    async run(lab) {
      const session = lab.session();
      session.rid = randomInt(2 ** 20, 2 ** 32);
      const reply = await session.at(session.rid, { to: session.domain }).reply;
      session.sid = reply.body?.attributes.get('sid');
      return judge(describe(reply), session.sid === undefined && 'no session');
    },
  },
  {
    id: 'creation.rid-large',
    clause: 'XEP-0124 §14.1',
    level: 'MUST',
    says: 'counts rids exactly up to 9007199254740991',
    async run(lab) {
      const session = lab.session();
      session.rid = Number.MAX_SAFE_INTEGER - 4;
      await session.create({ wait: 1 });
      const replies = [await session.ask(), await session.ask()];
      const seen = replies.map(describe).join(', ');
      return judge(seen, !replies.every(isGood) && 'a request was refused');
    },
  },
  {
    id: 'creation.rid-bad',
    clause: 'XEP-0124 §6',
    level: 'MUST',
    says: 'refuses a request whose rid is absent or no number',
    async run(lab) {
      const bad = [undefined, '', 'abc', '-5', '1.5', '99999999999999999999'];
      const replies = await Promise.all(
        bad.map(
          (rid) =>
            lab.post(
              bodyText({ xmlns: HTTPBIND, rid, to: lab.endpoint.domain, wait: 10, hold: 1, ver: '1.11' }),
            ).reply,
        ),
      );
      const taken = bad.filter((_, index) => !isRefused(replies[index]));
      const seen = replies.map(describe).join(', ');
      return judge(seen, taken.length > 0 && `taken: ${taken.map((rid) => rid ?? 'none').join(', ')}`);
    },
  },
  {
    id: 'creation.unknown-attribute',
    clause: 'XEP-0124 §22',
    level: 'MUST',
    says: 'takes attributes of other namespaces on <body/> and ignores those it does not know',
    async run(lab) {
      const session = await lab.create({ 'xmlns:x': 'urn:example:x', 'x:colour': 'blue', window: 5 });
      return pass(describe(await session.ask('', { type: 'terminate' })));
    },
  },
];

function isRefused(reply: BoshReply | undefined): boolean {
  return reply?.type === 'terminate' || (reply !== undefined && reply.status >= 400 && reply.status < 500);
}

/** Characters at both ends that two texts have in common. */

function sharedCharacters(one: string, other: string): number {
  let start = 0;
  while (start < one.length && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < one.length - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  return start + end;
}

/** XEP-0124 §7.2 allows `from` also in a later reply. */

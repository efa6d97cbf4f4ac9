import { type Case, judge, notDone, type Verdict } from '../case.ts';
import { KeySequence, withKeys } from '../client/keys.ts';
import { describe, isGood, isTerminal } from '../client/reply.ts';
import type { Session } from '../client/session.ts';
import { type Lab, ping } from '../lab.ts';

const KEYS = 40;
const WRONG_KEY = '0123456789abcdef0123456789abcdef01234567';

/** To verify keys is a MAY, so an endpoint that takes a wrong one leaves it undone; half of it done is a fault. */
export const keyCases: readonly Case[] = [
  {
    id: 'keys.right',
    clause: 'XEP-0124 §15.4',
    level: 'MUST',
    says: 'serves a session that uses keys rightly',
    async run(lab) {
      const reply = await (await keyed(lab)).ask(PROBE);
      return judge(describe(reply), !isGood(reply) && 'refused');
    },
  },
  {
    id: 'keys.wrong',
    clause: 'XEP-0124 §15.4',
    level: 'MUST',
    says: 'ends the session with item-not-found at a wrong key, without processing the request',
    run: (lab) => isRefused(lab, { key: WRONG_KEY }),
  },
  {
    id: 'keys.missing',
    clause: 'XEP-0124 §15.4',
    level: 'MUST',
    says: 'ends the session with item-not-found at a request without the key that is due',
    run: (lab) => isRefused(lab, { key: undefined }),
  },
  {
    id: 'keys.case',
    clause: 'XEP-0124 §15.3',
    level: 'SHOULD',
    says: 'compares keys without regard to case, here all in capitals',
    async run(lab) {
      const session = await keyed(lab, 'ABCDEF');
      const reply = await session.ask(PROBE);
      return judge(describe(reply), !isGood(reply) && 'refused');
    },
  },
  {
    id: 'keys.switch',
    clause: 'XEP-0124 §15.5',
    level: 'MUST',
    says: 'goes over to another sequence where a request has key and newkey',
    async run(lab) {
      const session = await keyed(lab);
      const other = new KeySequence(KEYS);
      const switched = await session.ask(PROBE, { newkey: other.take() });
      session.decorate = () => ({ key: other.take() });
      const after = await session.ask(PROBE);
      return judge(
        `${describe(switched)}, then ${describe(after)}`,
        !(isGood(switched) && isGood(after)) && 'refused',
      );
    },
  },
  {
    id: 'keys.old-sequence',
    clause: 'XEP-0124 §15.5',
    level: 'MUST',
    says: 'takes no key of the old sequence after the switch',
    async run(lab) {
      const session = await keyed(lab);
      await session.ask(PROBE, { newkey: new KeySequence(KEYS).take() });
      return verdictOf(session, {});
    },
  },
  {
    id: 'keys.repeat',
    clause: 'XEP-0124 §14.3, §15.4',
    level: 'SHOULD',
    says: 'takes the repeat of a request with the key that it had',
    async run(lab) {
      const session = await keyed(lab);
      const attributes = session.decorate();
      session.decorate = () => ({});
      const original = await session.ask(PROBE, attributes);
      const repeat = await session.at(session.rid, attributes, PROBE).reply;
      return judge(
        `${describe(original)}, then ${describe(repeat)}`,
        original.text !== repeat.text && 'not the same',
      );
    },
  },
];

/** Answered by every server, were it with an error. */
const PROBE = "<iq xmlns='jabber:client' type='get' id='probe'><ping xmlns='urn:xmpp:ping'/></iq>";

async function keyed(lab: Lab, letters?: 'ABCDEF'): Promise<Session> {
  const session = lab.session();
  session.decorate = withKeys(new KeySequence(KEYS, letters));
  return await lab.logIn({}, session);
}

async function isRefused(lab: Lab, attributes: { readonly key: string | undefined }): Promise<Verdict> {
  return verdictOf(await keyed(lab), attributes);
}

async function verdictOf(
  session: Session,
  attributes: { readonly key?: string | undefined },
): Promise<Verdict> {
  const reply = await session.ask(ping(session), attributes);
  if (isGood(reply)) return notDone('keys are not checked');
  const after = await session.ask(PROBE);
  return judge(
    `${describe(reply)}, then ${describe(after)}`,
    !isTerminal(reply, 'item-not-found') && 'not item-not-found',
    isGood(after) && 'the session lives',
  );
}

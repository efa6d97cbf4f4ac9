import type { OutgoingPayload } from '@boshd/engine/client';
import { type Reason, reasonFacts } from '@boshd/engine/manager';
import type { Person } from '../actors/person.ts';
import type { Climate } from '../world/weather.ts';
import { Broken } from './ledger.ts';

/** How the session of a client that keeps the rules may end, by what it met. */
const WHATEVER_HAPPENS: readonly Reason[] = ['client-terminated', 'server-flood'];
const WITH_TROUBLE: readonly Reason[] = [
  ...WHATEVER_HAPPENS,
  'client-inactive',
  'connect-refused',
  'creation-unconfirmed',
  'login-timeout',
  'stream-error',
  'stream-closed',
  'link-lost',
  'not-resumed',
  'too-many-repeats',
  'client-flood',
];

/** The stream ended by itself, and its client is there to hear of it. */
const WITHOUT_THE_SERVER: readonly (Reason | undefined)[] = [
  'stream-error',
  'stream-closed',
  'link-lost',
  'not-resumed',
];

/** Long after the last trouble: what is still open has carried everything. */
export function judgeMidway(person: Person): void {
  if (person.isOpen && person.end === undefined && !person.ledger.isEven)
    throw new Broken(person.name, 'the session goes on, but not all has come');
}

/** At the end of the world: both ends know how the session ended, and nothing is neither here nor there. */
export function judgeAtEnd(person: Person, climate: Climate): void {
  const { name, end, endReason, server, ledger, sessionCheck } = person;
  const isCalm = climate === 'calm' && !person.isVanished;
  const allowed = isCalm
    ? [...WHATEVER_HAPPENS, ...whileAway(person), ...ofLostCreation(person)]
    : [...WITH_TROUBLE, ...ofEarlyFarewell(person)];
  if (endReason !== undefined && !allowed.includes(endReason))
    throw new Broken(name, `the session ended with ${endReason}`);
  if (sessionCheck.openRequests > 0) throw new Broken(name, 'a request was never answered');
  if (!person.isVanished) {
    if (end === undefined) throw new Broken(name, 'the client does not know that the session is over');
    judgeCondition(person, climate);
  }
  // A server that broke off, or a link that was lost, took with it what was under way.
  if (server === undefined) return;
  // Nobody knew the session yet: it is not, and its link is closed without a word.
  if (endReason === undefined && sessionCheck.wasInterrupted) return;
  // What the manager owes cannot be given back where the link to the server is gone.
  const isCut = server.isBroken || server.isAway;
  const isExcused = (id: string) => sessionCheck.isTakenAsRead(id) || (isCut && ledger.isOwed(id));
  // With stream management it kept what was not acknowledged, however the stream came to its end.
  if (server.isManaged) ledger.settleServer(isExcused);
  const isHeard = end?.by === 'manager' && !sessionCheck.wasGivenUp && !sessionCheck.hasEarlyFarewell;
  if (server.isManaged && isHeard && WITHOUT_THE_SERVER.includes(endReason))
    ledger.settleLost(end.inDoubt.map(encoded), end.unsent.map(encoded));
  // A session that ended while its link was lost could not tell the server of it, nor hear of what was under way.
  if (server.isBroken || server.isAway || sessionCheck.isAway) return;
  if (endReason === undefined) throw new Broken(name, 'the manager does not know that the session is over');
  if (end !== undefined) ledger.settleClient(end.inDoubt.map(encoded), end.unsent.map(encoded));
  if (server.wasBound) ledger.settleServer(isExcused);
  const wrong = ledger.doubled.find((id) => !sessionCheck.inDoubt.includes(` id='${id}'`));
  if (wrong !== undefined) throw new Broken(name, `${wrong} was confirmed, and given back`);
}

/** What a client sends while the link to its server is away has to wait, and only so much may. */
function whileAway({ sessionCheck }: Person): readonly Reason[] {
  return sessionCheck.isAway ? ['client-flood'] : [];
}

/** The process died when it had recorded the session, and before it answered its client, who begins anew. */
function ofLostCreation({ sessionCheck }: Person): readonly Reason[] {
  return sessionCheck.wasInterrupted ? ['creation-unconfirmed', 'login-timeout'] : [];
}

/** The key of a terminate that overtook another request can not be checked: it may be anybody's. */
function ofEarlyFarewell({ habit, sessionCheck }: Person): readonly Reason[] {
  return sessionCheck.hasEarlyFarewell && (habit.options.keys ?? 0) > 0 ? ['bad-key'] : [];
}

/** What the client was told is why the manager ended the session, or that it is gone. */
function judgeCondition(person: Person, climate: Climate): void {
  const { name, end, endReason } = person;
  if (end === undefined) return;
  if (climate === 'calm' && end.by === 'network' && !person.sessionCheck.wasInterrupted)
    throw new Broken(name, 'the client gave up in calm weather');
  if (end.by !== 'manager') return;
  const reason = endReason === undefined ? undefined : reasonFacts(endReason).condition;
  const likely = [reason, 'item-not-found', 'internal-server-error'];
  if (!likely.includes(end.condition))
    throw new Broken(name, `the session ended with ${endReason}, and the client was told ${end.condition}`);
}

/** As the wire has it, and the ledger. */
export function encoded({ xml }: OutgoingPayload): string {
  return Buffer.from(xml).toString('latin1');
}

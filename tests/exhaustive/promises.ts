import { nextDeadline } from '@boshd/engine/session';
import { type Answer, dueAt } from './model.ts';
import { arrive, poll, repeat, replyArrives } from './moves.ts';
import { copyOf, idsIn, type System } from './system.ts';

/** Rounds in which everything must have come, once nothing goes wrong any more. */
const ROUNDS_MAX = 20;

/** What must be true in every state (docs/testing.md). */
export function checkState(system: System): void {
  const { session, client, pushed, forwarded } = system;
  if (!isStartOf(client.got, pushed)) throw new Error(`the client got ${client.got} of ${pushed}`);
  const isInOrder = system.client.end !== undefined || isStartOf(forwarded, client.said);
  if (!isInOrder && !session.life.phase.startsWith('end'))
    throw new Error(`the server got ${forwarded} of ${client.said}`);
  if (session.requests.held.length > session.terms.hold) throw new Error('more is held than hold');
  if (session.requests.answered.length > 2 * (session.terms.requests + 1))
    throw new Error('too many replies are kept');
  const [due, meant] = [nextDeadline(session), dueAt(system.model)];
  if (due !== meant) throw new Error(`the session wants to be called at ${due}, the model at ${meant}`);
  if (session.life.phase === 'ended') checkEnd(system);
  else checkRecovery(system);
}

function isStartOf(part: readonly string[], whole: readonly string[]): boolean {
  return part.every((each, index) => each === whole[index]);
}

/** What the client did not get went back, or can still come. */
function checkEnd({ session, client, pushed, returned, replies }: System): void {
  if (
    session.queue.batches.length > 0 ||
    session.requests.held.length > 0 ||
    session.requests.early.length > 0
  )
    throw new Error('an ended session keeps something');
  const known = new Set([...client.got, ...returned]);
  for (const { reply } of client.unanswered) addAll(known, reply);
  for (const { answer } of replies) addAll(known, answer);
  // A session that is over still answers a request again.
  for (const { rid, reply } of session.requests.answered) {
    const isMissing = client.end === undefined && client.unanswered.some((each) => each.rid === rid);
    if (isMissing) addAll(known, idsIn(reply));
  }
  const lost = pushed.filter((each) => !known.has(each));
  if (lost.length > 0) throw new Error(`${lost} came to nobody`);
}

function addAll(known: Set<string>, answer: Answer | undefined): void {
  if (typeof answer !== 'string') for (const each of answer ?? []) known.add(each);
}

/** From here, if nothing goes wrong any more, both sides get everything. */
function checkRecovery(from: System): void {
  const system = copyOf(from);
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    for (const { copy } of [...system.requests]) arrive(system, copy);
    for (const { copy } of [...system.replies])
      if (system.replies.some((each) => each.copy === copy)) replyArrives(system, copy);
    if (system.client.end !== undefined || isEven(system)) return;
    for (const { rid, reply, live } of [...system.client.unanswered]) {
      const isWaiting = live !== undefined && system.open.includes(live);
      if (reply === undefined && !isWaiting) repeat(system, rid);
    }
    if (system.client.unanswered.length === 0) poll(system);
  }
  throw new Error(
    `not all comes: client ${system.client.got} of ${system.pushed}, server ${system.forwarded} of ${system.client.said}`,
  );
}

function isEven({ client, pushed, forwarded }: System): boolean {
  return client.got.length === pushed.length && forwarded.length === client.said.length;
}

const INSTANTS = new Set([
  'answerBy',
  'receivedAt',
  'arrivedAt',
  'heldSince',
  'quietSince',
  'since',
  'lastNewAt',
]);
const COPIES = new Set(['request', 'live', 'copy', 'listener']);
/** What nothing follows from, in the parts of the session that are explored here. */
const IRRELEVANT = new Set([
  'limits',
  'terms',
  'sid',
  'name',
  'createdAt',
  'answeredAt',
  'copies',
  'now',
  'lastCopy',
]);

/** The state as a text: copies by their order, times by how far away they are. */
export function keyOf(system: System): string {
  const { requests, replies, open, client } = system;
  const known = [
    ...requests.map(({ copy }) => copy),
    ...replies.map(({ copy }) => copy),
    ...open,
    ...client.unanswered.flatMap(({ live }) => (live === undefined ? [] : [live])),
  ];
  const inOrder = [...new Set(known)].sort((one, other) => one - other);
  // One that is gone everywhere else is only known to have been.
  const rankOf = (copy: number): number => inOrder.indexOf(copy);
  return JSON.stringify({ ...system, open: open.map(rankOf).sort() }, (name, value: unknown) => {
    if (IRRELEVANT.has(name)) return undefined;
    if (typeof value !== 'number') return value;
    if (COPIES.has(name)) return rankOf(value);
    return INSTANTS.has(name) ? value - system.now : value;
  });
}

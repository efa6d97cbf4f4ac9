import { instantOf } from '@boshd/engine/kit';
import { abort, deliver, nextDeadline, receive, replyLost, tick } from '@boshd/engine/session';
import type { Move } from './explore.ts';
import { arrives, isAborted, serverSays, timePasses } from './model.ts';
import {
  type Budget,
  bodyOf,
  type Copy,
  payloadOf,
  type Request,
  type System,
  step,
  type Unanswered,
} from './system.ts';

const REQUESTS = 2;

type Happening = Move<System>;

/** Everything that can happen next. */
export function movesOf(system: System): readonly Happening[] {
  return [
    ...clientMoves(system),
    ...system.requests.flatMap((copy) => [
      { name: `${nameOf(copy)} arrives`, apply: (each: System) => arrive(each, copy.copy) },
      ...within(system, 'loss', `${nameOf(copy)} is lost`, (each) => loseRequest(each, copy.copy)),
    ]),
    ...system.replies.flatMap(({ copy }) => [
      { name: `reply ${copy} arrives`, apply: (each: System) => replyArrives(each, copy) },
      ...within(system, 'loss', `reply ${copy} is lost`, (each) => loseReply(each, copy, false)),
      ...within(system, 'loss', `reply ${copy} is not written`, (each) => loseReply(each, copy, true)),
    ]),
    ...system.open.flatMap((copy) => [
      ...within(system, 'cut', `${copy} is aborted`, (each) => cut(each, copy, true)),
      ...within(system, 'cut', `${copy} is cut unseen`, (each) => cut(each, copy, false)),
    ]),
    ...(system.model.isOver ? [] : within(system, 'push', 'the server says something', push)),
    ...(nextDeadline(system.session) === undefined ? [] : within(system, 'time', 'time passes', passTime)),
  ];
}

function within(
  { budget }: System,
  what: keyof Budget,
  name: string,
  act: (system: System) => void,
): readonly Happening[] {
  if (budget[what] === 0) return [];
  const apply = (system: System): void => {
    system.budget[what] -= 1;
    act(system);
  };
  return [{ name, apply }];
}

const nameOf = ({ copy, rid }: Copy): string => `${copy} (rid ${rid})`;

function clientMoves(system: System): readonly Happening[] {
  const { client } = system;
  if (client.end !== undefined) return [];
  const lowest = client.unanswered[0]?.rid ?? client.nextRid;
  const isSayingGoodbye = client.unanswered.some(({ isFarewell }) => isFarewell);
  const mayBegin = client.nextRid - lowest < REQUESTS && !isSayingGoodbye;
  const mayEnd = client.nextRid - lowest <= REQUESTS && !isSayingGoodbye;
  const repeatable = client.unanswered.filter(({ reply }) => reply === undefined);
  return [
    ...(mayBegin ? within(system, 'say', 'the client says something', say) : []),
    ...(client.unanswered.length === 0 ? within(system, 'poll', 'the client polls', poll) : []),
    ...(mayEnd
      ? within(system, 'farewell', 'the client says goodbye', (each) => begin(each, undefined, true))
      : []),
    ...repeatable.flatMap(({ rid }) =>
      within(system, 'repeat', `rid ${rid} is repeated`, (each) => repeat(each, rid)),
    ),
  ];
}

function say(system: System): void {
  const { client } = system;
  const payload = `c${client.said.length}`;
  client.said.push(payload);
  begin(system, payload, false);
}

export function poll(system: System): void {
  begin(system, undefined, false);
}

function begin(system: System, payload: string | undefined, isFarewell: boolean): void {
  const { client } = system;
  const rid = client.nextRid;
  const repliedRid = (client.unanswered[0]?.rid ?? rid) - 1;
  const ack = client.acks && repliedRid !== rid - 1 ? repliedRid : undefined;
  const request: Request = { rid, payload, isFarewell, ack };
  client.nextRid += 1;
  client.unanswered.push({ ...request, live: undefined, reply: undefined });
  repeat(system, rid);
}

/** Sends a copy; older ones are not listened to any more. */
export function repeat(system: System, rid: number): void {
  const sent = system.client.unanswered.find((each) => each.rid === rid);
  if (sent === undefined) throw new Error('only what has no reply is repeated');
  system.lastCopy += 1;
  stopListening(system, sent);
  sent.live = system.lastCopy;
  const { payload, isFarewell, ack } = sent;
  system.requests.push({ rid, payload, isFarewell, ack, copy: system.lastCopy });
}

function stopListening(system: System, sent: Unanswered): void {
  system.replies = system.replies.filter(({ copy }) => copy !== sent.live);
  sent.live = undefined;
}

export function arrive(system: System, copy: number): void {
  const request = system.requests.find((each) => each.copy === copy);
  if (request === undefined) throw new Error('it is on its way');
  system.requests = system.requests.filter((each) => each !== request);
  system.open.push(copy);
  const { session, model, now } = system;
  step(system, (turn) => receive(session, copy, bodyOf(request), turn), arrives(model, copy, request, now));
}

/** The client learns that the request did not arrive. */
function loseRequest(system: System, copy: number): void {
  system.requests = system.requests.filter((each) => each.copy !== copy);
  forget(system, copy);
}

function forget({ client }: System, copy: number): void {
  for (const sent of client.unanswered) if (sent.live === copy) sent.live = undefined;
}

/** `isSeen`: whether boshd learns of it, too. */
function loseReply(system: System, copy: number, isSeen: boolean): void {
  system.replies = system.replies.filter((each) => each.copy !== copy);
  forget(system, copy);
  if (isSeen) step(system, (turn) => replyLost(system.session, copy, turn), []);
}

function cut(system: System, copy: number, isSeen: boolean): void {
  forget(system, copy);
  if (!isSeen) return;
  system.open = system.open.filter((each) => each !== copy);
  const { session, model, now } = system;
  step(system, (turn) => abort(session, copy, turn), isAborted(model, copy, now));
}

export function replyArrives(system: System, copy: number): void {
  const { client } = system;
  const arrived = system.replies.find((each) => each.copy === copy);
  const sent = client.unanswered.find(({ live }) => live === copy);
  if (arrived === undefined || sent === undefined) throw new Error('it is waited for');
  system.replies = system.replies.filter((each) => each !== arrived);
  sent.live = undefined;
  const { answer } = arrived;
  if (answer === 'error') return;
  sent.reply = answer;
  // XEP-0124 §14.2: in the order of the requests, the end of the session like everything else.
  for (let first = client.unanswered[0]; first?.reply !== undefined; first = client.unanswered[0]) {
    client.unanswered.shift();
    if (typeof first.reply !== 'string') client.got.push(...first.reply);
    if (first.isFarewell || typeof first.reply === 'string') {
      client.end = first.reply === 'gone' ? 'gone' : 'terminate';
      return;
    }
  }
}

function push(system: System): void {
  const payload = `s${system.pushed.length}`;
  system.pushed.push(payload);
  const { session, model, now } = system;
  const [stream] = session.streams.open;
  if (stream === undefined) throw new Error('a session has a stream');
  step(
    system,
    (turn) => deliver(session, stream, [payloadOf(payload)], turn),
    serverSays(model, payload, now),
  );
}

function passTime(system: System): void {
  const deadline = nextDeadline(system.session);
  if (deadline === undefined) throw new Error('nothing is due');
  system.now = instantOf(Math.max(deadline, system.now));
  step(system, (turn) => tick(system.session, turn), timePasses(system.model, system.now));
}

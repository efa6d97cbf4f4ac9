import { type ByteString, type Instant, instantOf, seconds, type Toolbox } from '@boshd/engine/kit';
import {
  createSession,
  DEFAULT_SESSION_LIMITS,
  deliver,
  loggedIn,
  type Session,
  type SessionLimits,
  type SessionWork,
  type Turn,
} from '@boshd/engine/session';
import type { BodyAttributes, DecodedBody, Payload } from '@boshd/engine/wire';
import { nodeToolbox } from '../../packages/server/src/toolbox.ts';
import type { Answer, Answers, Model } from './model.ts';

const FIRST_RID = 100;
const CREATION_COPY = 1;

/** Rules that the model does not know are off. */
const LIMITS: SessionLimits = {
  ...DEFAULT_SESSION_LIMITS,
  gather: seconds(0),
  oneConnectionAnswer: DEFAULT_SESSION_LIMITS.waitMax,
  reportAfter: seconds(100_000),
  repeatsMax: 1000,
  strikesMax: 1000,
};

/** How often each thing may happen: all their interleavings are tried. */
export interface Budget {
  say: number;
  poll: number;
  farewell: number;
  push: number;
  loss: number;
  cut: number;
  repeat: number;
  time: number;
}

export interface Request {
  readonly rid: number;
  readonly payload: string | undefined;
  readonly isFarewell: boolean;
  readonly ack: number | undefined;
}

/** A copy of a request on its way. */
export interface Copy extends Request {
  readonly copy: number;
}

export interface Unanswered extends Request {
  /** The copy whose reply is waited for; undefined when the client knows that it is lost. */
  live: number | undefined;
  /** It came before the reply to a lower rid. */
  reply: Exclude<Answer, 'error'> | undefined;
}

export interface Client {
  readonly acks: boolean;
  nextRid: number;
  unanswered: Unanswered[];
  said: string[];
  got: string[];
  end: 'terminate' | 'gone' | undefined;
}

/** One client that follows the XEP, the way between, one session, and the model of it. */
export interface System {
  readonly session: Session;
  readonly model: Model;
  readonly client: Client;
  readonly budget: Budget;
  now: Instant;
  lastCopy: number;
  /** On their way. */
  requests: Copy[];
  replies: { readonly copy: number; readonly answer: Answer }[];
  /** Copies that the session has not answered, and whose connections are open as far as it knows. */
  open: number[];
  pushed: string[];
  forwarded: string[];
  /** What the session gave back. */
  returned: string[];
}

const toolbox: Toolbox = { ...nodeToolbox(), randomBytes: (count) => new Uint8Array(count) };

export function turnAt(now: Instant): Turn & { readonly work: SessionWork[] } {
  return { now, toolbox, work: [] };
}

const NO_ATTRIBUTES: Omit<BodyAttributes, 'rid'> = {
  sid: undefined,
  to: undefined,
  from: undefined,
  route: undefined,
  lang: undefined,
  ver: { major: 1, minor: 11 },
  wait: undefined,
  hold: undefined,
  ack: undefined,
  content: undefined,
  key: undefined,
  newkey: undefined,
  pause: undefined,
  stream: undefined,
  terminate: false,
  condition: undefined,
  xmppVersion: '1.0',
  restart: false,
};

export const payloadOf = (id: string): Payload => ({
  bytes: `<message xmlns='jabber:client' id='${id}'/>` as ByteString,
  name: 'message',
  namespace: 'jabber:client',
});

export function idsIn(text: string): readonly string[] {
  return [...text.matchAll(/ id='([^']*)'/g)].map(([, id]) => id ?? '');
}

export function bodyOf({ rid, payload, isFarewell, ack }: Request): DecodedBody {
  return {
    attributes: { ...NO_ATTRIBUTES, rid, ack, terminate: isFarewell },
    payloads: payload === undefined ? [] : [payloadOf(payload)],
  };
}

/** A session that is logged in; its client has the creation reply, and nothing is open. */
export function makeSystem(budget: Budget, acks: boolean): System {
  const turn = turnAt(instantOf(0));
  const birth = { request: CREATION_COPY, site: '', domain: 'example.org', address: '', secure: true };
  const body = { attributes: { ...NO_ATTRIBUTES, rid: FIRST_RID, ack: acks ? 1 : undefined }, payloads: [] };
  const session = createSession(birth, body, LIMITS, turn);
  const [stream] = session.streams.open;
  if (stream === undefined) throw new Error('a session has a stream');
  deliver(session, stream, [], turn);
  loggedIn(session);
  return {
    session,
    model: {
      waitMs: session.terms.wait,
      inactivityMs: session.terms.inactivity,
      gapMs: LIMITS.gapPatience,
      keptMax: session.terms.requests + 1,
      requests: [],
      kept: [FIRST_RID],
      lastRid: FIRST_RID,
      queue: [],
      forwarded: [],
      quietSince: 0,
      isOver: false,
    },
    client: { acks, nextRid: FIRST_RID + 1, unanswered: [], said: [], got: [], end: undefined },
    budget: { ...budget },
    now: turn.now,
    lastCopy: CREATION_COPY,
    requests: [],
    replies: [],
    open: [],
    pushed: [],
    forwarded: [],
    returned: [],
  };
}

/** Lets the session do something and takes in what follows; the model must say the same. */
export function step(system: System, act: (turn: Turn) => void, expected: Answers): void {
  const turn = turnAt(system.now);
  act(turn);
  const answers: (readonly [number, Answer])[] = [];
  for (const work of turn.work) {
    if (work.type === 'respond') answers.push([work.request, answerOf(work.reply.body)]);
    else if (work.type === 'forward')
      system.forwarded.push(...work.payloads.flatMap(({ bytes }) => idsIn(bytes)));
    else if (work.type === 'leave') {
      for (const { payloads } of work.undelivered)
        system.returned.push(...payloads.flatMap(({ bytes }) => idsIn(bytes)));
    } else if (work.type === 'give-back')
      system.returned.push(...work.undelivered.payloads.flatMap(({ bytes }) => idsIn(bytes)));
  }
  const [said, meant] = [answers, expected].map((each) => JSON.stringify(each));
  if (said !== meant) throw new Error(`the session answers ${said}, the model ${meant}`);
  if (system.forwarded.join() !== system.model.forwarded.join())
    throw new Error(`the session forwards ${system.forwarded}, the model ${system.model.forwarded}`);
  for (const [copy, answer] of answers) send(system, copy, answer);
}

function answerOf(body: string): Answer {
  if (body.includes("condition='item-not-found'")) return 'gone';
  if (body.includes("type='terminate'")) return 'terminate';
  return body.includes("type='error'") ? 'error' : idsIn(body);
}

/** A reply goes out, once; the client may have closed that connection. */
function send(system: System, copy: number, answer: Answer): void {
  if (!system.open.includes(copy)) throw new Error(`copy ${copy} is answered, but does not wait for it`);
  system.open = system.open.filter((each) => each !== copy);
  const isHeard = system.client.unanswered.some(({ live }) => live === copy);
  if (isHeard) system.replies.push({ copy, answer });
}

/** Another system in the same state. What is never changed is shared. */
export function copyOf(system: System): System {
  const { session } = system;
  const known = new Map<object, object>([
    [session.limits, session.limits],
    [session.terms, session.terms],
  ]);
  return copied(system, known);
}

function copied<Value>(value: Value, known: Map<object, object>): Value;
function copied(value: unknown, known: Map<object, object>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const there = known.get(value);
  if (there !== undefined) return there;
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    known.set(value, items);
    for (const item of value) items.push(copied(item, known));
    return items;
  }
  const fields: Record<string, unknown> = {};
  known.set(value, fields);
  for (const [name, field] of Object.entries(value)) fields[name] = copied(field, known);
  return fields;
}

import {
  after,
  type ByteString,
  between,
  type Duration,
  EMPTY,
  earlier,
  type Instant,
  join,
  millis,
  seconds,
} from '../kit/index.ts';
import { type FramerEvent, NS, type Payload, rootAttribute, type XmlElement } from '../wire/index.ts';
import { noteHandled, takeAcknowledgement } from './acknowledge.ts';
import { giveUp } from './closing.ts';
import { skipAfter } from './counts.ts';
import type { Features } from './features/features.ts';
import { isStreamElement } from './header.ts';
import { ask, handled, type Management, wireCount } from './management.ts';
import { childOf, element, payloadOf, read, withAttributes } from './sasl2/convert.ts';
import {
  bindingOf,
  type Credential,
  initiatorMessage,
  isResponder,
  isUsable,
  readToken,
} from './sasl2/token.ts';
import { send, sendPayloads } from './send.ts';
import {
  askHeader,
  enterStreamPhase,
  NO_LINK,
  type Stream,
  setCredential,
  setLink,
  takeWaiting,
} from './stream.ts';
import type { StreamTurn } from './work.ts';

/*
 * A link that broke is dialled again, the token logs in (XEP-0484), and the stream goes on where it was (XEP-0198 §5).
 *
 *   lost       waits to be dialled again, or is being dialled
 *   opening, starting-tls, securing    as at the start
 *   resuming   <authenticate/> was sent; then, unless it could stand inside of that, <resume/> after the new features
 *   ready      <resumed/> came: what the server sends again is dropped by count, what it did not handle is sent again
 */
export interface Resuming {
  /** Why the link broke, for the log. */
  readonly why: string;
  readonly since: Instant;
  /** No dial begins later. */
  readonly until: Instant;
  dials: number;
  /** Dials in a row that did not connect; one that connected and broke again counts as the first. */
  failures: number;
  redialAt: Instant | undefined;
  /** Channel binding of the link that is being tried. */
  binding: ByteString;
  /** The server has shown that it knows the token. */
  isProven: boolean;
  /** h as it was sent with <resume/>. */
  h: number;
}

const FIRST_PAUSE = millis(500);
const LONGEST_PAUSE = seconds(15);

/** Whether the stream can be taken up again on another link. */
function canResume({ phase, management, credential, resuming }: Stream, turn: StreamTurn): boolean {
  if (credential === undefined || !isUsable(credential, turn.now, turn.toolbox)) return false;
  if (resuming !== undefined) return true;
  return phase === 'ready' && management?.id !== undefined && management.queue !== undefined;
}

/** Whether the loss of the link now would not be the end of the stream. */
export function canGoOn(stream: Stream, turn: StreamTurn): boolean {
  const { resuming } = stream;
  if (!canResume(stream, turn)) return false;
  return resuming === undefined || after(turn.now, pause(resuming.failures)) < resuming.until;
}

/** The link is gone. True: it will be dialled again; false: the stream cannot go on. */
export function loseLink(stream: Stream, why: string, turn: StreamTurn): boolean {
  const { management, credential } = stream;
  if (management === undefined || credential === undefined || !canGoOn(stream, turn)) return false;
  const resuming = stream.resuming ?? beginResuming(stream, management, why, turn);
  resuming.redialAt = after(turn.now, pause(resuming.failures));
  resuming.isProven = false;
  stream.resuming = resuming;
  enterStreamPhase(stream, 'lost');
  stream.framer.reset();
  setLink(stream, NO_LINK);
  stream.header = undefined;
  stream.negotiateBy = undefined;
  // XEP-0484 §3.1: the server offers tokens to whom it is told of.
  askHeader(stream, { from: credential.jid, lang: undefined });
  redialIfDue(stream, turn);
  return true;
}

function beginResuming(stream: Stream, management: Management, why: string, { now }: StreamTurn): Resuming {
  const { resumeWithin } = stream.request;
  const within =
    management.max !== undefined && management.max < resumeWithin ? management.max : resumeWithin;
  return {
    why,
    since: now,
    until: after(now, within),
    dials: 0,
    failures: 0,
    redialAt: undefined,
    binding: EMPTY,
    isProven: false,
    h: 0,
  };
}

function pause(failures: number): Duration {
  return failures === 0 ? millis(0) : millis(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1)));
}

/** The next link is up; if it breaks, it counts as the first that did. */
export function linkCame(resuming: Resuming): void {
  resuming.failures = Math.min(1, resuming.failures);
}

/** When the link is to be dialled again. */
export function resumeDeadline({ phase, resuming }: Stream): Instant | undefined {
  if (resuming === undefined) return undefined;
  return phase === 'lost' ? earlier(resuming.redialAt, resuming.until) : undefined;
}

export function redialIfDue(stream: Stream, turn: StreamTurn): void {
  const { resuming, phase } = stream;
  if (resuming === undefined || phase !== 'lost') return;
  if (resuming.redialAt !== undefined && resuming.redialAt <= turn.now) {
    resuming.redialAt = undefined;
    resuming.dials += 1;
    resuming.failures += 1;
    turn.work.push({ type: 'redial' });
  } else if (resuming.until <= turn.now) {
    giveUp(stream, 'not-resumed', 'in time', turn);
  }
}

/** The features of the new link are known: logs in with the token. */
export function proveIdentity(
  stream: Stream,
  resuming: Resuming,
  features: Features,
  turn: StreamTurn,
): void {
  const { management, credential, link } = stream;
  const { offer } = features;
  if (credential === undefined || management === undefined || offer === undefined) {
    giveUp(stream, 'not-resumed', 'SASL2 is not offered any more', turn);
    return;
  }
  const binding = bindingOf(credential.mechanism, link.bindings);
  if (!offer.fast.includes(credential.mechanism) || binding === undefined) {
    giveUp(stream, 'not-resumed', `${credential.mechanism} is not possible any more`, turn);
    return;
  }
  resuming.binding = binding;
  // One that was sent and lost may have been counted by the server.
  const next = { ...credential, count: credential.count + 1 };
  setCredential(stream, next);
  enterStreamPhase(stream, 'resuming');
  const children = authenticationOf(next, binding, turn);
  const inline = offer.resumes ? [resumeElement(stream, management, resuming)] : [];
  const { mechanism } = credential;
  const request = withAttributes(element('authenticate', NS.sasl2, '', [...children, ...inline]), {
    mechanism,
  });
  send(stream, payloadOf(request, turn.toolbox).bytes, turn);
}

function authenticationOf(
  credential: Credential,
  binding: ByteString,
  { toolbox }: StreamTurn,
): readonly XmlElement[] {
  const { agent, count } = credential;
  const software = element('software', NS.sasl2, 'boshd');
  return [
    element('initial-response', NS.sasl2, initiatorMessage(credential, binding, toolbox)),
    withAttributes(element('user-agent', NS.sasl2, '', [software]), { id: agent }),
    withAttributes(element('fast', NS.fast), { count: String(count) }),
  ];
}

function resumeElement(stream: Stream, management: Management, resuming: Resuming): XmlElement {
  resuming.h = handled(stream, management);
  const previd = management.id ?? '';
  return withAttributes(element('resume', NS.streamManagement), {
    h: String(wireCount(resuming.h)),
    previd,
  });
}

/** What comes while the token logs in and the stream is asked for. */
export function takeResuming(
  stream: Stream,
  resuming: Resuming,
  event: FramerEvent & { readonly type: 'payload' },
  turn: StreamTurn,
): void {
  const { payload } = event;
  const { management } = stream;
  if (payload.namespace === NS.sasl2) {
    takeVerdict(stream, resuming, payload, turn);
  } else if (isStreamElement(payload, 'features') && resuming.isProven && management !== undefined) {
    const request = payloadOf(resumeElement(stream, management, resuming), turn.toolbox);
    send(stream, request.bytes, turn);
  } else if (payload.namespace === NS.streamManagement && resuming.isProven) {
    takeResumed(stream, resuming, payload, turn);
  } else {
    giveUp(stream, 'not-resumed', `<${payload.name}/> came instead of an answer`, turn);
  }
}

function takeVerdict(stream: Stream, resuming: Resuming, payload: Payload, turn: StreamTurn): void {
  const { credential } = stream;
  const verdict = read(payload, turn.toolbox);
  if (verdict.name !== 'success' || credential === undefined) {
    setCredential(stream, undefined);
    const why = verdict.children.map(({ name }) => name).join(' ');
    giveUp(stream, 'not-resumed', `the token was answered with ${verdict.name} ${why}`, turn);
    return;
  }
  const answer = childOf(verdict, 'additional-data', NS.sasl2)?.text.trim();
  if (!isResponder(credential, resuming.binding, answer, turn.toolbox)) {
    setCredential(stream, undefined);
    giveUp(stream, 'not-resumed', 'the server did not show that it knows the token', turn);
    return;
  }
  resuming.isProven = true;
  const next = readToken(verdict);
  if (next !== undefined) setCredential(stream, { ...credential, ...next, count: 0 });
  const inline = verdict.children.find(({ namespace }) => namespace === NS.streamManagement);
  if (inline !== undefined) takeResumed(stream, resuming, payloadOf(inline, turn.toolbox), turn);
}

function takeResumed(stream: Stream, resuming: Resuming, payload: Payload, turn: StreamTurn): void {
  const { management } = stream;
  const { name, bytes } = payload;
  if (name !== 'resumed' || management === undefined) {
    if (management !== undefined) noteHandled(management, rootAttribute(bytes, 'h', turn.toolbox));
    giveUp(stream, 'not-resumed', 'the server does not have the stream any more', turn);
    return;
  }
  const h = rootAttribute(bytes, 'h', turn.toolbox);
  const fault = takeAcknowledgement(stream, management, h, turn);
  if (fault !== undefined) {
    giveUp(stream, 'not-resumed', fault.detail, turn);
    return;
  }
  management.told = resuming.h;
  management.tellBy = undefined;
  management.isAsked = false;
  skipAfter(stream.counts, management.uncounted + resuming.h);
  stream.resuming = undefined;
  stream.negotiateBy = undefined;
  enterStreamPhase(stream, 'ready');
  goOn(stream, management, turn);
  const { since, dials } = resuming;
  turn.work.push({ type: 'resumed', tookMs: between(since, turn.now), dials });
}

/** What the server did not handle goes again, before what is new (XEP-0198 §5). */
function goOn(stream: Stream, management: Management, turn: StreamTurn): void {
  const again = management.queue ?? [];
  if (again.length > 0) send(stream, join(...again, ask(management, turn.now)), turn);
  sendPayloads(stream, takeWaiting(stream), turn);
}

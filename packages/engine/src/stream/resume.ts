import { after, type ByteString, between, type Duration, join, millis, seconds } from '../kit/index.ts';
import { NS, type Payload, rootAttribute, type XmlElement } from '../wire/index.ts';
import { giveUp } from './closing.ts';
import { skipAfter } from './counts.ts';
import type { Features } from './features/features.ts';
import { isStreamElement } from './header.ts';
import { type EnabledManagement, handled, noteTold } from './management.ts';
import { takeAcknowledgement } from './management-exchange.ts';
import { ask, countIn, noteHandled, type SentStanzas, wireCount } from './outgoing.ts';
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
  enter,
  NO_LINK,
  type Opening,
  READY,
  type Resuming,
  type Stream,
  setCredential,
  setLink,
  takeWaiting,
} from './stream.ts';
import type { StreamTurn } from './work.ts';

type Proving = Extract<Stream['state'], { phase: 'resuming' }>;

/*
 * A link that broke is dialled again, the token logs in (XEP-0484), and the stream goes on where it was (XEP-0198 §5).
 *
 *   lost       waits to be dialled again, or is being dialled
 *   opening, starting-tls, securing    as at the start
 *   resuming   <authenticate/> was sent; then, unless it could stand inside of that, <resume/> after the new features
 *   ready      <resumed/> came: what the server sends again is dropped by count, what it did not handle is sent again
 */
const FIRST_PAUSE = millis(500);
const LONGEST_PAUSE = seconds(15);

/** Whether the loss of the link now would not be the end of the stream. */
export function canGoOn(stream: Stream, turn: StreamTurn): boolean {
  const { resuming } = stream.state;
  if (!canResume(stream, turn)) return false;
  return resuming === undefined || after(turn.now, pause(resuming.failures)) < resuming.until;
}

/** The link is gone. True: it will be dialled again; false: the stream cannot go on. */
export function loseLink(stream: Stream, why: string, turn: StreamTurn): boolean {
  const { management, credential, state } = stream;
  if (management.is !== 'enabled' || credential === undefined || !canGoOn(stream, turn)) return false;
  const resuming = state.resuming ?? beginResuming(stream, management, why, turn);
  enter(stream, { phase: 'lost', redialAt: after(turn.now, pause(resuming.failures)), resuming });
  stream.framer.reset();
  setLink(stream, NO_LINK);
  // XEP-0484 §3.1: the server offers tokens to whom it is told of.
  askHeader(stream, { from: credential.jid, lang: undefined });
  redialIfDue(stream, turn);
  return true;
}

function pause(failures: number): Duration {
  return failures === 0 ? millis(0) : millis(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1)));
}

/** The next link is up; if it breaks, it counts as the first that did. */
export function linkCame(stream: Stream): void {
  const { state } = stream;
  if (state.phase !== 'lost') return;
  const { resuming } = state;
  enter(stream, { ...state, resuming: { ...resuming, failures: Math.min(1, resuming.failures) } });
}

export function redialIfDue(stream: Stream, turn: StreamTurn): void {
  const { state } = stream;
  if (state.phase !== 'lost') return;
  const { redialAt, resuming } = state;
  if (redialAt !== undefined && redialAt <= turn.now) {
    const { dials, failures } = resuming;
    const dialled = { ...resuming, dials: dials + 1, failures: failures + 1 };
    enter(stream, { phase: 'lost', redialAt: undefined, resuming: dialled });
    turn.work.push({ type: 'redial' });
  } else if (resuming.until <= turn.now) {
    giveUp(stream, 'not-resumed', 'in time', turn);
  }
}

/** The features of the new link are known: logs in with the token. */
export function proveIdentity(
  stream: Stream,
  { by, resuming }: Opening,
  features: Features,
  turn: StreamTurn,
): void {
  const { management, credential, link } = stream;
  const { offer } = features;
  if (
    credential === undefined ||
    management.is !== 'enabled' ||
    resuming === undefined ||
    offer === undefined
  ) {
    giveUp(stream, 'not-resumed', 'SASL2 is not offered any more', turn);
    return;
  }
  const binding = bindingOf(credential.mechanism, link.bindings);
  if (!offer.fast.includes(credential.mechanism) || binding === undefined) {
    giveUp(stream, 'not-resumed', `${credential.mechanism} is not possible any more`, turn);
    return;
  }
  // One that was sent and lost may have been counted by the server.
  const next = { ...credential, count: credential.count + 1 };
  setCredential(stream, next);
  const h = offer.resumes ? handled(stream.counts, management) : 0;
  enter(stream, { phase: 'resuming', by, proof: { binding, isProven: false, h }, resuming });
  const children = authenticationOf(next, binding, turn);
  const inline = offer.resumes ? [resumeElement(management, h)] : [];
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

function resumeElement({ id }: EnabledManagement, h: number): XmlElement {
  return withAttributes(element('resume', NS.streamManagement), {
    h: String(wireCount(h)),
    previd: id ?? '',
  });
}

/** Takes what the server says to the token, and to <resume/>. */
export function takeResuming(stream: Stream, state: Proving, payload: Payload, turn: StreamTurn): void {
  const { management, counts } = stream;
  const { isProven } = state.proof;
  if (payload.namespace === NS.sasl2) {
    takeVerdict(stream, state, payload, turn);
  } else if (isStreamElement(payload, 'features') && isProven && management.is === 'enabled') {
    const h = handled(counts, management);
    enter(stream, { ...state, proof: { ...state.proof, h } });
    send(stream, payloadOf(resumeElement(management, h), turn.toolbox).bytes, turn);
  } else if (payload.namespace === NS.streamManagement && isProven) {
    takeResumed(stream, state, payload, turn);
  } else {
    giveUp(stream, 'not-resumed', `<${payload.name}/> came instead of an answer`, turn);
  }
}

function beginResuming(
  { request }: Stream,
  { max }: EnabledManagement,
  why: string,
  { now }: StreamTurn,
): Resuming {
  const within = max !== undefined && max < request.resumeWithin ? max : request.resumeWithin;
  return { why, since: now, until: after(now, within), dials: 0, failures: 0 };
}

/** Whether the stream can be taken up again on another link. */
function canResume({ state, management, credential }: Stream, turn: StreamTurn): boolean {
  if (credential === undefined || !isUsable(credential, turn.now, turn.toolbox)) return false;
  if (state.resuming !== undefined) return true;
  if (state.phase !== 'ready' || management.is !== 'enabled') return false;
  return management.id !== undefined && management.outgoing.queue !== undefined;
}

function takeVerdict(stream: Stream, state: Proving, payload: Payload, turn: StreamTurn): void {
  const { credential } = stream;
  const verdict = read(payload, turn.toolbox);
  if (verdict.name !== 'success' || credential === undefined) {
    setCredential(stream, undefined);
    const why = verdict.children.map(({ name }) => name).join(' ');
    giveUp(stream, 'not-resumed', `the token was answered with ${verdict.name} ${why}`, turn);
    return;
  }
  const answer = childOf(verdict, 'additional-data', NS.sasl2)?.text.trim();
  if (!isResponder(credential, state.proof.binding, answer, turn.toolbox)) {
    setCredential(stream, undefined);
    giveUp(stream, 'not-resumed', 'the server did not show that it knows the token', turn);
    return;
  }
  const proven: Proving = { ...state, proof: { ...state.proof, isProven: true } };
  enter(stream, proven);
  const next = readToken(verdict);
  if (next !== undefined) setCredential(stream, { ...credential, ...next, count: 0 });
  const inline = verdict.children.find(({ namespace }) => namespace === NS.streamManagement);
  if (inline !== undefined) takeResumed(stream, proven, payloadOf(inline, turn.toolbox), turn);
}

function takeResumed(stream: Stream, { proof, resuming }: Proving, payload: Payload, turn: StreamTurn): void {
  const { management } = stream;
  if (management.is !== 'enabled') return;
  const said = rootAttribute(payload.bytes, 'h', turn.toolbox);
  if (payload.name !== 'resumed') {
    const h = countIn(said);
    if (h !== undefined) noteHandled(management.outgoing, h);
    giveUp(stream, 'not-resumed', 'the server does not have the stream any more', turn);
    return;
  }
  const fault = takeAcknowledgement(stream, management.outgoing, said, turn);
  if (fault !== undefined) {
    giveUp(stream, 'not-resumed', fault.detail, turn);
    return;
  }
  noteTold(management, proof.h);
  skipAfter(stream.counts, management.uncounted + proof.h);
  enter(stream, READY);
  goOn(stream, management.outgoing, turn);
  const { since, dials } = resuming;
  turn.work.push({ type: 'resumed', tookMs: between(since, turn.now), dials });
}

/** What the server did not handle goes again, before what is new (XEP-0198 §5). */
function goOn(stream: Stream, outgoing: SentStanzas, turn: StreamTurn): void {
  const again = outgoing.queue ?? [];
  if (again.length > 0) send(stream, join(...again, ask(outgoing, turn.now)), turn);
  sendPayloads(stream, takeWaiting(stream), turn);
}

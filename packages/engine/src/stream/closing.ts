import { type ByteString, EMPTY, join, type Toolbox } from '../kit/index.ts';
import type { Reason } from '../reasons.ts';
import { type FramerFault, isStanza, type Payload } from '../wire/index.ts';
import { accountOf } from './authentication.ts';
import { bounce, bounceToClient } from './bounce.ts';
import { STREAM_END } from './header.ts';
import { acknowledgement, type EnabledManagement, outgoingOf } from './management.ts';
import { confirmStanzas } from './management-exchange.ts';
import { forgetQueue } from './outgoing.ts';
import { sendEnd, sendPayloads } from './send.ts';
import { enter, isLoggedIn, letWait, type Stream } from './stream.ts';
import type { StreamTurn } from './work.ts';

/** Nothing can be sent in these. */
const HAS_NO_LINK: ReadonlySet<string> = new Set(['dialling', 'securing', 'lost']);

/** What the client never confirmed of a stream, oldest first. */
export interface Leftover {
  readonly payloads: readonly Payload[];
  /** It is counted as settled all the same, since a later reply was confirmed. */
  readonly isPassed: boolean;
}

/**
 * The client is not going to get these, though the stream goes on: they go back (XEP-0206 §7). The server hears with the same bytes that
 * they are settled (`confirmed`), as it would keep them otherwise if the link broke now.
 */
export function giveBack(
  stream: Stream,
  confirmed: number,
  undelivered: readonly Payload[],
  turn: StreamTurn,
): void {
  confirmStanzas(stream, confirmed, turn);
  const { authentication, state } = stream;
  if (!isLoggedIn(stream) || (state.phase !== 'ready' && state.resuming === undefined)) return;
  const errors = undelivered.flatMap((payload) => {
    const bytes = bounce(payload, accountOf(authentication), turn.toolbox);
    return bytes === undefined ? [] : [{ bytes, name: payload.name, namespace: payload.namespace }];
  });
  if (state.phase === 'ready') sendPayloads(stream, errors, turn);
  else letWait(stream, errors);
}

/**
 * Closes our side. Returns what the server is to hear, if it listens. With stream management that is what h is: the rest
 * was not confirmed, and the server has it still, to store or to return it. Without, what the client never got goes back
 * as errors (XEP-0206 §7). Then the stream ends.
 */
export function closeStream(
  stream: Stream,
  leftovers: readonly Leftover[],
  toolbox: Toolbox,
): ByteString | undefined {
  const { management, authentication, counts, state } = stream;
  const { phase, resuming } = state;
  if (phase !== 'over') enter(stream, { phase: 'over', resuming });
  if (phase !== 'ready' && phase !== 'authenticated' && phase !== 'opening' && phase !== 'resuming')
    return undefined;
  // On a link that is not logged in yet, nothing can be said of the stream that was.
  if (!isLoggedIn(stream) || resuming !== undefined) return STREAM_END;
  const isManaged = management.is === 'enabled';
  // Nearly always: the client has all that there was.
  if (!isManaged && leftovers.length === 0) return STREAM_END;
  const lost = isManaged
    ? notCovered(counts, management, leftovers)
    : leftovers.flatMap(({ payloads }) => payloads);
  const account = accountOf(authentication);
  const errors = join(...lost.map((payload) => bounce(payload, account, toolbox) ?? EMPTY));
  return join(errors, isManaged ? acknowledgement(counts, management) : EMPTY, STREAM_END);
}

/**
 * The stream is over, and cannot be resumed: the errors that its client gets for what it has sent and the server did not acknowledge
 * (XEP-0198), or what waited in boshd. The server may have got some of it all the same. Nothing where the client counts itself.
 */
export function returnUnsent(
  { wasReady, management, waiting }: Stream,
  toolbox: Toolbox,
): readonly Payload[] {
  if (!wasReady || management.is === 'by-client') return [];
  const unacknowledged = (outgoingOf(management)?.queue ?? []).map((bytes) => ({ bytes }));
  return bounceToClient([...unacknowledged, ...waiting], 'remote-server-timeout', toolbox);
}

/**
 * Memory is short, and the server is not read, so nothing is acknowledged: what the client sent is not kept. Until the server has
 * acknowledged it all, the stream cannot be resumed. One that is being resumed keeps it: it is read.
 */
export function dropUnacknowledged({ management, state }: Stream): void {
  const outgoing = outgoingOf(management);
  if (outgoing !== undefined && state.resuming === undefined && outgoing.queueBytes > 0)
    forgetQueue(outgoing);
}

/** Ends the stream for what the server did: politely, if it may still listen. */
export function giveUp(stream: Stream, why: Reason, detail: string, turn: StreamTurn, error?: Payload): void {
  const { phase, resuming } = stream.state;
  if (!HAS_NO_LINK.has(phase)) sendEnd(stream, turn);
  enter(stream, { phase: 'over', resuming });
  turn.work.push({ type: 'over', why, detail, error });
}

/** Ends the stream for what boshd could not read and the client must not miss, or that is no XML. */
export function giveUpUnreadable(stream: Stream, { code, detail, key }: FramerFault, turn: StreamTurn): void {
  const reason = code === 'too-many-declarations' ? 'declarations-too-long' : 'not-xmpp';
  if (key === undefined) giveUp(stream, reason, `${code}: ${detail}`, turn);
  else giveUp(stream, 'server-limit', `${code}: ${detail} (${key})`, turn);
}

/** What h cannot leave out: it came before h was counted, it is boshd's own, or the client confirmed something after it. */
function notCovered(
  { confirmed, owned }: Stream['counts'],
  { uncounted }: EnabledManagement,
  leftovers: readonly Leftover[],
): readonly Payload[] {
  const passed = leftovers.filter(({ isPassed }) => isPassed).flatMap(({ payloads }) => payloads);
  const rest = leftovers.filter(({ isPassed }) => !isPassed).flatMap(({ payloads }) => payloads);
  const early = rest.filter(isStanza).slice(0, Math.max(0, Math.max(uncounted, owned) - confirmed));
  return [...passed, ...early];
}

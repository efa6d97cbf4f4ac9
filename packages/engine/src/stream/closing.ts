import { type ByteString, EMPTY, join, type Toolbox } from '../kit/index.ts';
import { NS, type Payload } from '../wire/index.ts';
import { bounce } from './bounce.ts';
import { STREAM_END } from './header.ts';
import { acknowledgement, type Management } from './management/management.ts';
import { sendCounted } from './send.ts';
import { enterStreamPhase, type Stream } from './stream.ts';
import type { StreamTurn } from './work.ts';

/** What the client never confirmed of a stream, oldest first. */
export interface Leftover {
  readonly payloads: readonly Payload[];
  /** It is counted as settled all the same, since a later reply was confirmed. */
  readonly isPassed: boolean;
}

/** The client is not going to get these, though the stream goes on: they go back (XEP-0206 §7). */
export function giveBack(stream: Stream, undelivered: readonly Payload[], turn: StreamTurn): void {
  if (stream.phase !== 'ready' || !stream.isLoggedIn) return;
  let bytes = EMPTY;
  let count = 0;
  for (const payload of undelivered) {
    const error = bounce(payload, turn.toolbox);
    if (error === undefined) continue;
    bytes = join(bytes, error);
    count += 1;
  }
  sendCounted(stream, bytes, count, turn);
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
  const { phase, isLoggedIn, management } = stream;
  if (phase !== 'over') enterStreamPhase(stream, 'over');
  if (phase !== 'ready' && phase !== 'authenticated' && phase !== 'opening') return undefined;
  if (!isLoggedIn) return STREAM_END;
  const isManaged = management?.isEnabled === true;
  const lost = isManaged
    ? notCovered(stream, management, leftovers)
    : leftovers.flatMap(({ payloads }) => payloads);
  const errors = join(...lost.map((payload) => bounce(payload, toolbox) ?? EMPTY));
  return join(errors, isManaged ? acknowledgement(stream, management) : EMPTY, STREAM_END);
}

/** What h cannot leave out: it came before h was counted, or the client confirmed something after it. */
function notCovered(
  { confirmed }: Stream,
  { uncounted }: Management,
  leftovers: readonly Leftover[],
): readonly Payload[] {
  const passed = leftovers.filter(({ isPassed }) => isPassed).flatMap(({ payloads }) => payloads);
  const rest = leftovers.filter(({ isPassed }) => !isPassed).flatMap(({ payloads }) => payloads);
  const early = rest
    .filter(({ namespace }) => namespace === NS.client)
    .slice(0, Math.max(0, uncounted - confirmed));
  return [...passed, ...early];
}
